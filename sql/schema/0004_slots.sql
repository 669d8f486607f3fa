/* SPDX-License-Identifier: PostgreSQL */
/* When a schedule is due next, as far as SQL can say it: it never raises and is always bounded, and what cannot be planned
 * here is NULL.
 *
 * OR REPLACE: these functions stay when the tables are given back to pgAgent, and are found when they are taken again. */

/* ---- Zones ---- */

/* Whether the server can compute with a zone here. PostgreSQL reads a name that is an abbreviation too (MET, EET) as
 * that fixed offset, without summer time: those are left to the agents. It writes nothing, so that its subtransaction
 * gets no id. */
CREATE OR REPLACE FUNCTION pgagent.pga_zone_works(zone text) RETURNS bool
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN timezone(zone, timestamptz '2000-01-01 00:00+00') IS NOT NULL
        AND (zone IN ('UTC', 'GMT') OR zone ~ '/'
             OR NOT EXISTS (SELECT FROM pg_timezone_abbrevs WHERE abbrev = upper(zone)));
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN false;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_zone_works(text) IS 'Whether this server can compute with a time zone';

/* The list of zones is read from files, which takes long: a session remembers which it has found, for who edits many jobs.
 * Who lies to it has jobs that cannot be planned, which is told. */
CREATE FUNCTION pgagent.pga_check_zone(zone text, place text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found text := coalesce(current_setting('pgalmanac.zones', true), '');
    known text;
BEGIN
    IF zone = ANY (string_to_array(found, ',')) THEN
        RETURN;
    END IF;
    SELECT min(name) INTO known FROM pg_timezone_names
    WHERE lower(name) = lower(zone)
      AND name !~ '^(posix|right)/' AND name NOT IN ('localtime', 'posixrules', 'Factory');
    IF known IS NULL THEN
        RAISE EXCEPTION 'time zone "%" of % is not known: it must be an IANA name such as Europe/Berlin or UTC', zone, place
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF known <> zone THEN
        RAISE EXCEPTION 'time zone "%" of % is not known: the IANA name is written %', zone, place, known
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM set_config('pgalmanac.zones', concat_ws(',', nullif(found, ''), zone), false);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_check_zone(text, text) IS 'Raises an error unless the time zone is an IANA name that this server knows';

CREATE OR REPLACE FUNCTION pgagent.pga_utc_offset(at_second int8, zone text) RETURNS int8
LANGUAGE sql STABLE AS $$
    SELECT extract(epoch FROM timezone($2, to_timestamp($1)) - timezone('UTC', to_timestamp($1)))::int8
$$;
COMMENT ON FUNCTION pgagent.pga_utc_offset(int8, text) IS 'Seconds that local time is ahead of UTC at an instant (seconds since 1970)';

/* ---- The next slot of a schedule ---- */

/* The first slot of a schedule after an instant; NULL = none.
 *
 * A schedule selects local labels: minutes of days. The days are found first, in windows that grow up to 400 years (the
 * calendar repeats itself then, so nothing there means never); then each day's labels are turned into instants.
 *
 * Near a change of the offset at the instant `turn`, from `before` to `after`, a label L may be read as L - before, if that
 * is earlier than turn, or as L - after, if that is not: both in autumn, neither in spring. Running schedules (all 24
 * hours) take every real minute; others run once per label: at the first of both, or with the offset before the gap.
 * Labels and instants are not in the same order there, which is why the search begins a day early and ends only when no
 * later day can give an earlier instant. */
CREATE OR REPLACE FUNCTION pgagent.pga_schedule_after(
    after_at timestamptz, zone text, start_at timestamptz, end_at timestamptz,
    minutes bool[], hours bool[], weekdays bool[], monthdays bool[], months bool[],
    exception_dates date[], exception_times time[])
RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the_end CONSTANT timestamptz := timestamptz '9999-12-31 00:00+00';
    the_beginning CONSTANT timestamptz := timestamptz '0001-01-03 00:00+00';
    day_seconds CONSTANT int8 := 86400;
    earliest timestamptz;
    first_second int8;
    first_day date;
    last_day date;
    some_hours int4[];
    some_minutes int4[];
    some_weekdays int4[];
    some_months int4[];
    some_days int4[];
    is_last_day bool := coalesce(monthdays[32], false);
    is_running bool;
    day_minutes int4[];
    left_out date[];
    left_out_minutes int4[];
    n_months int4;
    month timestamp;
    day date;
    day_second int8;
    before int8;
    after int8;
    turn int8;
    low int8;
    middle int8;
    slot int8;
    best int8;
    best_day date;
BEGIN
    IF after_at IS NULL OR start_at IS NULL OR after_at >= the_end OR start_at >= the_end
       OR NOT coalesce(pgagent.pga_zone_works(zone), false) THEN
        RETURN NULL;
    END IF;

    /* Slots are whole seconds: the first one later than after_at that is not before start_at. */
    earliest := greatest(date_trunc('second', greatest(after_at, the_beginning)) + interval '1 second',
                         date_trunc('second', greatest(start_at, the_beginning) + interval '999999 microseconds'));
    IF end_at < earliest THEN
        RETURN NULL;
    END IF;
    first_second := extract(epoch FROM earliest)::int8;
    first_day := timezone(zone, earliest)::date - 1;
    last_day := timezone(zone, least(end_at, the_end))::date + 1;

    /* What the lists select; none selected = all. */
    some_hours := ARRAY(SELECT n FROM generate_series(0, 23) n WHERE hours[n + 1]);
    is_running := cardinality(some_hours) IN (0, 24);
    IF is_running THEN
        some_hours := ARRAY(SELECT generate_series(0, 23));
    END IF;
    some_minutes := ARRAY(SELECT n FROM generate_series(0, 59) n WHERE minutes[n + 1]);
    IF cardinality(some_minutes) = 0 THEN
        some_minutes := ARRAY(SELECT generate_series(0, 59));
    END IF;
    some_weekdays := ARRAY(SELECT n FROM generate_series(0, 6) n WHERE weekdays[n + 1]);
    IF cardinality(some_weekdays) = 0 THEN
        some_weekdays := ARRAY(SELECT generate_series(0, 6));
    END IF;
    some_months := ARRAY(SELECT n FROM generate_series(1, 12) n WHERE months[n]);
    IF cardinality(some_months) = 0 THEN
        some_months := ARRAY(SELECT generate_series(1, 12));
    END IF;
    some_days := ARRAY(SELECT n FROM generate_series(1, 31) n WHERE monthdays[n]);
    IF cardinality(some_days) = 0 AND NOT is_last_day THEN
        some_days := ARRAY(SELECT generate_series(1, 31));
    END IF;

    /* The 30th of February alone is never. */
    IF NOT is_last_day AND some_days[1] > (SELECT max(CASE WHEN n = 2 THEN 29 WHEN n IN (4, 6, 9, 11) THEN 30 ELSE 31 END)
                                           FROM unnest(some_months) n) THEN
        RETURN NULL;
    END IF;

    /* Exceptions of every day leave the minutes of the day, those of a whole day (at once or piece by piece) the days. */
    left_out_minutes := ARRAY(
        SELECT (extract(hour FROM jextime) * 60 + extract(minute FROM jextime))::int4
        FROM unnest(exception_dates, exception_times) e (jexdate, jextime)
        WHERE jexdate IS NULL AND jextime IS NOT NULL);
    day_minutes := ARRAY(
        SELECT h * 60 + m FROM unnest(some_hours) h CROSS JOIN unnest(some_minutes) m
        WHERE h * 60 + m <> ALL (left_out_minutes));
    IF cardinality(day_minutes) = 0 THEN
        RETURN NULL;
    END IF;
    left_out := ARRAY(
        SELECT jexdate
        FROM (SELECT jexdate, jextime IS NULL AS whole,
                     (extract(hour FROM jextime) * 60 + extract(minute FROM jextime))::int4 AS minute
              FROM unnest(exception_dates, exception_times) e (jexdate, jextime)
              WHERE jexdate BETWEEN first_day AND last_day) e
        GROUP BY jexdate
        HAVING bool_or(whole)
            OR (count(*) >= cardinality(day_minutes) AND day_minutes <@ array_agg(minute)));

    month := date_trunc('month', first_day::timestamp);
    <<search>>
    FOREACH n_months IN ARRAY ARRAY[3, 12, 60, 600, 4812] LOOP
        EXIT WHEN month::date > last_day;

        FOR day IN
            SELECT d.day
            FROM (SELECT m::date AS first, (m + interval '1 month')::date - m::date AS length,
                         extract(month FROM m)::int4 AS month
                  FROM generate_series(month, month + (n_months - 1) * interval '1 month', interval '1 month') m) m
            CROSS JOIN LATERAL (
                SELECT m.first + (n - 1) AS day FROM unnest(some_days) n WHERE n <= m.length
                UNION
                SELECT m.first + (m.length - 1) WHERE is_last_day) d
            WHERE m.month = ANY (some_months)
              AND d.day BETWEEN first_day AND last_day
              AND extract(dow FROM d.day)::int4 = ANY (some_weekdays)
              AND NOT EXISTS (SELECT FROM unnest(left_out) o WHERE o = d.day)
            ORDER BY d.day
        LOOP
            EXIT search WHEN day > best_day + 1;

            /* The offsets well before and after all of the day's labels; at most one change lies between. */
            day_second := extract(epoch FROM day::timestamp)::int8;
            before := pgagent.pga_utc_offset(day_second - 144000, zone);
            after := pgagent.pga_utc_offset(day_second + 223200, zone);
            CONTINUE WHEN day_second + day_seconds - least(before, after) <= first_second;
            turn := 9223372036854775807;
            IF before <> after THEN
                low := day_second - 144000;
                turn := day_second + 223200;
                WHILE turn - low > 1 LOOP
                    middle := (low + turn) / 2;
                    IF pgagent.pga_utc_offset(middle, zone) = before THEN
                        low := middle;
                    ELSE
                        turn := middle;
                    END IF;
                END LOOP;
            END IF;

            left_out_minutes := ARRAY(
                SELECT (extract(hour FROM jextime) * 60 + extract(minute FROM jextime))::int4
                FROM unnest(exception_dates, exception_times) e (jexdate, jextime)
                WHERE jexdate = day AND jextime IS NOT NULL);
            SELECT least(min(early) FILTER (WHERE early >= first_second
                                                  AND (early < turn OR (late < turn AND NOT is_running))),
                         min(late) FILTER (WHERE late >= first_second
                                                 AND late >= turn AND (early >= turn OR is_running)))
            INTO slot
            FROM (SELECT day_second + m * 60 - before AS early, day_second + m * 60 - after AS late
                  FROM unnest(day_minutes) m
                  WHERE m <> ALL (left_out_minutes)) l;

            IF slot < best OR best IS NULL THEN
                best := slot;
                best_day := timezone(zone, to_timestamp(best))::date;
            END IF;
            EXIT search WHEN best IS NOT NULL AND before = after;
        END LOOP;

        month := month + n_months * interval '1 month';
    END LOOP;

    IF to_timestamp(best) > end_at THEN
        RETURN NULL;
    END IF;
    RETURN to_timestamp(best);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_schedule_after(timestamptz, text, timestamptz, timestamptz, bool[], bool[], bool[], bool[], bool[], date[], time[])
IS 'First instant after the given one at which a schedule asks for a run, in a time zone and without its exceptions; NULL = never';

/* Jobs with rules, which a later file adds, are planned by the agents. */
CREATE FUNCTION pgagent.pga_plan_after(after_at timestamptz, job int4, job_zone text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    slot timestamptz := after_at;
BEGIN
    IF EXISTS (SELECT FROM pgagent.pga_rule WHERE ruljobid = job AND rulenabled) THEN
        RETURN NULL;
    END IF;
    LOOP
        slot := (
            SELECT min(pgagent.pga_schedule_after(
                           slot,
                           coalesce(s.jsctimezone, job_zone,
                                    (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')),
                           s.jscstart, s.jscend, s.jscminutes, s.jschours, s.jscweekdays, s.jscmonthdays, s.jscmonths,
                           e.dates, e.times))
            FROM pgagent.pga_schedule s
            CROSS JOIN LATERAL (SELECT array_agg(jexdate) AS dates, array_agg(jextime) AS times
                                FROM pgagent.pga_exception WHERE jexscid = s.jscid) e
            WHERE s.jscjobid = job AND s.jscenabled);
        /* Somebody may have asked for it to be left out. */
        EXIT WHEN slot IS NULL OR NOT EXISTS (SELECT FROM pgagent.pga_skipped
                                              WHERE skpjobid = job AND skpreason = 'skipped' AND skpfrom = slot);
    END LOOP;
    RETURN slot;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_plan_after(timestamptz, int4, text) IS 'First instant after the given one at which any enabled schedule of a job asks for a run, but for those that are to be left out; NULL = never, or not to be said in SQL';

CREATE OR REPLACE FUNCTION pgagent.pga_next_schedule(int4, timestamptz, timestamptz, bool[], bool[], bool[], bool[], bool[])
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    after_at timestamptz;
    zone text;
    dates date[];
    times time[];
BEGIN
    SELECT j.joblastslot, coalesce(s.jsctimezone, j.jobtimezone) INTO after_at, zone
    FROM pgagent.pga_schedule s JOIN pgagent.pga_job j ON j.jobid = s.jscjobid
    WHERE s.jscid = $1;
    IF zone IS NULL THEN
        SELECT setvalue INTO zone FROM pgagent.pga_setting WHERE setname = 'timezone';
    END IF;
    SELECT array_agg(jexdate), array_agg(jextime) INTO dates, times FROM pgagent.pga_exception WHERE jexscid = $1;
    RETURN pgagent.pga_schedule_after(greatest(now(), after_at), zone, $2, $3, $4, $5, $6, $7, $8, dates, times);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_next_schedule(int4, timestamptz, timestamptz, bool[], bool[], bool[], bool[], bool[])
IS 'Next run of a schedule; NULL = never, or not to be said in SQL';
