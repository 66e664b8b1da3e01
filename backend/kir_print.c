/* The kernel IR as text (`--dump-ir=kernel`): for people; it is not parsed.
 *
 *   kernel k0 "conv+tanh" {                        # 51200 flops, 4096 bytes
 *     loop %3 in 8 {
 *       %4 = load f32x16 h0[16 * %3 + 4]
 */
#include "lower.h"

static void type_text(Text *t, KType k)
{
  text_add(t, "%s", k.elem == T_WINT ? "index" : type_name(k.elem));
  if (k.lanes > 1) text_add(t, "x%d", k.lanes);
  if (k.lanes < 0) text_add(t, "xm%d", -k.lanes);
}

static void addr_text(Text *t, const KModule *m, const KAddr *a)
{
  bool first = true;
  text_add(t, " %s[", m->buf[a->buf].name);
  for (int k = 0; k < a->nterm; k++) {
    int64_t c = a->term[k].k, size = c < 0 ? -c : c;
    text_add(t, "%s", first ? (c < 0 ? "-" : "") : c < 0 ? " - " : " + ");
    if (size != 1) text_add(t, "%lld * ", (long long)size);
    text_add(t, "%%%d", a->term[k].v->id);
    first = false;
  }
  if (a->c || first) text_add(t, "%s%lld", first ? "" : a->c < 0 ? " - " : " + ", (long long)(first || a->c >= 0 ? a->c : -a->c));
  text_add(t, "]");
}

static void args_text(Text *t, const KInst *i)
{
  bool first = true;
  for (int k = 0; k < 3; k++) {
    if (!i->a[k]) continue;
    text_add(t, "%s%%%d", first ? " " : ", ", i->a[k]->id);
    first = false;
  }
}

static const char *const op_text[] = {
  [K_CONST] = "const", [K_PARAM] = "param", [K_FN] = "", [K_CAST] = "cast", [K_BCAST] = "bcast", [K_IOTA] = "iota", [K_PREFIX] = "prefix",
  [K_HRED] = "hred", [K_LANE] = "lane", [K_LOAD] = "load", [K_GATHER] = "gather", [K_STORE] = "store", [K_SCATTER] = "scatter", [K_VAR] = "var",
  [K_SET] = "set", [K_LOOP] = "loop", [K_IF] = "if", [K_PREFETCH] = "prefetch", [K_SETVL] = "setvl"
};
static const char *const mode_text[] = { [CV_PLAIN] = "", [CV_SAT] = ".sat", [CV_BITS] = ".bits" };

static void memory_text(Text *t, const KModule *m, const KInst *i)
{
  text_add(t, "%s ", op_text[i->op]);
  type_text(t, i->type);
  addr_text(t, m, &i->addr);
  if (i->a[1]) text_add(t, i->op == K_GATHER ? " + %%%d" : " %%%d", i->a[1]->id);
  if (i->a[2]) text_add(t, " + %%%d", i->a[2]->id);
  if (i->a[0]) text_add(t, " mask %%%d", i->a[0]->id);
  if (i->reuse) text_add(t, " reuse");
}

static void const_text(Text *t, const KInst *i)
{
  text_add(t, "const ");
  type_text(t, i->type);
  text_add(t, " ");
  if (i->type.elem == T_F64) text_double(t, i->f);
  else if (type_is_float(i->type.elem)) text_float(t, (float)i->f);
  else text_add(t, "%lld", (long long)i->imm);
}

static void value_text(Text *t, const KInst *i)
{
  if (i->op == K_FN) text_add(t, "%s ", kfn_info[i->fn].name);
  else if (i->op == K_HRED) text_add(t, "hred.%s ", kfn_info[i->fn].name);
  else text_add(t, "%s%s ", op_text[i->op], i->op == K_CAST ? mode_text[i->mode] : "");
  type_text(t, i->type);
  args_text(t, i);
  if (i->op == K_LANE || i->op == K_PARAM) text_add(t, "%s%lld", i->op == K_LANE ? ", " : " ", (long long)i->imm);
}

static void block_text(Text *t, const KModule *m, const KBlock *b, int indent);

static void loop_text(Text *t, const KModule *m, const KInst *i, int indent)
{
  static const char *const hint[] = { [KL_SERIAL] = "", [KL_PARALLEL] = " parallel", [KL_LAUNDER] = " launder" };
  text_add(t, "loop %%%d in ", i->id);
  if (i->a[0]->op == K_CONST) text_add(t, "%lld", (long long)i->a[0]->imm);
  else text_add(t, "%%%d", i->a[0]->id);
  text_add(t, "%s {\n", hint[i->hint]);
  block_text(t, m, &i->body, indent + 1);
  text_add(t, "%*s}", 2 * indent, "");
}

static void inst_text(Text *t, const KModule *m, const KInst *i, int indent)
{
  switch (i->op) {
  case K_LOOP: loop_text(t, m, i, indent); return;
  case K_IF:
    text_add(t, "if %%%d {\n", i->a[0]->id);
    block_text(t, m, &i->body, indent + 1);
    text_add(t, "%*s}", 2 * indent, "");
    if (!i->other.n) return;
    text_add(t, " else {\n");
    block_text(t, m, &i->other, indent + 1);
    text_add(t, "%*s}", 2 * indent, "");
    return;
  case K_SET: text_add(t, "set %%%d = %%%d", i->a[0]->id, i->a[1]->id); return;
  case K_STORE: case K_SCATTER: case K_PREFETCH: memory_text(t, m, i); return;
  default: break;
  }
  text_add(t, "%%%d = ", i->id);
  if (i->op == K_LOAD || i->op == K_GATHER) memory_text(t, m, i);
  else if (i->op == K_CONST) const_text(t, i);
  else value_text(t, i);
}

static void block_text(Text *t, const KModule *m, const KBlock *b, int indent)
{
  for (int k = 0; k < b->n; k++) {
    text_add(t, "%*s", 2 * indent, "");
    inst_text(t, m, b->at[k], indent);
    text_add(t, "\n");
  }
}

static void func_text(Text *t, const KModule *m, const KFunc *f)
{
  text_add(t, "\nkernel %s \"%s\" {", f->name, f->label ? f->label : "");
  if (f->flops > 0) text_add(t, "   # %.0f flops, %.0f bytes", f->flops, f->bytes);
  text_add(t, "\n");
  block_text(t, m, &f->body, 1);
  text_add(t, "}\n");
}

char *kir_print(Ctx *c, const KModule *m)
{
  static const char *const kind[] = { [KB_IN] = "in", [KB_OUT] = "out", [KB_STATE] = "state", [KB_SCRATCH] = "scratch", [KB_CONST] = "const" };
  Text t = { .c = c };
  text_add(&t, "module %s   # state %lld, scratch %lld, constants %lld bytes\n", m->name, (long long)m->state_bytes, (long long)m->scratch_bytes, (long long)m->nconstant);
  for (int k = 0; k < m->nbuf; k++) {
    const KBuf *b = &m->buf[k];
    text_add(&t, "%s %s: %s", kind[b->kind], b->name, type_name(b->elem));
    if (b->kind == KB_IN || b->kind == KB_OUT) text_add(&t, " argument %d\n", b->arg);
    else text_add(&t, " at %lld, %lld bytes\n", (long long)b->offset, (long long)b->bytes);
  }
  for (int k = 0; k < m->nkernel; k++) func_text(&t, m, m->kernel[k]);
  if (m->init) func_text(&t, m, m->init);
  return t.s;
}
