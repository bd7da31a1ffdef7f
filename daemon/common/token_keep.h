/*
 * token_keep.h - copies of SoftHSM2's files, against its habit of rewriting them in place.
 *
 * At each login SoftHSM2 2.6 empties token.object and writes it anew, unsynced. A kill or
 * a power cut in that moment leaves it empty, the next start finds no token, and every
 * key of the installation is lost with it. So what proved good is kept under
 * DATA/token/kept, durably, and a file that came out shorter is put back before the
 * module looks at it. The copies are as secret as the files: both are ciphertext under
 * the PIN.
 */
#ifndef KMSD_COMMON_TOKEN_KEEP_H
#define KMSD_COMMON_TOKEN_KEEP_H

#include "base/arena.h"
#include "base/err.h"

/* Put back what is shorter than its copy. Before the module is initialised. */
KMS_RC kms_token_keep_mend(const char *data, struct kms_arena *a);
/* Keep the files as they are: the token was opened and passed its self-test. */
KMS_RC kms_token_keep_save(const char *data, struct kms_arena *a);

#endif
