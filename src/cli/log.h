/* SPDX-License-Identifier: PostgreSQL */
/* The log that `pgalmanac log` shows: runs and skipped slots. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/session.h"
#include "cli/table.h"

typedef struct {
    const char *job;   /* id; "" = all */
    const char *count; /* of the newest entries, digits */
    bool json;
} LogQuestion;

/* The newest entries, oldest of them first. JSON: an array. */
bool log_print(const LogQuestion *self, CliSession *session,
               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, and then each run that ends and each skipped slot, until somebody interrupts. JSON: an object a line. */
bool log_follow(const LogQuestion *self, CliSession *session,
                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The columns for people. */
extern const TableColumn log_columns[];
