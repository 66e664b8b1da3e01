/* Arrays in files: NumPy's .npy (format 1.0 to 3.0, C order, little endian), raw .f32, mono .wav (PCM 16, 24, 32 bits, float 32).
 * Formats: numpy.lib.format's documentation; "Multimedia Programming Interface and Data Specifications 1.0" (RIFF WAVE).
 * Every count in a file is checked against its size before it is used. */
#include "../ir/scalar.h"
#include "driver.h"
#include <stdlib.h>

static const struct { const char *descr; Type type; } dtypes[] = {
  { "<f4", T_F32 }, { "<f8", T_F64 }, { "<f2", T_F16 }, { "<i8", T_I64 }, { "<i4", T_I32 }, { "<i2", T_I16 }, { "|i1", T_I8 },
  { "<u8", T_U64 }, { "<u4", T_U32 }, { "<u2", T_U16 }, { "|u1", T_U8 }, { "|b1", T_BOOL },
};
enum { NDTYPE = sizeof dtypes / sizeof *dtypes };

static uint32_t get_le(const char *p, int n) { uint32_t v = 0; while (n--) v = v << 8 | (unsigned char)p[n]; return v; }
static void put_le(char *p, int n, uint32_t v) { for (int k = 0; k < n; k++) p[k] = (char)(v >> 8 * k); }

/* ---- .npy */
/* The value after 'key': in the header's dictionary, or "". */
static const char *npy_value(const char *header, const char *key) {
  const char *s = strstr(header, key); s = s ? strchr(s + strlen(key), ':') : NULL; return s ? s + 1 + strspn(s + 1, " ") : "";
}
static bool npy_type(const char *header, Array *out) {
  const char *s = npy_value(header, "'descr'");
  for (int k = 0; k < NDTYPE; k++) if (*s == '\'' && !strncmp(s + 1, dtypes[k].descr, 3) && s[4] == '\'') return out->type = dtypes[k].type, true;
  return false;
}
static bool npy_shape(const char *header, Array *out) {
  const char *s = npy_value(header, "'shape'"); if (*s++ != '(') return false;
  for (out->count = 1; *s && *s != ')'; s += strspn(s, ", ")) {
    char *end; long long n = strtoll(s, &end, 10);
    if (end == s || n < 0 || out->rank == 8 || (n && out->count > ((int64_t)1 << 40) / n)) return false;
    out->shape[out->rank++] = n, out->count *= n; s = end;
  }
  return *s == ')';
}
static const char *npy_read(Ctx *c, const Source *f, Array *out) {
  if (f->size < 12 || memcmp(f->text, "\x93NUMPY", 6)) return "this is no .npy file";
  int wide = f->text[6] >= 2; size_t n = get_le(f->text + 8, wide ? 4 : 2), at = wide ? 12 : 10;
  if (n > f->size - at || n > 1 << 20) return "the .npy header is longer than the file";
  const char *header = ctx_printf(c, "%.*s", (int)n, f->text + at);
  if (!npy_type(header, out)) return "the .npy element type is not one of f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1, little endian";
  if (strncmp(npy_value(header, "'fortran_order'"), "False", 5)) return "the .npy array is in Fortran order: save numpy.ascontiguousarray(x)";
  if (!npy_shape(header, out)) return "the .npy shape cannot be read";
  if ((size_t)out->count * (size_t)type_bytes(out->type) != f->size - at - n) return "the .npy file is truncated, or longer than its shape says";
  out->data = (void *)(f->text + at + n); return NULL;
}

static bool npy_write(Ctx *c, const char *path, const Array *a) {
  Text t = { .c = c }; int k = NDTYPE - 1;
  while (k > 0 && dtypes[k].type != a->type) k--;
  text_addn(&t, "\x93NUMPY\x01\0..", 10); text_add(&t, "{'descr': '%s', 'fortran_order': False, 'shape': (", dtypes[k].descr);
  for (int d = 0; d < a->rank; d++) text_add(&t, "%lld,%s", (long long)a->shape[d], d + 1 < a->rank ? " " : "");
  text_add(&t, "), }");
  while ((t.n + 1) % 64) text_add(&t, " ");
  text_add(&t, "\n"); put_le(t.s + 8, 2, (uint32_t)t.n - 10);
  text_addn(&t, a->data, (size_t)a->count * (size_t)type_bytes(a->type)); return file_write(c, path, t.s, t.n, false);
}

/* ---- .wav */
typedef struct Wav { uint32_t format, channels, rate, bits; const char *data; size_t bytes; } Wav;

static bool wav_chunks(const Source *f, Wav *w) {
  for (size_t at = 12; at <= f->size - 8;) {
    uint32_t n = get_le(f->text + at + 4, 4); const char *body = f->text + at + 8; if (n > f->size - at - 8) return false;
    if (!memcmp(f->text + at, "fmt ", 4) && n >= 16) {
      uint32_t format = get_le(body, 2); w->format = format == 0xfffe && n >= 26 ? get_le(body + 24, 2) : format;
      w->channels = get_le(body + 2, 2), w->rate = get_le(body + 4, 4), w->bits = get_le(body + 14, 2);
    }
    if (!memcmp(f->text + at, "data", 4)) w->data = body, w->bytes = n;
    at += 8 + (size_t)n + (n & 1);
  }
  return w->data && w->bits;
}
static float wav_sample(const Wav *w, const char *p) {
  float v; if (w->format == 3) return memcpy(&v, p, 4), v;
  int32_t high = (int32_t)(get_le(p, (int)w->bits / 8) << (32 - w->bits)); return (float)((double)high / 2147483648.0);
}
static const char *wav_read(Ctx *c, const Source *f, Array *out) {
  Wav w = { 0 };
  if (f->size < 12 || memcmp(f->text, "RIFF", 4) || memcmp(f->text + 8, "WAVE", 4) || !wav_chunks(f, &w))
    return "this is no .wav file, or it is truncated";
  bool pcm = w.format == 1 && (w.bits == 16 || w.bits == 24 || w.bits == 32);
  if (!pcm && !(w.format == 3 && w.bits == 32)) return "the .wav samples are not PCM of 16, 24 or 32 bits or 32-bit float";
  if (w.channels != 1) return "the .wav file has more than one channel: give a mono file";
  size_t width = w.bits / 8, n = w.bytes / width; float *v = NEWN(c, float, n ? n : 1);
  for (size_t k = 0; k < n; k++) v[k] = wav_sample(&w, w.data + k * width);
  *out = (Array){ .type = T_F32, .rank = 1, .shape = { (int64_t)n }, .count = (int64_t)n, .data = v, .rate = (int)w.rate }; return NULL;
}

/* 32-bit float, so that nothing is lost. */
static bool wav_write(Ctx *c, const char *path, const Array *a) {
  uint32_t bytes = (uint32_t)a->count * 4, rate = a->rate ? (uint32_t)a->rate : 48000;
  const uint32_t fields[7][2] = { { 4, 36 + bytes }, { 16, 16 }, { 20, 3 | 1 << 16 }, { 24, rate }, { 28, rate * 4 }, { 32, 4 | 32 << 16 },
                                  { 40, bytes } };
  char *f = NEWN(c, char, 44 + (size_t)bytes); memcpy(f, "RIFF....WAVEfmt ....................data....", 44);
  for (int k = 0; k < 7; k++) put_le(f + fields[k][0], 4, fields[k][1]);
  memcpy(f + 44, a->data, bytes); return file_write(c, path, f, 44 + (size_t)bytes, false);
}

/* ---- .f32 */
static const char *raw_read(Ctx *c, const Source *f, Array *out) {
  if (f->size % 4) return "the size of a .f32 file is a multiple of 4 bytes; this one's is not";
  int64_t n = (int64_t)(f->size / 4); (void)c;
  *out = (Array){ .type = T_F32, .rank = 1, .shape = { n }, .count = n, .data = (void *)f->text }; return NULL;
}
static bool raw_write(Ctx *c, const char *path, const Array *a) { return file_write(c, path, a->data, (size_t)a->count * 4, false); }

/* ---- by suffix; readers give what is wrong, or NULL */
typedef struct Format { const char *suffix, *(*read)(Ctx *, const Source *, Array *); bool (*write)(Ctx *, const char *, const Array *); } Format;
static const Format formats[] = { { ".npy", npy_read, npy_write }, { ".wav", wav_read, wav_write }, { ".f32", raw_read, raw_write }, { 0 } };
static const char no_format[] = "arrays are .npy, .f32 (raw) or .wav (mono) files";

static const Format *format_of(const char *path) { const Format *f = formats; while (f->suffix && !path_ends(path, f->suffix)) f++; return f; }
bool array_read(Ctx *c, const char *path, Array *out) {
  const Format *f = format_of(path); Source *src = source_read(c, path); *out = (Array){ 0 };
  const char *wrong = !src ? NULL : f->read ? f->read(c, src, out) : no_format; return src && (!wrong || driver_fail(c, "%s: %s", path, wrong));
}
bool array_write(Ctx *c, const char *path, const Array *a) {
  const Format *f = format_of(path); if (!f->write) return driver_fail(c, "%s: %s", path, no_format);
  if (a->type != T_F32 && f->write != npy_write) return driver_fail(c, "%s: only f32 arrays go into .f32 and .wav files: write .npy", path);
  if (a->type != T_BF16) return f->write(c, path, a);
  Array wide = *a; wide.type = T_F32; wide.data = array_as(c, a, T_F32); return f->write(c, path, &wide);     /* NumPy has no bf16; f32 holds it */
}

/* ---- conversion */
void *array_as(Ctx *c, const Array *a, Type t) {
  char *out = NEWN(c, char, (size_t)a->count * (size_t)type_bytes(t) + 1);
  for (int64_t k = 0; k < a->count; k++) value_store(out, t, k, convert_value(value_load(a->data, a->type, k), a->type, t, CV_PLAIN));
  return out;
}
