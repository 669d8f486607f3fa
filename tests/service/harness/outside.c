/* SPDX-License-Identifier: PostgreSQL */
/* Preloaded into an agent by the tests: what the world does to it. Names that end with ".mute" are looked up for as long as
 * nobody opens the pipe $OUTSIDE_NAMES for writing, as if no name server answered. The machine has slept for as many seconds
 * as the file $OUTSIDE_SLEPT says: the clock that goes on meanwhile is ahead by them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef int (*Getaddrinfo)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef int (*ClockGettime)(clockid_t, struct timespec *);

static int
ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);

    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
            struct addrinfo **found)
{
    const char *pipe = getenv("OUTSIDE_NAMES");

    if (pipe != NULL && name != NULL && ends_with(name, ".mute")) {
        int fd = open(pipe, O_RDONLY | O_CLOEXEC);

        if (fd >= 0)
            close(fd);
        return EAI_AGAIN;
    }
    return ((Getaddrinfo)dlsym(RTLD_NEXT, "getaddrinfo"))(name, service, hints, found);
}

static long
seconds_slept(void)
{
    const char *path = getenv("OUTSIDE_SLEPT");
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    long seconds = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%ld", &seconds) != 1)
        seconds = 0;
    fclose(file);
    return seconds;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
    int code = ((ClockGettime)dlsym(RTLD_NEXT, "clock_gettime"))(clock, now);

    if (code == 0 && clock == CLOCK_BOOTTIME)
        now->tv_sec += seconds_slept();
    return code;
}
