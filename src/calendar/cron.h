/* SPDX-License-Identifier: PostgreSQL */
/* Cron text: five fields (minute, hour, day of month, month, weekday), or six with seconds first, with white space
 * between; and the macros that stand for five fields (@hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually).
 *
 *   every field    *   7   1,15   9-17   a-b/n: every nth of them   * /n (without the blank)   a/n: from a to the end
 *                  ranges may wrap: 22-2, FRI-MON; a step is no larger than its field
 *   day of month   L or $: the last; L-3: three days before it; 15W: the Monday to Friday nearest to the 15th and in
 *                  its month; LW: the last Monday to Friday; ? alone: the same as *
 *   month          also JAN or January
 *   weekday        0 to 7, Sunday is 0 and 7; also SUN or Sunday; 1#2: the second Monday of the month; 5L: its last
 *                  Friday; ? alone
 *
 * A rule of five fields runs at second 0. @every, @after and @reboot are not rules of a calendar: see definition.h. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "calendar/place.h"
#include "calendar/rule.h"

/* How the two day fields combine. One that is a plain * (or ?) restricts nothing, so that the other one decides. */
typedef enum {
    CRON_DAY_VIXIE, /* OR; but AND if one of them begins with a star, as * /5 does */
    CRON_DAY_OR,
    CRON_DAY_AND,
} CronDays;

/* Errors: INPUT, with the field, the value and what is allowed; *place (may be NULL) is where. */
bool cron_parse(const char *text, CronDays days, Rule *rule, Place *place,
                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A short text of five fields, or six if it has seconds, that reads as the same rule, and *days with it: VIXIE wherever
 * that is right. The same for equal rules: numbers, no names; ranges and steps where they are shorter. NULL if cron cannot
 * say it. Free with g_free. */
char *cron_print(const Rule *rule, CronDays *days);
