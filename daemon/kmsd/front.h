/*
 * front.h - the listeners: bytes, limits, TLS and peer identity on one side, the
 * library's exchanges on the other.
 *
 * libmicrohttpd parses and frames; what it lets through that a key service must not is
 * stopped by http_rules and tls. No event thread waits for the disk: a request that has
 * to wait for its commit is suspended, and the writer's thread resumes it.
 */
#ifndef KMSD_FRONT_H
#define KMSD_FRONT_H

#include "common/config.h"
#include "dispatch/dispatch.h"

struct kms_front;
/* Ends all connections. Only after a drain that succeeded, or before anything was served.
 */
KMS_OWNED(front);

/* Binds and serves. Both are borrowed until the front is freed. */
KMS_RC kms_front_open(const struct kms_config *config, struct kms_service *service,
                      struct kms_front **out);

/* What the listeners are bound to, port 0 resolved; NULL when there is no plain one. */
const struct kms_address *kms_front_https(const struct kms_front *f);
const struct kms_address *kms_front_http(const struct kms_front *f);
/* Connections now open, for status. */
unsigned kms_front_connections(const struct kms_front *f);
/* When the server's certificate ends. */
int64_t kms_front_expires_ms(const struct kms_front *f);

/* Read the TLS files again; running connections go on. On failure nothing changes. */
KMS_RC kms_front_reload(struct kms_front *f);

/* From any thread: begin nothing any more. What has begun is still answered. */
void kms_front_close(struct kms_front *f);
/*
 * Stop accepting, answer what has begun and close each connection after its answer. True
 * when nothing is in flight any more; false after bound_ms: then the front must not be
 * freed, for the writer may still come back to a suspended connection.
 */
bool kms_front_drain(struct kms_front *f, int64_t bound_ms);

#endif
