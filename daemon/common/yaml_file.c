#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "common/yaml_file.h"

/* The library tells what is wrong and, line by line, where: keep both. */
__attribute__((format(printf, 3, 0))) static void collect(cyaml_log_t level, void *ctx,
                                                          const char *fmt, va_list args)
{
    struct kms_buf *said = ctx;
    char line[512];

    (void)level;
    vsnprintf(line, sizeof line, fmt, args);
    line[strcspn(line, "\n")] = '\0';
    kms_buf_fmt(said, "%s\n", line);
}

static cyaml_config_t reader(struct kms_buf *said)
{
    return (cyaml_config_t){
        .log_fn = collect,
        .log_ctx = said,
        .log_level = CYAML_LOG_ERROR,
        .mem_fn = cyaml_mem,
        .flags = CYAML_CFG_NO_ALIAS,
    };
}

void kms_yaml_file_free(const cyaml_schema_value_t *schema, void *data)
{
    KMS_AUTO_BUF said = {.max = 8192};
    cyaml_config_t cfg = reader(&said);

    if (data != NULL)
        (void)cyaml_free(&cfg, schema, data, 0);
}

/* "Load: Unexpected key: colour" and a trace that starts with the innermost place. */
static enum kms_rc complain(const char *path, cyaml_err_t err, struct kms_buf *said)
{
    const char *text, *what, *place;
    unsigned line = 0;

    kms_buf_byte(said, '\0');
    text = said->bad ? "" : (const char *)said->p;
    place = strstr(text, "line: ");
    if (place != NULL)
        line = (unsigned)strtoul(place + strlen("line: "), NULL, 10);
    what = text;
    if (strncmp(what, "Load: ", 6) == 0)
        what += 6;
    if (*what == '\0')
        what = cyaml_strerror(err);
    if (line == 0)
        return kms_err(KMS_E_CONFIG, "%s: %.*s", path, (int)strcspn(what, "\n"), what);
    return kms_err(KMS_E_CONFIG, "%s: near line %u: %.*s", path, line,
                   (int)strcspn(what, "\n"), what);
}

/* Who may write such a file decides who calls as whom. */
static enum kms_rc check_mode(const char *path, const char *hint)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return kms_err(KMS_E_CONFIG, "%s: %s; %s", path, strerror(errno), hint);
    if ((st.st_mode & 0022) != 0)
        return kms_err(KMS_E_CONFIG, "%s: others may write it (mode %04o); chmod 600 it",
                       path, (unsigned)st.st_mode & 07777);
    return KMS_OK;
}

enum kms_rc kms_yaml_file_load(const char *path, const cyaml_schema_value_t *schema,
                               const char *hint, void **out)
{
    KMS_AUTO_BUF said = {.max = 8192};
    cyaml_config_t cfg = reader(&said);
    cyaml_data_t *data = NULL;
    cyaml_err_t err;

    KMS_TRY(check_mode(path, hint));
    err = cyaml_load_file(path, &cfg, schema, &data, NULL);
    if (err != CYAML_OK)
        return complain(path, err, &said);
    if (data == NULL)
        return kms_err(KMS_E_CONFIG, "%s: is empty", path);
    *out = data;
    return KMS_OK;
}
