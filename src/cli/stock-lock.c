/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/stock-lock.h"

#include <string.h>

#include "base/error.h"
#include "store/sql.h"

bool
stock_lock(CliSession *session, GError **error)
{
    g_autoptr(GError) reason = NULL;

    if (cli_session_script(session, sql_script("stock/lock"), &reason))
        return true;
    if (strcmp(cli_session_sqlstate(session), "55P03") != 0) { /* lock_not_available */
        g_propagate_error(error, g_steal_pointer(&reason));
        return false;
    }

    g_autoptr(PGresult) holders =
        cli_session_query(session, sql_query("lock_holders"), NULL, error);
    if (holders == NULL)
        return false;
    const char *who = cli_result_text(holders, 0, 0);
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_TIMEOUT,
                "somebody held pgAgent's tables for 10 s, and nothing was changed; now it is: %s",
                who != NULL ? who : "nobody any more, try again");
    return false;
}
