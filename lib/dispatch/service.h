/* service.h - inside of dispatch: what all exchanges of a daemon share. */
#ifndef KMS_DISPATCH_SERVICE_H
#define KMS_DISPATCH_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>

#include "audit/audit.h"
#include "authz/authz.h"
#include "dispatch/access.h"
#include "dispatch/dispatch.h"
#include "dispatch/veil.h"
#include "dispatch/workers.h"
#include "key/ident.h"
#include "ops/lane.h"

struct kms_schedule;
struct kms_refusals;

struct kms_service {
    struct kms_service_opts opts; /* texts copied into arena */
    struct kms_arena *arena;
    struct kms_authz *authz;
    struct kms_access_cache *access;
    pthread_mutex_t directory_lock;
    struct kms_directory *directory; /* under directory_lock */
    struct kms_audit *audit;         /* used in the writer's thread only */
    struct kms_refusals *refusals;
    struct kms_schedule *schedule;
    struct kms_workers *lanes[KMS_LANE_COUNT]; /* none for inline */
    struct kms_veil *veil;
    atomic_bool destroyed; /* key material was: the log that held it is to be folded in */
};

/* Who is who now: one more reference. */
struct kms_directory *kms_service_directory(struct kms_service *s);
/* A fresh lower-case UUID: the id of a request or event. */
KMS_RC kms_service_new_id(struct kms_arena *a, struct kms_str *out);
/* Have the next run of due work (dispatch/due.h) fold the write-ahead log in. */
void kms_service_destroyed(struct kms_service *s);

#endif
