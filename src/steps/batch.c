/* SPDX-License-Identifier: PostgreSQL */
/* A batch step: its text in a file of its own, in a private directory, run by the program of its first line
 * ("#!/usr/bin/perl") or by sh. Standard output and standard error come back by two pipes; the exit code is the
 * result, and only it decides. */
#include "config.h"

#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "base/leftovers.h"
#include "steps/step.h"

typedef struct {
    Step base;
    int job_id;
    int step_id;
    char *code;
    char *user;
    int64_t output_limit;
    Sweeper *sweeper;
    Scratch *scratch;
    char *file;
    Child *child;
    GError *cannot;
    bool was_stopped;
    bool has_ended; /* the script, whether it was stopped or not */
    guint idle_id;
} BatchStep;

/* What belongs to the agent alone: its password, its talk with systemd. */
static const char *const private_variables[] = {
    "PGPASSWORD",    "NOTIFY_SOCKET",    "WATCHDOG_PID",   "WATCHDOG_USEC",
    "LISTEN_FDS",    "LISTEN_PID",       "LISTEN_FDNAMES", "JOURNAL_STREAM",
    "INVOCATION_ID", "SYSTEMD_EXEC_PID", "MANAGERPID",
};

static char **
batch_environment(const BatchStep *self)
{
    char **environment = g_get_environ();
    g_autofree char *mark = scratch_mark(self->scratch);
    const char *name_end = strchr(mark, '=');
    g_autofree char *name = g_strndup(mark, (gsize)(name_end - mark));

    for (guint i = 0; i < G_N_ELEMENTS(private_variables); i++)
        environment = g_environ_unsetenv(environment, private_variables[i]);
    if (self->user != NULL) {
        const struct passwd *user = getpwnam(self->user);

        if (user != NULL) {
            environment = g_environ_setenv(environment, "HOME", user->pw_dir, TRUE);
            environment = g_environ_setenv(environment, "SHELL", user->pw_shell, TRUE);
        }
        environment = g_environ_setenv(environment, "USER", self->user, TRUE);
        environment = g_environ_setenv(environment, "LOGNAME", self->user, TRUE);
    }
    return g_environ_setenv(environment, name, name_end + 1, TRUE);
}

/* Scripts written on Windows must run here too. */
static char *
with_unix_line_ends(const char *code)
{
    g_auto(GStrv) lines = g_strsplit(code, "\r\n", -1);

    return g_strjoinv("\n", lines);
}

static bool
batch_write_file(BatchStep *self, GError **error)
{
    g_autofree char *prefix = leftovers_prefix(self->job_id, self->step_id);
    g_autofree char *name = g_strdup_printf("%d_%d.scr", self->job_id, self->step_id);
    g_autofree char *code = with_unix_line_ends(self->code);

    self->scratch = scratch_new(prefix, error);
    if (self->scratch == NULL)
        return false;
    self->file = scratch_add_program(self->scratch, name, code, self->user, error);
    return self->file != NULL &&
           (self->user == NULL || scratch_give_to(self->scratch, self->user, error));
}

static void
batch_done(BatchStep *self, StepOutcome outcome, int exit_code, const char *output)
{
    const StepResult result = {.outcome = outcome, .result = exit_code, .output = output};

    self->base.events.done(&result, self->base.user_data);
}

static gboolean
on_cannot(gpointer user_data)
{
    BatchStep *self = user_data;
    g_autofree char *output = NULL;

    self->idle_id = 0;
    if (self->cannot != NULL)
        output = g_strdup_printf("ERROR:  could not start step: %s", self->cannot->message);
    batch_done(self, STEP_FAILED, -1, output != NULL ? output : "");
    return G_SOURCE_REMOVE;
}

/* Parts are lines of their own; an empty one is left out. */
static void
add_part(GString *output, const char *heading, const char *text)
{
    g_autofree char *part = g_strchomp(g_strdup(text));

    if (part[0] != '\0')
        g_string_append_printf(output, "%s%s%s", output->len > 0 ? "\n" : "", heading, part);
}

static void
on_child_done(const ChildResult *result, gpointer user_data)
{
    BatchStep *self = user_data;
    g_autoptr(GString) output = g_string_new(NULL);

    self->has_ended = true;
    add_part(output, "", result->out);
    add_part(output, "Script Error:\n", result->err);
    if (result->signal != 0) {
        g_autofree char *said = g_strdup_printf("the script was ended by signal %d (%s)",
                                                result->signal, g_strsignal(result->signal));
        add_part(output, "", said);
    }
    batch_done(self, result->exit_code == 0 ? STEP_SUCCEEDED : STEP_FAILED, result->exit_code,
               output->str);
}

static bool
batch_start(BatchStep *self, GError **error)
{
    if (!batch_write_file(self, error))
        return false;

    g_auto(GStrv) environment = batch_environment(self);
    const char *const by_itself[] = {self->file, NULL};
    const char *const by_shell[] = {"/bin/sh", self->file, NULL};
    const ChildSpec spec = {
        .argv = g_str_has_prefix(self->code, "#!") ? by_itself : by_shell,
        .environment = (const char *const *)environment,
        .directory = scratch_path(self->scratch),
        .user = self->user,
        .output_limit = self->output_limit,
    };
    self->child = child_start(&spec, on_child_done, self, error);
    return self->child != NULL;
}

static void
batch_run(Step *step)
{
    BatchStep *self = (BatchStep *)step;

    if (!batch_start(self, &self->cannot))
        self->idle_id = g_idle_add(on_cannot, self);
}

static gboolean
on_prepared(gpointer user_data)
{
    BatchStep *self = user_data;

    self->idle_id = 0;
    self->base.events.prepared(NULL, self->base.user_data);
    return G_SOURCE_REMOVE;
}

static GError *
find_objection(const StepContext *context)
{
    if (!context->may_run_batch)
        return g_error_new_literal(ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                                   "this agent does not run batch steps (--batch off)");
    if (geteuid() == 0 && context->batch_user == NULL)
        return g_error_new_literal(
            ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
            "the agent runs as root and was not told as whom batch steps shall run "
            "(--batch-user NAME)");
    if (context->batch_user != NULL && getpwnam(context->batch_user) == NULL)
        return g_error_new(ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                           "there is no user \"%s\" on this machine (--batch-user)",
                           context->batch_user);
    return NULL;
}

static Step *
batch_create(const StepContext *context, const StepSpec *spec)
{
    BatchStep *self = g_new0(BatchStep, 1);

    self->job_id = spec->job_id;
    self->step_id = spec->id;
    self->code = g_strdup(spec->code);
    self->user = g_strdup(context->batch_user);
    self->output_limit = context->output_limit;
    self->sweeper = context->sweeper;
    self->cannot = find_objection(context);
    self->idle_id = g_idle_add_full(G_PRIORITY_DEFAULT,
                                    self->cannot != NULL ? on_cannot : on_prepared, self, NULL);
    return &self->base;
}

static void
batch_stop(Step *step, StepStop how)
{
    BatchStep *self = (BatchStep *)step;

    if (self->child != NULL)
        child_signal(self->child, how == STEP_STOP_POLITELY ? SIGTERM : SIGKILL);
    else if (!self->was_stopped) {
        g_clear_handle_id(&self->idle_id, g_source_remove);
        self->idle_id = g_idle_add(on_cannot, self);
    }
    self->was_stopped = true;
}

static void
batch_free(Step *step)
{
    BatchStep *self = (BatchStep *)step;

    g_clear_handle_id(&self->idle_id, g_source_remove);
    child_free(self->child);
    sweeper_take(self->sweeper, self->scratch,
                 self->has_ended && !self->was_stopped ? SWEEP_DIRECTORY : SWEEP_PROCESSES_TOO);
    g_clear_error(&self->cannot);
    g_free(self->file);
    g_free(self->user);
    g_free(self->code);
    g_free(self);
}

char *
step_describe_batch(const StepContext *context)
{
    g_autoptr(GError) objection = find_objection(context);

    if (objection != NULL)
        return g_strdup("off");
    if (context->batch_user != NULL)
        return g_strdup_printf("as %s", context->batch_user);
    return g_strdup("on");
}

const StepKind step_kind_batch = {"batch", batch_create, batch_run, batch_stop, batch_free};
