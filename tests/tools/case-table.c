/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "case-table.h"

#include <string.h>

typedef struct {
    char **columns;
    void (*check)(char *const *columns);
} Case;

static void
case_run(gconstpointer data)
{
    const Case *self = data;
    self->check(self->columns);
}

static void
case_free(gpointer data)
{
    Case *self = data;
    g_strfreev(self->columns);
    g_free(self);
}

static char **
split(const char *line)
{
    g_autoptr(GPtrArray) columns = g_ptr_array_new();
    g_auto(GStrv) cells = g_strsplit(line, "\t", -1);
    for (char **cell = cells; *cell; cell++) {
        if (**cell)
            g_ptr_array_add(columns, g_strdup(g_strstrip(*cell)));
    }
    g_ptr_array_add(columns, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&columns), FALSE);
}

void
case_table_add(const char *file, void (*check)(char *const *columns))
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, file, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error))
        g_error("%s", error->message);

    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint n_columns = 0;
    for (guint i = 0; lines[i]; i++) {
        if (*g_strchomp(lines[i]) == '\0' || lines[i][0] == '#')
            continue;
        g_auto(GStrv) columns = split(lines[i]);
        if (n_columns == 0) {
            n_columns = g_strv_length(columns);
            continue;
        }
        if (g_strv_length(columns) != n_columns)
            g_error("%s:%u: %u columns instead of %u", file, i + 1, g_strv_length(columns),
                    n_columns);
        g_autofree char *name = g_strdup_printf("/%s/%u %s", file, i + 1, columns[0]);
        g_strdelimit(name + strlen(file) + 2, "/", '-');
        Case *self = g_new0(Case, 1);
        self->columns = g_steal_pointer(&columns);
        self->check = check;
        g_test_add_data_func_full(name, self, case_run, case_free);
    }
}
