/* pkey_selftest.h - known answers of asymmetric keys, signatures and MACs. */
#ifndef KMS_CRYPTO_PKEY_SELFTEST_H
#define KMS_CRYPTO_PKEY_SELFTEST_H

#include "base/err.h"

/*
 * For every start, before any key is touched; a few milliseconds. KMS_E_CRYPTO names the
 * primitive whose answer was wrong, and the daemon must not serve.
 */
KMS_RC kms_pkey_selftest(void);

#endif
