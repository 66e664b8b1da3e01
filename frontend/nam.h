/* Private to the importer of .nam: nam.c (file, weights, entry), nam_config.c (fields), nam_wavenet.c (text of the graph). */
#ifndef FRIT_NAM_H
#define FRIT_NAM_H
#include "ast.h"
#include <jansson.h>

/* An import under way. Weights are handed out in the file's order; `used` goes on counting when they run out, for the message. */
typedef struct Nam { Ctx *c; const Source *src; float *weight; int64_t nweight, used; VEC(Weight) tensor; bool prewarm; } Nam;

typedef enum { GATE_NONE, GATE_GATED, GATE_BLENDED } Gate;
/* An activation: the text of a function of `%s`, an operator that the file must then define (or NULL), slopes of each channel (PReLU). */
typedef struct Act { const char *call, *op; const float *slope; int nslope; } Act;
typedef struct Layer { int kernel, dilation; Gate gate; Act act, second; } Layer;
/* A layer array with its fields as NAM.md names them. */
typedef struct Array {
  int inputs, channels, bottleneck, head_out, head_kernel, head_dilation, mixed;  /* mixed: head1x1's channels, 0 if inactive */
  int sums;                       /* what its head sums up: mixed or bottleneck */
  bool head_bias, residual;       /* residual: layer1x1 is active */
  Layer *layer; int nlayer;
} Array;
typedef struct Wavenet { Array *array; int narray; } Wavenet;

/* Where `key` stands in layer array `array`, or first in the file (array < 0); else where that starts. */
Pos nam_pos(const Nam *m, const char *key, int array);
/* Reads config; false after errors. */
bool nam_config(Nam *m, const json_t *config, Wavenet *w);
/* A tensor of that shape (extents up to the first 0), made of the next floats; of a file that has too few, without data. */
Weight *nam_tensor(Nam *m, const char *name, const int64_t shape[4]);
/* The text of the graph; takes all weights. */
void nam_wavenet(Nam *m, const Wavenet *w, Text *t, const char *graph);
#endif
