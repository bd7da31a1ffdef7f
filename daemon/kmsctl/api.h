/*
 * api.h - the parts of `kmsctl api`: its options, the request, the answer.
 *
 * Everything here follows the table of wire/api.h; no operation is named.
 */
#ifndef KMSD_KMSCTL_API_H
#define KMSD_KMSCTL_API_H

#include "base/arena.h"
#include "base/buf.h"
#include "kmsctl/opts.h"
#include "wire/api.h"
#include "wire/json.h"

/* Options of the command itself, before those of the operation. */
enum { KMS_API_OWN_OPTS = 11 };
extern const struct kms_opt kms_api_own_opts[KMS_API_OWN_OPTS];

/* All options of op: the command's own, then a row a member. In the arena. */
KMS_RC kms_api_opts(const struct kms_api_op *op, struct kms_arena *a,
                    const struct kms_opt **rows, size_t *n);
/* Help of the command, or of one operation. */
void kms_api_help(FILE *to);
KMS_RC kms_api_op_help(const struct kms_api_op *op, FILE *to);

/*
 * The request: the object of --json, on which every member given by its own option is
 * set. KMS_E_USAGE names an option whose value cannot be what it has to be.
 */
KMS_RC kms_api_body(const struct kms_api_op *op, const struct kms_opts *o,
                    struct kms_buf *out);

/*
 * Print an answer: all of it, or what --output names, with --raw decoded. An error of
 * the service is KMS_E_IO with "NotFoundException: words".
 */
KMS_RC kms_api_print(const struct kms_opts *o, long status, struct kms_bytes reply);

#endif
