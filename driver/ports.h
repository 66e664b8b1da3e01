/* Ports of an artefact bound to arrays: what run, check and bench share. */
#ifndef FRIT_PORTS_H
#define FRIT_PORTS_H
#include "driver.h"
/* Arrays of every port of m, and the run-time dimensions; the stream, if any, has `frames` in all and runs in blocks. */
typedef struct Ports { frit_model *m; void *data[256]; size_t bytes[256]; int rate; int64_t dim[16]; int stream; int64_t frames; } Ports;
/* Binds inputs to a->in's files, or to random numbers where `fill`; dims from --dim and the files' shapes. False after an error. */
bool ports_bind(Ctx *c, const Args *a, frit_model *m, bool fill, Ports *p);
/* Runs the whole stream in blocks of `block` frames (or once). The rows of a call are gathered from and scattered to the whole arrays. */
bool ports_run(Ctx *c, Ports *p, frit_instance *i, int64_t block);
int64_t port_elems(const Ports *p, const frit_port *q);
#endif
