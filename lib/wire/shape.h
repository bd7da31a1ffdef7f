/*
 * shape.h - what the generated descriptors of requests and answers look like.
 *
 * A structure on the wire becomes a C struct (wire/shapes.gen.h) and a struct kms_shape
 * that says where each member lies, what it is and what it must satisfy; decode.c and
 * encode.c walk the descriptors. How a member of the wire is kept in C:
 *
 *   string, blob   struct kms_str x, struct kms_bytes x: p == NULL means absent
 *   integer        int32_t x, bool has_x
 *   boolean        bool x, bool has_x
 *   timestamp      int64_t x_ms (milliseconds since 1970), bool has_x
 *   enum           enum kms_foo x: 0 (..._NONE) means absent
 *   list           struct kms_foo_list x: present says whether it was there
 *   map            struct kms_str_map x: likewise
 *   structure      const struct kms_foo *x: NULL means absent
 */
#ifndef KMS_WIRE_SHAPE_H
#define KMS_WIRE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct kms_str_pair {
    struct kms_str key, value;
};

/* A map of string to string in the order it was sent; keys are unique. */
struct kms_str_map {
    const struct kms_str_pair *v;
    size_t n;
    bool present;
};

struct kms_str_list {
    const struct kms_str *v;
    size_t n;
    bool present;
};

enum kms_kind {
    KMS_KIND_STRING,
    KMS_KIND_BLOB,
    KMS_KIND_INTEGER,
    KMS_KIND_BOOLEAN,
    KMS_KIND_TIMESTAMP,
    KMS_KIND_ENUM,
    KMS_KIND_LIST,
    KMS_KIND_MAP,
    KMS_KIND_STRUCT
};

/* Code points up to last that the range before it does not hold. */
struct kms_pattern_range {
    uint32_t last;
    uint8_t class;
};

/*
 * A regular expression as an automaton: code points fall into classes, next[state *
 * n_classes + class] is the following state. State 0 never matches, 1 is the start.
 */
struct kms_pattern {
    const char *text; /* as the service prints it */
    const struct kms_pattern_range *ranges;
    uint8_t n_classes;
    const uint8_t *next;
    const bool *accepts; /* by state */
};

/* The words of an enumeration. */
struct kms_enum {
    const char *const *names; /* by C value; [0] is "" */
    int n_names;
    const uint8_t *values; /* the C values valid here, in the order of the model */
    size_t n_values;
};

struct kms_shape;

/* What members share: kind and constraints. Lengths as proto/types.toml says. */
struct kms_type {
    enum kms_kind kind;
    bool has_min, has_max;
    int32_t min, max;
    const struct kms_pattern *pattern; /* or NULL */
    const struct kms_enum *words;      /* of an enum */
    const struct kms_type *item;       /* of a list */
    const struct kms_shape *shape;     /* of a structure */
};

struct kms_member {
    const char *name; /* "KeyId" */
    const char *path; /* "keyId": how validation texts and audit records spell it */
    const struct kms_type *type;
    uint16_t offset;     /* in the C struct */
    uint16_t has_offset; /* of has_x, for kinds that have one */
    bool required;
    bool secret;            /* never logged */
    const char *by_default; /* what decoding puts when absent, or NULL; as on the wire */
    const char *condition;  /* policy condition key it feeds, or NULL */
};

struct kms_shape {
    const char *name;
    size_t size; /* of the C struct */
    const struct kms_member *members;
    size_t n_members;
};

/* The member called name, or NULL. */
const struct kms_member *kms_shape_member(const struct kms_shape *shape,
                                          const char *name);

/* Typed views of a member of the struct s; the member must be of that kind. */
struct kms_str kms_member_str(const struct kms_member *m, const void *s);
struct kms_bytes kms_member_bytes(const struct kms_member *m, const void *s);
struct kms_str_map kms_member_map(const struct kms_member *m, const void *s);
struct kms_str_list kms_member_list(const struct kms_member *m, const void *s);
/* The C value of an enum; 0 when absent. */
unsigned kms_member_enum(const struct kms_member *m, const void *s);
/* A string as it is, an enum as its word, absent otherwise. */
struct kms_str kms_member_word(const struct kms_member *m, const void *s);
/* False when absent; *out untouched then. */
bool kms_member_bool(const struct kms_member *m, const void *s, bool *out);
bool kms_member_int(const struct kms_member *m, const void *s, int32_t *out);
bool kms_member_time(const struct kms_member *m, const void *s, int64_t *out_ms);

/* The word of a C value of e, "" for 0; the value must be one of the enum. */
const char *kms_enum_name(const struct kms_enum *e, unsigned value);
/* The C value of a word that is valid here; 0 when it is not. */
unsigned kms_enum_parse(const struct kms_enum *e, struct kms_str word);

/* True when all of text (UTF-8) matches. */
bool kms_pattern_matches(const struct kms_pattern *p, struct kms_str text);

#endif
