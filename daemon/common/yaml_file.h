/* yaml_file.h - files that are YAML of a given schema: read as a whole, faults by line.
 */
#ifndef KMSD_COMMON_YAML_FILE_H
#define KMSD_COMMON_YAML_FILE_H

#include <cyaml/cyaml.h>

#include "base/err.h"

/*
 * Read a file that nobody else may write. KMS_E_CONFIG names file and line of an unknown
 * key, a wrong type or broken YAML; hint says how to get such a file. Give *out back with
 * kms_yaml_file_free.
 */
KMS_RC kms_yaml_file_load(const char *path, const cyaml_schema_value_t *schema,
                          const char *hint, void **out);
/* NULL is fine. */
void kms_yaml_file_free(const cyaml_schema_value_t *schema, void *data);

/* A place in a file: item `item` of member `member` of entry `at` of the list `list`. */
struct kms_yaml_place {
    const char *list;
    size_t at;
    const char *member; /* NULL: the entry */
    size_t item;        /* of a member that is a list */
};

/* The line of a place, counted from 1; of what is nearest, if it is not there. */
unsigned kms_yaml_line(const char *path, const struct kms_yaml_place *place);

#endif
