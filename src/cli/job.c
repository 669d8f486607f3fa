/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/job.h"

#include "base/error.h"
#include "calendar/instant.h"
#include "calendar/zone.h"
#include "cli/plain.h"
#include "store/sql.h"

CliJob *
cli_job_find(CliSession *session, const char *word, GError **error)
{
    const char *params[] = {word, NULL};
    g_autoptr(PGresult) result =
        cli_session_query(session, sql_query("cli_find_job"), params, error);

    if (result == NULL)
        return NULL;
    if (PQntuples(result) == 0) { /* it was deleted between two looks */
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_NOT_FOUND, "job \"%s\" does not exist",
                    word);
        return NULL;
    }
    CliJob *self = g_new0(CliJob, 1);
    g_autofree char *name = plain_text(cli_result_text(result, 0, 1));
    self->id = g_strdup(cli_result_text(result, 0, 0));
    self->name = g_strdup(cli_result_text(result, 0, 1));
    self->zone = g_strdup(cli_result_text(result, 0, 2));
    self->shown = g_strdup_printf("job %s \"%s\"", self->id, name);
    return self;
}

void
cli_job_free(CliJob *self)
{
    if (self == NULL)
        return;
    g_free(self->id);
    g_free(self->name);
    g_free(self->shown);
    g_free(self->zone);
    g_free(self);
}

char *
cli_read_instant(const char *option, const char *text, const char *zone, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(Zone) loaded = zone_load(zone, NULL, &reason);
    g_autoptr(Zone) utc = loaded != NULL ? zone_load("UTC", NULL, &reason) : NULL;
    int64_t at = 0;

    if (utc != NULL && instant_parse(text, loaded, &at, &reason))
        return instant_print_full(at, utc);
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE, "option --%s: %s", option,
                reason->message);
    return NULL;
}
