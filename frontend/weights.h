/* Private to the readers of weights: weights.c, safetensors.c, nam*.c. */
#ifndef FRIT_WEIGHTS_H
#define FRIT_WEIGHTS_H
#include "ast.h"

/* Maps a .safetensors file; errors are recorded at pos. */
Weights *safetensors_open(Ctx *c, const char *path, Pos pos);
/* rank extents multiplied; -1 if one is negative or the product passes 2^62. */
int64_t shape_product(const int64_t *shape, int rank);
#endif
