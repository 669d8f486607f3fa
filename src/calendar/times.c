/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/times.h"

#include <glib.h>

#define MINUTE 60
#define HOUR   3600

int
times_next(const Rule *rule, int second)
{
    if (second >= TIMES_PER_DAY || !rule->seconds || !rule->minutes)
        return -1;
    int hour = second / HOUR;
    int minute = second / MINUTE % 60;
    int first_second = __builtin_ctzll(rule->seconds);

    if (rule->hours & 1u << hour) {
        uint64_t seconds = rule->seconds & UINT64_MAX << second % 60;
        if (rule->minutes & UINT64_C(1) << minute && seconds)
            return second - second % 60 + __builtin_ctzll(seconds);
        uint64_t minutes = rule->minutes & (UINT64_MAX << minute) << 1;
        if (minutes)
            return hour * HOUR + __builtin_ctzll(minutes) * MINUTE + first_second;
    }
    uint32_t hours = rule->hours & (UINT32_MAX << hour) << 1;
    if (!hours)
        return -1;
    return __builtin_ctz(hours) * HOUR + __builtin_ctzll(rule->minutes) * MINUTE + first_second;
}

int
times_count(const Rule *rule, int length)
{
    int seconds = length > 1 ? __builtin_popcountll(rule->seconds) : 1;
    int minutes = length > MINUTE ? __builtin_popcountll(rule->minutes) : 1;
    int hours = length > HOUR ? __builtin_popcount(rule->hours) : 1;
    return seconds * minutes * hours;
}

static int
nth_bit(uint64_t bits, int n)
{
    while (n-- > 0)
        bits &= bits - 1;
    return __builtin_ctzll(bits);
}

int
times_nth(const Rule *rule, int second, int length, int n)
{
    int per_minute = times_count(rule, MINUTE);
    int per_hour = times_count(rule, HOUR);
    int hour = length > HOUR ? nth_bit(rule->hours, n / per_hour) : second / HOUR;
    int minute =
        length > MINUTE ? nth_bit(rule->minutes, n % per_hour / per_minute) : second / MINUTE % 60;
    if (length > 1)
        second = nth_bit(rule->seconds, n % per_minute);
    return hour * HOUR + minute * MINUTE + second % 60;
}
