/* SPDX-License-Identifier: PostgreSQL */
/* After a reconnect: runs that are ours in the tables but not in hand. They are started if the answer of their claim was
 * lost, and else closed: a standby was promoted before it had heard of their ends. */
#pragma once

#include "engine/look.h"

typedef void (*RecoverDone)(const GError *error, gpointer user_data);
void recover_runs(const EngineParts *parts, RecoverDone done, gpointer user_data);
