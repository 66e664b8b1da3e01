/* The kernel IR as text (`--dump-ir=kernel`): for people; it is not parsed.
 *
 *   kernel k0 "conv+tanh" {                        # 51200 flops, 4096 bytes
 *     loop %3 in 8 {
 *       %4 = load f32x16 h0[16 * %3 + 4]                                                     */
#include "lower.h"

typedef struct Out { Text t; const KModule *m; } Out;

static void add_type(Text *t, KType k) {
  text_add(t, "%s", k.elem == T_WINT ? "index" : type_name(k.elem));
  if (k.lanes > 1) text_add(t, "x%d", k.lanes);
}

static void add_addr(Out *o, const KAddr *a) {
  text_add(&o->t, " %s[", o->m->buf[a->buf].name);
  for (int k = 0; k < a->nterm; k++) {
    int64_t c = a->term[k].k; text_add(&o->t, "%s", k == 0 ? (c < 0 ? "-" : "") : c < 0 ? " - " : " + ");
    if (c != 1 && c != -1) text_add(&o->t, "%lld * ", (long long)(c < 0 ? -c : c));
    text_add(&o->t, "%%%d", a->term[k].v->id);
  }
  if (!a->nterm) text_add(&o->t, "%lld", (long long)a->c);
  else if (a->c) text_add(&o->t, a->c < 0 ? " - %lld" : " + %lld", (long long)(a->c < 0 ? -a->c : a->c));
  text_add(&o->t, "]");
}

static const char *const op_text[] = {
  [K_CONST] = "const", [K_PARAM] = "param", [K_CAST] = "cast", [K_BCAST] = "bcast", [K_IOTA] = "iota", [K_PREFIX] = "prefix", [K_HRED] = "hred.",
  [K_LANE] = "lane", [K_TABLE] = "table", [K_WEAVE] = "weave", [K_LOAD] = "load", [K_GATHER] = "gather", [K_STORE] = "store", [K_SCATTER] = "scatter",
  [K_VAR] = "var", [K_SET] = "set",
  [K_FN] = "", [K_PREFETCH] = "prefetch" };

static void add_memory(Out *o, const KInst *i) {
  text_add(&o->t, "%s ", op_text[i->op]); add_type(&o->t, i->type); add_addr(o, &i->addr);
  if (i->a[1]) text_add(&o->t, i->op == K_GATHER ? " + %%%d" : " %%%d", i->a[1]->id);
  if (i->a[2]) text_add(&o->t, " + %%%d", i->a[2]->id);
  if (i->a[0]) text_add(&o->t, " mask %%%d", i->a[0]->id);
  text_add(&o->t, "%s%s", i->reuse ? " reuse" : "", i->imm ? " past" : "");
}

static void add_value(Out *o, const KInst *i) {
  static const char *const mode[] = { [CV_PLAIN] = "", [CV_SAT] = ".sat", [CV_BITS] = ".bits" };
  text_add(&o->t, "%s%s ", op_text[i->op], i->op == K_FN || i->op == K_HRED ? kfn_info[i->fn].name : i->op == K_CAST ? mode[i->mode] : "");
  add_type(&o->t, i->type);
  for (int k = 0; k < 3; k++) if (i->a[k]) text_add(&o->t, k ? ", %%%d" : " %%%d", i->a[k]->id);
  if (i->op == K_LANE || i->op == K_PARAM || i->op == K_WEAVE) text_add(&o->t, i->op == K_PARAM ? " %lld" : ", %lld", (long long)i->imm);
  if (i->op != K_CONST) return;
  text_add(&o->t, " ");
  if (i->type.elem == T_F64) text_double(&o->t, i->f);
  else if (type_is_float(i->type.elem)) text_float(&o->t, (float)i->f);
  else text_add(&o->t, "%lld", (long long)i->imm);
}

static void add_block(Out *o, const KBlock *b, int indent);
static void add_braces(Out *o, const KBlock *b, int indent) {
  text_add(&o->t, " {\n"); add_block(o, b, indent + 1); text_add(&o->t, "%*s}", 2 * indent, "");
}

static void add_inst(Out *o, const KInst *i, int indent) {
  static const char *const hint[] = { [KL_SERIAL] = "", [KL_PARALLEL] = " parallel", [KL_LAUNDER] = " launder" };
  bool loop = i->op == K_LOOP, fixed = loop && i->a[0]->op == K_CONST;
  if (loop) text_add(&o->t, "loop %%%d in %s%lld%s", i->id, fixed ? "" : "%", (long long)(fixed ? i->a[0]->imm : i->a[0]->id), hint[i->hint]);
  else if (i->op == K_IF) text_add(&o->t, "if %%%d", i->a[0]->id);
  else if (i->op == K_SET) text_add(&o->t, "set %%%d = %%%d", i->a[0]->id, i->a[1]->id);
  else if (i->op == K_STORE || i->op == K_SCATTER || i->op == K_PREFETCH) add_memory(o, i);
  else text_add(&o->t, "%%%d = ", i->id), (kop_is_load(i->op) ? add_memory : add_value)(o, i);
  if (loop || i->op == K_IF) add_braces(o, &i->body, indent);
  if (i->other.n) text_add(&o->t, " else"), add_braces(o, &i->other, indent);
}

static void add_block(Out *o, const KBlock *b, int indent) {
  EACH_INST(i, b) text_add(&o->t, "%*s", 2 * indent, ""), add_inst(o, i, indent), text_add(&o->t, "\n");
}
static void add_func(Out *o, const KFunc *f) {
  text_add(&o->t, "\nkernel %s \"%s\"", f->name, f->label ? f->label : "");
  if (f->same) { text_add(&o->t, " = copy %d of %s\n", f->copy, f->same->name); return; }
  text_add(&o->t, " {");
  if (f->flops > 0) text_add(&o->t, "   # %.0f flops, %.0f bytes", f->flops, f->bytes);
  text_add(&o->t, "\n"); add_block(o, &f->body, 1); text_add(&o->t, "}\n");
}

char *kir_print(Ctx *c, const KModule *m) {
  static const char *const kind[] = { [KB_IN] = "in", [KB_OUT] = "out", [KB_STATE] = "state", [KB_SCRATCH] = "scratch", [KB_CONST] = "const" };
  Out o = { { .c = c }, m };
  text_add(&o.t, "module %s   # state %lld, scratch %lld, constants %lld bytes\n", m->name, (long long)m->state_bytes, (long long)m->scratch_bytes,
           (long long)m->nconstant);
  for (const KBuf *b = m->buf; b < m->buf + m->nbuf; b++) {
    text_add(&o.t, "%s %s: %s", kind[b->kind], b->name, type_name(b->elem));
    if (kbuf_is_port(b)) text_add(&o.t, " argument %d\n", b->arg);
    else text_add(&o.t, " at %lld, %lld bytes\n", (long long)b->offset, (long long)b->bytes);
  }
  for (int k = 0; k < m->nkernel; k++) add_func(&o, m->kernel[k]);
  add_func(&o, m->init); return o.t.s;
}
