/*
 * box.h - a store alone in a temporary directory, for unit tests.
 *
 * Rows are authenticated by a simple keyed function instead of HMAC: the store does not
 * care which, and the tests stay free of cryptography.
 */
#ifndef KMS_TESTS_SUPPORT_BOX_H
#define KMS_TESTS_SUPPORT_BOX_H

#include <check.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "store/aliases.h"
#include "store/keys.h"
#include "store/records.h"
#include "store/store.h"
#include "store/tags.h"

#define OK(call)                                                                         \
    do {                                                                                 \
        enum kms_rc ok_ = (call);                                                        \
        ck_assert_msg(ok_ == KMS_OK, "%s: %s (%s)", #call, kms_rc_info(ok_)->id,         \
                      kms_err_note(ok_));                                                \
    } while (0)
#define FAILS(rc, call) ck_assert_str_eq(kms_rc_info(call)->id, kms_rc_info(rc)->id)

#define ACCOUNT KMS_LIT("111122223333")
#define REGION KMS_LIT("eu-central-1")

struct box {
    char dir[64], path[80];
    struct kms_store *store;
    atomic_int fatals;
    char why[512]; /* of the last fatal */
};

/* A new database, started. */
void box_make(struct box *b);
void box_close(struct box *b);
/* Open and start again; fails the test when that fails. */
void box_reopen(struct box *b);
/* The same without failing the test; b->store is NULL then. */
KMS_RC box_try(struct box *b);
/* Close and remove everything. */
void box_free(struct box *b);
/* The options box_try uses. */
struct kms_store_opts box_opts(struct box *b);
extern const struct kms_row_mac box_mac;

/* A job that runs fn in the writer and can be waited for. */
struct box_job {
    struct kms_job job;
    KMS_RC (*fn)(struct kms_tx *tx, void *arg);
    void *arg;
    atomic_int *order; /* counts done callbacks, when given */
    int place;         /* what it was then */
    atomic_int done;
    enum kms_rc rc;
};
void box_submit(struct box *b, struct box_job *j);
enum kms_rc box_wait(struct box_job *j);
/* Submit and wait: the result of the commit. */
enum kms_rc box_write(struct box *b, KMS_RC (*fn)(struct kms_tx *tx, void *arg),
                      void *arg);

/* For box_write: append the audit record "record N" of the number box_number(N). */
enum kms_rc box_append(struct kms_tx *tx, void *number);
void *box_number(int n);
/* The number of the last audit record. */
enum kms_rc box_last(struct box *b, uint64_t *seq);

/* A record that is not written yet: number n, all members set, versions 1 and 2. */
struct kms_key *box_record(int n);
/* Write it; its id into id (NUL-terminated) when given. Gives the row number. */
int64_t box_key(struct box *b, int n, char id[KMS_KEY_ID_MAX + 1]);
/* The key number n as a new reader sees it. */
enum kms_rc box_get(struct box *b, int n, const struct kms_key **out);
/* Read, edit, write. */
void box_update(struct box *b, int n, void (*edit)(struct kms_key *k));

/* A job that keeps the writer busy, from when this returns until box_let_go. */
void box_hold(struct box *b, struct box_job *j);
void box_let_go(void);

/* SQL behind the store's back, on a connection of its own; %-arguments of SQLite. */
void box_sql(struct box *b, const char *sql, ...);
/* The first value as text, to be freed; NULL when there is none. */
char *box_ask(struct box *b, const char *sql);
/* Copy a file of the box; "" for the database itself. */
void box_copy(struct box *b, const char *from, const char *to);
/* True when the n bytes are in the file with this suffix ("", "-wal"). */
bool box_holds(struct box *b, const char *suffix, const void *p, size_t n);
long box_size(struct box *b, const char *suffix);

/* Run the tests, each in a process of its own, and give what main returns. */
int box_main(const char *name, void (*setup)(void), void (*teardown)(void),
             const TTest *const *tests, size_t n);

#endif
