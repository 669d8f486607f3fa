/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/finding.h"

#include <string.h>

#include "cli/plain.h"

static const char *const severity_names[] = {
    [FINDING_ERROR] = "error",
    [FINDING_WARNING] = "warning",
    [FINDING_NOTE] = "note",
};
G_STATIC_ASSERT(G_N_ELEMENTS(severity_names) == N_FINDING_SEVERITIES);

const char *
finding_severity_name(FindingSeverity severity)
{
    return severity_names[severity];
}

bool
finding_severity_find(const char *name, FindingSeverity *severity)
{
    for (int i = 0; i < N_FINDING_SEVERITIES; i++) {
        if (strcmp(name, severity_names[i]) == 0) {
            *severity = (FindingSeverity)i;
            return true;
        }
    }
    return false;
}

Finding *
finding_new(FindingSeverity severity, const char *check, const char *what,
            const FindingPlace *place, const char *mend)
{
    Finding *self = g_new(Finding, 1);

    *self = (Finding){
        .severity = severity,
        .check = check,
        .what = g_strdup(what),
        .mend = g_strdup(mend),
        .kind = g_strdup(place->kind),
        .id = g_strdup(place->id),
        .name = g_strdup(place->name),
        .job_id = g_strdup(place->job_id),
        .job_name = g_strdup(place->job_name),
    };
    return self;
}

void
finding_free(Finding *self)
{
    if (self == NULL)
        return;
    g_free(self->what);
    g_free(self->mend);
    g_free(self->kind);
    g_free(self->id);
    g_free(self->name);
    g_free(self->job_id);
    g_free(self->job_name);
    g_free(self);
}

static void
append_thing(GString *to, const char *kind, const char *id, const char *name)
{
    g_string_append(to, kind);
    if (id != NULL)
        g_string_append_printf(to, " %s", id);
    if (name != NULL && *name != '\0') {
        g_autofree char *shown = plain_text(name);
        g_string_append_printf(to, " \"%s\"", shown);
    }
}

char *
finding_describe_place(const Finding *self)
{
    GString *text = g_string_new(NULL);

    if (strcmp(self->kind, "server") == 0)
        g_string_append(text, "the server");
    else if (strcmp(self->kind, "job") != 0)
        append_thing(text, self->kind, self->id, self->name);
    if (self->job_id != NULL) {
        if (text->len > 0)
            g_string_append(text, " of ");
        append_thing(text, "job", self->job_id, self->job_name);
    }
    return g_string_free(text, FALSE);
}

bool
finding_is_alike(const Finding *one, const Finding *other)
{
    return one->severity == other->severity && strcmp(one->what, other->what) == 0 &&
           g_strcmp0(one->mend, other->mend) == 0;
}
