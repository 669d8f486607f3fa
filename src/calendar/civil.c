/* SPDX-License-Identifier: PostgreSQL */
/* Years are counted from March here, so that the leap day is the last of its year and month lengths follow
 * one straight line (153 days in five months). */
#include "config.h"

#include "calendar/civil.h"

/* Days from 0000-03-01, on which a cycle of 400 years begins, to 1970-01-01. */
#define DAYS_TO_EPOCH INT64_C(719468)

int64_t
civil_days(int32_t year, int month, int day)
{
    /* One more cycle keeps the divisions below on positive numbers. */
    int64_t march_year = (int64_t)year - (month <= 2) + 400;
    int64_t march_month = month > 2 ? month - 3 : month + 9;
    return 365 * march_year + march_year / 4 - march_year / 100 + march_year / 400 +
           (153 * march_month + 2) / 5 + day - 1 - DAYS_TO_EPOCH - CIVIL_CYCLE_DAYS;
}

CivilDate
civil_date(int64_t days)
{
    uint32_t n = (uint32_t)(days + DAYS_TO_EPOCH + CIVIL_CYCLE_DAYS);
    uint32_t century = (4 * n + 3) / 146097;
    uint32_t in_century = n - 146097 * century / 4;
    uint32_t year = (4 * in_century + 3) / 1461;
    uint32_t in_year = in_century - 1461 * year / 4;
    uint32_t month = (5 * in_year + 2) / 153;
    uint32_t day = in_year - (153 * month + 2) / 5;
    bool next_year = month >= 10;

    return (CivilDate){
        .year = (int32_t)(100 * century + year) - 400 + next_year,
        .month = (int8_t)(next_year ? month - 9 : month + 3),
        .day = (int8_t)(day + 1),
    };
}

int
civil_weekday(int64_t days)
{
    /* 1970-01-01 was a Thursday. */
    int64_t weekday = (days + 4) % 7;
    return (int)(weekday < 0 ? weekday + 7 : weekday);
}

int64_t
civil_floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t
civil_label_days(int64_t label)
{
    return civil_floor_divide(label, CIVIL_US_PER_DAY);
}

int64_t
civil_label_seconds(int64_t label)
{
    return civil_floor_divide(label, CIVIL_US_PER_SECOND);
}

int64_t
civil_second_days(int64_t second)
{
    return civil_floor_divide(second, 86400);
}
