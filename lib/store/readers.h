/* readers.h - the pool of read transactions, each with a connection of its own. */
#ifndef KMS_STORE_READERS_H
#define KMS_STORE_READERS_H

#include <pthread.h>

#include "store/tx.h"

struct kms_readers {
    pthread_mutex_t lock;
    struct kms_tx *idle; /* under lock; the one used last comes first */
    size_t in_use;       /* under lock */
};

void kms_readers_init(struct kms_readers *r);
/* All have been given back. Closes their connections; abandon: see kms_conn_abandon. */
void kms_readers_close(struct kms_readers *r, bool abandon);

#endif
