/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/pooler.h"

#include "base/clock.h"
#include "store/pooler.h"
#include "store/sql.h"

#define ROUNDS 3
/* As in store/pooler.c: a pool with room for one session keeps the second waiting. */
#define LIMIT_US (5 * CLOCK_US_PER_SECOND)

/* 0 = no answer in time, or an error. */
static int
read_pid(PGconn *conn)
{
    int64_t end_mono = clock_now_mono() + LIMIT_US;
    GPollFD socket = {.fd = PQsocket(conn), .events = G_IO_IN};
    int pid = 0;

    if (PQsendQuery(conn, sql_query("session_backend")) == 0)
        return 0;
    while (PQisBusy(conn) != 0) {
        int64_t left_us = end_mono - clock_now_mono();
        if (left_us <= 0)
            return 0;
        (void)g_poll(&socket, 1, (int)(left_us / CLOCK_US_PER_MS) + 1);
        if (PQconsumeInput(conn) == 0)
            return 0;
    }
    for (PGresult *result; (result = PQgetResult(conn)) != NULL; PQclear(result))
        if (PQresultStatus(result) == PGRES_TUPLES_OK)
            pid = (int)g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    return pid;
}

static bool
changes(PGconn *conn, PGconn *second, int pid)
{
    for (int round = 0; round < ROUNDS; round++) {
        int other = read_pid(second);
        if (other == 0)
            return false;
        if (other == pid || read_pid(conn) != pid)
            return true;
    }
    return false;
}

bool
cli_pooler_check(PGconn *conn, const char *const *keywords, const char *const *values,
                 const char *place, GError **error)
{
    int pid = read_pid(conn);

    /* Who gives no answer is told so by what comes next. */
    if (pid == 0 || pid == PQbackendPID(conn))
        return true;
    PGconn *second = PQconnectdbParams(keywords, values, 1);
    bool is_fine = PQstatus(second) != CONNECTION_OK || !changes(conn, second, pid);
    PQfinish(second);
    if (!is_fine)
        g_propagate_error(error, pooler_refusal(place));
    return is_fine;
}
