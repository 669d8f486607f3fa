/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include <inttypes.h>

#include "base/log.h"
#include "engine/run-private.h"

/* What a step waits for is shown to people when it has waited for so long. */
#define WAITING_SHOWN_AFTER_MS 1000

static void
run_show_waiting(const Run *self)
{
    if (self->opened_step_log_id != 0 && self->waits_for != NULL)
        runs_note_waiting(self->store, self->id, self->opened_step_log_id, self->waits_for);
}

typedef struct {
    Run *run;
    guint index;
} Waiting;

/* Whatever else it says will be found when the step is ready. */
static void
on_opened_to_wait(RunsOpening opening, int64_t step_log_id, const GError *error, gpointer user_data)
{
    g_autofree Waiting *waiting = user_data;
    g_autoptr(Run) self = waiting->run;

    if (opening != RUNS_OPENED || self->state != RUN_PREPARING || self->index != waiting->index)
        return;
    self->opened_step_log_id = step_log_id;
    run_show_waiting(self);
}

static gboolean
on_waits_long(gpointer user_data)
{
    Run *self = user_data;

    self->waiting_id = 0;
    self->was_shown = true;
    if (self->opened_step_log_id != 0) {
        run_show_waiting(self);
        return G_SOURCE_REMOVE;
    }

    Waiting *waiting = g_new(Waiting, 1);
    *waiting = (Waiting){.run = run_ref(self), .index = self->index};
    runs_open_step(self->store, self->id, run_step_row(self)->id, RUN_FIRST_ATTEMPT, NULL,
                   on_opened_to_wait, waiting);
    return G_SOURCE_REMOVE;
}

void
run_on_waiting(const char *what, gpointer user_data)
{
    Run *self = user_data;

    g_free(self->waits_for);
    self->waits_for = g_strdup(what);
    if (what == NULL) {
        g_clear_handle_id(&self->waiting_id, g_source_remove);
        return;
    }
    log_job_debug(self->job_id, "run %" PRId64 " of job \"%s\" waits for %s", self->id,
                  self->job_name, what);
    if (self->was_shown)
        run_show_waiting(self);
    else if (self->waiting_id == 0)
        self->waiting_id = g_timeout_add(WAITING_SHOWN_AFTER_MS, on_waits_long, self);
}
