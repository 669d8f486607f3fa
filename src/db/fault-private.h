/* SPDX-License-Identifier: PostgreSQL */
/* Makes faults of what libpq has. */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>

#include "db/fault.h"

DbFault *fault_new_from_result(const PGresult *result);
DbFault *fault_new(const char *sqlstate, const char *message);
void fault_free(DbFault *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbFault, fault_free)

/* True if the server ended the session with this. */
bool fault_ends_session(const PGresult *result);
/* The QUERY error for a fault: message, detail, SQLSTATE. */
GError *fault_to_error(const DbFault *fault);
