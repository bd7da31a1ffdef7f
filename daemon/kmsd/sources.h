/*
 * sources.h - how fast one address may begin connections.
 *
 * A full handshake costs as much as sixty requests, and a stranger can ask for one. Each
 * address has a bucket of tokens in a table of fixed size; two addresses that fall into
 * the same place share it, so the table neither grows nor can be filled.
 */
#ifndef KMSD_SOURCES_H
#define KMSD_SOURCES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/own.h"

struct kms_sources;
KMS_OWNED(sources);

/* per_s a second on average, twice that in a burst; 0: everything passes. */
KMS_RC kms_sources_new(unsigned per_s, struct kms_sources **out);
/* Take a token of sa's bucket at now_us (monotonic); false when there is none.
 * Thread-safe. */
bool kms_sources_admit(struct kms_sources *s, const struct sockaddr *sa, int64_t now_us);

#endif
