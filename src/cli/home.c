/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/home.h"

#include "base/error.h"
#include "store/identity.h"
#include "store/sql.h"

char *
cli_home_here(CliSession *session, GError **error)
{
    g_autoptr(GError) forbidden = NULL;
    g_autoptr(PGresult) full =
        cli_session_query(session, sql_query("identity_here"), NULL, &forbidden);

    if (full != NULL)
        return g_strdup(cli_result_text(full, 0, 0));
    if (g_error_matches(forbidden, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION)) {
        g_propagate_error(error, g_steal_pointer(&forbidden));
        return NULL;
    }
    g_autoptr(PGresult) plain =
        cli_session_query(session, sql_query("identity_here_plain"), NULL, error);
    return plain != NULL ? g_strdup(cli_result_text(plain, 0, 0)) : NULL;
}

bool
cli_home_kept(CliSession *session, char **kept, GError **error)
{
    g_autoptr(PGresult) result =
        cli_session_query(session, sql_query("schema_version"), NULL, error);

    if (result == NULL)
        return false;
    *kept = g_strdup(cli_result_text(result, 0, 1));
    return true;
}

bool
cli_home_check(CliSession *session, GError **error)
{
    g_autofree char *kept = NULL;

    if (!cli_home_kept(session, &kept, error))
        return false;
    g_autofree char *here = kept != NULL ? cli_home_here(session, error) : NULL;
    if (kept == NULL || here == NULL)
        return kept == NULL;
    if (identity_is_same(kept, here))
        return true;
    g_autofree char *place = cli_session_describe(session);
    g_propagate_error(error, identity_refusal(kept, here, place));
    return false;
}
