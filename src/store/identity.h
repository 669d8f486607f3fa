/* SPDX-License-Identifier: PostgreSQL */
/* Which database the jobs belong to: the setting "identity", a text of system identifier of the server ("?" = not
 * readable), number and name of the database, with slashes between them. Copies of the tables (a restored dump, a
 * database made from a template) keep the setting and are told by it; a physical copy is not. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* True if both are of one database. Its name may change; it counts where a system identifier is not known. A text that
 * cannot be read is of no database. */
bool identity_is_same(const char *kept, const char *here);
/* True if the setting is to become `here`: there is none (NULL), or it knows less or another name. */
bool identity_is_better(const char *kept, const char *here);
/* The system identifier as text; NULL = not readable. Free with g_free. */
char *identity_system(const char *identity);
/* The SCHEMA error for place ('database "x" on …'): jobs are not run in a copy, and what to do. */
GError *identity_refusal(const char *kept, const char *here, const char *place);
