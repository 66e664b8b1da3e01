/* Arrays in files: NumPy's .npy (format 1.0 to 3.0, C order, little endian), raw .f32, mono .wav (PCM 16, 24, 32 bits, float 32).
 * Formats: numpy.lib.format's documentation; "Multimedia Programming Interface and Data Specifications 1.0" (RIFF WAVE).
 * Every count in a file is checked against its size before it is used. */
#include "driver.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct { const char *descr; Type type; } dtypes[] = {
  { "<f4", T_F32 }, { "<f8", T_F64 }, { "<f2", T_F16 }, { "<i8", T_I64 }, { "<i4", T_I32 }, { "<i2", T_I16 }, { "|i1", T_I8 },
  { "<u8", T_U64 }, { "<u4", T_U32 }, { "<u2", T_U16 }, { "|u1", T_U8 }, { "|b1", T_BOOL },
};
enum { NDTYPE = sizeof dtypes / sizeof *dtypes };

static bool fail(Ctx *c, const char *path, const char *what)
{
  diag_error(c, (Pos){ 0 }, "%s: %s", path, what);
  return false;
}

static bool has_suffix(const char *s, const char *suffix)
{
  size_t n = strlen(s), k = strlen(suffix);
  return n >= k && strcmp(s + n - k, suffix) == 0;
}

static uint32_t u32_at(const char *p)
{
  const unsigned char *u = (const unsigned char *)p;
  return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

static uint32_t u16_at(const char *p) { return (uint32_t)(unsigned char)p[0] | (uint32_t)(unsigned char)p[1] << 8; }

/* ---- .npy */
/* The value after 'key': in the header's dictionary, or NULL. */
static const char *npy_value(const char *header, const char *key)
{
  const char *s = strstr(header, key);
  s = s ? strchr(s + strlen(key), ':') : NULL;
  return s ? s + 1 + strspn(s + 1, " ") : NULL;
}

static bool npy_type(const char *header, Array *out)
{
  const char *s = npy_value(header, "'descr'");
  for (int k = 0; s && k < NDTYPE; k++)
    if (*s == '\'' && strncmp(s + 1, dtypes[k].descr, 3) == 0 && s[4] == '\'') {
      out->type = dtypes[k].type;
      return true;
    }
  return false;
}

static bool npy_shape(const char *header, Array *out)
{
  const char *s = npy_value(header, "'shape'");
  if (!s || *s++ != '(')
    return false;
  for (out->count = 1; *s && *s != ')'; s += strspn(s, ", ")) {
    char *end;
    long long n = strtoll(s, &end, 10);
    if (end == s || n < 0 || out->rank == 8 || (n && out->count > ((int64_t)1 << 40) / n))
      return false;
    out->shape[out->rank++] = n;
    out->count *= n;
    s = end;
  }
  return *s == ')';
}

static bool npy_read(Ctx *c, const Source *f, Array *out)
{
  if (f->size < 12 || memcmp(f->text, "\x93NUMPY", 6) != 0)
    return fail(c, f->name, "this is no .npy file");
  int wide = f->text[6] >= 2;
  size_t n = wide ? u32_at(f->text + 8) : u16_at(f->text + 8), at = wide ? 12 : 10;
  if (n > f->size - at || n > 1 << 20)
    return fail(c, f->name, "the .npy header is longer than the file");
  char *header = NEWN(c, char, n + 1);
  memcpy(header, f->text + at, n);
  const char *order = npy_value(header, "'fortran_order'");
  if (!npy_type(header, out))
    return fail(c, f->name, "the .npy element type is not one of f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1, little endian");
  if (!order || strncmp(order, "False", 5) != 0)
    return fail(c, f->name, "the .npy array is in Fortran order: save numpy.ascontiguousarray(x)");
  if (!npy_shape(header, out))
    return fail(c, f->name, "the .npy shape cannot be read");
  if ((size_t)out->count * (size_t)type_bytes(out->type) != f->size - at - n)
    return fail(c, f->name, "the .npy file is truncated, or longer than its shape says");
  out->data = (void *)(f->text + at + n);
  return true;
}

static bool npy_write(Ctx *c, const char *path, const Array *a)
{
  Text t = { .c = c };
  const char *descr = "<f4";
  for (int k = 0; k < NDTYPE; k++)
    if (dtypes[k].type == a->type)
      descr = dtypes[k].descr;
  text_add(&t, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
  for (int d = 0; d < a->rank; d++)
    text_add(&t, "%lld,%s", (long long)a->shape[d], d + 1 < a->rank ? " " : "");
  text_add(&t, "), }");
  while ((t.n + 11) % 64)
    text_add(&t, " ");
  text_add(&t, "\n");
  size_t bytes = (size_t)a->count * (size_t)type_bytes(a->type), n = t.n;
  char *file = NEWN(c, char, 10 + n + bytes);
  memcpy(file, "\x93NUMPY\x01\x00", 8);
  file[8] = (char)(n & 255);
  file[9] = (char)(n >> 8);
  memcpy(file + 10, t.s, n);
  memcpy(file + 10 + n, a->data, bytes);
  return file_write(c, path, file, 10 + n + bytes, false);
}

/* ---- .wav */
typedef struct Wav { uint32_t format, channels, rate, bits; const char *data; size_t bytes; } Wav;

static bool wav_chunks(const Source *f, Wav *w)
{
  for (size_t at = 12; f->size >= 8 && at <= f->size - 8;) {
    uint32_t n = u32_at(f->text + at + 4);
    const char *body = f->text + at + 8;
    if (n > f->size - at - 8)
      return false;
    if (memcmp(f->text + at, "fmt ", 4) == 0 && n >= 16) {
      w->format = u16_at(body);
      w->channels = u16_at(body + 2);
      w->rate = u32_at(body + 4);
      w->bits = u16_at(body + 14);
      if (w->format == 0xfffe && n >= 26)
        w->format = u16_at(body + 24);
    } else if (memcmp(f->text + at, "data", 4) == 0) {
      w->data = body;
      w->bytes = n;
    }
    at += 8 + (size_t)n + (n & 1);
  }
  return w->data && w->bits;
}

static float wav_sample(const Wav *w, size_t k)
{
  const char *p = w->data + k * (w->bits / 8);
  float v;
  if (w->format == 3)
    return memcpy(&v, p, 4), v;
  if (w->bits == 16)
    return (float)(int16_t)u16_at(p) / 32768.0f;
  if (w->bits == 24)
    return (float)((int32_t)((u16_at(p) << 8) | (uint32_t)(unsigned char)p[2] << 24) >> 8) / 8388608.0f;
  return (float)((double)(int32_t)u32_at(p) / 2147483648.0);
}

static bool wav_read(Ctx *c, const Source *f, Array *out)
{
  Wav w = { 0 };
  if (f->size < 12 || memcmp(f->text, "RIFF", 4) != 0 || memcmp(f->text + 8, "WAVE", 4) != 0 || !wav_chunks(f, &w))
    return fail(c, f->name, "this is no .wav file, or it is truncated");
  bool pcm = w.format == 1 && (w.bits == 16 || w.bits == 24 || w.bits == 32), flt = w.format == 3 && w.bits == 32;
  if (!pcm && !flt)
    return fail(c, f->name, "the .wav samples are not PCM of 16, 24 or 32 bits or 32-bit float");
  if (w.channels != 1)
    return fail(c, f->name, "the .wav file has more than one channel: give a mono file");
  size_t n = w.bytes / (w.bits / 8);
  float *v = NEWN(c, float, n ? n : 1);
  for (size_t k = 0; k < n; k++)
    v[k] = wav_sample(&w, k);
  *out = (Array){ .type = T_F32, .rank = 1, .shape = { (int64_t)n }, .count = (int64_t)n, .data = v, .rate = (int)w.rate };
  return true;
}

static void put32(char *p, uint32_t v)
{
  for (int k = 0; k < 4; k++)
    p[k] = (char)(v >> 8 * k);
}

/* 32-bit float, so that nothing is lost. */
static bool wav_write(Ctx *c, const char *path, const Array *a)
{
  uint32_t bytes = (uint32_t)a->count * 4, rate = a->rate ? (uint32_t)a->rate : 48000;
  char *f = NEWN(c, char, 44 + (size_t)bytes);
  memcpy(f, "RIFF....WAVEfmt ", 16);
  put32(f + 4, 36 + bytes);
  put32(f + 16, 16);
  put32(f + 20, 3 | 1 << 16);
  put32(f + 24, rate);
  put32(f + 28, rate * 4);
  put32(f + 32, 4 | 32 << 16);
  memcpy(f + 36, "data", 4);
  put32(f + 40, bytes);
  memcpy(f + 44, a->data, bytes);
  return file_write(c, path, f, 44 + (size_t)bytes, false);
}

/* ---- by suffix */
static bool raw_read(Ctx *c, const Source *f, Array *out)
{
  if (f->size % 4)
    return fail(c, f->name, "the size of a .f32 file is a multiple of 4 bytes; this one's is not");
  int64_t n = (int64_t)(f->size / 4);
  *out = (Array){ .type = T_F32, .rank = 1, .shape = { n }, .count = n, .data = (void *)f->text };
  return true;
}

bool array_read(Ctx *c, const char *path, Array *out)
{
  *out = (Array){ 0 };
  Source *f = source_read(c, path);
  if (!f)
    return false;
  if (has_suffix(path, ".npy"))
    return npy_read(c, f, out);
  if (has_suffix(path, ".wav"))
    return wav_read(c, f, out);
  if (has_suffix(path, ".f32"))
    return raw_read(c, f, out);
  return fail(c, path, "arrays are .npy, .f32 (raw) or .wav (mono) files");
}

bool array_write(Ctx *c, const char *path, const Array *a)
{
  bool f32 = a->type == T_F32;
  if (has_suffix(path, ".npy"))
    return npy_write(c, path, a);
  if (!f32 && (has_suffix(path, ".wav") || has_suffix(path, ".f32")))
    return fail(c, path, "only f32 arrays go into .f32 and .wav files: write .npy");
  if (has_suffix(path, ".wav"))
    return wav_write(c, path, a);
  if (has_suffix(path, ".f32"))
    return file_write(c, path, a->data, (size_t)a->count * 4, false);
  return fail(c, path, "arrays are .npy, .f32 (raw) or .wav (mono) files");
}

/* ---- conversion */
static double get(Type t, const char *p)
{
#define CASE(T, C) case T: { C v; memcpy(&v, p, sizeof v); return (double)v; }
  switch (t) {
  CASE(T_BOOL, uint8_t) CASE(T_I8, int8_t) CASE(T_U8, uint8_t) CASE(T_I16, int16_t) CASE(T_U16, uint16_t) CASE(T_I32, int32_t)
  CASE(T_U32, uint32_t) CASE(T_I64, int64_t) CASE(T_U64, uint64_t) CASE(T_F32, float) CASE(T_F64, double)
  default: return 0;
  }
#undef CASE
}

static void put(Type t, char *p, double v)
{
#define CASE(T, C) case T: { C x = (C)v; memcpy(p, &x, sizeof x); break; }
  switch (t) {
  CASE(T_BOOL, _Bool) CASE(T_I8, int8_t) CASE(T_U8, uint8_t) CASE(T_I16, int16_t) CASE(T_U16, uint16_t) CASE(T_I32, int32_t)
  CASE(T_U32, uint32_t) CASE(T_I64, int64_t) CASE(T_U64, uint64_t) CASE(T_F32, float) CASE(T_F64, double)
  default: break;
  }
#undef CASE
}

void *array_as(Ctx *c, const Array *a, Type t)
{
  size_t n = (size_t)a->count, from = (size_t)type_bytes(a->type), to = (size_t)type_bytes(t);
  char *out = NEWN(c, char, n * to + 1);
  if (a->type == t)
    return memcpy(out, a->data, n * to);
  for (size_t k = 0; k < n; k++)
    put(t, out + k * to, get(a->type, (char *)a->data + k * from));
  return out;
}
