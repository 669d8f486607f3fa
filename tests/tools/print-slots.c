/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "print-slots.h"

#include <inttypes.h>
#include <stdio.h>

void
print_slots(const Schedule *schedule, int64_t after, int64_t wanted)
{
    const char *separator = "";
    for (int64_t i = 0; i < wanted; i++) {
        ScheduleSlot slot;
        RuleOutcome outcome = schedule_next(schedule, after, INT64_MAX, &slot);
        if (outcome != RULE_FOUND) {
            printf("%s%s", separator, outcome == RULE_NEVER ? "never" : "beyond");
            break;
        }
        printf("%s%" PRId64, separator, slot.at);
        separator = " ";
        after = slot.at;
    }
    printf("\n");
}
