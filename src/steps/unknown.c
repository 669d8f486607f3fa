/* SPDX-License-Identifier: PostgreSQL */
/* A step of a kind that this version does not know: it fails and says so. */
#include "config.h"

#include "steps/step.h"

typedef struct {
    Step base;
    char letter;
    guint idle_id;
} UnknownStep;

static gboolean
on_idle(gpointer user_data)
{
    UnknownStep *self = user_data;
    g_autofree char *output = g_strdup_printf(
        "ERROR:  could not start step: kind \"%c\" is not known to this version of pgalmanac",
        self->letter);
    const StepResult result = {.outcome = STEP_FAILED, .result = -1, .output = output};

    self->idle_id = 0;
    self->base.events.done(&result, self->base.user_data);
    return G_SOURCE_REMOVE;
}

static Step *
unknown_create(const StepContext *context, const StepSpec *spec)
{
    UnknownStep *self = g_new0(UnknownStep, 1);

    self->letter = spec->kind;
    self->idle_id = g_idle_add(on_idle, self);
    return &self->base;
}

static void
unknown_run(Step *step)
{
    g_assert_not_reached();
}

static void
unknown_stop(Step *step, StepStop how)
{
    /* It is over in this turn of the loop anyway. */
}

static void
unknown_free(Step *step)
{
    UnknownStep *self = (UnknownStep *)step;

    g_clear_handle_id(&self->idle_id, g_source_remove);
    g_free(self);
}

const StepKind step_kind_unknown = {"unknown", unknown_create, unknown_run, unknown_stop,
                                    unknown_free};
