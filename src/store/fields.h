/* SPDX-License-Identifier: PostgreSQL */
/* Reading and writing fields that may be NULL. */
#pragma once

#include "db/params.h"
#include "db/result.h"
#include "store/jobs.h"

static inline int64_t
field_instant(const DbResult *result, int row, int column)
{
    return db_result_is_null(result, row, column) ? NO_INSTANT
                                                  : db_result_instant(result, row, column);
}

static inline void
params_add_optional_instant(DbParams *params, int64_t at)
{
    if (at == NO_INSTANT)
        db_params_add_null(params);
    else
        db_params_add_instant(params, at);
}
