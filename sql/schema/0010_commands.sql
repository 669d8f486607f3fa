/* SPDX-License-Identifier: PostgreSQL */
/* What the commands show: instants in the zone of their job, and pgAgent's lists of flags in words. */

/* Plain SQL, which is planned as a part of the query: lists have thousands of instants. The zone must be one that works. */
CREATE FUNCTION pgagent.pga_iso_in(at timestamptz, zone text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN at BETWEEN timestamptz '0001-01-03 00:00+00' AND timestamptz '9999-12-29 00:00+00'
                THEN pg_catalog.to_char(pg_catalog.timezone(zone, at), 'YYYY-MM-DD"T"HH24:MI:SS')
                     || CASE WHEN pg_catalog.timezone(zone, at) < pg_catalog.timezone('UTC', at)
                             THEN '-' || pg_catalog.to_char(pg_catalog.timezone('UTC', at) - pg_catalog.timezone(zone, at), 'HH24:MI')
                             ELSE '+' || pg_catalog.to_char(pg_catalog.timezone(zone, at) - pg_catalog.timezone('UTC', at), 'HH24:MI')
                        END
                ELSE at::text END
$$;
COMMENT ON FUNCTION pgagent.pga_iso_in(timestamptz, text) IS 'An instant in a time zone that the server knows, as text of ISO 8601: 2026-11-22T02:00:00+01:00';

CREATE FUNCTION pgagent.pga_working_zone(zone text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN pgagent.pga_zone_works(zone) THEN zone ELSE 'UTC' END
$$;
COMMENT ON FUNCTION pgagent.pga_working_zone(text) IS 'A time zone, or UTC if the server cannot compute with it';

CREATE FUNCTION pgagent.pga_iso(at timestamptz, zone text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN pgagent.pga_iso_in(at, CASE WHEN isfinite(at) THEN pgagent.pga_working_zone(zone) ELSE 'UTC' END);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_iso(timestamptz, text) IS 'An instant in a time zone, as text of ISO 8601: 2026-11-22T02:00:00+01:00; in UTC if the server cannot compute with the zone';

CREATE FUNCTION pgagent.pga_seconds(length interval) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.round(pg_catalog.date_part('epoch', length)::pg_catalog.numeric, 3)
$$;
COMMENT ON FUNCTION pgagent.pga_seconds(interval) IS 'A length of time as a number of seconds';

CREATE FUNCTION pgagent.pga_list_flags(flags bool[], names text[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN count(*) BETWEEN 1 AND cardinality(names) - 1
                THEN string_agg(names[s.first] || CASE WHEN s.last > s.first THEN '-' || names[s.last] ELSE '' END,
                                ',' ORDER BY s.first) END
    FROM (SELECT min(f.at)::int4 AS first, max(f.at)::int4 AS last
          FROM (SELECT u.at, u.at - row_number() OVER (ORDER BY u.at) AS stretch
                FROM unnest(flags) WITH ORDINALITY AS u (flag, at) WHERE u.flag) f
          GROUP BY f.stretch) s
    WHERE EXISTS (SELECT FROM unnest(flags) AS u (flag) WHERE NOT u.flag)
$$;
COMMENT ON FUNCTION pgagent.pga_list_flags(bool[], text[]) IS 'The names of the flags that are true, as stretches: Mon-Fri,Sun; NULL = all or none, which means the same';

/* One function, so that pgAdmin's five lists are read in one way everywhere. */
CREATE FUNCTION pgagent.pga_schedule_line(schedule pgagent.pga_schedule) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(nullif(concat_ws('; ',
        'minutes ' || pgagent.pga_list_flags(schedule.jscminutes, ARRAY(SELECT generate_series(0, 59)::text)),
        'hours ' || pgagent.pga_list_flags(schedule.jschours, ARRAY(SELECT generate_series(0, 23)::text)),
        'weekdays ' || pgagent.pga_list_flags(schedule.jscweekdays, '{Sun,Mon,Tue,Wed,Thu,Fri,Sat}'),
        'days ' || pgagent.pga_list_flags(schedule.jscmonthdays, ARRAY(SELECT generate_series(1, 31)::text) || 'last'::text),
        'months ' || pgagent.pga_list_flags(schedule.jscmonths, '{Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec}')),
        ''), 'every minute')
$$;
COMMENT ON FUNCTION pgagent.pga_schedule_line(pgagent.pga_schedule) IS 'A schedule in words: minutes 0,30; hours 9-17; weekdays Mon-Fri';

CREATE FUNCTION pgagent.pga_rule_line(rule pgagent.pga_rule) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT concat_ws(' ', CASE WHEN rule.rulexception THEN 'except' END, rule.rulkind, rule.rultext,
        CASE rule.ruldayor WHEN true THEN '(one of the day fields)' WHEN false THEN '(both day fields)' END,
        CASE WHEN rule.rulkind IN ('every', 'after') THEN rule.rulperiod::text END,
        CASE WHEN rule.rulevery > 1 THEN 'every=' || rule.rulevery END,
        'hours=' || array_to_string(nullif(rule.rulhours, '{}'), ','),
        'weekdays=' || array_to_string(nullif(rule.rulweekdays, '{}'), ','),
        'monthdays=' || array_to_string(nullif(rule.rulmonthdays, '{}'), ','),
        'months=' || array_to_string(nullif(rule.rulmonths, '{}'), ','),
        'for ' || rule.rulduration,
        CASE WHEN rule.rulendcount > 0 THEN format('(%s of %s runs)', rule.rulruncount, rule.rulendcount) END)
$$;
COMMENT ON FUNCTION pgagent.pga_rule_line(pgagent.pga_rule) IS 'A rule in a line: weekly every=2 weekdays=1,3';
