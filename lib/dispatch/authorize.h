/* authorize.h - inside of dispatch: the stages that say who calls and whether they may.
 */
#ifndef KMS_DISPATCH_AUTHORIZE_H
#define KMS_DISPATCH_AUTHORIZE_H

#include "dispatch/exchange.h"

/* Fill x->actor from x->call.caller, by the directory the exchange holds. */
KMS_RC kms_identify(struct kms_exchange *x, const struct kms_proven *proven);

/*
 * Every permission that the request needs, on every resource; x->decision says what
 * decided the last one, or all of them. Then the lockout safety check of a policy that is
 * to be a key's. Nothing about a key's state is told or looked at here.
 */
KMS_RC kms_authorize(struct kms_exchange *x);

/*
 * The permission on the first key alone, where a refusal that comes before decisions
 * would tell of it, or of a second key: the ciphertext is not that key's, or the second
 * key is not there. Who lacks this permission hears so instead. Leaves no decision.
 */
KMS_RC kms_authorize_first(struct kms_exchange *x);

#endif
