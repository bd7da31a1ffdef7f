/* selftest.h - known answers of everything kmsd asks of the cryptographic library. */
#ifndef KMS_CRYPTO_SELFTEST_H
#define KMS_CRYPTO_SELFTEST_H

#include "base/err.h"

/*
 * Run at every start, before any key is touched; takes well under a millisecond after
 * the library's own start-up. KMS_E_CRYPTO names the primitive whose answer was wrong,
 * and the daemon must not serve.
 */
KMS_RC kms_crypto_selftest(void);

#endif
