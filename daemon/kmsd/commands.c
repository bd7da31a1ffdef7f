#include <string.h>

#include "dispatch/admin.h"
#include "kmsd/daemon.h"
#include "wire/json.h"
#include "wire/jw.h"
#include "wire/timestamp.h"

/* A command at work: what it was given, and where its answer goes. */
struct command {
    struct kms_daemon *daemon;
    json_t *in; /* an object, or NULL */
    struct kms_arena *arena;
    struct kms_jw w;
};

static struct kms_str text_of(const struct command *c, const char *name)
{
    const json_t *v = json_object_get(c->in, name);

    return json_is_string(v) ? kms_json_text(v) : (struct kms_str){NULL, 0};
}

/* {"k":"v"} as pairs, in the arena. */
static enum kms_rc map_of(const struct command *c, const char *name,
                          struct kms_str_map *out)
{
    json_t *object = json_object_get(c->in, name), *value;
    struct kms_str_pair *v =
        kms_arena_alloc(c->arena, (json_object_size(object) + 1) * sizeof *v);
    const char *key;
    size_t n = 0;

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value))
            return kms_err(KMS_E_VALIDATION, "%s: values are strings", name);
        v[n++] = (struct kms_str_pair){kms_str_of(key), kms_json_text(value)};
    }
    *out = (struct kms_str_map){v, n, true};
    return KMS_OK;
}

static enum kms_rc create_access_key(struct command *c)
{
    const json_t *ttl = json_object_get(c->in, "ttl_s");
    const struct kms_access_wish wish = {
        .principal = text_of(c, "principal"),
        .ttl_s = json_is_integer(ttl) && json_integer_value(ttl) <= INT32_MAX &&
                         json_integer_value(ttl) >= 0
                     ? (int32_t)json_integer_value(ttl)
                     : 0,
        .policy = text_of(c, "policy")};
    struct kms_access_made made;
    char time[KMS_TIME_ISO_SIZE];

    KMS_TRY(kms_service_access_create(c->daemon->service, &wish, c->arena, &made));
    kms_jw_object(&c->w);
    kms_jw_key(&c->w, "Version"); /* of the format of credential_process */
    kms_jw_int(&c->w, 1);
    kms_jw_member(&c->w, "AccessKeyId", made.id);
    kms_jw_member(&c->w, "SecretAccessKey", made.secret);
    kms_jw_member(&c->w, "SessionToken", made.session_token);
    if (made.expires_ms != 0) {
        kms_time_iso(made.expires_ms, time);
        kms_jw_member(&c->w, "Expiration", kms_str_of(time));
    }
    kms_jw_member(&c->w, "Principal", made.principal);
    kms_jw_end(&c->w);
    return KMS_OK;
}

static enum kms_rc revoke_access_key(struct command *c)
{
    struct kms_str id = text_of(c, "id");

    KMS_TRY(kms_service_access_revoke(c->daemon->service, id));
    kms_jw_object(&c->w);
    kms_jw_member(&c->w, "revoked", id);
    kms_jw_end(&c->w);
    return KMS_OK;
}

static enum kms_rc list_access_keys(struct command *c)
{
    kms_jw_object(&c->w);
    kms_jw_key(&c->w, "accessKeys");
    KMS_TRY(kms_service_access_list(c->daemon->service, &c->w));
    kms_jw_end(&c->w);
    return KMS_OK;
}

static enum kms_rc explain(struct command *c)
{
    struct kms_question q = {.principal = text_of(c, "principal"),
                             .action = text_of(c, "action"),
                             .key = text_of(c, "key"),
                             .region = text_of(c, "region"),
                             .source_ip = text_of(c, "sourceIp")};
    KMS_AUTO_BUF text = {.max = 4 * 1024 * 1024};
    bool allowed = false;

    KMS_TRY(map_of(c, "context", &q.context));
    KMS_TRY(map_of(c, "conditions", &q.conditions));
    KMS_TRY(kms_service_explain(c->daemon->service, &q, &text, &allowed));
    kms_jw_object(&c->w);
    kms_jw_key(&c->w, "allowed");
    kms_jw_bool(&c->w, allowed);
    kms_jw_member(&c->w, "trace", kms_buf_text(&text));
    kms_jw_end(&c->w);
    return KMS_OK;
}

static enum kms_rc status(struct command *c)
{
    kms_daemon_status(c->daemon, c->w.out);
    return KMS_OK;
}

static const struct {
    const char *name;
    enum kms_rc (*run)(struct command *c);
} commands[] = {
    {"status", status},
    {"access-key-create", create_access_key},
    {"access-key-list", list_access_keys},
    {"access-key-revoke", revoke_access_key},
    {"authorize-explain", explain},
};

static enum kms_rc parse(struct command *c, struct kms_str json)
{
    if (json.p == NULL)
        return KMS_OK;
    if (kms_json_parse(kms_bytes_of_str(json), &c->in, NULL) != KMS_OK ||
        !json_is_object(c->in))
        return kms_err(KMS_E_VALIDATION, "the command's argument is no JSON object");
    return KMS_OK;
}

static void put_error(struct kms_buf *out, enum kms_rc rc)
{
    struct kms_jw w = kms_jw_start(out);
    const char *words = kms_err_note(rc);

    kms_jw_object(&w);
    kms_jw_key(&w, "error");
    kms_jw_z(&w, words[0] != '\0' ? words : kms_rc_info(rc)->id);
    kms_jw_end(&w);
}

bool kms_daemon_command(void *arg, struct kms_str name, struct kms_str json,
                        struct kms_buf *out)
{
    KMS_AUTO_JSON in = NULL;
    KMS_AUTO(arena) arena = NULL;
    KMS_AUTO_BUF answer = {.max = 8 * 1024 * 1024};
    struct command c = {.daemon = arg};
    enum kms_rc rc;

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (!kms_str_is(name, commands[i].name))
            continue;
        kms_err_clear();
        rc = kms_arena_new(&arena);
        c.arena = arena;
        c.w = kms_jw_start(&answer);
        if (rc == KMS_OK)
            rc = parse(&c, json);
        in = c.in;
        if (rc == KMS_OK)
            rc = commands[i].run(&c);
        if (rc == KMS_OK)
            rc = kms_buf_ok(&answer);
        if (rc == KMS_OK)
            kms_buf_str(out, kms_buf_text(&answer));
        else
            put_error(out, rc);
        return true;
    }
    return false;
}
