/* SPDX-License-Identifier: PostgreSQL */
/* Asynchronously, because only so libpq can be told before it connects to show SQLSTATEs, and obeys a time limit. */
#include "config.h"

#include "cli/doctor-connect.h"

#include <errno.h>
#include <libpq-fe.h>

#include "base/clock.h"
#include "base/error.h"
#include "db/fault.h"

#define DEFAULT_LIMIT_US 10000000

static void
finish(PGconn *conn)
{
    PQfinish(conn);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PGconn, finish)

/* False when the time is over. */
static bool
wait_for_socket(PGconn *conn, PostgresPollingStatusType wants, int64_t end_mono)
{
    GPollFD socket = {.fd = PQsocket(conn),
                      .events = wants == PGRES_POLLING_READING ? G_IO_IN : G_IO_OUT};

    for (;;) {
        int64_t left_ms = (end_mono - clock_now_mono() + 999) / 1000;
        if (left_ms <= 0)
            return false;
        int ready = g_poll(&socket, 1, (int)left_ms);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true;
    }
}

static GError *
try_host(const DbTarget *target, int pass, int host, int64_t limit_us)
{
    g_autoptr(GPtrArray) keywords = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);

    db_target_fill(target, pass, host, NULL, "pgalmanac doctor", keywords, values);
    g_autoptr(PGconn) conn = PQconnectStartParams((const char *const *)keywords->pdata,
                                                  (const char *const *)values->pdata, 0);
    if (conn == NULL)
        return g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION, "out of memory");
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);

    int64_t end_mono = clock_now_mono() + limit_us;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (PQstatus(conn) != CONNECTION_BAD && state != PGRES_POLLING_OK &&
           state != PGRES_POLLING_FAILED) {
        if (!wait_for_socket(conn, state, end_mono))
            return g_error_new(ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION,
                               "no answer within %" G_GINT64_FORMAT " s",
                               limit_us / G_USEC_PER_SEC);
        state = PQconnectPoll(conn);
    }
    if (PQstatus(conn) == CONNECTION_OK)
        return NULL;
    return fault_from_connect_message(PQerrorMessage(conn), PQconnectionNeedsPassword(conn) == 1);
}

GError *
doctor_try(const DbTarget *target)
{
    gint64 own_us = db_target_connect_timeout_us(target);
    GError *last = NULL;

    for (int pass = 0; pass < db_target_pass_count(target); pass++) {
        for (int host = 0; host < db_target_host_count(target); host++) {
            g_clear_error(&last);
            last = try_host(target, pass, host, own_us > 0 ? own_us : DEFAULT_LIMIT_US);
            if (last == NULL)
                return NULL;
        }
    }
    return last;
}
