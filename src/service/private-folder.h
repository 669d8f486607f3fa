/* SPDX-License-Identifier: PostgreSQL */
/* The folder of a private server: made if need be, empty or already one, ours alone. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Started as root, makes the folder user postgres' own and then becomes that user: PostgreSQL refuses to run
 * as root, and so would batch steps. The parent folder must exist. */
bool private_folder_prepare(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
