/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/answer.h"

#include "cli/cli.h"
#include "store/sql.h"

/* In a database of encoding SQL_ASCII any bytes may lie; JSON is UTF-8. */
static char *
query_json(CliSession *session, const char *form, const char *query, const char *const *params,
           GError **error)
{
    g_auto(GStrv) around = g_strsplit(form, "$", 2);
    g_autofree char *sql = g_strconcat(around[0], sql_query(query), around[1], NULL);
    g_autoptr(PGresult) result = cli_session_query(session, sql, params, error);

    if (result == NULL)
        return NULL;
    return g_utf8_make_valid(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "null", -1);
}

bool
answer_print_lines(CliSession *session, const char *query, const char *const *params,
                   GError **error)
{
    g_autofree char *sql =
        g_strconcat("SELECT row_to_json(q) FROM (\n", sql_query(query), "\n) q", NULL);
    g_autoptr(PGresult) result = cli_session_query(session, sql, params, error);

    if (result == NULL)
        return false;
    for (int row = 0; row < PQntuples(result); row++) {
        g_autofree char *line = g_utf8_make_valid(PQgetvalue(result, row, 0), -1);
        printf("%s\n", line);
    }
    return cli_flush(error);
}

static char *
query_array(CliSession *session, const char *query, const char *const *params, GError **error)
{
    return query_json(session, "SELECT coalesce(json_agg(q), '[]') FROM (\n$\n) q", query, params,
                      error);
}

static char *
query_object(CliSession *session, const char *query, const char *const *params, GError **error)
{
    return query_json(session, "SELECT row_to_json(q) FROM (\n$\n) q", query, params, error);
}

bool
answer_print_object(CliSession *session, const char *query, const char *const *params,
                    GError **error)
{
    g_autofree char *object = query_object(session, query, params, error);

    if (object == NULL)
        return false;
    printf("%s\n", object);
    return cli_flush(error);
}

static void
print_heading(const TableOutput *output, const char *heading)
{
    if (heading == NULL)
        return;

    g_autofree char *shown = table_heading(output, heading);
    printf("%s\n", shown);
}

static void
print_rows(const Answer *self, const PGresult *result, const char *heading)
{
    TableOutput output = table_output();
    g_autoptr(Table) table = table_new(self->columns, &output);

    print_heading(&output, heading);
    if (PQntuples(result) > 0)
        table_print(table, result);
    else if (self->nothing != NULL)
        printf("%s\n", self->nothing);
}

static void
print_record(const Answer *self, const PGresult *result, const char *heading)
{
    TableOutput output = table_output();

    print_heading(&output, heading);
    if (PQntuples(result) > 0)
        table_print_record(self->columns, &output, result);
}

bool
answer_print(const Answer *self, CliSession *session, const char *const *params, bool json,
             GError **error)
{
    if (json) {
        g_autofree char *array = query_array(session, self->query, params, error);
        if (array == NULL)
            return false;
        printf("%s\n", array);
        return cli_flush(error);
    }

    g_autoptr(PGresult) result = cli_session_query(session, sql_query(self->query), params, error);
    if (result == NULL)
        return false;
    print_rows(self, result, NULL);
    return cli_flush(error);
}

static bool
print_section(const AnswerSection *section, CliSession *session, const char *const *params,
              bool *has_printed, GError **error)
{
    g_autoptr(PGresult) result =
        cli_session_query(session, sql_query(section->answer.query), params, error);

    if (result == NULL)
        return false;
    if (PQntuples(result) == 0 && section->answer.nothing == NULL)
        return true;
    if (*has_printed)
        putchar('\n');
    *has_printed = true;
    if (section->is_record)
        print_record(&section->answer, result, section->heading);
    else
        print_rows(&section->answer, result, section->heading);
    return true;
}

static bool
print_member(const AnswerSection *section, CliSession *session, const char *const *params,
             bool *has_printed, GError **error)
{
    g_autofree char *value = (section->is_record ? query_object : query_array)(
        session, section->answer.query, params, error);

    if (value == NULL)
        return false;
    printf("%s\"%s\": %s", *has_printed ? ",\n " : "{", section->name, value);
    *has_printed = true;
    return true;
}

bool
answer_print_sections(const AnswerSection *sections, int count, CliSession *session,
                      const char *const *params, bool json, GError **error)
{
    bool has_printed = false;

    if (!cli_session_script(session, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error))
        return false;
    for (int i = 0; i < count; i++)
        if (!(json ? print_member : print_section)(&sections[i], session, params, &has_printed,
                                                   error))
            return false;
    if (json)
        printf("}\n");
    return cli_flush(error) && cli_session_script(session, "COMMIT", error);
}
