/* SPDX-License-Identifier: PostgreSQL */
/* After a reconnect: runs that are ours in the tables but not known here (the answer of their claim was lost) are
 * started. */
#pragma once

#include "engine/look.h"

typedef void (*RecoverDone)(const GError *error, gpointer user_data);
void recover_runs(const EngineParts *parts, RecoverDone done, gpointer user_data);
