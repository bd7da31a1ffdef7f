/*
 * hooks.h - the test hooks under /_kmsd/test/, in the dev profile only.
 *
 *   GET  /_kmsd/test/clock   -> {"now":EPOCH}
 *   POST /_kmsd/test/clock   {"advance_s":N} | {"set":EPOCH} | {"freeze":true|false}
 *                            -> {"now":EPOCH}; due work has run when it answers
 *
 * EPOCH is in seconds, with milliseconds as its fraction.
 */
#ifndef KMS_DISPATCH_HOOKS_H
#define KMS_DISPATCH_HOOKS_H

#include "dispatch/exchange.h"

/* True for every path under /_kmsd/. */
bool kms_hooks_match(struct kms_str path);
enum kms_progress kms_hooks_start(struct kms_exchange *x);
void kms_hooks_commit(struct kms_exchange *x);

#endif
