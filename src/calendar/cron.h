/* SPDX-License-Identifier: PostgreSQL */
/* Cron text: five fields (minute, hour, day of month, month, weekday), or six with seconds first; and the macros that
 * stand for five fields (@hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually). See
 * pgalmanac-schedules(7) for the language. @every, @after and @reboot are not rules of a calendar: see definition.h. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "calendar/place.h"
#include "calendar/rule.h"

/* How the two day fields combine. */
typedef enum {
    CRON_DAY_VIXIE, /* OR, but AND if one of them begins with a star (or is ?) */
    CRON_DAY_OR,
    CRON_DAY_AND,
} CronDays;

/* Errors: INPUT, with the field, the value and what is allowed; *place (may be NULL) is where. */
bool cron_parse(const char *text, CronDays days, Rule *rule, Place *place,
                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The shortest text of five fields, or six if it has seconds, that reads as the same rule, and *days with it; NULL if
 * cron cannot say it. Free with g_free. */
char *cron_print(const Rule *rule, CronDays *days);
