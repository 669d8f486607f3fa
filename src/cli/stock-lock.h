/* SPDX-License-Identifier: PostgreSQL */
/* The lock under which pgAgent's tables change hands, in either direction. */
#pragma once

#include "cli/session.h"

/* Within a transaction, which has set a lock_timeout. If that runs out the transaction is rolled back, and the error says
 * who holds the tables. Errors: TIMEOUT, CONNECTION, QUERY. */
bool stock_lock(CliSession *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;
