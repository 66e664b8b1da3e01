/* Index arithmetic that a loop does not change goes in front of it.
 *
 *   loop k in 3 { loop c in 16 { p = mul k, 256; x = load h[16 * c + p] } }   ->   loop k in 3 { p = mul k, 256; loop c in 16 { x = load h[16 * c + p] } }
 *
 * LLVM runs no passes over what frit emits, so nobody else would do it. Vectors stay where they are: they would fill the registers. */
#include "lower.h"

typedef struct Hoist { Ctx *c; bool *out; } Hoist;      /* out: by number, moved in front of the loop in question */

static bool is_fixed(const Hoist *h, const KInst *loop, const KInst *i) {
  bool fixed = i->type.lanes == 1 && (i->op == K_CONST || (i->op == K_FN && (i->type.elem == T_WINT || i->type.elem == T_BOOL)));
  if ((i->fn == KF_DIV || i->fn == KF_MOD) && i->op == K_FN) fixed &= i->a[1]->op == K_CONST && i->a[1]->imm != 0;
  for (int k = 0; k < 3 && fixed && i->a[k]; k++) fixed = i->a[k]->op != K_VAR && (i->a[k]->id < loop->id || h->out[i->a[k]->id]);
  return fixed;
}

static void hoist_block(Hoist *h, KBlock *b) {
  KBlock all = { 0 };
  for (int k = 0; k < b->n; k++) {
    KInst *l = b->at[k]; int keep = 0;
    hoist_block(h, &l->body); hoist_block(h, &l->other);
    for (int j = 0; j < l->body.n && l->op == K_LOOP; j++) {
      KInst *i = l->body.at[j];
      if ((h->out[i->id] = is_fixed(h, l, i))) PUSH(h->c, all, i);
      else l->body.at[keep++] = i;
    }
    if (l->op == K_LOOP) l->body.n = keep;
    PUSH(h->c, all, l);
  }
  *b = all;
}

void kir_hoist(Ctx *c, KFunc *f) { hoist_block(&(Hoist){ c, NEWN(c, bool, f->nvalue + 1) }, &f->body); }
