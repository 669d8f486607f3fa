/* SPDX-License-Identifier: PostgreSQL */
/* The printer. It writes down the parts of a rule that cron has, then reads that text back: what cron cannot say is
 * what does not come back. */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "calendar/cron.h"
#include "calendar/cronfield.h"

#define MAX_VALUES 60
#define ITEM_SIZE  40

typedef enum {
    STARS_ALLOWED,
    STARS_AVOIDED, /* Vixie's rule takes a star for AND */
} Stars;

typedef struct {
    const CronField *field;
    Stars stars;
    int values[MAX_VALUES]; /* ascending */
    int n;
} Values;

/* The values i … j, which are evenly spaced, as one item of a list. Returns its length. */
static int
print_item(const Values *self, int i, int j, char item[ITEM_SIZE])
{
    int from = self->values[i], to = self->values[j];
    if (i == j)
        return g_snprintf(item, ITEM_SIZE, "%d", from);
    int step = self->values[i + 1] - from;
    bool reaches_end = to + step > self->field->last;
    bool is_star = reaches_end && from == self->field->first && self->stars == STARS_ALLOWED;
    if (step == 1)
        return is_star ? g_snprintf(item, ITEM_SIZE, "*")
                       : g_snprintf(item, ITEM_SIZE, "%d-%d", from, to);
    if (is_star)
        return g_snprintf(item, ITEM_SIZE, "*/%d", step);
    return reaches_end ? g_snprintf(item, ITEM_SIZE, "%d/%d", from, step)
                       : g_snprintf(item, ITEM_SIZE, "%d-%d/%d", from, to, step);
}

static bool
is_even(const Values *self, int i, int j)
{
    return j < i + 2 ||
           self->values[j] - self->values[j - 1] == self->values[i + 1] - self->values[i];
}

/* The shortest way to cut the values into items, found from the end: what is best for the values from i on is an item
 * and what is best behind it. Of equally long ones that with the shorter item at its beginning. */
static char *
print_list(const Values *self)
{
    int length[MAX_VALUES + 1] = {0}, item_end[MAX_VALUES] = {0};
    char item[ITEM_SIZE];
    for (int i = self->n - 1; i >= 0; i--) {
        length[i] = INT_MAX;
        for (int j = i; j < self->n && is_even(self, i, j); j++) {
            int with_comma = print_item(self, i, j, item) + 1 + length[j + 1];
            if (with_comma < length[i]) {
                length[i] = with_comma;
                item_end[i] = j;
            }
        }
    }

    GString *text = g_string_new(NULL);
    for (int i = 0; i < self->n; i = item_end[i] + 1) {
        (void)print_item(self, i, item_end[i], item);
        g_string_append_printf(text, "%s%s", i > 0 ? "," : "", item);
    }
    return g_string_free(text, FALSE);
}

/* With one range that goes over the end of the field (22-2, 50-10/5) and what lies between its ends. NULL if there is no
 * such range. */
static char *
print_wrapped(const Values *self)
{
    const CronField *field = self->field;
    int size = cron_field_size(field), last = self->n - 1;
    if (last < 1)
        return NULL;
    int step = self->values[0] + size - self->values[last];
    int from = last, to = 0;
    while (from > 0 && self->values[from] - self->values[from - 1] == step)
        from--;
    while (to < from && self->values[to + 1] - self->values[to] == step)
        to++;
    if (to >= from)
        return NULL;

    Values between = {.field = field, .stars = STARS_AVOIDED, .n = from - to - 1};
    memcpy(between.values, &self->values[to + 1], (size_t)between.n * sizeof(int));
    GString *text = g_string_new(NULL);
    if (between.n > 0) {
        g_autofree char *list = print_list(&between);
        g_string_append_printf(text, "%s,", list);
    }
    /* FRI-SUN is 5-7, which other crons understand, too. */
    bool is_sunday = field->kind == CRON_WEEKDAY && self->values[to] == 0;
    g_string_append_printf(text, "%d-%d", self->values[from], is_sunday ? 7 : self->values[to]);
    if (step > 1)
        g_string_append_printf(text, "/%d", step);
    return g_string_free(text, FALSE);
}

static void
append_field(GString *text, const CronField *field, const Rule *rule, Stars stars)
{
    Values values = {.field = field, .stars = stars};
    uint64_t bits = cron_field_get(field, rule);
    for (int i = 0; i < cron_field_size(field); i++) {
        if (bits >> i & 1)
            values.values[values.n++] = field->first + i;
    }
    g_autofree char *list = print_list(&values);
    g_autofree char *wrapped = print_wrapped(&values);
    g_string_append(text, wrapped && strlen(wrapped) < strlen(list) ? wrapped : list);
}

static void append_item(GString *field, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
append_item(GString *field, const char *format, ...)
{
    va_list arguments;
    if (field->len > 0)
        g_string_append_c(field, ',');
    va_start(arguments, format);
    g_string_append_vprintf(field, format, arguments);
    va_end(arguments);
}

static char *
print_days(const Rule *rule, Stars stars)
{
    GString *text = g_string_new(NULL);
    append_field(text, &cron_fields[CRON_DAY], rule, stars);
    for (int before = 30; before >= 1; before--) {
        if (rule->month_days_back & RULE_LAST_DAY >> before)
            append_item(text, "L-%d", before);
    }
    if (rule->month_days_back & RULE_LAST_DAY)
        append_item(text, "L");
    for (int day = 1; day <= 31; day++) {
        if (rule->near_weekdays & 1u << (day - 1))
            append_item(text, "%dW", day);
    }
    if (rule->near_weekdays & RULE_LAST_DAY)
        append_item(text, "LW");
    return g_string_free(text, FALSE);
}

static char *
print_weekdays(const Rule *rule, Stars stars)
{
    GString *text = g_string_new(NULL);
    append_field(text, &cron_fields[CRON_WEEKDAY], rule, stars);
    for (int day = 0; day < 7; day++) {
        for (int nth = 1; nth <= 5; nth++) {
            if (rule->nth_of_month[day] & 1u << nth)
                append_item(text, "%d#%d", day, nth);
        }
        if (rule->nth_of_month[day] & CRON_LAST_OF_MONTH)
            append_item(text, "%dL", day);
    }
    return g_string_free(text, FALSE);
}

static char *
print_fields(const Rule *rule, CronDays *days)
{
    Stars stars = rule->either_day ? STARS_AVOIDED : STARS_ALLOWED;
    g_autofree char *month_days = print_days(rule, stars);
    g_autofree char *weekdays = print_weekdays(rule, stars);
    GString *text = g_string_new(NULL);
    for (int kind = rule->seconds == 1 ? CRON_MINUTE : CRON_SECOND; kind <= CRON_HOUR; kind++) {
        append_field(text, &cron_fields[kind], rule, STARS_ALLOWED);
        g_string_append_c(text, ' ');
    }
    g_string_append_printf(text, "%s ", month_days);
    append_field(text, &cron_fields[CRON_MONTH], rule, STARS_ALLOWED);
    g_string_append_printf(text, " %s", weekdays);
    bool is_vixie = rule->either_day || *month_days == '*' || *weekdays == '*';
    *days = is_vixie ? CRON_DAY_VIXIE : CRON_DAY_AND;
    return g_string_free(text, FALSE);
}

char *
cron_print(const Rule *rule, CronDays *days)
{
    CronDays printed_days;
    Rule again;
    g_autofree char *text = print_fields(rule, &printed_days);
    if (!cron_parse(text, printed_days, &again, NULL, NULL) || !rule_equal(rule, &again))
        return NULL;
    *days = printed_days;
    return g_steal_pointer(&text);
}
