/*
 * err.h - how kmsd fails.
 *
 * enum kms_rc is generated from proto/errors.toml: each wire exception plus a few
 * internal codes. The code decides what the client sees; the words noted by kms_err()
 * go to the log, and to the client only for codes marked visible there.
 */
#ifndef KMS_BASE_ERR_H
#define KMS_BASE_ERR_H

#include "rc.gen.h"

#define KMS_RC __attribute__((warn_unused_result)) enum kms_rc

/*
 * Note the cause in this thread and hand rc back: return kms_err(KMS_E_STORE, ...);
 * Never pass secrets. A note replaces the one before it.
 */
__attribute__((format(printf, 2, 3))) enum kms_rc kms_err(enum kms_rc rc, const char *fmt,
                                                          ...);

/*
 * The words noted last in this thread for exactly rc, or "" when the last note belongs
 * to another code or none was made: an error returned bare has no words. Valid until
 * the thread's next kms_err() or kms_err_clear().
 */
const char *kms_err_note(enum kms_rc rc);

/* Forget the note: at the start of every request and job. */
void kms_err_clear(void);

/* The one macro that returns. */
#define KMS_TRY(call)                                                                    \
    do {                                                                                 \
        enum kms_rc rc_ = (call);                                                        \
        if (rc_ != KMS_OK)                                                               \
            return rc_;                                                                  \
    } while (0)

#endif
