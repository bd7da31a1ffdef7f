#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/disk.h"
#include "common/pin.h"
#include "crypto/rand.h"

enum { PIN_RANDOM = 32, PIN_TEXT = 43, PIN_MAX = 255 };

/* A PIN with its line end, and one more that shows it is longer. */
enum { TEXT_MAX = PIN_MAX + 3 };

enum kms_rc kms_pin_path(const struct kms_home_opts *opts, struct kms_arena *a,
                         struct kms_str *out)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    struct kms_str path;

    if (opts->pin_file != NULL)
        return kms_arena_str(a, kms_str_of(opts->pin_file), out);
    if (credentials != NULL && credentials[0] == '/') {
        KMS_TRY(kms_arena_fmt(a, &path, "%s/pin", credentials));
        if (kms_disk_exists(path.p)) {
            *out = path;
            return KMS_OK;
        }
    }
    return kms_arena_fmt(a, out, "%s/pin", opts->data);
}

/* What stands in the file without its line end, into text[TEXT_MAX]. */
static enum kms_rc read_fd(int fd, const char *path, char *text, size_t *n)
{
    struct stat st;
    ssize_t got = 0;

    if (fstat(fd, &st) != 0)
        return kms_err(KMS_E_IO, "%s: %s", path, strerror(errno));
    if (S_ISREG(st.st_mode) && (st.st_mode & 0077) != 0)
        return kms_err(KMS_E_CONFIG,
                       "%s: the PIN may be read by others (mode %04o); chmod 600 it",
                       path, (unsigned)st.st_mode & 07777);
    while (*n < TEXT_MAX && (got = read(fd, text + *n, TEXT_MAX - *n)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return kms_err(KMS_E_IO, "%s: %s", path, strerror(errno));
        *n += (size_t)got;
    }
    if (*n < TEXT_MAX && *n != 0 && text[*n - 1] == '\n')
        (*n)--;
    if (*n < TEXT_MAX && *n != 0 && text[*n - 1] == '\r')
        (*n)--;
    if (*n == 0 || *n > PIN_MAX)
        return kms_err(KMS_E_CONFIG, "%s: a PIN has 1 to %d bytes", path, PIN_MAX);
    return KMS_OK;
}

enum kms_rc kms_pin_read(const char *path, struct kms_secret **out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[TEXT_MAX];
    enum kms_rc rc;
    size_t n = 0;

    if (fd < 0)
        return kms_err(KMS_E_CONFIG, "%s: no PIN to open the token with: %s", path,
                       strerror(errno));
    rc = read_fd(fd, path, text, &n);
    if (rc == KMS_OK)
        rc = kms_secret_copy((struct kms_bytes){(uint8_t *)text, n}, out);
    kms_wipe(text, sizeof text);
    close(fd);
    return rc;
}

/* base64url without padding (RFC 4648 section 5): no character that a shell minds. */
static void encode(const uint8_t random[PIN_RANDOM], char text[PIN_TEXT])
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t at = 0, bits = 0;
    uint32_t acc = 0;

    for (size_t i = 0; i < PIN_RANDOM; i++) {
        acc = acc << 8 | random[i];
        for (bits += 8; bits >= 6; bits -= 6)
            text[at++] = digits[acc >> (bits - 6) & 63];
    }
    text[at] = digits[acc << (6 - bits) & 63];
    kms_wipe(&acc, sizeof acc);
}

enum kms_rc kms_pin_make(const char *path, struct kms_secret **out)
{
    KMS_AUTO(secret) random = NULL;
    KMS_AUTO(secret) pin = NULL;
    KMS_AUTO_BUF line = {0};

    KMS_TRY(kms_secret_new(PIN_RANDOM, &random));
    KMS_TRY(kms_secret_new(PIN_TEXT, &pin));
    KMS_TRY(kms_rand_secret(kms_secret_fill(random), PIN_RANDOM));
    encode(kms_secret_view(random).p, (char *)kms_secret_fill(pin));
    kms_buf_add(&line, kms_secret_view(pin).p, PIN_TEXT);
    kms_buf_byte(&line, '\n');
    KMS_TRY(kms_buf_ok(&line));
    KMS_TRY(kms_disk_make(path, kms_buf_view(&line), 0600));
    *out = KMS_TAKE(pin);
    return KMS_OK;
}
