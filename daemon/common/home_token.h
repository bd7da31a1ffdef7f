/*
 * home_token.h - the token of an installation: opening it, and the proof that its
 * sealing key lasts.
 */
#ifndef KMSD_COMMON_HOME_TOKEN_H
#define KMSD_COMMON_HOME_TOKEN_H

#include "common/home.h"

/* Module and label with their defaults; KMS_E_CONFIG when there is no module. */
KMS_RC kms_home_token_opts(const struct kms_home_opts *opts, struct kms_token_opts *out);
/* Read the PIN and open the token. No sealing key is chosen yet. */
KMS_RC kms_home_token_open(const struct kms_home_opts *opts, struct kms_token **out);

/*
 * The canary: seal random bytes here, let a fresh process open them, compare. SoftHSM2
 * does not sync what it writes, so a sealing key that lives in this process may not be
 * found by the next one; nothing real is sealed before this has passed. The fresh
 * process is this executable, started as "<exe> token canary ..." (posix_spawn of
 * /proc/self/exe), whose main must hand these arguments to kms_canary_main. For
 * single-threaded programs.
 */
KMS_RC kms_canary_prove(const struct kms_home_opts *opts, struct kms_token *token,
                        const uint8_t kek_id[KMS_KEK_ID_LEN]);
/* argv[0] is "canary". Exit status for main; the caller leaves with _exit. */
int kms_canary_main(int argc, char **argv);

#endif
