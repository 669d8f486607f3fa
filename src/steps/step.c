/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "steps/step.h"

/* Which kind carries out which letter of jstkind. */
static const struct {
    char letter;
    const StepKind *kind;
} kinds[] = {
    {'s', &step_kind_sql},
    {'b', &step_kind_batch},
};

static const StepKind *
kind_of(const StepSpec *spec)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].letter == spec->kind)
            return kinds[i].kind;
    }
    return &step_kind_unknown;
}

Step *
step_new(const StepContext *context, const StepSpec *spec, const StepEvents *events,
         gpointer user_data)
{
    const StepKind *kind = kind_of(spec);
    Step *self = kind->create(context, spec);

    self->kind = kind;
    self->events = *events;
    self->user_data = user_data;
    return self;
}

void
step_run(Step *self)
{
    self->kind->run(self);
}

void
step_stop(Step *self, StepStop how)
{
    self->kind->stop(self, how);
}

void
step_free(Step *self)
{
    if (self != NULL)
        self->kind->free(self);
}
