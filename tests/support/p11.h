/* p11.h - the throw-away token's module, as anybody else in the process would use it. */
#ifndef KMS_TESTS_SUPPORT_P11_H
#define KMS_TESTS_SUPPORT_P11_H

#include <p11-kit/pkcs11.h>

#include "token/token.h"

CK_FUNCTION_LIST *raw_module(void);
/* A session of its own on the first token; the login of the process is shared. */
CK_SESSION_HANDLE raw_session(CK_FUNCTION_LIST *fn, CK_SLOT_ID *slot);

/*
 * Make a key that kmsd would not make: the attribute odd differs from a good sealing
 * key's, or any mechanism is allowed.
 */
void raw_bad_key(const uint8_t id[KMS_KEK_ID_LEN], CK_ATTRIBUTE_TYPE odd, CK_BBOOL value,
                 bool any_mechanism);

#endif
