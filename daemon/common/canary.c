#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/home_token.h"
#include "crypto/rand.h"

enum { CANARY_LEN = 32, SEALED_MAX = 512 };

extern char **environ;

static const char aad[] = "kmsd-canary-v1";

/* What the fresh process gets; NULL for an option that was not given. */
struct request {
    const char *data, *module, *label, *pin_file, *kek, *sealed;
};

static const struct {
    const char *flag;
    size_t at;
} flags[] = {
    {"--data", offsetof(struct request, data)},
    {"--module", offsetof(struct request, module)},
    {"--label", offsetof(struct request, label)},
    {"--pin-file", offsetof(struct request, pin_file)},
    {"--kek", offsetof(struct request, kek)},
    {"--sealed", offsetof(struct request, sealed)},
};

enum { FLAGS = sizeof flags / sizeof flags[0] };

static const char **member(struct request *r, size_t i)
{
    return (const char **)(void *)((char *)r + flags[i].at);
}

/* Everything that the child prints, at most cap - 1 bytes, NUL-terminated. */
static void drain(int fd, char *text, size_t cap)
{
    size_t n = 0;
    ssize_t got;

    while (n < cap - 1 && (got = read(fd, text + n, cap - 1 - n)) != 0) {
        if (got < 0 && errno != EINTR)
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    text[n] = '\0';
}

static enum kms_rc run_child(struct request *r, char *reply, size_t cap)
{
    char *argv[3 + 2 * FLAGS + 1] = {(char *)"kmsctl", (char *)"token", (char *)"canary"};
    posix_spawn_file_actions_t acts;
    size_t n = 3;
    int fds[2], status, err;
    pid_t pid;

    for (size_t i = 0; i < FLAGS; i++) {
        if (*member(r, i) != NULL) {
            argv[n++] = (char *)flags[i].flag;
            argv[n++] = (char *)*member(r, i);
        }
    }
    if (pipe2(fds, O_CLOEXEC) != 0)
        return kms_err(KMS_E_IO, "no pipe: %s", strerror(errno));
    posix_spawn_file_actions_init(&acts);
    posix_spawn_file_actions_adddup2(&acts, fds[1], STDOUT_FILENO);
    err = posix_spawn(&pid, "/proc/self/exe", &acts, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&acts);
    close(fds[1]);
    if (err == 0)
        drain(fds[0], reply, cap);
    close(fds[0]);
    if (err != 0)
        return kms_err(KMS_E_IO, "/proc/self/exe: %s", strerror(err));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return kms_err(KMS_E_TOKEN, "a fresh process cannot use the new sealing key: %s",
                       reply[0] != '\0' ? reply : "it died");
    return KMS_OK;
}

enum kms_rc kms_canary_prove(const struct kms_home_opts *opts, struct kms_token *token,
                             const uint8_t kek_id[KMS_KEK_ID_LEN])
{
    KMS_AUTO(secret) canary = NULL;
    KMS_AUTO_BUF sealed = {.max = SEALED_MAX};
    char kek[2 * KMS_KEK_ID_LEN + 1], hex[2 * SEALED_MAX + 1], want[2 * CANARY_LEN + 1];
    char reply[1024];
    struct request r = {opts->data, opts->module, opts->label, opts->pin_file, kek, hex};

    KMS_TRY(kms_secret_new(CANARY_LEN, &canary));
    KMS_TRY(kms_rand_public(kms_secret_fill(canary), CANARY_LEN));
    KMS_TRY(kms_token_seal(token, KMS_BYTES(aad), canary, &sealed));
    KMS_TRY(kms_buf_ok(&sealed));
    kms_hex_encode(kek_id, KMS_KEK_ID_LEN, kek);
    kms_hex_encode(sealed.p, sealed.n, hex);
    kms_hex_encode(kms_secret_view(canary).p, CANARY_LEN, want);
    KMS_TRY(run_child(&r, reply, sizeof reply));
    if (strcmp(reply, want) != 0)
        return kms_err(KMS_E_TOKEN, "a fresh process opened the canary to other bytes: "
                                    "do not use this token");
    return KMS_OK;
}

/* In the fresh process: open what the other one sealed, into out. */
static enum kms_rc open_canary(const struct request *r, struct kms_secret **out)
{
    KMS_AUTO(token) token = NULL;
    struct kms_home_opts opts = {
        .data = r->data, .module = r->module, .label = r->label, .pin_file = r->pin_file};
    uint8_t kek_id[KMS_KEK_ID_LEN], sealed[SEALED_MAX];
    size_t n = r->sealed != NULL ? strlen(r->sealed) / 2 : 0;

    if (r->data == NULL || !kms_hex_decode(kms_str_of(r->kek), kek_id, sizeof kek_id) ||
        n == 0 || n > sizeof sealed || !kms_hex_decode(kms_str_of(r->sealed), sealed, n))
        return kms_err(KMS_E_USAGE, "token canary is for kmsctl init, not for people");
    KMS_TRY(kms_home_token_open(&opts, &token));
    KMS_TRY(kms_token_kek_use(token, kek_id));
    return kms_token_unseal(token, KMS_BYTES(aad), (struct kms_bytes){sealed, n}, out);
}

int kms_canary_main(int argc, char **argv)
{
    KMS_AUTO(secret) canary = NULL;
    char hex[2 * CANARY_LEN + 1];
    struct request r = {0};
    enum kms_rc rc;

    for (int at = 1; at + 1 < argc; at += 2)
        for (size_t i = 0; i < FLAGS; i++)
            if (strcmp(argv[at], flags[i].flag) == 0)
                *member(&r, i) = argv[at + 1];
    rc = open_canary(&r, &canary);
    if (rc == KMS_OK && kms_secret_view(canary).n != CANARY_LEN)
        rc = kms_err(KMS_E_TOKEN, "the canary has another length");
    if (rc != KMS_OK) {
        printf("%s", kms_err_note(rc));
        return fflush(stdout) != 0 || rc != KMS_E_USAGE ? 1 : 2;
    }
    kms_hex_encode(kms_secret_view(canary).p, CANARY_LEN, hex);
    return fputs(hex, stdout) < 0 || fflush(stdout) != 0;
}
