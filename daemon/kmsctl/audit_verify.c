/* kmsctl audit verify - hold the log against its own chain. */
#include <unistd.h>

#include "audit/verify.h"
#include "kmsctl/cmd.h"
#include "kmsctl/log_path.h"
#include "store/records.h"

enum { PROGRESS_EVERY = 1 << 16 };

struct walk {
    struct kms_audit_verifier verifier;
    uint64_t n;
    bool progress;
};

static enum kms_rc check(void *arg, uint64_t seq, struct kms_bytes record)
{
    struct walk *w = arg;

    KMS_TRY(kms_audit_verify_next(&w->verifier, seq, record));
    if (++w->n % PROGRESS_EVERY == 0 && w->progress)
        fprintf(stderr, "\r%llu records", (unsigned long long)w->n);
    return KMS_OK;
}

static enum kms_rc run(const struct kms_opts *o)
{
    struct walk w = {.progress = isatty(STDERR_FILENO)};
    char path[4096], head[2 * KMS_AUDIT_HASH_LEN + 1];
    enum kms_rc rc;

    KMS_TRY(kms_log_path(o, path, sizeof path));
    rc = kms_records_walk_file(path, 0, check, &w);
    if (w.n >= PROGRESS_EVERY && w.progress)
        fputs("\r\033[K", stderr);
    KMS_TRY(rc);
    kms_hex_encode(w.verifier.head, KMS_AUDIT_HASH_LEN, head);
    if (kms_opts_get(o, "json") != NULL) {
        printf("{\"records\":%llu,\"firstTime\":\"%s\",\"lastTime\":\"%s\","
               "\"lastSeq\":%llu,\"head\":\"%s\"}\n",
               (unsigned long long)w.n, w.verifier.first, w.verifier.last,
               (unsigned long long)w.verifier.seq, head);
        return KMS_OK;
    }
    printf("verified %llu record%s", (unsigned long long)w.n, w.n == 1 ? "" : "s");
    if (w.n != 0)
        printf(" from %s to %s\nlast     %llu\nhead     %s", w.verifier.first,
               w.verifier.last, (unsigned long long)w.verifier.seq, head);
    putchar('\n');
    return KMS_OK;
}

static const struct kms_opt opts[] = {
    KMS_LOG_PATH_OPTS,
    {"json", NULL, "one line of JSON instead of words", KMS_OPT_ONCE},
};

const struct kms_cmd kms_cmd_audit_verify = {
    .name = "audit verify",
    .operands = "",
    .summary = "check the audit log from its first record to its last",
    .about =
        "Reads the audit log, beside a running daemon or without one, and checks that\n"
        "every record follows from the one before: none is missing, out of order or\n"
        "altered. Prints how many there are, the time of the first and the last, and "
        "the\n"
        "hash of the last (keep it: a later log that is sound must contain it). At the\n"
        "first bad record it stops, names it and exits with 1.",
    .opts = opts,
    .n_opts = sizeof opts / sizeof opts[0],
    .run = run,
};
