#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"

/* Longest wire text: an AccessDenied message with three ARNs of 2048 characters. */
enum { NOTE_MAX = 8192 };

static _Thread_local struct {
    enum kms_rc rc;
    char text[NOTE_MAX];
} note;

enum kms_rc kms_err(enum kms_rc rc, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(note.text, sizeof note.text, fmt, ap);
    va_end(ap);
    note.rc = rc;
    return rc;
}

const char *kms_err_note(enum kms_rc rc)
{
    return rc != KMS_OK && note.rc == rc ? note.text : "";
}

void kms_err_clear(void)
{
    note.rc = KMS_OK;
    note.text[0] = '\0';
}
