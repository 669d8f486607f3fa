/* SPDX-License-Identifier: PostgreSQL */
/* What the server said about a failed statement, or by the way (a notice). */
#pragma once

#include <glib.h>

/* Valid UTF-8; texts that the server did not send are NULL. */
typedef struct {
    const char *severity; /* as the server translates it: "ERROR", "HINWEIS" */
    const char *sqlstate; /* five characters, "" if the error is not the server's */
    const char *message;
    const char *detail;
    const char *hint;
    const char *context;
    const char *statement_position; /* 1-based character, as text */
} DbFault;
