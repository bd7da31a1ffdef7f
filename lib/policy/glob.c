#include <string.h>

#include "policy/glob.h"

/* A pattern with its variables looked up, on its way through a value. */
struct walk {
    const struct kms_glob *g;
    const struct kms_str *vars;
    struct kms_str value;
    struct kms_glob_env *env;
};

/* Where to go on when the pattern has failed: behind a star that takes one more. */
struct retry {
    bool armed;
    uint32_t token;
    size_t at;
};

void kms_glob_find(const struct kms_glob_env *env, const struct kms_ckey *key,
                   struct kms_policy_values *out)
{
    *out = (struct kms_policy_values){0};
    if (env->key_policy && key->id == KMS_CKEY_RESOURCE_ALIASES)
        return;
    if (env->context->find != NULL)
        env->context->find(env->context->arg, key, out);
}

/* The text of a variable; absent when it has none. */
static struct kms_str variable(const struct kms_glob_token *t,
                               const struct kms_glob_env *env)
{
    struct kms_policy_values found;
    struct kms_str text = t->u.var->fallback;

    kms_glob_find(env, &t->u.var->key, &found);
    if (found.n == 1)
        text = found.v[0];
    if (t->kind == KMS_GLOB_VAR_FIELD && text.n != 0 &&
        memchr(text.p, ':', text.n) != NULL)
        text = (struct kms_str){NULL, 0};
    return text;
}

static bool look_up(const struct kms_glob *g, const struct kms_glob_env *env,
                    struct kms_str vars[KMS_GLOB_VARS_MAX])
{
    for (uint32_t i = 0; g->n_vars != 0 && i < g->n; i++) {
        const struct kms_glob_token *t = &g->v[i];

        if (t->kind != KMS_GLOB_VAR && t->kind != KMS_GLOB_VAR_FIELD)
            continue;
        vars[t->n] = variable(t, env);
        if (vars[t->n].p == NULL)
            return false;
    }
    return true;
}

static bool is_literal(const struct kms_glob_token *t)
{
    return t->kind == KMS_GLOB_LITERAL || t->kind == KMS_GLOB_VAR ||
           t->kind == KMS_GLOB_VAR_FIELD;
}

static struct kms_str literal(const struct walk *w, const struct kms_glob_token *t)
{
    return t->kind == KMS_GLOB_LITERAL ? (struct kms_str){t->u.text, t->n}
                                       : w->vars[t->n];
}

/* Behind the character at i: its first byte and the bytes that continue it. */
static size_t next_character(struct kms_str s, size_t i)
{
    i++;
    while (i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80)
        i++;
    return i;
}

static bool burn(struct kms_glob_env *env, size_t steps)
{
    if (steps >= env->fuel) {
        env->fuel = 0;
        return false;
    }
    env->fuel -= (uint32_t)steps;
    return true;
}

static bool take_literal(const struct walk *w, const struct kms_glob_token *t, size_t *at)
{
    struct kms_str s = literal(w, t);

    if (s.n > w->value.n - *at || (s.n != 0 && memcmp(w->value.p + *at, s.p, s.n) != 0))
        return false;
    *at += s.n;
    return true;
}

static bool take_ones(const struct walk *w, const struct kms_glob_token *t, size_t *at)
{
    size_t i = *at;

    for (uint32_t n = 0; n < t->n; n++) {
        if (i == w->value.n || (t->kind == KMS_GLOB_ONE_FIELD && w->value.p[i] == ':'))
            return false;
        i = next_character(w->value, i);
    }
    *at = i;
    return true;
}

/*
 * A star that runs over anything goes straight to where the literal behind it is found
 * next: this is what keeps "*a*b*c" linear. False: it is found nowhere any more.
 */
static bool leap(const struct walk *w, struct retry *star)
{
    const struct kms_glob_token *t = &w->g->v[star->token];
    struct kms_str s;
    const char *found;

    if (star->token == w->g->n || !is_literal(t))
        return true;
    s = literal(w, t);
    found = memmem(w->value.p + star->at, w->value.n - star->at, s.p, s.n);
    if (found == NULL)
        return false;
    star->at = (size_t)(found - w->value.p);
    return true;
}

/* The nearest star takes one character more; false when none can. */
static bool lengthen(const struct walk *w, struct retry *any, struct retry *field)
{
    if (field->armed && field->at < w->value.n && w->value.p[field->at] != ':') {
        field->at = next_character(w->value, field->at);
        return true;
    }
    field->armed = false;
    if (!any->armed || any->at == w->value.n)
        return false;
    any->at = next_character(w->value, any->at);
    return leap(w, any);
}

/*
 * Greedy with two places to come back to. The last star decides among its like: what an
 * earlier one could still give, the later one can take as well. A star that stays inside
 * its field cannot make up for one that does not, hence one place for each.
 */
static enum kms_match walk(const struct walk *w)
{
    struct retry any = {0}, field = {0};
    uint32_t i = 0;
    size_t at = 0;

    for (;;) {
        const struct kms_glob_token *t = i < w->g->n ? &w->g->v[i] : NULL;
        bool ok;

        if (!burn(w->env, 1 + (t != NULL ? t->n : 0)))
            return KMS_MATCH_TIRED;
        if (t == NULL) {
            ok = at == w->value.n;
            if (ok)
                return KMS_MATCH_YES;
        } else if (t->kind == KMS_GLOB_STAR) {
            if (i + 1 == w->g->n)
                return KMS_MATCH_YES;
            any = (struct retry){true, i + 1, at};
            field.armed = false;
            if (!leap(w, &any))
                return KMS_MATCH_NO;
            at = any.at;
            ok = true;
        } else if (t->kind == KMS_GLOB_STAR_FIELD) {
            field = (struct retry){true, i + 1, at};
            ok = true;
        } else {
            ok = is_literal(t) ? take_literal(w, t, &at) : take_ones(w, t, &at);
        }
        if (ok) {
            i++;
            continue;
        }
        if (!lengthen(w, &any, &field))
            return KMS_MATCH_NO;
        i = field.armed ? field.token : any.token;
        at = field.armed ? field.at : any.at;
    }
}

enum kms_match kms_glob_match(const struct kms_glob *g, struct kms_str value,
                              struct kms_glob_env *env)
{
    struct kms_str vars[KMS_GLOB_VARS_MAX];
    struct walk w = {g, vars, value, env};

    if (!look_up(g, env, vars))
        return KMS_MATCH_NO_VALUE;
    if (value.n < g->least)
        return KMS_MATCH_NO;
    return walk(&w);
}

/* Byte i of s with case ignored; Latin-1 letters are 0xc3 and one more byte in UTF-8. */
static unsigned char fold(struct kms_str s, size_t i)
{
    unsigned char c = (unsigned char)s.p[i];

    if (c >= 'A' && c <= 'Z')
        return (unsigned char)(c - 'A' + 'a');
    if (c >= 0x80 && c <= 0x9e && c != 0x97 && i > 0 && (unsigned char)s.p[i - 1] == 0xc3)
        return (unsigned char)(c + 0x20);
    return c;
}

static bool same_folded(struct kms_str a, struct kms_str value, size_t at)
{
    if (a.n > value.n - at)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (fold(a, i) != fold(value, at + i))
            return false;
    }
    return true;
}

enum kms_match kms_glob_match_nocase(const struct kms_glob *g, struct kms_str value,
                                     struct kms_glob_env *env)
{
    struct kms_str vars[KMS_GLOB_VARS_MAX];
    struct walk w = {g, vars, value, env};
    size_t at = 0;

    if (!look_up(g, env, vars))
        return KMS_MATCH_NO_VALUE;
    for (uint32_t i = 0; i < g->n; i++) {
        struct kms_str s = literal(&w, &g->v[i]);

        if (!burn(env, 1 + s.n))
            return KMS_MATCH_TIRED;
        if (!same_folded(s, value, at))
            return KMS_MATCH_NO;
        at += s.n;
    }
    return at == value.n ? KMS_MATCH_YES : KMS_MATCH_NO;
}
