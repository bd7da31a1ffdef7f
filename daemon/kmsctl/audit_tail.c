/* kmsctl audit tail - the newest records, for people or as they are. */
#include <errno.h>
#include <jansson.h>
#include <time.h>

#include "kmsctl/cmd.h"
#include "kmsctl/log_path.h"
#include "store/records.h"

enum { POLL_MS = 500 };

struct tail {
    uint64_t last; /* printed last; 0: none yet */
    bool json;
};

/* Hands back a code that the store never uses here: there is a record, and enough. */
static enum kms_rc one_is_there(void *arg, uint64_t seq, struct kms_bytes record)
{
    (void)seq;
    (void)record;
    *(bool *)arg = true;
    return KMS_E_BUSY;
}

static enum kms_rc has_from(const char *path, uint64_t seq, bool *there)
{
    enum kms_rc rc;

    *there = false;
    rc = kms_records_walk_file(path, seq, one_is_there, there);
    return *there ? KMS_OK : rc;
}

/* The newest sequence number, 0 in an empty log: doubling, then halving. */
static enum kms_rc find_last(const char *path, uint64_t *out)
{
    uint64_t low = 0, high = 1; /* there is one at low (or low is 0), none from high on */
    bool there;

    for (;;) {
        KMS_TRY(has_from(path, high, &there));
        if (!there)
            break;
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;

        KMS_TRY(has_from(path, middle, &there));
        *(there ? &low : &high) = middle;
    }
    *out = low;
    return KMS_OK;
}

static const char *text(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));

    return s != NULL ? s : "";
}

/* Who: the ARN, or for the daemon's own acts and strangers the kind of identity. */
static const char *who(const json_t *record)
{
    const json_t *id = json_object_get(record, "userIdentity");
    const char *arn = text(id, "arn");

    if (arn[0] != '\0')
        return arn;
    return text(id, "type")[0] != '\0' ? text(id, "type") : "-";
}

static void print_line(uint64_t seq, struct kms_bytes bytes)
{
    json_t *record = json_loadb((const char *)bytes.p, bytes.n, 0, NULL);
    const json_t *resources, *resource;
    const char *error;
    size_t i;

    if (record == NULL) {
        printf("%llu (not a JSON object: kmsctl audit verify tells more)\n",
               (unsigned long long)seq);
        return;
    }
    error = text(record, "errorCode");
    printf("%llu %s %s %s %s", (unsigned long long)seq, text(record, "eventTime"),
           text(record, "eventName"), error[0] != '\0' ? error : "ok", who(record));
    resources = json_object_get(record, "resources");
    json_array_foreach(resources, i, resource) printf(" %s", text(resource, "ARN"));
    putchar('\n');
    json_decref(record);
}

static enum kms_rc show(void *arg, uint64_t seq, struct kms_bytes record)
{
    struct tail *t = arg;

    if (t->json)
        printf("%.*s\n", (int)record.n, (const char *)record.p);
    else
        print_line(seq, record);
    t->last = seq;
    return KMS_OK;
}

static enum kms_rc run(const struct kms_opts *o)
{
    struct tail t = {.json = kms_opts_get(o, "json") != NULL};
    uint64_t last;
    char path[4096];
    long n;

    KMS_TRY(kms_log_path(o, path, sizeof path));
    KMS_TRY(kms_opts_number(o, "n", 0, 1000000000, 10, &n));
    KMS_TRY(find_last(path, &last));
    t.last = last > (uint64_t)n ? last - (uint64_t)n : 0;
    KMS_TRY(kms_records_walk_file(path, t.last + 1, show, &t));
    KMS_TRY(kms_cmd_flush());
    while (kms_opts_get(o, "follow") != NULL) {
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
        KMS_TRY(kms_records_walk_file(path, t.last + 1, show, &t));
        KMS_TRY(kms_cmd_flush());
    }
    return KMS_OK;
}

static const struct kms_opt opts[] = {
    KMS_LOG_PATH_OPTS,
    {"n", "COUNT", "how many of the newest records; default 10", KMS_OPT_ONCE},
    {"follow", NULL, "wait for new ones until interrupted", KMS_OPT_ONCE},
    {"json", NULL, "each record as it stands in the log, one a line", KMS_OPT_ONCE},
};

const struct kms_cmd kms_cmd_audit_tail = {
    .name = "audit tail",
    .operands = "",
    .summary = "print the newest records of the audit log",
    .about =
        "Prints one line a record: number, time, what was asked, \"ok\" or the error,\n"
        "who asked, and the keys it was about. Works beside a running daemon.",
    .opts = opts,
    .n_opts = sizeof opts / sizeof opts[0],
    .run = run,
};
