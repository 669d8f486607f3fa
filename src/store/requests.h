/* SPDX-License-Identifier: PostgreSQL */
/* What people ask of the agents beside runs: those are found with what is due. */
#pragma once

#include "store/store.h"

typedef struct {
    int64_t run_id; /* one of ours that runs */
    char *by;       /* login; NULL = nobody's */
} CancelRequest;

/* requests: of CancelRequest; they come again until their run is over. NULL on error. */
typedef void (*RequestsCancels)(const GPtrArray *requests, const GError *error, gpointer user_data);
void requests_cancels(Store *store, RequestsCancels loaded, gpointer user_data);
