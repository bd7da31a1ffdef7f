/*
 * pin.h - the user PIN of the token: 256 random bits in a file that only its owner
 * reads. SoftHSM2 stretches a PIN by little, so nobody is asked to think one up.
 */
#ifndef KMSD_COMMON_PIN_H
#define KMSD_COMMON_PIN_H

#include "base/arena.h"
#include "base/secret.h"
#include "common/home.h"

/*
 * Where the PIN of an installation is, in this order: opts->pin_file, "pin" in the
 * directory $CREDENTIALS_DIRECTORY when it holds one (systemd's LoadCredential=),
 * DATA/pin. Text in the arena, NUL-terminated.
 */
KMS_RC kms_pin_path(const struct kms_home_opts *opts, struct kms_arena *a,
                    struct kms_str *out);

/*
 * Read a PIN of 1 to 255 bytes without its line end. A file that others than its owner
 * may read is refused with KMS_E_CONFIG, and so is an empty one.
 */
KMS_RC kms_pin_read(const char *path, struct kms_secret **out);

/* Make path (0600, durable) with a new random PIN, base64url; fails when it is there. */
KMS_RC kms_pin_make(const char *path, struct kms_secret **out);

#endif
