/* The C printer's own seams. c_print.c: the file; c_inst.c: one instruction a line; c_help.c: the functions that those lines call. */
#ifndef FRIT_C_PRINT_H
#define FRIT_C_PRINT_H
#include "kir.h"

typedef struct CPrint {
  Ctx *c; const KModule *m; const Target *t; int indent; bool past;          /* past: stores may go past the caches here */
  Text types, help, out;          /* typedefs, in order of first use; helper functions, callees first; the functions of the module */
  VEC(const char *) seen;         /* names of typedefs and helpers already there */
  const char *name, **buf, *file; /* C names of the model and of each buffer; what holds the constants' bytes, NULL: the text does */
  const char *loop;               /* the counter of the innermost loop, or NULL */
  bool *member;                   /* by buffer: it has its own member of the constants */
} CPrint;

static inline bool c_is_x86(const CPrint *p) { return p->t->isa == ISA_SSE4 || p->t->isa == ISA_AVX2 || p->t->isa == ISA_AVX512; }
Type c_elem(const CPrint *p, Type t);                    /* index type becomes what the target makes of it */
const char *c_type(CPrint *p, KType t);                  /* the C name of a value's type ("f32x16", "int32_t"); asks for its typedef */
const char *c_memory(CPrint *p, Type t);                 /* the C type of an element in memory */
Type c_int_like(Type t, bool is_signed);                 /* the integer type as wide as t */
/* The name of helper fn for values of type t (and, of conversions, from type a, else T_NONE); writes it if it is new. */
const char *c_help(CPrint *p, const char *fn, KType t, Type a);
void c_number(CPrint *p, Text *o, Type t, double f, int64_t i);         /* as a C expression of type t */
const char *c_ident(Ctx *c, const char *name);           /* a C identifier that is no keyword and none of ours */
void c_block(CPrint *p, const KBlock *b);                /* a function's body, at p->indent */
#define c_line(p, ...) (text_add(&(p)->out, "%*s", 2 * (p)->indent, ""), text_add(&(p)->out, __VA_ARGS__), text_add(&(p)->out, "\n"))
#endif
