/* Inside the verifier: rows of invariants, each a function that reports the first place where it is broken. */
#ifndef FRIT_VERIFY_H
#define FRIT_VERIFY_H
#include "ir.h"

typedef struct Verify { Ctx *c; const Graph *g; const char *after, *row, *why; bool broken; } Verify;
typedef void RowFn(Verify *v);
void row_broken(Verify *v, Pos p, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* verify_eq.c: what an equation is by itself */
RowFn row_ranks, row_indices, row_places, row_one_to_one, row_pieces, row_types, row_reads, row_normal;
#endif
