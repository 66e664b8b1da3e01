/* What the printers of expressions and of graphs share: the names of indices, and writing into a Text. */
#ifndef FRIT_PRINT_H
#define FRIT_PRINT_H
#include "ir.h"

/* Names of indices in what is printed. In a scope (an equation, a state line) every index has its own; outside the scope, equal
 * Index.name give equal text until names_reset (so the equations of a kernel and its tree agree). */
typedef struct Names Names;
Names *names_new(Ctx *c);
void names_take(Names *n, const char *name);             /* a tensor or dimension: no index is called that */
void names_dim(Names *n, const Index *dim, bool bare);   /* also taken; bare: an index over all of it may bear its name */
void names_scope(Names *n);
void names_reset(Names *n);
const char *names_of(Names *n, const Index *i);
const char *names_word(Names *n, const char *word);      /* the same for an index that is known by its name only (trees) */

/* Does e, or the equation, speak of the dimension otherwise than by one index that is called like it? Then no index may be. */
bool expr_speaks_of(const Expr *e, const Index *dim);
bool eq_speaks_of(Ctx *c, const Eq *e, const Index *dim);

void print_extent(Text *t, Extent e);
void print_bound(Text *t, Names *n, const Index *i);     /* `i < 16`, or `t` */
/* prec: the loosest binding that needs no parentheses here. PREC_ANY: none at all. */
enum { PREC_ANY = 1, PREC_OR = 2, PREC_BIT = 3, PREC_SHIFT = 7, PREC_SUM = 8, PREC_UNARY = 11, PREC_POW = 12, PREC_MAX = 13 };
void print_expr(Text *t, Names *n, const Expr *e, int prec);
void print_eq(Text *t, Names *n, const Eq *e);           /* opens a scope */
void print_tree(Text *t, Names *n, const Tree *tree, int indent);
#endif
