/* A QEMU plugin (API 1): counts executed instructions, and those that multiply and add vectors. Declared here, since Debian ships no
 * qemu-plugin.h. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb; struct qemu_plugin_insn;
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern char *qemu_plugin_insn_disas(const struct qemu_plugin_insn *);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int op, void *ptr, uint64_t imm);
extern void qemu_plugin_outs(const char *);
__attribute__((visibility("default"))) int qemu_plugin_version = 1;
static uint64_t hits, all;
static void on_tb(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
    struct qemu_plugin_insn *n = qemu_plugin_tb_get_insn(tb, i); char *s = qemu_plugin_insn_disas(n);
    qemu_plugin_register_vcpu_insn_exec_inline(n, 0, &all, 1);
    if (strstr(s, "fmla") || strstr(s, "vfmacc") || strstr(s, "vfmadd")) qemu_plugin_register_vcpu_insn_exec_inline(n, 0, &hits, 1);
    free(s);
  }
}
static void at_end(qemu_plugin_id_t id, void *p) { 
  char b[96]; (void)id; (void)p; snprintf(b, sizeof b, "fma %" PRIu64 " all %" PRIu64 "\n", hits, all); qemu_plugin_outs(b);
}
__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv) {
  (void)info; (void)argc; (void)argv;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_tb); qemu_plugin_register_atexit_cb(id, at_end, NULL); return 0;
}
