/* Packing of constants: private to layout. */
#ifndef FRIT_PACK_H
#define FRIT_PACK_H
#include "builders.h"
#include "util.h"

/* The loops around a read: outer ones, the index that comes in panels of width (0: one panel), reductions outer to inner. */
typedef struct PackOrder { const char **outer; int nouter; const char *panel; int64_t width; const char **k; int nk; } PackOrder;
/* Replaces a read of a constant in e by one of a packed copy, which it adds to the graph (its equation last). False: not worth it, or not possible. */
bool pack_read(Ctx *c, Graph *g, Eq *e, const Expr *read, const PackOrder *order);
#endif
