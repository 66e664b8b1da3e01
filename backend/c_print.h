/* The C printer's own seams.
 *
 *   c_print.c   the file: constants, functions, NAME_run and its kin, the header
 *   c_inst.c    one instruction a line: `const f32x16 v7 = fma_f32x16(v3, v5, v6);`
 *   c_help.c    the functions that those lines call, written when first used, from the rows of c_help.def
 *   c_rvv.c     the same two jobs for scalable vectors */
#ifndef FRIT_C_PRINT_H
#define FRIT_C_PRINT_H
#include "kir.h"

typedef struct CPrint {
  Ctx *c; const KModule *m; const Target *t;
  Text types;                     /* typedefs, in order of first use */
  Text help;                      /* helper functions, callees first */
  Text out;                       /* the functions of the module */
  VEC(const char *) seen;         /* names of typedefs and helpers already there */
  const char **buf;               /* C name of each buffer */
  bool *live;                     /* by KInst.id: values that somebody needs */
  int nlive, indent;
} CPrint;

/* Weak types become what the target makes of them. */
Type c_elem(const CPrint *p, Type t);
/* The C name of a value's type ("f32x16", "int32_t"); asks for its typedef. */
const char *c_type(CPrint *p, KType t);
/* The C type of an element in memory. */
const char *c_memory(CPrint *p, Type t);
/* The name of helper fn for values of type t (and, of conversions, from type a); writes it if it is new. */
const char *c_help(CPrint *p, const char *fn, KType t, Type a);
/* A number as a C expression of type t. */
void c_number(CPrint *p, Text *o, Type t, double f, int64_t i);
/* A name as a C identifier that is no keyword and none of ours. */
const char *c_ident(Ctx *c, const char *name);

/* The body of one function at p->indent. */
void c_block(CPrint *p, const KBlock *b);
/* An operand: its name, or the number itself. */
const char *c_value(CPrint *p, const KInst *v);
/* A pointer to addr's element. */
const char *c_addr(CPrint *p, const KAddr *a);
void c_line(CPrint *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void c_find_live(CPrint *p, const KFunc *f);
/* `bool c_rvv(...)`: prints an instruction of scalable type; false if v is not one. */
bool c_rvv(CPrint *p, const KInst *v);
#endif
