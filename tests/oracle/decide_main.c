/*
 * Decisions of lib/policy for the oracle: worlds come as lines of JSON on standard input,
 * a line of JSON goes out for each.
 *
 *   decide_main             the decisions
 *   decide_main --trace     with the trace of each, on standard error
 *   decide_main --time N    every decision N times; what one takes, on standard error
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/json.h"
#include "world.h"

static void decide(const struct world *w, struct kms_decision *out)
{
    if (w->retire)
        kms_decide_retire(&w->in, out);
    else
        kms_decide(&w->in, out);
}

/* Which statement of which policy, as the oracle says it. */
static json_t *where(const struct kms_decision *d)
{
    if (d->allowed && d->by == KMS_BY_KEY_POLICY)
        return json_integer(d->statement);
    if (d->by == KMS_BY_GRANT)
        return json_integer((json_int_t)d->index);
    if (d->statement < 0)
        return json_null();
    return json_pack("[i,i]", (int)d->index, d->statement);
}

static json_t *answer(const struct world *w, const struct kms_decision *d)
{
    const char *reason = "";
    struct kms_str words;

    if (json_object_size(w->refused) > 0)
        return json_pack("{s:O}", "refused", w->refused);
    if (d->allowed) {
        reason = d->by == KMS_BY_KEY_POLICY ? "key policy"
                 : d->by == KMS_BY_GRANT    ? "grant"
                                            : "identity";
        return json_pack("{s:b,s:s,s:o}", "allowed", 1, "reason", reason, "where",
                         where(d));
    }
    words = kms_decision_reason(w->arena, d, w->in.request.action);
    return json_pack("{s:b,s:s%,s:o}", "allowed", 0, "reason", words.p, words.n, "where",
                     where(d));
}

static void line(void *arg, unsigned depth, const char *text)
{
    (void)arg;
    fprintf(stderr, "%*s%s\n", (int)depth * 2, "", text);
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct options {
    bool trace;
    long times;
};

struct tally {
    int64_t decisions, total_ns, worst_ns;
};

static void measure(const struct world *w, long times, struct tally *tally)
{
    struct kms_decision d;
    int64_t start = now_ns(), took;

    for (long i = 0; i < times; i++)
        decide(w, &d);
    took = now_ns() - start;
    tally->decisions += times;
    tally->total_ns += took;
    if (took / times > tally->worst_ns)
        tally->worst_ns = took / times;
}

static void handle(const char *text, size_t n, const struct options *o,
                   struct tally *tally)
{
    static const struct kms_policy_trace trace = {line, NULL};
    json_error_t error;
    json_t *json = json_loadb(text, n, 0, &error), *out;
    struct kms_decision d = {0};
    struct world w;
    char *dump;

    if (json == NULL) {
        fprintf(stderr, "no JSON: %s\n", error.text);
        exit(EXIT_FAILURE);
    }
    world_open(&w, json);
    w.in.request.trace = o->trace ? &trace : NULL;
    if (json_object_size(w.refused) == 0) {
        decide(&w, &d);
        if (o->times > 0)
            measure(&w, o->times, tally);
    }
    out = answer(&w, &d);
    dump = json_dumps(out, JSON_COMPACT | JSON_SORT_KEYS);
    puts(dump);
    free(dump);
    json_decref(out);
    world_close(&w);
    json_decref(json);
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct tally tally = {0};
    char *text = NULL;
    size_t cap = 0;
    ssize_t n;

    o.trace = argc > 1 && strcmp(argv[1], "--trace") == 0;
    if (argc > 2 && strcmp(argv[1], "--time") == 0)
        o.times = strtol(argv[2], NULL, 10);
    while ((n = getline(&text, &cap, stdin)) > 0)
        handle(text, (size_t)n, &o, &tally);
    free(text);
    if (tally.decisions > 0)
        fprintf(stderr, "%lld decisions, %lld ns each, at most %lld ns\n",
                (long long)tally.decisions, (long long)(tally.total_ns / tally.decisions),
                (long long)tally.worst_ns);
    return EXIT_SUCCESS;
}
