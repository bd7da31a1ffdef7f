#include <stdarg.h>
#include <stdio.h>

#include "policy/trace.h"

void kms_policy_say(const struct kms_policy_trace *trace, unsigned depth, const char *fmt,
                    ...)
{
    char line[512];
    va_list ap;

    if (trace == NULL)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    trace->line(trace->arg, depth, line);
}
