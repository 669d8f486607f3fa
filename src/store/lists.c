/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/lists.h"

void
params_add_ids(DbParams *params, const GArray *ids)
{
    db_params_begin_array(params, DB_INT4);
    for (guint i = 0; i < ids->len; i++)
        db_params_add_int4(params, g_array_index(ids, int, i));
    db_params_end_array(params);
}

void
params_add_texts(DbParams *params, const GPtrArray *texts)
{
    db_params_begin_array(params, DB_TEXT);
    for (guint i = 0; i < texts->len; i++)
        db_params_add_text(params, g_ptr_array_index(texts, i));
    db_params_end_array(params);
}

GHashTable *
lists_new(void)
{
    return g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
}

void
lists_add(GHashTable *lists, int job_id, gpointer element, GDestroyNotify element_free)
{
    GPtrArray *list = g_hash_table_lookup(lists, GINT_TO_POINTER(job_id));

    if (list == NULL) {
        list = g_ptr_array_new_with_free_func(element_free);
        g_hash_table_insert(lists, GINT_TO_POINTER(job_id), list);
    }
    g_ptr_array_add(list, element);
}
