/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "slot-oracle.h"

#include "calendar/civil.h"

#define MINUTE CIVIL_US_PER_MINUTE
#define DAY    CIVIL_US_PER_DAY

static void
add_slot(const SlotOracle *oracle, GArray *slots, int64_t at, int64_t label, int64_t from,
         int64_t until)
{
    OracleSlot slot = {at, label};
    if (at > from && at <= until && at >= oracle->start_at && at <= oracle->end_at)
        g_array_append_val(slots, slot);
}

/* All instants at which the clock shows the label: twice in autumn, more often in zones that are made up. */
static void
add_all_passes(const SlotOracle *oracle, GArray *slots, int64_t label, int64_t from, int64_t until)
{
    int64_t at = label - 26 * 60 * MINUTE;
    while (at <= label + 26 * 60 * MINUTE) {
        int64_t next = zone_next_transition(oracle->zone, at);
        int64_t shown = label - zone_offset(oracle->zone, at) * CIVIL_US_PER_SECOND;
        if (shown >= at && shown < next)
            add_slot(oracle, slots, shown, label, from, until);
        at = next;
    }
}

void
slot_oracle_add(const SlotOracle *oracle, int64_t from, int64_t until, GArray *slots)
{
    int64_t first_label = (from / MINUTE - 2 * 1440) * MINUTE;
    for (int64_t label = first_label; label < until + 2 * DAY; label += MINUTE) {
        if (!oracle->selects(label, oracle->user_data))
            continue;
        if (oracle->is_running) {
            add_all_passes(oracle, slots, label, from, until);
        } else {
            int64_t first, second;
            (void)zone_resolve(oracle->zone, label, &first, &second);
            add_slot(oracle, slots, first, label, from, until);
        }
    }
}

/* At one instant the larger label comes first: that is what the clock shows where a gap moved another one there. */
static gint
compare_slots(gconstpointer a, gconstpointer b)
{
    const OracleSlot *x = a, *y = b;
    if (x->at != y->at)
        return (x->at > y->at) - (x->at < y->at);
    return (x->label < y->label) - (x->label > y->label);
}

void
slot_oracle_merge(GArray *slots)
{
    g_array_sort(slots, compare_slots);
    for (guint i = 1; i < slots->len;) {
        if (g_array_index(slots, OracleSlot, i).at == g_array_index(slots, OracleSlot, i - 1).at)
            g_array_remove_index(slots, i);
        else
            i++;
    }
}
