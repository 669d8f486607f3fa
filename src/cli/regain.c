/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/regain.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/interrupt.h"

#define TRY_EVERY_MS 1000
/* Longer than a failover takes, and a restart of a server that has to recover. */
#define TRY_FOR_MINUTES 5

bool
cli_regain(CliSession *session, const char *word, GError **error)
{
    int64_t until = clock_now_mono() + TRY_FOR_MINUTES * 60 * CLOCK_US_PER_SECOND;

    if (!g_error_matches(*error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION))
        return false;
    fprintf(stderr, "pgalmanac %s: %s\npgalmanac %s: trying for %d minutes to connect again\n",
            word, (*error)->message, word, TRY_FOR_MINUTES);
    do {
        g_clear_error(error);
        if (!interrupt_sleep(TRY_EVERY_MS))
            return true;
        if (cli_session_reopen(session, error)) {
            fprintf(stderr, "pgalmanac %s: connected again\n", word);
            return true;
        }
    } while (clock_now_mono() < until);
    return false;
}
