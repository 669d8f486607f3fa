/* SPDX-License-Identifier: PostgreSQL */
/* Claims as parameters of the statements that take and skip them: an array of each field. */
#pragma once

#include "store/claims.h"

/* Free with db_params_free. */
DbParams *claims_take_params(Store *store, const GPtrArray *claims, const char *batch);
DbParams *claims_skip_params(Store *store, const GPtrArray *claims);
