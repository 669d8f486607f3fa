/* SPDX-License-Identifier: PostgreSQL */
/* libpq's file of passwords, read by libpq's own rules: which entry serves which server. Never gives a password out. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    const char *host; /* a name, an address or the directory of a socket; "" = the default */
    const char *port;
    const char *database;
    const char *user;
} PassfileWish;

typedef enum {
    PASSFILE_FOUND,
    PASSFILE_NO_ENTRY,
    PASSFILE_NO_FILE,
    PASSFILE_IGNORED, /* it is no file, or others may read it: libpq does not use it */
} PassfileOutcome;

/* What libpq reads if the connection string names none: PGPASSFILE, else .pgpass in the home folder. Free with g_free. */
char *passfile_default(void);
PassfileOutcome passfile_find(const char *path, const PassfileWish *wish);
