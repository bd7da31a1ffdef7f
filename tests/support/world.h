/*
 * world.h - a whole kmsd without its front, for unit tests: a dev installation in a
 * temporary directory, and calls that go all the way through dispatch.
 */
#ifndef KMS_TESTS_SUPPORT_WORLD_H
#define KMS_TESTS_SUPPORT_WORLD_H

#include <pthread.h>
#include <stdbool.h>

#include "common/home.h"
#include "dispatch/dispatch.h"

struct world {
    char data[64];
    struct kms_home *home;
    struct kms_service *service;
    const struct kms_attest_roots *roots; /* taken up by world_restart; NULL: none */
    bool down; /* the store told the daemon to stop; see world_went_down */
    pthread_mutex_t lock;
    pthread_cond_t fell; /* with lock: down became true */
};

/* Make an installation and serve. Anything that fails, fails the test. */
void world_make(struct world *w);
/* Stop serving and start again on the same data. */
void world_restart(struct world *w);
/* True once the store has told the daemon to stop; waits for it, ten seconds at most. */
bool world_went_down(struct world *w);
/* Stop, and remove the data. */
void world_free(struct world *w);

/* A reply, copied out of its exchange. */
struct world_reply {
    int status;
    char request_id[37];
    char body[4096]; /* cut off, always terminated */
};

/*
 * One call as the user 111122223333 in us-east-1, from start to commit. May be made from
 * several threads at once.
 */
struct world_reply world_call(struct world *w, const char *operation, const char *json);

/*
 * The same in two halves, as the user of an account: send comes back as soon as the call
 * has started and its commit is asked for, receive waits for the answer and frees.
 */
struct world_sent;
struct world_sent *world_send(struct world *w, const char *account, const char *operation,
                              const char *json);
struct world_reply world_receive(struct world_sent *sent);

/* CreateKey, and the id of the key into id. */
void world_key(struct world *w, char id[37]);
/* The text member of a JSON object's first level or KeyMetadata; "" when absent. */
void world_member(const struct world_reply *r, const char *name, char *out, size_t max);
/* How often part stands in text. */
unsigned world_occurrences(const char *text, const char *part);
/* How many records of the audit log have text in them. */
unsigned world_records_with(struct world *w, const char *text);
/* A record of this request has text in it. */
bool world_record_says(struct world *w, const char *request_id, const char *text);

#endif
