/* SPDX-License-Identifier: PostgreSQL */
/* The one error domain. Code asks questions (error_is_transient), it does not compare codes. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define ALMANAC_ERROR (almanac_error_quark())
GQuark almanac_error_quark(void);

typedef enum {
    ALMANAC_ERROR_USAGE,      /* the command line or the configuration file is wrong */
    ALMANAC_ERROR_INPUT,      /* data that somebody wrote cannot be read */
    ALMANAC_ERROR_NOT_FOUND,  /* no such thing */
    ALMANAC_ERROR_SYSTEM,     /* the operating system refused */
    ALMANAC_ERROR_CONNECTION, /* no server there, or the connection was lost */
    ALMANAC_ERROR_BUSY,       /* the server has no connection free (SQLSTATE 53300, 57P03) */
    ALMANAC_ERROR_REFUSED,    /* the server let us not in: password, role, database, pg_hba.conf */
    ALMANAC_ERROR_QUERY,      /* the server reported an error for a statement */
    ALMANAC_ERROR_SCHEMA,     /* the tables are missing, foreign, or of another version */
    ALMANAC_ERROR_FENCED,     /* this agent's lease was taken from it */
    ALMANAC_ERROR_TIMEOUT,    /* it took longer than it may */
    ALMANAC_ERROR_CANCELLED,  /* somebody asked to stop */
    N_ALMANAC_ERRORS
} AlmanacError;

/* True if trying the same again later may succeed: CONNECTION, BUSY, TIMEOUT. */
bool error_is_transient(const GError *error);
/* True if whoever asked for it gave it up (closed the connection, cleared the queue) and knows what comes next. */
bool error_is_given_up(const GError *error);
/* True if there is no connection any more, lost or given up: what was asked for is asked again on the next one. */
bool error_is_cut_off(const GError *error);

/* What people can do about an errno, as "; try this"; "" if the error says it all. */
const char *error_advice(int code);
