#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "common/disk.h"
#include "common/home.h"
#include "common/home_pki.h"

enum { NAMES_MAX = 64, PEM_MAX = 64 * 1024 };

/* The given names behind those that every server certificate has. */
static enum kms_rc with_own(const char *const *given, const char *const *own,
                            size_t n_own, const char **list)
{
    size_t n = 0;

    for (; n < n_own; n++)
        list[n] = own[n];
    for (; given != NULL && *given != NULL; given++) {
        bool known = false;

        for (size_t i = 0; i < n; i++)
            known = known || strcmp(list[i], *given) == 0;
        if (n == NAMES_MAX)
            return kms_err(KMS_E_CONFIG, "a certificate for at most %d names", NAMES_MAX);
        if (!known)
            list[n++] = *given;
    }
    list[n] = NULL;
    return KMS_OK;
}

static enum kms_rc issue_server(const struct kms_ca *ca,
                                const struct kms_home_names *names, struct kms_buf *key,
                                struct kms_buf *cert)
{
    static const char *const own_dns[] = {"localhost"};
    static const char *const own_ip[] = {"127.0.0.1", "::1"};
    const char *dns[NAMES_MAX + 1], *ip[NAMES_MAX + 1];

    KMS_TRY(with_own(names->dns, own_dns, 1, dns));
    KMS_TRY(with_own(names->ip, own_ip, 2, ip));
    return kms_ca_issue(
        ca,
        &(struct kms_leaf){
            .purpose = KMS_LEAF_SERVER, .name = "kmsd server", .dns = dns, .ip = ip},
        kms_clock_now_ms(), key, cert);
}

/* IAM user names, less those that would be odd as file names. */
static enum kms_rc check_client(const char *name)
{
    static const char ok[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                             "0123456789+=,.@_-";
    size_t n = strlen(name);

    if (n == 0 || n > 64 || strspn(name, ok) != n || name[0] == '.' || name[0] == '-')
        return kms_err(KMS_E_CONFIG,
                       "\"%s\" is no name for a client: 1 to 64 of A-Z a-z 0-9 + = , . @ "
                       "_ -, not beginning with . or -",
                       name);
    return KMS_OK;
}

static enum kms_rc issue_client(const struct kms_ca *ca, const char *account,
                                const char *name, struct kms_buf *key,
                                struct kms_buf *cert)
{
    char uri[160];

    KMS_TRY(check_client(name));
    snprintf(uri, sizeof uri, "arn:aws:iam::%.12s:user/%s", account, name);
    return kms_ca_issue(
        ca, &(struct kms_leaf){.purpose = KMS_LEAF_CLIENT, .name = name, .uri = uri},
        kms_clock_now_ms(), key, cert);
}

/* kms_disk_make, _replace or _fill. */
typedef KMS_RC write_fn(const char *path, struct kms_bytes data, mode_t mode);

static enum kms_rc put(const char *dir, const char *name, const char *suffix,
                       const struct kms_buf *b, mode_t mode, write_fn *write)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s.%s", dir, name, suffix);

    if (n < 0 || (size_t)n >= sizeof path)
        return kms_err(KMS_E_IO, "%s: the path is too long", dir);
    KMS_TRY(kms_buf_ok(b));
    return write(path, kms_buf_view(b), mode);
}

static enum kms_rc put_pair(const char *dir, const char *name, const struct kms_buf *key,
                            const struct kms_buf *cert, write_fn *write)
{
    KMS_TRY(put(dir, name, "key", key, 0600, write));
    return put(dir, name, "pem", cert, 0644, write);
}

/* Everything is made before the directory is, which only a failing disk leaves behind. */
static enum kms_rc fill(const char *dir, const struct kms_home_names *names)
{
    KMS_AUTO(ca) ca = NULL;
    KMS_AUTO_BUF ca_key = {0};
    KMS_AUTO_BUF ca_cert = {0};
    KMS_AUTO_BUF server_key = {0};
    KMS_AUTO_BUF server = {0};
    KMS_AUTO_BUF client_key = {0};
    KMS_AUTO_BUF client = {0};
    KMS_AUTO_BUF crl = {0};

    KMS_TRY(kms_ca_new("kmsd CA", kms_clock_now_ms(), &ca));
    KMS_TRY(kms_ca_pem(ca, &ca_key, &ca_cert));
    KMS_TRY(issue_server(ca, names, &server_key, &server));
    KMS_TRY(issue_client(ca, names->account, names->client, &client_key, &client));
    KMS_TRY(kms_ca_crl(ca, kms_clock_now_ms(), &crl));
    KMS_TRY(kms_disk_make_dir(dir));
    KMS_TRY(put_pair(dir, "ca", &ca_key, &ca_cert, kms_disk_fill));
    KMS_TRY(put_pair(dir, "server", &server_key, &server, kms_disk_fill));
    KMS_TRY(put_pair(dir, "client", &client_key, &client, kms_disk_fill));
    KMS_TRY(put(dir, "crl", "pem", &crl, 0644, kms_disk_fill));
    return kms_disk_sync_dir(dir);
}

/* The directory appears whole: it is filled under another name, then renamed. */
enum kms_rc kms_home_make_pki(const char *data, const struct kms_home_names *names)
{
    char dir[4096], tmp[4096];
    int n = snprintf(dir, sizeof dir, "%s/pki", data);
    int m = snprintf(tmp, sizeof tmp, "%s/pki.new", data);

    if (n < 0 || m < 0 || (size_t)m >= sizeof tmp)
        return kms_err(KMS_E_IO, "%s: the path is too long", data);
    if (kms_disk_exists(dir))
        return kms_err(KMS_E_CONFIG, "%s is there already; nothing was changed", dir);
    if (kms_disk_exists(tmp))
        return kms_err(KMS_E_CONFIG,
                       "%s is there from a run that did not finish; remove "
                       "it and run again",
                       tmp);
    KMS_TRY(fill(tmp, names));
    return kms_disk_move_dir(tmp, dir);
}

enum kms_rc kms_home_ca(const char *data, struct kms_ca **out)
{
    KMS_AUTO_BUF key = {0};
    KMS_AUTO_BUF cert = {0};
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/pki/ca.key", data);

    if (n < 0 || (size_t)n >= sizeof path)
        return kms_err(KMS_E_IO, "%s: the path is too long", data);
    KMS_TRY(kms_disk_read(path, PEM_MAX, &key));
    snprintf(path, sizeof path, "%s/pki/ca.pem", data);
    KMS_TRY(kms_disk_read(path, PEM_MAX, &cert));
    return kms_ca_load(kms_buf_view(&key), kms_buf_view(&cert), out);
}

enum kms_rc kms_home_issue_client(const char *data, const char *account, const char *name)
{
    KMS_AUTO(ca) ca = NULL;
    KMS_AUTO_BUF key = {0};
    KMS_AUTO_BUF cert = {0};
    char dir[4096], path[4096 + 80];
    int n = snprintf(dir, sizeof dir, "%s/pki", data);
    enum kms_rc rc;

    if (n < 0 || (size_t)n >= sizeof dir)
        return kms_err(KMS_E_IO, "%s: the path is too long", data);
    KMS_TRY(check_client(name));
    snprintf(path, sizeof path, "%s/%s.pem", dir, name);
    if (kms_disk_exists(path))
        return kms_err(KMS_E_CONFIG,
                       "%s is there already; choose another name, or move "
                       "it away",
                       path);
    KMS_TRY(kms_home_ca(data, &ca));
    KMS_TRY(issue_client(ca, account, name, &key, &cert));
    KMS_TRY(put(dir, name, "key", &key, 0600, kms_disk_make));
    rc = put(dir, name, "pem", &cert, 0644, kms_disk_make);
    if (rc != KMS_OK) {
        snprintf(path, sizeof path, "%s/%s.key", dir, name);
        unlink(path);
    }
    return rc;
}

enum kms_rc kms_home_issue_server(const char *data, const struct kms_home_names *names)
{
    KMS_AUTO(ca) ca = NULL;
    KMS_AUTO_BUF key = {0};
    KMS_AUTO_BUF cert = {0};
    char dir[4096];
    int n = snprintf(dir, sizeof dir, "%s/pki", data);

    if (n < 0 || (size_t)n >= sizeof dir)
        return kms_err(KMS_E_IO, "%s: the path is too long", data);
    KMS_TRY(kms_home_ca(data, &ca));
    KMS_TRY(issue_server(ca, names, &key, &cert));
    return put_pair(dir, "server", &key, &cert, kms_disk_replace);
}
