#include <curl/curl.h>
#include <string.h>

#include "kmsctl/http.h"

static inline void easy_freep(CURL **c)
{
    curl_easy_cleanup(*c);
}

static inline void list_freep(struct curl_slist **l)
{
    curl_slist_free_all(*l);
}

static inline void url_freep(CURLU **u)
{
    curl_url_cleanup(*u);
}

#define AUTO(kind) __attribute__((cleanup(kind##_freep)))

static enum kms_rc part(CURLU *u, CURLUPart what, char *out, size_t max)
{
    char *text = NULL;
    bool fits;

    if (curl_url_get(u, what, &text, 0) != CURLUE_OK)
        return KMS_E_NOT_FOUND;
    fits = strlen(text) < max;
    if (fits)
        memcpy(out, text, strlen(text) + 1);
    curl_free(text);
    return fits ? KMS_OK : KMS_E_NOT_FOUND;
}

enum kms_rc kms_http_host(const char *url, char host[KMS_HTTP_HOST_MAX])
{
    AUTO(url) CURLU *u = curl_url();
    char scheme[8], name[256], port[8];
    bool has_port;

    if (u == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
        part(u, CURLUPART_SCHEME, scheme, sizeof scheme) != KMS_OK ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) ||
        part(u, CURLUPART_HOST, name, sizeof name) != KMS_OK)
        return kms_err(KMS_E_USAGE, "\"%s\" is no address like https://localhost:8443",
                       url);
    has_port = part(u, CURLUPART_PORT, port, sizeof port) == KMS_OK &&
               strcmp(port, strcmp(scheme, "http") == 0 ? "80" : "443") != 0;
    snprintf(host, KMS_HTTP_HOST_MAX, "%s%s%s", name, has_port ? ":" : "",
             has_port ? port : "");
    return KMS_OK;
}

static size_t collect(char *data, size_t size, size_t n, void *arg)
{
    struct kms_buf *reply = arg;

    kms_buf_add(reply, data, size * n);
    return reply->bad ? 0 : size * n;
}

static enum kms_rc set_headers(const struct kms_http_post *post, struct curl_slist **out)
{
    AUTO(list) struct curl_slist *list = curl_slist_append(NULL, "Expect:");

    for (size_t i = 0; list != NULL && post->headers[i] != NULL; i++) {
        struct curl_slist *longer = curl_slist_append(list, post->headers[i]);

        if (longer == NULL)
            return kms_err(KMS_E_NOMEM, "out of memory");
        list = longer;
    }
    if (list == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    *out = KMS_TAKE(list);
    return KMS_OK;
}

/* Every one of these can only fail for lack of memory or of the feature. */
static CURLcode set_all(CURL *c, const struct kms_http_post *post,
                        struct curl_slist *headers, struct kms_buf *reply, char *why)
{
    CURLcode bad = CURLE_OK;

#define SET(option, value)                                                               \
    do {                                                                                 \
        if (bad == CURLE_OK)                                                             \
            bad = curl_easy_setopt(c, option, value);                                    \
    } while (0)
    SET(CURLOPT_ERRORBUFFER, why);
    SET(CURLOPT_URL, post->url);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TIMEOUT, post->timeout_s);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_USERAGENT, "kmsctl/" KMSD_VERSION);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.n);
    SET(CURLOPT_POSTFIELDS, (const char *)post->body.p);
    SET(CURLOPT_WRITEFUNCTION, collect);
    SET(CURLOPT_WRITEDATA, (void *)reply);
    if (strncmp(post->url, "https:", 6) == 0) {
        SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        SET(CURLOPT_CAINFO, post->ca);
        SET(CURLOPT_CAPATH, NULL);
        SET(CURLOPT_SSLCERT, post->cert);
        SET(CURLOPT_SSLKEY, post->key);
    }
#undef SET
    return bad;
}

enum kms_rc kms_http_post(const struct kms_http_post *post, long *status,
                          struct kms_buf *reply)
{
    AUTO(easy) CURL *c = curl_easy_init();
    AUTO(list) struct curl_slist *headers = NULL;
    char why[CURL_ERROR_SIZE] = "";
    CURLcode code;

    if (c == NULL)
        return kms_err(KMS_E_NOMEM, "libcurl cannot start");
    KMS_TRY(set_headers(post, &headers));
    reply->max = KMS_HTTP_REPLY_MAX;
    code = set_all(c, post, headers, reply, why);
    if (code == CURLE_OK)
        code = curl_easy_perform(c);
    if (code == CURLE_OK)
        code = curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
    if (code != CURLE_OK)
        return kms_err(KMS_E_IO, "%s: %s", post->url,
                       why[0] != '\0' ? why : curl_easy_strerror(code));
    return KMS_OK;
}
