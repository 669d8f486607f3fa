/* SPDX-License-Identifier: PostgreSQL */
/* A zone is one sorted table of changes of offset. What the footer says is written out for a Gregorian cycle
 * behind the file's own changes; later instants are folded back by whole cycles, after which everything
 * repeats. So there is one way to look something up, and it holds for every year. */
#include "config.h"

#include "calendar/zone.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "calendar/civil.h"
#include "calendar/posixzone.h"
#include "calendar/tzif.h"

#ifndef PGALMANAC_ZONEINFO
#define PGALMANAC_ZONEINFO "/usr/share/zoneinfo"
#endif

#define CYCLE_YEARS   400
#define CYCLE_US      (CIVIL_CYCLE_DAYS * CIVIL_US_PER_DAY)
#define CYCLE_SECONDS (CIVIL_CYCLE_DAYS * 86400)
#define MIN_SECONDS   (CIVIL_MIN_DAYS * 86400)
#define MAX_SECONDS   ((CIVIL_MAX_DAYS + 1) * 86400 - 1)
/* A footer's change may lie up to a week outside its year; after this many years only footer is about. */
#define SETTLING_YEARS 3

struct Zone {
    gatomicrefcount references;
    char *name;
    char *path;      /* of its file; NULL = it has none */
    GStatBuf loaded; /* the file as it was */
    size_t n;
    int64_t *at;     /* microseconds; at[0] = INT64_MIN stands for "since ever" */
    int32_t *offset; /* seconds, from at[i] on; differs from its neighbours */
    bool repeats;
    int64_t repeat_from; /* from this instant on, everything comes again after a cycle */
    int32_t min_offset, max_offset;
};

/* While loading: seconds, not yet sorted out. */
typedef struct {
    int64_t at;
    int32_t offset;
} Change;

static void
add_change(GArray *changes, int64_t at, int32_t offset)
{
    Change change = {at, offset};
    g_array_append_val(changes, change);
}

/* Insertion sort: footers give changes that are in order but for the pair of one year. Of changes at one
 * instant the last one added wins. */
static void
sort_changes(GArray *changes)
{
    Change *v = (Change *)(void *)changes->data;
    for (guint i = 1; i < changes->len; i++) {
        Change change = v[i];
        guint j = i;
        for (; j > 0 && v[j - 1].at > change.at; j--)
            v[j] = v[j - 1];
        v[j] = change;
    }
}

/* Changes from that year on, for a whole cycle and what look-ups near its end need. */
static GArray *
write_out(const PosixZone *rule, int32_t year)
{
    GArray *changes = g_array_new(FALSE, FALSE, sizeof(Change));
    int32_t last_year = year + SETTLING_YEARS + CYCLE_YEARS + 2;
    for (int32_t y = year - 1; y <= last_year; y++) {
        /* The start comes second: where both fall together, daylight saving time goes on all year. */
        add_change(changes, posix_zone_end(rule, y), rule->standard_offset);
        add_change(changes, posix_zone_start(rule, y), rule->daylight_offset);
    }
    sort_changes(changes);

    /* What follows upon the last ones was not written: it might undo them. */
    int64_t middle_of_last_year = civil_days(last_year, 7, 1) * 86400;
    while (changes->len > 0 &&
           g_array_index(changes, Change, changes->len - 1).at >= middle_of_last_year)
        g_array_set_size(changes, changes->len - 1);
    return changes;
}

/* The footer holds from the file's last change on, or always if the file has none. */
static void
add_footer(Zone *self, GArray *changes, const PosixZone *rule, int32_t *first_offset)
{
    bool has_changes = changes->len > 0;
    int64_t from = has_changes ? g_array_index(changes, Change, changes->len - 1).at : MIN_SECONDS;
    if (!rule->has_daylight) {
        if (has_changes)
            add_change(changes, from, rule->standard_offset);
        else
            *first_offset = rule->standard_offset;
        return;
    }

    int32_t year = civil_date(civil_label_days(from * CIVIL_US_PER_SECOND)).year;
    g_autoptr(GArray) written = write_out(rule, year);
    int32_t offset = rule->standard_offset;
    guint i = 0;
    for (; i < written->len && g_array_index(written, Change, i).at <= from; i++)
        offset = g_array_index(written, Change, i).offset;
    if (has_changes)
        add_change(changes, from, offset);
    else
        *first_offset = offset;
    g_array_append_vals(changes, &g_array_index(written, Change, i), written->len - i);
    self->repeats = true;
    self->repeat_from = civil_days(year + SETTLING_YEARS, 1, 1) * CIVIL_US_PER_DAY;
}

/* Hands the table over: without changes that change nothing, or that another at the same instant undoes. */
static void
take_changes(Zone *self, const GArray *changes, int32_t first_offset)
{
    self->at = g_new(int64_t, changes->len + 1);
    self->offset = g_new(int32_t, changes->len + 1);
    self->at[0] = INT64_MIN;
    self->offset[0] = self->min_offset = self->max_offset = first_offset;
    self->n = 1;
    for (guint i = 0; i < changes->len; i++) {
        const Change *change = &g_array_index(changes, Change, i);
        bool undone = i + 1 < changes->len && change[1].at == change->at;
        if (undone || change->offset == self->offset[self->n - 1])
            continue;
        self->at[self->n] = change->at * CIVIL_US_PER_SECOND;
        self->offset[self->n] = change->offset;
        self->n++;
        self->min_offset = MIN(self->min_offset, change->offset);
        self->max_offset = MAX(self->max_offset, change->offset);
    }
}

Zone *
zone_parse(const char *name, const uint8_t *bytes, size_t length, GError **error)
{
    g_autofree Tzif *tzif = g_new(Tzif, 1);
    PosixZone rule;
    const char *problem = tzif_read(bytes, length, tzif);
    if (!problem && tzif->footer_length > 0 &&
        !posix_zone_parse(tzif->footer, tzif->footer_length, &rule))
        problem = "its footer is wrong";
    if (problem) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT, "cannot read time zone \"%s\": %s",
                    name, problem);
        return NULL;
    }

    g_autoptr(Zone) self = g_new0(Zone, 1);
    g_atomic_ref_count_init(&self->references);
    self->name = g_strdup(name);
    g_autoptr(GArray) changes = g_array_new(FALSE, FALSE, sizeof(Change));
    int32_t first_offset = tzif->first_offset;
    for (size_t i = 0; i < tzif->n_changes && tzif->at[i] <= MAX_SECONDS; i++) {
        /* Old files begin with a change at the Big Bang. */
        if (tzif->at[i] <= MIN_SECONDS)
            first_offset = tzif->offset[i];
        else
            add_change(changes, tzif->at[i], tzif->offset[i]);
    }
    if (tzif->footer_length > 0)
        add_footer(self, changes, &rule, &first_offset);
    take_changes(self, changes, first_offset);
    return g_steal_pointer(&self);
}

static bool
is_safe_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > 255)
        return false;
    for (const char *at = name; *at; at++) {
        if (!g_ascii_isalnum(*at) && !strchr("+-_./", *at))
            return false;
    }
    g_auto(GStrv) parts = g_strsplit(name, "/", -1);
    for (char **part = parts; *part; part++) {
        if (**part == '\0' || **part == '.')
            return false;
    }
    return true;
}

Zone *
zone_load(const char *name, const char *directory, GError **error)
{
    if (!is_safe_name(name)) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_NOT_FOUND,
                    "time zone \"%s\" does not exist", name);
        return NULL;
    }
    g_autofree char *path =
        g_build_filename(directory ? directory : PGALMANAC_ZONEINFO, name, NULL);
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_NOT_FOUND,
                    "time zone \"%s\" does not exist", name);
        return NULL;
    }
    g_autofree char *bytes = NULL;
    gsize length;
    GStatBuf before = {0}; /* a file that changes while it is read is another one than this */
    (void)g_stat(path, &before);
    g_autoptr(GError) reason = NULL;
    if (!g_file_get_contents(path, &bytes, &length, &reason)) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not read time zone: %s",
                    reason->message);
        return NULL;
    }
    Zone *self = zone_parse(name, (const uint8_t *)bytes, length, error);
    if (self) {
        self->path = g_steal_pointer(&path);
        self->loaded = before;
    }
    return self;
}

bool
zone_is_current(const Zone *self)
{
    GStatBuf now;
    if (!self->path || g_stat(self->path, &now) != 0)
        return true;
    return now.st_mtime == self->loaded.st_mtime && now.st_size == self->loaded.st_size &&
           now.st_ino == self->loaded.st_ino;
}

Zone *
zone_ref(Zone *self)
{
    g_atomic_ref_count_inc(&self->references);
    return self;
}

void
zone_unref(Zone *self)
{
    if (!self || !g_atomic_ref_count_dec(&self->references))
        return;
    g_free(self->name);
    g_free(self->path);
    g_free(self->at);
    g_free(self->offset);
    g_free(self);
}

const char *
zone_name(const Zone *self)
{
    return self->name;
}

void
zone_offset_range(const Zone *self, int32_t *minimum, int32_t *maximum)
{
    *minimum = self->min_offset;
    *maximum = self->max_offset;
}

/* How much to take from an instant of our calendar so that the table covers it. */
static int64_t
fold(const Zone *self, int64_t at)
{
    if (!self->repeats || at < self->repeat_from + CYCLE_US)
        return 0;
    return (at - self->repeat_from) / CYCLE_US * CYCLE_US;
}

/* The last entry at or before that instant. */
static size_t
entry_at(const Zone *self, int64_t at)
{
    const int64_t *base = self->at;
    size_t n = self->n;
    while (n > 1) {
        size_t half = n / 2;
        base = base[half] <= at ? base + half : base;
        n -= half;
    }
    return (size_t)(base - self->at);
}

int32_t
zone_offset(const Zone *self, int64_t at)
{
    at = CLAMP(at, CIVIL_MIN_AT, CIVIL_MAX_AT);
    return self->offset[entry_at(self, at - fold(self, at))];
}

void
zone_span(const Zone *self, int64_t at, ZoneSpan *span)
{
    at = CLAMP(at, CIVIL_MIN_AT, CIVIL_MAX_AT);
    int64_t folded = fold(self, at);
    size_t i = entry_at(self, at - folded);
    span->from_at = i == 0 ? INT64_MIN : self->at[i] + folded;
    span->until_at = i + 1 == self->n ? INT64_MAX : self->at[i + 1] + folded;
    if (span->until_at > CIVIL_MAX_AT)
        span->until_at = INT64_MAX;
    span->offset = self->offset[i];
    span->offset_before = self->offset[i == 0 ? 0 : i - 1];
}

int64_t
zone_next_transition(const Zone *self, int64_t at)
{
    if (at >= CIVIL_MAX_AT)
        return INT64_MAX;
    ZoneSpan span;
    zone_span(self, at, &span);
    return span.until_at;
}

static int64_t
offset_us(const Zone *self, size_t i)
{
    return self->offset[i] * CIVIL_US_PER_SECOND;
}

/* The label does not fit any entry from i to last: it lies in the gap at the beginning of one of them. */
static int64_t
shift_out_of_gap(const Zone *self, size_t i, size_t last, int64_t label)
{
    for (; i < last; i++) {
        if (label < self->at[i + 1] + offset_us(self, i + 1))
            break;
    }
    return label - offset_us(self, i);
}

ZoneFit
zone_resolve(const Zone *self, int64_t label, int64_t *first, int64_t *second)
{
    label = CLAMP(label, CIVIL_MIN_AT, CIVIL_MAX_AT);
    int64_t folded = fold(self, label - self->max_offset * CIVIL_US_PER_SECOND);
    label -= folded;

    /* Whatever its offset was, it shows between these two instants. */
    int64_t earliest = label - self->max_offset * CIVIL_US_PER_SECOND;
    int64_t latest = label - self->min_offset * CIVIL_US_PER_SECOND;
    size_t i = entry_at(self, earliest);
    size_t last = i;
    while (last + 1 < self->n && self->at[last + 1] <= latest)
        last++;

    int passes = 0;
    for (size_t j = i; j <= last; j++) {
        int64_t at = label - offset_us(self, j);
        bool shows = at >= self->at[j] && (j + 1 == self->n || at < self->at[j + 1]);
        if (!shows)
            continue;
        if (passes++ == 0)
            *first = at + folded;
        *second = at + folded;
    }
    if (passes == 0) {
        *first = *second = shift_out_of_gap(self, i, last, label) + folded;
        return ZONE_GAP;
    }
    return passes == 1 ? ZONE_UNIQUE : ZONE_AMBIGUOUS;
}
