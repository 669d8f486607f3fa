/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/halves.h"

void
halves_begin(Halves *self, guint total)
{
    *self = (Halves){.total = total, .size = total};
}

guint
halves_count(const Halves *self)
{
    return MIN(self->size, self->total - self->at);
}

void
halves_accepted(Halves *self)
{
    self->at += halves_count(self);
    self->size *= 2;
}

bool
halves_refused(Halves *self)
{
    guint count = halves_count(self);

    if (count == 1)
        self->at++;
    else
        self->size = count / 2;
    return count == 1;
}
