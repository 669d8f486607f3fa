/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/error.h"

#include <errno.h>

G_DEFINE_QUARK(almanac_error, almanac_error)

static const bool transient[] = {
    [ALMANAC_ERROR_CONNECTION] = true,
    [ALMANAC_ERROR_BUSY] = true,
    [ALMANAC_ERROR_TIMEOUT] = true,
    [ALMANAC_ERROR_CANCELLED] = false,
};
G_STATIC_ASSERT(G_N_ELEMENTS(transient) == N_ALMANAC_ERRORS);

bool
error_is_transient(const GError *error)
{
    return error && error->domain == ALMANAC_ERROR && error->code >= 0 &&
           error->code < N_ALMANAC_ERRORS && transient[error->code];
}

bool
error_is_given_up(const GError *error)
{
    return g_error_matches(error, ALMANAC_ERROR, ALMANAC_ERROR_CANCELLED);
}

bool
error_is_cut_off(const GError *error)
{
    return error_is_given_up(error) ||
           g_error_matches(error, ALMANAC_ERROR, ALMANAC_ERROR_CONNECTION);
}

const char *
error_advice(int code)
{
    switch (code) {
    case EMFILE:
        return "; raise this agent's limit (ulimit -n, LimitNOFILE=) or lower --max-runs";
    case ENFILE:
        return "; all programs of this machine together have too many open";
    case EAGAIN:
        return "; there are too many processes (ulimit -u, TasksMax=)";
    default:
        return "";
    }
}
