/* The C printer: one file of C for a module of kernel IR, and its header.
 *
 *   #include <stdint.h> ...          what the target needs, typedefs, helper functions that are used
 *   static const struct {...} amp_constants
 *   static void amp_k0(const float *x, float *y, char *state, int64_t n_t) {...}
 *   int amp_run(const float *x, float *y, void *state, void *scratch, int64_t t)      checks, then the kernels in order
 *
 * It only spells: what is computed, in what order and with which instruction, the kernel IR says. */
#include "c_print.h"
#include <stdlib.h>
#include <string.h>

/* ---- names */
static const char *const reserved[] = {
  "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float", "for", "goto", "if", "inline",
  "int", "long", "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void",
  "volatile", "while", "asm", "typeof", "main", "state", "scratch", "args", "dims", "par", "INLINE", "EXPORT", "PIN", "LAUNDER", "linux", "unix",
  "bool", "true", "false", "class", "new", "delete", "this", "template", "private", "public", "namespace", "operator",
};

static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }
static bool is_word(char ch) { return is_digit(ch) || ch == '_' || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z'); }

/* v12, i7, f32x16: names that we give ourselves. */
static bool is_ours(const char *s)
{
  size_t k = 1;
  if (!strchr("vimfu", *s))
    return !strncmp(s, "n_", 2);
  while (is_digit(s[k]) || (k > 1 && s[k] == 'x'))
    k++;
  return s[k] == 0 && k > 1;
}

const char *c_ident(Ctx *c, const char *name)
{
  char *s = ctx_printf(c, "%s%s", is_digit(*name) ? "_" : "", name);
  bool taken = is_ours(s);
  for (char *q = s; *q; q++)
    if (!is_word(*q))
      *q = '_';
  for (size_t k = 0; k < sizeof reserved / sizeof *reserved; k++)
    taken |= !strcmp(s, reserved[k]);
  return taken ? ctx_printf(c, "%s_", s) : s;
}

static bool is_free(const CPrint *p, int n, const char *s)
{
  for (int k = 0; k < n; k++)
    if (!strcmp(p->buf[k], s))
      return false;
  return true;
}

static void name_buffers(CPrint *p)
{
  p->buf = NEWN(p->c, const char *, p->m->nbuf + 1);
  for (int k = 0; k < p->m->nbuf; k++) {
    const char *base = c_ident(p->c, p->m->buf[k].name), *s = base;
    for (int n = 2; !is_free(p, k, s); n++)
      s = ctx_printf(p->c, "%s_%d", base, n);
    p->buf[k] = s;
  }
}

/* ---- constants: a struct whose members lie where the kernel IR says */
static const KModule *sorting(const KModule *m, int *order, int n)
{
  for (int k = 1; k < n; k++)
    for (int j = k; j > 0 && m->buf[order[j]].offset < m->buf[order[j - 1]].offset; j--) {
      int was = order[j];
      order[j] = order[j - 1];
      order[j - 1] = was;
    }
  return m;
}

/* Constant buffers that overlap no earlier one and lie inside the section, by offset. */
static int plain_constants(CPrint *p, int *order)
{
  int n = 0, keep = 0;
  int64_t end = 0;
  for (int k = 0; k < p->m->nbuf; k++)
    if (p->m->buf[k].kind == KB_CONST)
      order[n++] = k;
  sorting(p->m, order, n);
  for (int k = 0; k < n; k++) {
    const KBuf *b = &p->m->buf[order[k]];
    if (b->offset < end || b->bytes <= 0 || b->offset + b->bytes > p->m->nconstant || b->offset % type_bytes(c_elem(p, b->elem)))
      continue;
    end = b->offset + b->bytes;
    order[keep++] = order[k];
  }
  return keep;
}

static void wrap(Text *o, size_t *from)
{
  if (o->n - *from < 130)
    return;
  text_add(o, "\n    ");
  *from = o->n;
}

static void add_element(CPrint *p, Text *o, Type t, const uint8_t *at)
{
  union { float f; double d; int8_t i1; int16_t i2; int32_t i4; int64_t i8; uint16_t u2; uint32_t u4; } v = { .i8 = 0 };
  int n = type_bytes(t);
  memcpy(&v, at, (size_t)n);
  if (t == T_F32 || t == T_F64)
    c_number(p, o, t, t == T_F32 ? (double)v.f : v.d, 0);
  else if (type_class(t) == 'i')
    c_number(p, o, t, 0, n == 1 ? v.i1 : n == 2 ? v.i2 : n == 4 ? v.i4 : v.i8);
  else
    c_number(p, o, t, 0, n == 1 ? *at : n == 2 ? v.u2 : n == 4 ? v.u4 : v.i8);
}

static void add_array(CPrint *p, Text *o, const char *name, Type t, const uint8_t *at, int64_t bytes)
{
  size_t from = o->n;
  int64_t zeros = 0;
  while (zeros < bytes && !at[zeros])
    zeros++;
  text_add(o, "  /* %s */ { ", name);
  if (zeros == bytes) {
    text_add(o, "0 },\n");
    return;
  }
  for (int64_t k = 0; k < bytes; k += type_bytes(t)) {
    text_add(o, k ? ", " : "");
    wrap(o, &from);
    add_element(p, o, t, at + k);
  }
  text_add(o, " },\n");
}

static void print_constants(CPrint *p)
{
  Text members = { .c = p->c }, values = { .c = p->c };
  int *order = NEWN(p->c, int, p->m->nbuf + 1), n = plain_constants(p, order);
  int64_t at = 0, end = p->m->nconstant;
  if (!end)
    return;
  for (int k = 0; k <= n; k++) {
    const KBuf *b = k < n ? &p->m->buf[order[k]] : NULL;
    int64_t next = b ? b->offset : end;
    if (next > at) {
      text_add(&members, "  uint8_t gap%d[%lld];\n", k, (long long)(next - at));
      add_array(p, &values, ctx_printf(p->c, "gap%d", k), T_U8, p->m->constant + at, next - at);
    }
    if (!b)
      break;
    Type t = c_elem(p, b->elem);
    text_add(&members, "  %s %s[%lld];\n", c_memory(p, t), p->buf[order[k]], (long long)(b->bytes / type_bytes(t)));
    add_array(p, &values, p->buf[order[k]], t, p->m->constant + b->offset, b->bytes / type_bytes(t) * type_bytes(t));
    at = b->offset + b->bytes / type_bytes(t) * type_bytes(t);
  }
  const char *name = c_ident(p->c, p->m->name);
  text_add(&p->out, "static const struct {\n%s} %s_constants ALIGNED(%d) = {\n%s};\n\n", members.s, name, p->t->vector_bytes ? 64 : 8, values.s);
}

/* ---- functions */
typedef struct Used { bool *buf, *dim; bool state, scratch, constants; } Used;

static void use_inst(CPrint *p, Used *u, const KInst *v);
static void use_block(CPrint *p, Used *u, const KBlock *b)
{
  for (int k = 0; k < b->n; k++)
    if (p->live[b->at[k]->id])
      use_inst(p, u, b->at[k]);
}

static void use_inst(CPrint *p, Used *u, const KInst *v)
{
  bool memory = v->op == K_LOAD || v->op == K_STORE || v->op == K_GATHER || v->op == K_SCATTER || (v->op == K_PREFETCH && p->t->isa != ISA_SCALAR);
  if (memory) {
    u->buf[v->addr.buf] = true;
    u->state |= p->m->buf[v->addr.buf].kind == KB_STATE;
    u->scratch |= p->m->buf[v->addr.buf].kind == KB_SCRATCH;
  }
  if (v->op == K_PARAM)
    u->dim[v->imm] = true;
  use_block(p, u, &v->body);
  use_block(p, u, &v->other);
}

static Used used_by(CPrint *p, const KFunc *f)
{
  Used u = { .buf = NEWN(p->c, bool, p->m->nbuf + 1), .dim = NEWN(p->c, bool, (p->m->graph ? p->m->graph->ndim : 0) + 1) };
  c_find_live(p, f);
  use_block(p, &u, &f->body);
  return u;
}

static int nargs(const KModule *m) { return m->graph->nin + m->graph->nout; }
static const Tensor *argument(const KModule *m, int k) { return k < m->graph->nin ? m->graph->in[k] : m->graph->out[k - m->graph->nin]; }

/* The buffers that f uses: arguments as parameters, others as pointers into state, scratch and constants. Parts of the signature or of the
 * call, by comma. */
static void add_part(Text *o, const char *s) { text_add(o, "%s%s", o->n ? ", " : "", s); }

static char *kernel_args(CPrint *p, const Used *u, bool declare)
{
  Text o = { .c = p->c };
  for (int k = 0; k < p->m->nbuf; k++) {
    const KBuf *b = &p->m->buf[k];
    if (!u->buf[k] || (b->kind != KB_IN && b->kind != KB_OUT))
      continue;
    const char *type = ctx_printf(p->c, "%s%s *RESTRICT ", b->kind == KB_IN ? "const " : "", c_memory(p, b->elem));
    add_part(&o, ctx_printf(p->c, "%s%s", declare ? type : "", declare ? p->buf[k] : c_ident(p->c, argument(p->m, b->arg)->name)));
  }
  if (u->state)
    add_part(&o, declare ? "char *RESTRICT state" : "state");
  if (u->scratch)
    add_part(&o, declare ? "char *RESTRICT scratch" : "scratch");
  for (int k = 0; p->m->graph && k < p->m->graph->ndim; k++)
    if (u->dim[k])
      add_part(&o, ctx_printf(p->c, declare ? "%s n_%s" : "(%s)%s", c_type(p, (KType){ T_WINT, 1 }), c_ident(p->c, p->m->graph->dim[k]->name)));
  return o.n ? o.s : declare ? "void" : "";
}

/* A tensor's own member of the constants if it has one. */
static bool is_member(CPrint *p, int buf)
{
  int *order = NEWN(p->c, int, p->m->nbuf + 1), n = plain_constants(p, order);
  for (int k = 0; k < n; k++)
    if (order[k] == buf)
      return true;
  return false;
}

static void print_pointer(CPrint *p, int k)
{
  const KBuf *b = &p->m->buf[k];
  const char *t = c_memory(p, b->elem), *name = c_ident(p->c, p->m->name);
  if (b->kind == KB_STATE || b->kind == KB_SCRATCH)
    c_line(p, "%s *const %s = (%s *)(void *)(%s + %lld);", t, p->buf[k], t, b->kind == KB_STATE ? "state" : "scratch", (long long)b->offset);
  if (b->kind != KB_CONST)
    return;
  if (is_member(p, k))
    c_line(p, "const %s *%s = %s_constants.%s;", t, p->buf[k], name, p->buf[k]);
  else
    c_line(p, "const %s *%s = (const %s *)(const void *)((const char *)&%s_constants + %lld);", t, p->buf[k], t, name, (long long)b->offset);
  c_line(p, "LAUNDER(%s);", p->buf[k]);
}

/* Text inside a comment. */
static void add_comment(Text *o, const char *s)
{
  for (; *s; s++) {
    text_addn(o, s, 1);
    if ((*s == '*' && s[1] == '/') || (*s == '/' && s[1] == '*'))
      text_addn(o, " ", 1);
    if (*s == '\n' && s[1])
      text_add(o, " *   ");
  }
}

static const Kernel *kernel_named(const CPrint *p, const char *name)
{
  for (int k = 0; p->m->graph && k < p->m->graph->nkernel; k++)
    if (!strcmp(p->m->graph->kernel[k]->name, name))
      return p->m->graph->kernel[k];
  return NULL;
}

static void print_heading(CPrint *p, const KFunc *f)
{
  const Kernel *k = kernel_named(p, f->name);
  Text o = { .c = p->c };
  text_add(&o, "/* %s", f->name);
  if (f->label) {
    text_add(&o, ": ");
    add_comment(&o, f->label);
  }
  if (f->flops > 0 || f->bytes > 0)
    text_add(&o, " (%.0f flops, %.0f bytes)", f->flops, f->bytes);
  for (int j = 0; k && j < k->neq; j++) {
    text_add(&o, "\n *   ");
    add_comment(&o, eq_print(p->c, k->eq[j]));
  }
  while (o.n && o.s[o.n - 1] == '\n')
    o.s[--o.n] = 0;
  text_add(&p->out, "%s */\n", o.s);
}

static void print_kernel(CPrint *p, const KFunc *f, const Used *u)
{
  print_heading(p, f);
  text_add(&p->out, "static void %s_%s(%s)\n{\n", c_ident(p->c, p->m->name), c_ident(p->c, f->name), kernel_args(p, u, true));
  p->indent = 1;
  for (int k = 0; k < p->m->nbuf; k++)
    if (u->buf[k])
      print_pointer(p, k);
  c_block(p, &f->body);
  text_add(&p->out, "}\n\n");
}

/* ---- entry points */
static char *run_signature(CPrint *p)
{
  const KModule *m = p->m;
  Text o = { .c = p->c };
  for (int k = 0; k < nargs(m); k++) {
    const Tensor *t = argument(m, k);
    text_add(&o, "%s%s *%s, ", k < m->graph->nin ? "const " : "", c_memory(p, t->type), c_ident(p->c, t->name));
  }
  text_add(&o, "void *state, void *scratch");
  for (int k = 0; k < m->graph->ndim; k++)
    text_add(&o, ", int64_t %s", c_ident(p->c, m->graph->dim[k]->name));
  return ctx_printf(p->c, "int %s_run(%s)", c_ident(p->c, m->name), o.s);
}

static char *call_signature(CPrint *p)
{
  return ctx_printf(p->c, "int %s_call(void *const *args, void *state, void *scratch, const int64_t *dims, const struct frit_parallel *par)",
                    c_ident(p->c, p->m->name));
}

static void print_checks(CPrint *p)
{
  const KModule *m = p->m;
  for (int k = 0; k < nargs(m); k++)
    c_line(p, "if (!%s) return 2;", c_ident(p->c, argument(m, k)->name));
  c_line(p, m->state_bytes ? "if (!state) return 2;" : "(void)state;");
  c_line(p, m->scratch_bytes ? "if (!scratch) return 2;" : "(void)scratch;");
  for (int k = 0; k < m->graph->ndim; k++) {
    const Index *d = m->graph->dim[k];
    const char *s = c_ident(p->c, d->name);
    c_line(p, "if (%s < %lld || %s > %lld) return 1;", s, (long long)d->lo, s, (long long)d->hi);
  }
}

static void print_run(CPrint *p, char *const *calls)
{
  text_add(&p->out, "EXPORT %s\n{\n", run_signature(p));
  p->indent = 1;
  print_checks(p);
  for (int k = 0; k < p->m->nkernel; k++)
    c_line(p, "%s", calls[k]);
  text_add(&p->out, "  return 0;\n}\n\n");
}

static void print_call(CPrint *p)
{
  const KModule *m = p->m;
  Text o = { .c = p->c };
  for (int k = 0; k < nargs(m); k++)
    text_add(&o, "(%s%s *)args[%d], ", k < m->graph->nin ? "const " : "", c_memory(p, argument(m, k)->type), k);
  text_add(&o, "state, scratch");
  for (int k = 0; k < m->graph->ndim; k++)
    text_add(&o, ", dims[%d]", k);
  text_add(&p->out, "EXPORT %s\n{\n  (void)par;\n", call_signature(p));
  text_add(&p->out, nargs(m) ? "  if (!args) return 2;\n" : "  (void)args;\n");
  text_add(&p->out, m->graph->ndim ? "  if (!dims) return 2;\n" : "  (void)dims;\n");
  text_add(&p->out, "  return %s_run(%s);\n}\n\n", c_ident(p->c, m->name), o.s);
}

static void print_init(CPrint *p)
{
  text_add(&p->out, "EXPORT void %s_init(void *memory)\n{\n", c_ident(p->c, p->m->name));
  p->indent = 1;
  Used u = { 0 };
  if (p->m->init)
    u = used_by(p, p->m->init);
  c_line(p, u.state ? "char *const state = (char *)memory;" : "(void)memory;");
  for (int k = 0; p->m->init && k < p->m->nbuf; k++)
    if (u.buf[k])
      print_pointer(p, k);
  if (p->m->init)
    c_block(p, &p->m->init->body);
  text_add(&p->out, "}\n\n");
}

static void print_info(CPrint *p)
{
  const char *s = info_text(p->c, p->m), *name = c_ident(p->c, p->m->name);
  text_add(&p->out, "EXPORT const char %s_info[] =\n  \"", name);
  for (; *s; s++) {
    if (*s == '\n')
      text_add(&p->out, "\\n\"%s", s[1] ? "\n  \"" : "");
    else
      text_add(&p->out, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
    if (*s == '\n' && !s[1])
      break;
  }
  text_add(&p->out, *s ? ";\n" : "\";\n");
}

/* ---- the file */
static void add_prologue(CPrint *p, Text *o, const char *header)
{
  static const char *const include[] = {
    [ISA_SCALAR] = "", [ISA_SSE4] = "#include <immintrin.h>\n", [ISA_AVX2] = "#include <immintrin.h>\n", [ISA_AVX512] = "#include <immintrin.h>\n",
    [ISA_NEON] = "#include <arm_neon.h>\n", [ISA_RVV] = "#include <riscv_vector.h>\n",
  };
  text_add(o, "/* %s for %s: written by frit " FRIT_VERSION ".\n *\n *   %s %s -c %s.c\n *\n", p->m->name, p->t->name, p->t->cc, p->t->cflags, p->m->name);
  text_add(o, " * -ffp-contract=off is part of the meaning: contraction would change bits. */\n");
  text_add(o, "#include <stddef.h>\n#include <stdint.h>\n%s", include[p->t->isa]);
  if (header)
    text_add(o, "#include \"%s\"\n", header);
  text_add(o, "#if defined(__clang__)\n#pragma STDC FP_CONTRACT OFF\n#endif\n");
  text_add(o, "#if defined(__GNUC__)\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n");
  text_add(o, "#define INLINE static inline __attribute__((always_inline))\n#define EXPORT __attribute__((visibility(\"default\")))\n"
              "#define ALIGNED(n) __attribute__((aligned(n)))\n#define RESTRICT __restrict\n"
              "#define LAUNDER(p) __asm__(\"\" : \"+r\"(p))\n#define INF_F32 __builtin_inff()\n#define NAN_F32 __builtin_nanf(\"\")\n"
              "#define INF_F64 __builtin_inf()\n#define NAN_F64 __builtin_nan(\"\")\n");
  text_add(o, "#else\n#define INLINE static inline\n#define EXPORT\n#define ALIGNED(n)\n#define RESTRICT restrict\n#define LAUNDER(p) ((void)0)\n"
              "#define INF_F32 (1e38f * 10)\n#define NAN_F32 (INF_F32 - INF_F32)\n#define INF_F64 (1e308 * 10)\n#define NAN_F64 (INF_F64 - INF_F64)\n#endif\n");
  if (p->t->isa == ISA_SSE4 || p->t->isa == ISA_AVX2 || p->t->isa == ISA_AVX512)
    text_add(o, "#if defined(__clang__)\n#define PIN(x) ((void)0)\n#else\n#define PIN(x) __asm__(\"\" : \"+%s\"(x))\n#endif\n",
             p->t->isa == ISA_AVX512 ? "v" : "x");
  text_add(o, "\n");
}

static void print_functions(CPrint *p)
{
  char **calls = NEWN(p->c, char *, p->m->nkernel + 1);
  for (int k = 0; k < p->m->nkernel; k++) {
    const KFunc *f = p->m->kernel[k];
    Used u = used_by(p, f);
    print_kernel(p, f, &u);
    calls[k] = ctx_printf(p->c, "%s_%s(%s);", c_ident(p->c, p->m->name), c_ident(p->c, f->name), kernel_args(p, &u, false));
  }
  print_run(p, calls);
  print_call(p);
  print_init(p);
}

static CPrint printer(Ctx *c, const KModule *m)
{
  return (CPrint){ .c = c, .m = m, .t = m->target, .types = { .c = c }, .help = { .c = c }, .out = { .c = c } };
}

char *c_print(Ctx *c, const KModule *m, const char *header)
{
  CPrint p = printer(c, m);
  Text file = { .c = c };
  name_buffers(&p);
  print_constants(&p);
  print_functions(&p);
  print_info(&p);
  add_prologue(&p, &file, header);
  if (!header)
    text_add(&file, "struct frit_parallel;\n%s;\n%s;\nvoid %s_init(void *state);\nextern const char %s_info[];\n\n", run_signature(&p),
             call_signature(&p), c_ident(c, m->name), c_ident(c, m->name));
  text_addn(&file, p.types.s ? p.types.s : "", p.types.n);
  text_addn(&file, p.help.s ? p.help.s : "", p.help.n);
  text_add(&file, "\n");
  text_addn(&file, p.out.s, p.out.n);
  return file.s;
}

static char *upper(Ctx *c, const char *name)
{
  char *s = ctx_printf(c, "%s", c_ident(c, name));
  for (char *q = s; *q; q++)
    if (*q >= 'a' && *q <= 'z')
      *q = (char)(*q - 32);
  return s;
}

char *c_header(Ctx *c, const KModule *m)
{
  CPrint p = printer(c, m);
  const char *name = c_ident(c, m->name), *big = upper(c, m->name);
  int align = m->target->vector_bytes ? 64 : 8;
  Text o = { .c = c };
  text_add(&o, "/* %s for %s: written by frit " FRIT_VERSION ". state and scratch are the caller's, aligned as said; NAME_init fills the state before the\n"
               " * first call. _run gives 0, 1 (a dimension out of its bounds) or 2 (a null pointer). */\n", name, m->target->name);
  text_add(&o, "#ifndef FRIT_MODEL_%s_H\n#define FRIT_MODEL_%s_H\n#include <stdint.h>\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n", big, big);
  text_add(&o, "#define %s_STATE_BYTES %lld\n#define %s_STATE_ALIGN %d\n#define %s_SCRATCH_BYTES %lld\n#define %s_SCRATCH_ALIGN %d\n", big,
           (long long)m->state_bytes, big, align, big, (long long)m->scratch_bytes, big, align);
  for (int k = 0; k < m->graph->ndim; k++) {
    const char *d = upper(c, m->graph->dim[k]->name);
    text_add(&o, "#define %s_%s_MIN %lld\n#define %s_%s_MAX %lld\n", big, d, (long long)m->graph->dim[k]->lo, big, d, (long long)m->graph->dim[k]->hi);
  }
  text_add(&o, "%s;\nstruct frit_parallel;\n%s;\nvoid %s_init(void *state);\nextern const char %s_info[];\n", run_signature(&p), call_signature(&p), name, name);
  text_add(&o, "#ifdef __cplusplus\n}\n#endif\n#endif\n");
  return o.s;
}
