/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/next.h"

#include <string.h>

#include "base/error.h"
#include "base/quantity.h"
#include "calendar/civil.h"

static Zone *
find_zone(const char *name, gpointer user_data, GError **error)
{
    (void)user_data;
    return zone_load(name, NULL, error);
}

/* A rule that says nothing of a start begins in the second of --from. */
static int64_t
whole_second(int64_t at)
{
    int64_t rest = at % CIVIL_US_PER_SECOND;
    return at - (rest < 0 ? rest + CIVIL_US_PER_SECOND : rest);
}

static bool
set_days(RuleDefinition *definition, const NextQuestion *question, GError **error)
{
    if (!question->has_days)
        return true;
    if (definition->kind != RULE_KIND_CRON) {
        g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                            "--dom-dow is for cron text only: it says how its two day fields "
                            "combine");
        return false;
    }
    definition->days = question->days;
    return true;
}

static char *
describe_event(const RuleDefinition *definition)
{
    if (definition->kind == RULE_KIND_STARTUP)
        return g_strdup("runs once at each start of an agent");
    g_autofree char *period = quantity_format_duration(length_elapsed(&definition->period));
    return g_strdup_printf("runs %s after its last run has ended", period);
}

static const char *
why_never(const NextQuestion *question, const RuleDefinition *definition, const NextAnswer *answer)
{
    const char *reason = schedule_why_never(answer->schedule);
    if (reason)
        return reason;
    if (answer->slots->len > 0)
        return "that was the last one";
    return definition->end_at <= question->from ? "its end has passed"
                                                : "it has no slot after that instant";
}

static void
collect(const NextQuestion *question, const RuleDefinition *definition, NextAnswer *answer)
{
    int64_t after = question->from;
    RuleOutcome outcome = RULE_FOUND;
    while (outcome == RULE_FOUND && (int64_t)answer->slots->len < question->count) {
        ScheduleSlot slot;
        outcome = schedule_next(answer->schedule, after, INT64_MAX, &slot);
        if (outcome == RULE_FOUND) {
            g_array_append_val(answer->slots, slot);
            after = slot.at;
        }
    }

    switch (outcome) {
    case RULE_FOUND:
        answer->end = NEXT_MORE;
        break;
    case RULE_NEVER:
        answer->end = NEXT_NEVER;
        answer->reason = g_strdup(why_never(question, definition, answer));
        break;
    case RULE_BEYOND:
        answer->end = NEXT_BEYOND;
        answer->reason =
            g_strdup("none was found up to the end of year 9999, or the search became too long");
        break;
    }
}

NextAnswer *
next_ask(const NextQuestion *question, Place *place, GError **error)
{
    RuleDefinition definition;
    if (!definition_parse(question->rule, question->dialect, question->zone,
                          whole_second(question->from), &definition, place, error))
        return NULL;

    g_autoptr(NextAnswer) answer = g_new0(NextAnswer, 1);
    answer->slots = g_array_new(FALSE, FALSE, sizeof(ScheduleSlot));
    bool ok = set_days(&definition, question, error);
    if (ok && rule_kind_is_calendar(definition.kind)) {
        answer->schedule =
            definition_compile(&definition, 1, question->zone, find_zone, NULL, place, error);
        ok = answer->schedule != NULL;
        /* Typed rules have no text to point into: it is all of the words. */
        if (!ok && !definition.text)
            *place = (Place){0, strlen(question->rule)};
    }
    if (ok) {
        answer->understood = definition_print(&definition, question->zone);
        if (answer->schedule) {
            collect(question, &definition, answer);
        } else {
            answer->end = NEXT_EVENT;
            answer->reason = describe_event(&definition);
        }
    }
    definition_clear(&definition);
    return ok ? g_steal_pointer(&answer) : NULL;
}

void
next_answer_free(NextAnswer *self)
{
    if (!self)
        return;
    g_free(self->understood);
    g_free(self->reason);
    g_array_unref(self->slots);
    schedule_free(self->schedule);
    g_free(self);
}
