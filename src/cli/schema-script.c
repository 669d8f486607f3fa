/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/schema-script.h"

#include "store/schema.h"
#include "store/sql.h"

void
schema_script_append(GString *sql, CliSession *session, const char *name, const char *value)
{
    g_autofree char *literal = cli_session_quote(session, value);
    g_auto(GStrv) parts = g_strsplit(sql_query(name), "$1", -1);
    g_autofree char *text = g_strjoinv(literal, parts);

    g_string_append_printf(sql, "%s;\n", g_strchomp(text));
}

const char *
schema_script_append_file(GString *sql, CliSession *session, int version, const char *zone)
{
    const char *name = NULL;
    const char *text = schema_file(version, &name);
    g_autofree char *number = g_strdup_printf("%d", version);

    g_string_append_printf(sql, "%s\n", text);
    schema_script_append(sql, session, "schema_set_version", number);
    if (version == 1)
        schema_script_append(sql, session, "schema_set_timezone", zone);
    return name;
}
