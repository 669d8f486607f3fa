/* SPDX-License-Identifier: PostgreSQL */
/* What the typed kinds mean: the masks of a day or more, at the time of day of the start. */
#include "config.h"

#include "calendar/civil.h"
#include "calendar/typed.h"

static void
set_time(Rule *rule, int64_t start)
{
    int64_t time = start - civil_label_days(start) * CIVIL_US_PER_DAY;
    int second = (int)(time / CIVIL_US_PER_SECOND);
    rule->seconds = UINT64_C(1) << second % 60;
    rule->minutes = UINT64_C(1) << second / 60 % 60;
    rule->hours = UINT32_C(1) << second / 3600;
}

static void
set_weekdays(Rule *rule, uint8_t weekdays, int64_t start)
{
    int weekday = civil_weekday(civil_label_days(start));
    rule->weekdays = weekdays != 0 ? weekdays : (uint8_t)(1 << weekday);
}

static void
set_month_days(Rule *rule, const RuleDefinition *self, int64_t start)
{
    bool has_days = self->month_days != 0 || self->month_days_back != 0;
    uint32_t day_of_start = UINT32_C(1) << (civil_date(civil_label_days(start)).day - 1);
    rule->month_days = has_days ? self->month_days : day_of_start;
    rule->month_days_back = self->month_days_back;
    if (self->months != 0)
        rule->months = self->months;
}

/* Every single period needs no counting: the masks say it all. Weeks begin on Monday. */
static void
set_interval(Rule *rule, RuleFrequency frequency, int every, int64_t start)
{
    if (every <= 1)
        return;
    rule->frequency = frequency;
    rule->interval = (uint32_t)every;
    rule->anchor = start;
    rule->week_start = 1;
}

void
typed_rule(const RuleDefinition *self, int64_t start, Rule *rule)
{
    rule_init(rule);
    set_time(rule, start);
    switch (self->kind) {
    case RULE_KIND_HOURLY:
        rule->hours = self->hours != 0 ? self->hours : RULE_ALL_HOURS;
        break;
    case RULE_KIND_DAILY:
        set_interval(rule, RULE_DAILY, self->every, start);
        break;
    case RULE_KIND_WEEKLY:
        set_weekdays(rule, self->weekdays, start);
        set_interval(rule, RULE_WEEKLY, self->every, start);
        break;
    case RULE_KIND_MONTHLY:
        set_month_days(rule, self, start);
        set_interval(rule, RULE_MONTHLY, self->every, start);
        break;
    case RULE_KIND_ONCE:
    case RULE_KIND_CRON:
    case RULE_KIND_ICAL:
    case RULE_KIND_EVERY:
    case RULE_KIND_AFTER:
    case RULE_KIND_STARTUP:
    case N_RULE_KINDS:
        g_assert_not_reached();
    }
}
