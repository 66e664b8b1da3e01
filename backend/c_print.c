/* The C printer: one file of C for a module of kernel IR, and its header.
 *   #include <stdint.h> ...          what the target needs, typedefs, helper functions that are used
 *   static const struct {...} amp_constants
 *   static void amp_k0(const float *x, float *y, char *state, int64_t n_t) {...}
 *   int amp_run(const float *x, float *y, void *state, void *scratch, int64_t t)      checks, then the kernels in order
 * It only spells: what is computed, in what order and with which instruction, the kernel IR says. */
#include "c_print.h"
#include "../ir/scalar.h"
#include <string.h>

static const char *const reserved[] = {
  "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float", "for", "goto", "if", "inline",
  "int", "long", "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void",
  "volatile", "while", "asm", "typeof", "main", "state", "scratch", "args", "dims", "par", "job", "part", "parts", "INLINE", "EXPORT", "PIN",
  "LAUNDER", "linux", "unix", "bool", "true", "false", "class", "new", "delete", "this", "template", "private", "public", "namespace", "operator" };
static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }
static bool is_word(char ch) { return is_digit(ch) || ch == '_' || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z'); }
/* v12, i7, f32x16, n_t: names that we give ourselves. */
static bool is_ours(const char *s) {
  size_t k = 1;
  if (!strchr("vimfu", *s)) return !strncmp(s, "n_", 2);
  while (is_digit(s[k]) || (k > 1 && s[k] == 'x')) k++;
  return s[k] == 0 && k > 1;
}
const char *c_ident(Ctx *c, const char *name) {
  char *s = ctx_printf(c, "%s%s", is_digit(*name) ? "_" : "", name); bool taken = is_ours(s);
  for (char *q = s; *q; q++) *q = is_word(*q) ? *q : '_';
  for (size_t k = 0; k < sizeof reserved / sizeof *reserved; k++) taken |= !strcmp(s, reserved[k]);
  return taken ? ctx_printf(c, "%s_", s) : s;
}
static CPrint printer(Ctx *c, const KModule *m) {
  CPrint p = { .c = c, .m = m, .t = m->target, .types = { .c = c }, .help = { .c = c }, .out = { .c = c }, .name = c_ident(c, m->name),
               .buf = NEWN(c, const char *, m->nbuf + 1), .member = NEWN(c, bool, m->nbuf + 1) };
  for (int k = 0, n = 2, j; k < m->nbuf; k++, n = 2) {
    const char *base = c_ident(c, m->buf[k].name), *s = base;
    for (j = 0; j < k; j++) if (!strcmp(p.buf[j], s)) s = ctx_printf(c, "%s_%d", base, n++), j = -1;      /* taken: all over again */
    p.buf[k] = s;
  }
  return p;
}

/* ---- constants: a struct whose members lie where the kernel IR says */
/* The first constant buffer at or after `at` that lies inside the section, or NULL. Others are parts of it. */
static const KBuf *next_constant(const CPrint *p, int64_t at) {
  const KBuf *first = NULL;
  for (const KBuf *b = p->m->buf; b < p->m->buf + p->m->nbuf; b++)
    if (b->kind == KB_CONST && b->offset >= at && b->bytes > 0 && b->offset + b->bytes <= p->m->nconstant && b->offset % type_bytes(b->elem) == 0
        && (!first || b->offset < first->offset)) first = b;
  return first;
}
static void add_array(CPrint *p, Text *o, const char *name, Type t, int64_t at, int64_t n) {
  const uint8_t *data = p->m->constant + at; int64_t zeros = 0, bytes = n * type_bytes(t); size_t from = o->n;
  if (t == T_F16) t = T_U16;
  while (zeros < bytes && !data[zeros]) zeros++;
  text_add(o, "  /* %s */ { %s", name, zeros == bytes ? "0" : "");
  for (int64_t k = 0; k < n && zeros < bytes; k++) {
    Num v = value_load(data, t, k); text_add(o, k ? ", " : "");
    if (o->n - from >= 130) text_add(o, "\n    "), from = o->n;
    c_number(p, o, t, v.f, v.i);
  }
  text_add(o, " },\n");
}

/* The bytes of a file: gcc takes a minute for numbers that make 16 MB. */
static void include_constants(CPrint *p) {
  int align = kmodule_align(p->m);
  text_add(&p->out, "extern const char %s_constants[] ALIGNED(%d) __attribute__((visibility(\"hidden\")));\n__asm__(\".pushsection .rodata, 1\\n"
           ".balign %d\\n%s_constants:\\n.incbin \\\"%s\\\"\\n.popsection\");\n\n", p->name, align, align, p->name, p->file);
}

static void print_constants(CPrint *p) {
  Text members = { .c = p->c }, values = { .c = p->c }; int64_t at = 0, end = p->m->nconstant;
  for (int k = 0; at < end;) {     /* k: members that are buffers */
    const KBuf *b = next_constant(p, at); int64_t next = b ? b->offset : end; bool gap = next > at; Type t = gap ? T_U8 : b->elem;
    const char *name = gap ? ctx_printf(p->c, "gap%d", k) : p->buf[b - p->m->buf]; int64_t n = gap ? next - at : b->bytes / type_bytes(t);
    text_add(&members, "  %s %s[%lld];\n", c_memory(p, t), name, (long long)n); add_array(p, &values, name, t, at, n);
    if (!gap) p->member[b - p->m->buf] = true, k++;
    at = gap ? next : next + b->bytes;
  }
  if (end) text_add(&p->out, "static const struct {\n%s} %s_constants ALIGNED(%d) = {\n%s};\n\n", members.s, p->name, kmodule_align(p->m), values.s);
}

/* ---- functions */
/* The buffers and dimensions that a function uses; kind: of which kinds its buffers are. */
typedef struct Used { bool *buf, *dim, kind[KB_CONST + 1]; } Used;
static void use_block(CPrint *p, Used *u, const KBlock *b) {
  EACH_INST(v, b) {
    if (kop_is_memory(v->op) && (v->op != K_PREFETCH || p->t->isa != ISA_SCALAR)) u->buf[v->addr.buf] = u->kind[p->m->buf[v->addr.buf].kind] = true;
    if (v->op == K_PARAM) u->dim[v->imm] = true;
    use_block(p, u, &v->body); use_block(p, u, &v->other);
  }
}
static Used used_by(CPrint *p, const KFunc *f) {
  Used u = { NEWN(p->c, bool, p->m->nbuf + 1), NEWN(p->c, bool, p->m->graph->ndim + 2), { false } }; use_block(p, &u, &f->body); return u;
}
static const char *argument_name(CPrint *p, int k) {
  for (int b = 0; b < p->m->nbuf; b++) if (kbuf_is_port(&p->m->buf[b]) && p->m->buf[b].arg == k) return p->buf[b];
  return ctx_printf(p->c, "argument%d", k);
}
static const char *argument_type(CPrint *p, int k) {
  const Graph *g = p->m->graph; bool in = k < g->nin;
  return ctx_printf(p->c, "%s%s", in ? "const " : "", c_memory(p, in ? g->in[k]->type : g->out[k - g->nin]->type));
}
static const char *dim_name(CPrint *p, int k) { return c_ident(p->c, p->m->graph->dim[k]->name); }
/* The signature of a kernel: arguments as parameters, other buffers as pointers into state and scratch. Or the arguments of its call; from: what
 * holds args, state, scratch and dims. */
static const char *kernel_args(CPrint *p, const Used *u, const char *from, int copy) {
  Text o = { .c = p->c }; const char *index = c_memory(p, T_WINT);
  for (int k = 0; k < p->m->nbuf; k++) {
    const KBuf *b = &p->m->buf[k]; const char *t = kbuf_is_port(b) ? argument_type(p, b->arg) : NULL;
    if (u->buf[k] && t) text_add(&o, from ? ", (%s *)%sargs[%d]" : ", %s *RESTRICT %s", t, from ? from : p->buf[k], b->arg);
  }
  if (u->kind[KB_STATE]) text_add(&o, ", %sstate", from ? from : "char *RESTRICT ");
  if (u->kind[KB_SCRATCH]) text_add(&o, ", %sscratch", from ? from : "char *RESTRICT ");
  for (int k = 0; k < p->m->graph->ndim; k++)
    if (u->dim[k] && from) text_add(&o, ", (%s)%sdims[%d]", index, from, k);
    else if (u->dim[k]) text_add(&o, ", %s n_%s", index, dim_name(p, k));
  if (u->dim[p->m->graph->ndim] && from) text_add(&o, ", %d", copy);
  else if (u->dim[p->m->graph->ndim]) text_add(&o, ", %s n_", index);
  return o.n ? o.s + 2 : from ? "" : "void";
}

static void print_body(CPrint *p, const KFunc *f, const Used *u) {
  Text past = { .c = p->c };
  for (int k = 0; k < p->m->nbuf; k++) {
    const KBuf *b = &p->m->buf[k]; const char *t = c_memory(p, b->elem), *s = p->buf[k]; long long at = b->offset;
    if (u->buf[k] && b->kind == KB_OUT && f->past >> b->arg & 1) text_add(&past, " | (uintptr_t)%s", s);
    if (!u->buf[k] || kbuf_is_port(b)) continue;
    if (b->kind != KB_CONST)
      c_line(p, "%s *%s = (%s *)(void *)(%s + %lld%s);", t, s, t, b->kind == KB_STATE ? "state" : "scratch", at,
             b->own && f->parallel ? ctx_printf(p->c, " + part * (ptrdiff_t)%lld", (long long)p->m->own_bytes) : "");
    else if (p->member[k]) c_line(p, "const %s *%s = %s_constants.%s;", t, s, p->name, s);
    else c_line(p, "const %s *%s = (const %s *)(const void *)((const char *)&%s_constants + %lld);", t, s, t, p->name, at);
    if (b->kind == KB_CONST) c_line(p, "LAUNDER(%s);", s);
  }
  if ((p->past = f->past != 0)) {
    c_line(p, "if (((0%s) & %d) == 0) {", past.s, PAST_ALIGN - 1); p->indent++; c_block(p, &f->body);
    c_line(p, "_mm_sfence();\n    return;\n  }"); p->indent--; p->past = false;
  }
  c_block(p, &f->body); text_add(&p->out, "}\n\n");
}

/* Text inside a comment. */
static void add_comment(Text *o, const char *s) {
  for (; *s; s++) {
    text_addn(o, s, 1);
    if ((*s == '*' && s[1] == '/') || (*s == '/' && s[1] == '*')) text_add(o, " ");
    if (*s == '\n' && s[1]) text_add(o, " *   ");
  }
}
static void print_heading(CPrint *p, const KFunc *f) {
  const Graph *g = p->m->graph; Text o = { .c = p->c }; int k = 0; text_add(&o, "/* %s%s", f->name, f->label ? ": " : "");
  if (f->label) add_comment(&o, f->label);
  if (f->flops > 0 || f->bytes > 0) text_add(&o, " (%.0f flops, %.0f bytes)", f->flops, f->bytes);
  while (k < g->nkernel && strcmp(g->kernel[k]->name, f->name)) k++;
  for (int j = 0; k < g->nkernel && j < g->kernel[k]->neq; j++) text_add(&o, "\n *   "), add_comment(&o, eq_print(p->c, g->kernel[k]->eq[j]));
  while (o.s[o.n - 1] == '\n') o.s[--o.n] = 0;
  text_add(&p->out, "%s */\n", o.s);
}

/* Gives the call. What threads share is called through a function of the job and the number of the part. */
static const char *print_kernel(CPrint *p, int k) {
  const KFunc *own = p->m->kernel[k], *f = p->m->kernel[kmodule_code(p->m, k)]; Used u = used_by(p, f);
  const char *name = ctx_printf(p->c, "%s_%s", p->name, c_ident(p->c, f->name)), *call = kernel_args(p, &u, "", own->copy);
  if (f != own) return ctx_printf(p->c, "%s(%s);", name, call);
  print_heading(p, f);
  text_add(&p->out, "static void %s(%s%s)\n{\n", name, kernel_args(p, &u, NULL, 0), f->parallel ? ", int part, int parts" : ""); print_body(p, f, &u);
  if (!f->parallel) return ctx_printf(p->c, "%s(%s);", name, call);
  text_add(&p->out, "static void %s_part(void *job, int part)\n{\n  const struct frit_job *j = (const struct frit_job *)job;\n", name);
  c_line(p, "%s(%s, part, j->parts);\n}\n", name, kernel_args(p, &u, "j->", 0));
  return ctx_printf(p->c, "if (job.parts > 1) par->run(par->pool, %s_part, &job, job.parts); else %s_part(&job, 0);", name, name);
}

/* ---- entry points */
static const char *run_signature(CPrint *p) {
  Text o = { .c = p->c }; text_add(&o, "int %s_run(", p->name);
  for (int k = 0; k < kmodule_nargs(p->m); k++) text_add(&o, "%s *%s, ", argument_type(p, k), argument_name(p, k));
  text_add(&o, "void *state, void *scratch");
  for (int k = 0; k < p->m->graph->ndim; k++) text_add(&o, ", int64_t %s", dim_name(p, k));
  text_add(&o, ")"); return o.s;
}
/* Packs its arguments. */
static void print_run(CPrint *p) {
  text_add(&p->out, "EXPORT %s\n{\n  void *const args[] = { ", run_signature(p));
  for (int k = 0; k < kmodule_nargs(p->m); k++) text_add(&p->out, "(void *)%s, ", argument_name(p, k));
  text_add(&p->out, "NULL };\n  const int64_t dims[] = { ");
  for (int k = 0; k < p->m->graph->ndim; k++) text_add(&p->out, "%s, ", dim_name(p, k));
  text_add(&p->out, "0 };\n  return %s_call(args, state, scratch, dims, NULL);\n}\n\n", p->name);
}

#define CALL_PARAMS "void *const *args, void *state, void *scratch, const int64_t *dims, const struct frit_parallel *par"
static void print_call(CPrint *p, const char *const *calls) {
  const KModule *m = p->m; text_add(&p->out, "EXPORT int %s_call(" CALL_PARAMS ")\n{\n", p->name);
  c_line(p, kmodule_nargs(m) ? "if (!args) return 2;" : "(void)args;"); c_line(p, m->graph->ndim ? "if (!dims) return 2;" : "(void)dims;");
  c_line(p, m->state_bytes ? "if (!state) return 2;" : "(void)state;"); c_line(p, m->scratch_bytes ? "if (!scratch) return 2;" : "(void)scratch;");
  for (int k = 0; k < kmodule_nargs(m); k++) c_line(p, "if (!args[%d]) return 2;", k);
  for (int k = 0; k < m->graph->ndim; k++)
    c_line(p, "if (dims[%d] < %lld || dims[%d] > %lld) return 1;", k, (long long)m->graph->dim[k]->lo, k, (long long)m->graph->dim[k]->hi);
  if (!m->parallel) c_line(p, "(void)par;");
  else c_line(p, "struct frit_job job = { args, state, scratch, dims, !par || par->threads < 1 ? 1 : par->threads < %d ? par->threads : %d };",
              m->threads, m->threads);
  for (int k = 0; k < m->nkernel; k++) c_line(p, "%s", calls[k]);
  text_add(&p->out, "  return 0;\n}\n\n");
}
static void print_init(CPrint *p) {
  Used u = used_by(p, p->m->init); text_add(&p->out, "EXPORT void %s_init(void *memory)\n{\n", p->name);
  c_line(p, u.kind[KB_STATE] ? "char *const state = (char *)memory;" : "(void)memory;"); print_body(p, p->m->init, &u);
}
static void print_info(CPrint *p) {
  text_add(&p->out, "EXPORT const char %s_info[] =", p->name);
  for (const char *s = info_text(p->c, p->m); *s; s++) {
    text_add(&p->out, "\n  \"");
    for (; *s != '\n'; s++) text_add(&p->out, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
    text_add(&p->out, "\\n\"");
  }
  text_add(&p->out, ";\n");
}

static void add_prologue(CPrint *p, Text *o, const char *header) {
  const char *include = p->t->isa == ISA_NEON ? "arm_neon" : p->t->isa == ISA_RVV ? "riscv_vector" : "immintrin", *name = p->m->name;
  text_add(o, "/* %s for %s: written by frit " FRIT_VERSION ".\n *\n *   %s %s -c %s.c\n *\n", name, p->t->name, p->t->cc, p->t->cflags, name);
  text_add(o, " * -ffp-contract=off is part of the meaning: contraction would change bits. */\n#include <stddef.h>\n#include <stdint.h>\n");
  if (p->t->isa != ISA_SCALAR) text_add(o, "#include <%s.h>\n", include);
  if (header) text_add(o, "#include \"%s\"\n", header);
  text_add(o, "#if defined(__clang__)\n#pragma STDC FP_CONTRACT OFF\n#endif\n#if defined(__GNUC__)\n"
              "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n#define INLINE static inline __attribute__((always_inline))\n"
              "#define EXPORT __attribute__((visibility(\"default\")))\n#define ALIGNED(n) __attribute__((aligned(n)))\n"
              "#define RESTRICT __restrict\n#define LAUNDER(p) __asm__(\"\" : \"+r\"(p))\n#define INF_F32 __builtin_inff()\n"
              "#define NAN_F32 __builtin_nanf(\"\")\n#define INF_F64 __builtin_inf()\n#define NAN_F64 __builtin_nan(\"\")\n#else\n"
              "#define INLINE static inline\n#define EXPORT\n#define ALIGNED(n)\n#define RESTRICT restrict\n#define LAUNDER(p) ((void)0)\n"
              "#define INF_F32 (1e38f * 10)\n#define NAN_F32 (INF_F32 - INF_F32)\n#define INF_F64 (1e308 * 10)\n"
              "#define NAN_F64 (INF_F64 - INF_F64)\n#endif\n");
  if (c_is_x86(p)) text_add(o, "#if defined(__clang__)\n#define PIN(x, i) ((void)0)\n#else\n"
                    "#define PIN(x, i) __asm__(\"\" : \"+%s\"(x) : \"X\"(i))\n#endif\n",
                            p->t->isa == ISA_AVX512 ? "v" : "x");
  text_add(o, "\n");
}
static void add_declarations(CPrint *p, Text *o) {
  text_add(o, "%s;\nstruct frit_parallel;\nint %s_call(" CALL_PARAMS ");\n", run_signature(p), p->name);
  text_add(o, "void %s_init(void *state);\nextern const char %s_info[];\n", p->name, p->name);
}
char *c_print(Ctx *c, const KModule *m, const char *header, const char *constants) {
  CPrint p = printer(c, m); Text file = { .c = c }; const char **calls = NEWN(c, const char *, m->nkernel + 1);
  p.indent = 1; p.file = constants; (p.file ? include_constants : print_constants)(&p);
  for (int k = 0; k < m->nkernel; k++) calls[k] = print_kernel(&p, k);
  print_call(&p, calls); print_run(&p); print_init(&p); print_info(&p); add_prologue(&p, &file, header);
  if (!header) add_declarations(&p, &file);
  if (m->parallel)
    text_add(&file, "struct frit_parallel { void (*run)(void *pool, void (*fn)(void *ctx, int k), void *ctx, int n); void *pool; int threads; };\n"
                    "struct frit_job { void *const *args; void *state, *scratch; const int64_t *dims; int parts; };\n");
  text_addn(&file, p.types.s ? p.types.s : "", p.types.n); text_addn(&file, p.help.s ? p.help.s : "", p.help.n);
  text_addn(&file, "\n", 1); text_addn(&file, p.out.s, p.out.n); return file.s;
}
static char *upper(Ctx *c, const char *name) {
  char *s = ctx_printf(c, "%s", c_ident(c, name));
  for (char *q = s; *q; q++) *q = (char)(*q >= 'a' && *q <= 'z' ? *q - 32 : *q);
  return s;
}
char *c_header(Ctx *c, const KModule *m) {
  CPrint p = printer(c, m); const char *big = upper(c, m->name); int align = kmodule_align(m); Text o = { .c = c };
  text_add(&o, "/* %s for %s: written by frit " FRIT_VERSION ". state and scratch are the caller's, aligned as said; NAME_init fills the state "
               "before the\n * first call. _run gives 0, 1 (a dimension out of its bounds) or 2 (a null pointer). */\n", p.name, m->target->name);
  text_add(&o, "#ifndef FRIT_MODEL_%s_H\n#define FRIT_MODEL_%s_H\n#include <stdint.h>\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n", big, big);
  text_add(&o, "#define %s_STATE_BYTES %lld\n#define %s_STATE_ALIGN %d\n#define %s_SCRATCH_BYTES %lld\n#define %s_SCRATCH_ALIGN %d\n", big,
           (long long)m->state_bytes, big, align, big, (long long)m->scratch_bytes, big, align);
  for (int k = 0; k < m->graph->ndim; k++) {
    const Index *dim = m->graph->dim[k]; const char *d = upper(c, dim->name);
    text_add(&o, "#define %s_%s_MIN %lld\n#define %s_%s_MAX %lld\n", big, d, (long long)dim->lo, big, d, (long long)dim->hi);
  }
  add_declarations(&p, &o); text_add(&o, "#ifdef __cplusplus\n}\n#endif\n#endif\n"); return o.s;
}
