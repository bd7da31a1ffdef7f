/* trace.h - lines of an evaluation for people: for lib/policy alone. */
#ifndef KMS_POLICY_TRACE_H
#define KMS_POLICY_TRACE_H

#include "policy/request.h"

/* Does nothing unless somebody listens. A line is cut after some hundred bytes. */
__attribute__((format(printf, 3, 4))) void
kms_policy_say(const struct kms_policy_trace *trace, unsigned depth, const char *fmt,
               ...);

#endif
