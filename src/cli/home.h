/* SPDX-License-Identifier: PostgreSQL */
/* Whether the database is the one that the jobs belong to (store/identity.h), as commands ask it. */
#pragma once

#include "cli/session.h"

/* The identity of the database; also of those who may not read all of it. Free with g_free. */
char *cli_home_here(CliSession *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the setting says; *kept NULL = nothing yet. The tables must be ours. */
bool cli_home_kept(CliSession *session, char **kept, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* False and SCHEMA: it is a copy, in which no agent runs jobs; the text says what to do. */
bool cli_home_check(CliSession *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;
