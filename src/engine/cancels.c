/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/cancels.h"

#include "store/requests.h"

typedef struct {
    const EngineParts *parts;
    CancelsAnswered answered;
    gpointer user_data;
} Cancels;

static void
on_loaded(const GPtrArray *requests, const GError *error, gpointer user_data)
{
    g_autofree Cancels *self = user_data;

    for (guint i = 0; error == NULL && i < requests->len; i++) {
        const CancelRequest *request = g_ptr_array_index(requests, i);
        /* What an agent asks for itself is the job's busy policy. */
        g_autofree char *reason =
            request->by != NULL
                ? g_strdup_printf("cancelled by %s", request->by)
                : g_strdup(
                      "replaced by the run of the next slot, which came while the job still ran");

        dispatch_cancel(self->parts->dispatch, request->run_id, reason);
    }
    self->answered(error, self->user_data);
}

void
cancels_answer(const EngineParts *parts, CancelsAnswered answered, gpointer user_data)
{
    Cancels *self = g_new(Cancels, 1);

    *self = (Cancels){.parts = parts, .answered = answered, .user_data = user_data};
    requests_cancels(parts->store, on_loaded, self);
}
