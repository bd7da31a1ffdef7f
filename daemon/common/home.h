/*
 * home.h - one installation of kmsd on disk: made by kmsctl init or kmsd --dev, opened
 * by kmsd and by kmsctl's offline commands.
 *
 *   DATA/kmsd.yaml   configuration (server profile)
 *   DATA/kmsd.db     keys, aliases, tags, audit records
 *   DATA/pin         user PIN of the token, 0600
 *   DATA/token/      SoftHSM2 token directory with its softhsm2.conf (when that is used)
 *   DATA/pki/        ca.pem ca.key server.pem server.key client.pem client.key crl.pem
 *   DATA/admin.sock  the daemon's admin socket while it runs
 *   DATA/lock        held by the running daemon
 */
#ifndef KMSD_COMMON_HOME_H
#define KMSD_COMMON_HOME_H

#include "keyring/keyring.h"
#include "store/store.h"
#include "token/token.h"

struct kms_home_opts {
    const char *data;    /* directory; made with 0700 by kms_home_make */
    const char *profile; /* "server" or "dev" */
    const char *module;  /* PKCS#11 module; NULL: SoftHSM2 with a token under DATA */
    const char *label;   /* token label; NULL: "kmsd" */
    const char *pin_file; /* NULL: DATA/pin; also $CREDENTIALS_DIRECTORY/pin is tried */
    void (*on_fatal)(void *arg, const char *why); /* see kms_store_opts */
    void *on_fatal_arg;
};

/*
 * Make PIN, token, sealing key and database. Fails without touching anything that is
 * already there. The sealing key is proven from a fresh process (a canary) before the
 * first real key is sealed, except in the dev profile, whose data is disposable.
 */
KMS_RC kms_home_make(const struct kms_home_opts *opts);

/* Who may serve: names and addresses for the server certificate. */
struct kms_home_names {
    const char *const *dns; /* NULL-terminated; localhost is always added */
    const char *const *ip;  /* NULL-terminated; 127.0.0.1 and ::1 are always added */
    const char *account;    /* for the client certificate's URI SAN */
    const char *client;     /* user name: arn:aws:iam::ACCOUNT:user/<client> */
};

/* Make a private CA, a server and a client certificate (P-256) under DATA/pki. */
KMS_RC kms_home_make_pki(const char *data, const struct kms_home_names *names);
/* True when DATA holds a database. */
bool kms_home_exists(const char *data);

/* An open installation. */
struct kms_home {
    char *data;
    struct kms_token *token;
    struct kms_keyring *keyring;
    struct kms_store *store; /* started: rows are verified */
    int lock_fd;
};
KMS_OWNED(home); /* store, keyring, then token */

/*
 * Run the known-answer self-tests of all cryptography, take the lock (KMS_E_BUSY when a
 * daemon holds it), read the PIN, open the token, prove its self-test, open and verify
 * the database. Every failure says what to do.
 */
KMS_RC kms_home_open(const struct kms_home_opts *opts, struct kms_home **out);

#endif
