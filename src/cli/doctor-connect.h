/* SPDX-License-Identifier: PostgreSQL */
/* An attempt to connect, for doctor --connect. */
#pragma once

#include <glib.h>

#include "db/target.h"

/* Connects to the target, host by host as an agent would, and disconnects; waits for it, but no longer than its
 * connect_timeout or 10 s for each host. NULL if it worked; else an error: BUSY if the server has no connection free now,
 * REFUSED if it will not have us, CONNECTION. The text never shows a password. */
GError *doctor_try(const DbTarget *target);
