/* SPDX-License-Identifier: PostgreSQL */
/* Looks at the log twice a second. An entry is shown when it is over; since entries may be committed later than they
 * began, each look overlaps the one before, and what was shown is remembered for as long as looks still find it. */
#include "config.h"

#include <string.h>

#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/log.h"
#include "cli/regain.h"
#include "store/sql.h"

#define LOOK_EVERY_MS 500

const TableColumn log_columns[] = {
    {"run", "RUN", TABLE_NUMBER, false},      {"at", "AT", TABLE_INSTANT, false},
    {"job", "JOB", TABLE_TEXT, false},        {"because", "BECAUSE", TABLE_TEXT, false},
    {"result", "RESULT", TABLE_STATE, false}, {"duration", "TOOK", TABLE_LENGTH, false},
    {"why", "WHY", TABLE_LINE, false},        {0},
};

/* The columns of cli_log_new that are not for people. */
enum {
    KEY,
    BEGAN,
    LOOKED,
    RESULT,
    JSON
};

typedef struct {
    const LogQuestion *question;
    Table *table;
    char *last_look;   /* when something was found last, by the database's clock */
    char *open;        /* when the runs began that had not ended, as an array */
    GHashTable *shown; /* keys of entries */
} Follow;

static void
follow_clear(Follow *self)
{
    table_free(self->table);
    g_free(self->last_look);
    g_free(self->open);
    g_hash_table_unref(self->shown);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Follow, follow_clear)

/* What people see of an entry. */
static void
show_entry(Follow *self, const PGresult *entries, int row)
{
    g_autofree char *json = g_utf8_make_valid(PQgetvalue(entries, row, JSON), -1);

    if (self->question->json)
        printf("%s\n", json);
    else
        table_print_row(self->table, entries, row);
}

/* is_first: only remembers what is there, for it has been shown. */
static void
take_entries(Follow *self, const PGresult *entries, bool is_first)
{
    g_autoptr(GString) open = g_string_new("{");
    GHashTable *shown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (int row = 0; row < PQntuples(entries); row++) {
        const char *key = PQgetvalue(entries, row, KEY);
        const char *began = PQgetvalue(entries, row, BEGAN);
        bool is_open = strcmp(PQgetvalue(entries, row, RESULT), "running") == 0;
        if (is_open)
            g_string_append_printf(open, "%s\"%s\"", open->len > 1 ? "," : "", began);
        else if (!is_first && !g_hash_table_contains(self->shown, key))
            show_entry(self, entries, row);
        if (!is_open)
            g_hash_table_add(shown, g_strdup(key));
    }
    if (PQntuples(entries) > 0) {
        g_free(self->last_look);
        self->last_look = g_strdup(PQgetvalue(entries, 0, LOOKED));
    }
    g_string_append_c(open, '}');
    g_hash_table_unref(self->shown);
    self->shown = shown;
    g_free(self->open);
    self->open = g_strdup(open->str);
}

static bool
look(Follow *self, CliSession *session, bool is_first, GError **error)
{
    const char *params[] = {self->question->job, self->last_look, self->open, NULL};
    g_autoptr(PGresult) entries =
        cli_session_query(session, sql_query("cli_log_new"), params, error);

    if (entries == NULL)
        return false;
    take_entries(self, entries, is_first);
    return cli_flush(error);
}

static bool
show_newest(Follow *self, CliSession *session, GError **error)
{
    const char *params[] = {self->question->job, self->question->count, NULL};

    if (self->question->json)
        return answer_print_lines(session, "cli_log", params, error);
    g_autoptr(PGresult) result = cli_session_query(session, sql_query("cli_log"), params, error);
    if (result == NULL)
        return false;
    table_print(self->table, result);
    return cli_flush(error);
}

/* Shown and remembered at one instant, so that nothing falls between. */
static bool
begin(Follow *self, CliSession *session, GError **error)
{
    if (!cli_session_script(session, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error))
        return false;
    g_autoptr(PGresult) open = cli_session_query(session, sql_query("cli_log_open"), NULL, error);
    if (open == NULL)
        return false;
    self->open = g_strdup(cli_result_text(open, 0, 0));
    self->last_look = g_strdup(cli_result_text(open, 0, 1));
    return show_newest(self, session, error) && look(self, session, true, error) &&
           cli_session_script(session, "COMMIT", error);
}

bool
log_follow(const LogQuestion *self, CliSession *session, GError **error)
{
    TableOutput output = table_output();
    g_auto(Follow) follow = {.question = self,
                             .table = table_new(log_columns, &output),
                             .shown = g_hash_table_new(g_str_hash, g_str_equal)};

    interrupt_catch();
    if (!begin(&follow, session, error))
        return false;
    while (interrupt_sleep(LOOK_EVERY_MS))
        if (!look(&follow, session, false, error) && !cli_regain(session, "log", error))
            return false;
    return true;
}
