/* SPDX-License-Identifier: PostgreSQL */
/* Dates and times of day without a zone: the proleptic Gregorian calendar as arithmetic. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CIVIL_US_PER_SECOND INT64_C(1000000)
#define CIVIL_US_PER_MINUTE INT64_C(60000000)
#define CIVIL_US_PER_DAY    INT64_C(86400000000)
/* The calendar repeats after this many days (400 years), weekdays included. */
#define CIVIL_CYCLE_DAYS INT64_C(146097)

typedef struct {
    int32_t year; /* 1 … 9999 */
    int8_t month; /* 1 … 12 */
    int8_t day;   /* 1 … 31 */
} CivilDate;

/* The calendar of this program: from the first day of year 1 to the last microsecond of year 9999, as labels
 * or instants. Dates and instants outside are clamped by whoever gets them from elsewhere. */
#define CIVIL_MIN_DAYS INT64_C(-719162)
#define CIVIL_MAX_DAYS INT64_C(2932896)
#define CIVIL_MIN_AT   (CIVIL_MIN_DAYS * CIVIL_US_PER_DAY)
#define CIVIL_MAX_AT   ((CIVIL_MAX_DAYS + 1) * CIVIL_US_PER_DAY - 1)

/* Here, because searches ask it for month after month. */
static inline bool
civil_is_leap_year(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static inline int
civil_month_length(int32_t year, int month)
{
    if (month == 2)
        return civil_is_leap_year(year) ? 29 : 28;
    return 30 + ((month + (month > 7)) & 1);
}

/* Days since 1970-01-01. */
int64_t civil_days(int32_t year, int month, int day);
CivilDate civil_date(int64_t days);
/* 0 = Sunday … 6 = Saturday. */
int civil_weekday(int64_t days);
/* The day that a local label (microseconds) lies in; rounds towards the past. */
int64_t civil_label_days(int64_t label);
/* Labels in whole seconds: that of a label in microseconds, and its day. Both round towards the past. */
int64_t civil_label_seconds(int64_t label);
int64_t civil_second_days(int64_t second);

/* Division that rounds towards the past, also of what lies before 1970. */
int64_t civil_floor_divide(int64_t a, int64_t b);
