/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/descriptors.h"

#include <glib.h>
#include <limits.h>

#ifdef G_OS_WIN32
int
descriptors_limit(void)
{
    return INT_MAX;
}
#else
#include <sys/resource.h>

int
descriptors_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT_MAX)
        return INT_MAX;
    return (int)limit.rlim_cur;
}
#endif
