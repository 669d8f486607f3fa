/* SPDX-License-Identifier: PostgreSQL */
/* What several statements need that ask about many jobs at once: their ids as a parameter, and a list for each in the
 * answer. */
#pragma once

#include <glib.h>

#include "db/params.h"

void params_add_ids(DbParams *params, const GArray *ids);
/* texts: of char *. */
void params_add_texts(DbParams *params, const GPtrArray *texts);

/* job id (as a pointer) -> GPtrArray; jobs without any element are missing. */
GHashTable *lists_new(void);
/* Takes the element over. */
void lists_add(GHashTable *lists, int job_id, gpointer element, GDestroyNotify element_free);
