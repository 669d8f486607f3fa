/* SPDX-License-Identifier: PostgreSQL */
/* Plans, and the triggers that keep them while people edit. The agents write their own columns and are left alone:
 * their sessions set pgalmanac.agent = 'on'.
 *
 * Planning never raises and is always bounded: what cannot be planned here is NULL, and an agent looks into it. No
 * trigger writes within a subtransaction or touches other jobs' rows, because pgAdmin finds what it created by xmin.
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

/* Jobs with rules (0005) are planned by the agents. */
CREATE FUNCTION pgagent.pga_plan_after(after_at timestamptz, job int4, job_zone text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pgagent.pga_rule WHERE ruljobid = job AND rulenabled) THEN
        RETURN NULL;
    END IF;
    RETURN (
        SELECT min(pgagent.pga_schedule_after(
                       after_at,
                       coalesce(s.jsctimezone, job_zone,
                                (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone')),
                       s.jscstart, s.jscend, s.jscminutes, s.jschours, s.jscweekdays, s.jscmonthdays, s.jscmonths,
                       e.dates, e.times))
        FROM pgagent.pga_schedule s
        CROSS JOIN LATERAL (SELECT array_agg(jexdate) AS dates, array_agg(jextime) AS times
                            FROM pgagent.pga_exception WHERE jexscid = s.jscid) e
        WHERE s.jscjobid = job AND s.jscenabled);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_plan_after(timestamptz, int4, text) IS 'First instant after the given one at which any enabled schedule of a job asks for a run; NULL = never, or not to be said in SQL';

/* pgAgent's own signature, which stock triggers, agents and people call. */
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

/* ---- Jobs ---- */

CREATE FUNCTION pgagent.pga_job_before_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.jobtimezone IS NOT NULL THEN
        PERFORM pgagent.pga_check_zone(NEW.jobtimezone, format('job "%s"', NEW.jobname));
    END IF;
    /* There is nothing to plan yet: its schedules come later, and each of them plans. */
    NEW.jobplanned := NULL;
    NEW.joblastslot := NULL;
    NEW.jobreplan := false;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_job_before_insert() IS 'A new job has no plan';

/* A next run set by hand is a wish to run once then. It can be written down only now that the job is there. */
CREATE FUNCTION pgagent.pga_job_after_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    agent text := current_setting('pgalmanac.agent', true);
BEGIN
    PERFORM pg_notify('pgalmanac', '');
    IF NEW.jobnextrun IS NOT NULL THEN
        PERFORM set_config('pgalmanac.agent', 'on', true);
        INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue) VALUES ('run', NEW.jobid, NEW.jobnextrun);
        UPDATE pgagent.pga_job SET jobnextrun = NULL WHERE jobid = NEW.jobid AND NOT jobenabled;
        PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_job_after_insert() IS 'A next run given with a new job is a request to run it then';

CREATE OR REPLACE FUNCTION pgagent.pga_job_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    agent text := current_setting('pgalmanac.agent', true);
    is_replanned bool;
    is_wish bool := NEW.jobnextrun IS NOT NULL AND NEW.jobnextrun IS DISTINCT FROM OLD.jobnextrun;
BEGIN
    /* A pgAgent's claim. It looks every few seconds and claims later: perhaps what another agent has run meanwhile. The
     * next run stays as it is, because a pgAgent clears it itself at the end. */
    IF OLD.jobagentid IS NULL AND NEW.jobagentid IS NOT NULL THEN
        IF NOT OLD.jobenabled OR OLD.jobnextrun IS NULL OR OLD.jobnextrun > now() THEN
            RETURN NULL;
        END IF;
        PERFORM set_config('pgalmanac.agent', 'on', true);
        DELETE FROM pgagent.pga_request WHERE reqjobid = OLD.jobid AND reqkind = 'run' AND reqdue <= now();
        PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
        RETURN NEW;
    END IF;

    IF NEW.jobtimezone IS DISTINCT FROM OLD.jobtimezone AND NEW.jobtimezone IS NOT NULL THEN
        PERFORM pgagent.pga_check_zone(NEW.jobtimezone, format('job "%s"', NEW.jobname));
    END IF;
    IF NEW.jobchanged IS NOT DISTINCT FROM OLD.jobchanged
       AND (NEW.jobjclid, NEW.jobname, NEW.jobdesc, NEW.jobhostagent, NEW.jobenabled, NEW.jobtimezone, NEW.jobtimeout)
           IS DISTINCT FROM
           (OLD.jobjclid, OLD.jobname, OLD.jobdesc, OLD.jobhostagent, OLD.jobenabled, OLD.jobtimezone, OLD.jobtimeout) THEN
        NEW.jobchanged := now();
    END IF;

    /* pgAgent's rule, that an enabled job without a next run is planned, plus what else changes the plan. One that waits for an
     * agent to plan it is left waiting if its schedules have not changed (that counts its revision on). */
    is_replanned := NEW.jobenabled
        AND (NOT OLD.jobenabled OR NEW.jobtimezone IS DISTINCT FROM OLD.jobtimezone
             OR (NEW.jobnextrun IS NULL AND NOT (OLD.jobreplan AND NEW.jobrevision = OLD.jobrevision)));
    IF is_replanned OR NEW.jobenabled <> OLD.jobenabled
       OR (NEW.jobtimezone, NEW.jobhostagent) IS DISTINCT FROM (OLD.jobtimezone, OLD.jobhostagent) THEN
        NEW.jobrevision := OLD.jobrevision + 1;
    END IF;

    /* What was due is passed over, but not silently. While a pgAgent runs the job, its plan is the slot that runs. */
    IF (is_replanned OR NOT NEW.jobenabled) AND OLD.jobplanned <= now()
       AND (OLD.jobagentid IS NULL OR EXISTS (SELECT FROM pgagent.pga_jobagent
                                              WHERE jagpid = OLD.jobagentid AND jaguuid IS NOT NULL)) THEN
        INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpreason, skpdetail)
        VALUES (OLD.jobid, OLD.jobplanned, now(),
                CASE WHEN OLD.jobagentid IS NOT NULL THEN 'busy' WHEN NEW.jobenabled THEN 'replanned' ELSE 'disabled' END,
                CASE WHEN OLD.jobagentid IS NOT NULL THEN 'the job was still running when it was edited'
                     WHEN NEW.jobenabled THEN 'the job was edited while it was due'
                     ELSE 'the job was disabled while it was due' END || '; at least one slot');
    ELSIF (is_replanned OR NOT NEW.jobenabled) AND OLD.jobenabled AND OLD.jobreplan AND OLD.jobplanned IS NULL
          AND OLD.joblastslot < now() - interval '1 s' THEN
        /* No agent was there to plan it: what its former schedules asked for meanwhile nobody will ever work out. */
        INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpslots, skpreason, skpdetail)
        VALUES (OLD.jobid, OLD.joblastslot + interval '1 microsecond', now(), 0,
                CASE WHEN NEW.jobenabled THEN 'replanned' ELSE 'disabled' END,
                'the job was ' || CASE WHEN NEW.jobenabled THEN 'edited' ELSE 'disabled' END
                || ' again before an agent had planned it; slots that were due meanwhile, if any, are not known');
    END IF;

    IF OLD.jobenabled AND NOT NEW.jobenabled THEN
        /* So is a slot that waits for the end of the run before it. A run whose agent died is not repeated. */
        PERFORM set_config('pgalmanac.agent', 'on', true);
        WITH gone AS (
            DELETE FROM pgagent.pga_request
            WHERE reqjobid = OLD.jobid AND reqkind = 'run' AND reqtrigger IN ('queue', 'restart') RETURNING reqdue, reqtrigger
        )
        INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpreason, skpdetail)
        SELECT OLD.jobid, reqdue, reqdue, 'disabled',
               'the job was disabled while this slot waited for the end of the run before it'
        FROM gone WHERE reqtrigger = 'queue';
        PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
    END IF;
    IF NOT NEW.jobenabled THEN
        NEW.jobplanned := NULL;
        NEW.jobreplan := false;
    ELSIF is_replanned THEN
        NEW.joblastslot := greatest(OLD.joblastslot, now());
        NEW.jobplanned := pgagent.pga_plan_after(NEW.joblastslot, NEW.jobid, NEW.jobtimezone);
        NEW.jobreplan := NEW.jobplanned IS NULL
            AND (EXISTS (SELECT FROM pgagent.pga_schedule WHERE jscjobid = NEW.jobid AND jscenabled)
                 OR EXISTS (SELECT FROM pgagent.pga_rule WHERE ruljobid = NEW.jobid AND rulenabled));
    END IF;

    /* A next run set by hand is a wish to run once then, also for a disabled job. */
    IF is_wish THEN
        PERFORM set_config('pgalmanac.agent', 'on', true);
        INSERT INTO pgagent.pga_request (reqkind, reqjobid, reqdue) VALUES ('run', NEW.jobid, NEW.jobnextrun);
        PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
    END IF;
    IF NOT NEW.jobenabled THEN
        NEW.jobnextrun := NULL;
    ELSIF is_wish OR is_replanned THEN
        NEW.jobnextrun := least(NEW.jobplanned, (SELECT min(reqdue) FROM pgagent.pga_request
                                                 WHERE reqjobid = NEW.jobid AND reqkind = 'run'));
    END IF;
    PERFORM pg_notify('pgalmanac', '');
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_job_trigger() IS 'Keeps a job''s plan and takes a next run set by hand as a request to run it then';

CREATE FUNCTION pgagent.pga_notify() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('pgalmanac', '');
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_notify() IS 'Wakes the agents';

CREATE TRIGGER pga_job_before_insert BEFORE INSERT ON pgagent.pga_job FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_job_before_insert();
COMMENT ON TRIGGER pga_job_before_insert ON pgagent.pga_job IS 'A new job has no plan';

CREATE TRIGGER pga_job_after_insert AFTER INSERT ON pgagent.pga_job FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_job_after_insert();
COMMENT ON TRIGGER pga_job_after_insert ON pgagent.pga_job IS 'A next run given with a new job is a request to run it then';

CREATE TRIGGER pga_job_trigger
BEFORE UPDATE OF jobjclid, jobname, jobdesc, jobhostagent, jobenabled, jobtimezone, jobtimeout, jobnextrun, jobagentid
ON pgagent.pga_job FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_job_trigger();
COMMENT ON TRIGGER pga_job_trigger ON pgagent.pga_job IS 'Keeps the job''s plan';

CREATE TRIGGER pga_job_after_delete AFTER DELETE ON pgagent.pga_job FOR EACH STATEMENT
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_notify();
COMMENT ON TRIGGER pga_job_after_delete ON pgagent.pga_job IS 'Wakes the agents';

/* ---- Schedules and exceptions: whatever changes them plans their job anew ---- */

CREATE FUNCTION pgagent.pga_schedule_before() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    /* pgAdmin used to leave out the last day's flag. */
    IF array_upper(NEW.jscmonthdays, 1) = 31 THEN
        NEW.jscmonthdays := NEW.jscmonthdays || false;
    END IF;
    IF NEW.jsctimezone IS NOT NULL THEN
        IF TG_OP = 'UPDATE' THEN
            IF NEW.jsctimezone IS NOT DISTINCT FROM OLD.jsctimezone THEN
                RETURN NEW;
            END IF;
        END IF;
        PERFORM pgagent.pga_check_zone(NEW.jsctimezone, format('schedule "%s"', NEW.jscname));
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_schedule_before() IS 'Completes a list of 31 month days and refuses unknown time zones';

CREATE OR REPLACE FUNCTION pgagent.pga_schedule_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    jobs int4[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        jobs := ARRAY[NEW.jscjobid];
    ELSIF TG_OP = 'DELETE' THEN
        jobs := ARRAY[OLD.jscjobid];
    ELSIF (NEW.jscid, NEW.jscjobid, NEW.jscenabled, NEW.jscstart, NEW.jscend, NEW.jscminutes, NEW.jschours,
           NEW.jscweekdays, NEW.jscmonthdays, NEW.jscmonths, NEW.jsctimezone)
          IS NOT DISTINCT FROM
          (OLD.jscid, OLD.jscjobid, OLD.jscenabled, OLD.jscstart, OLD.jscend, OLD.jscminutes, OLD.jschours,
           OLD.jscweekdays, OLD.jscmonthdays, OLD.jscmonths, OLD.jsctimezone) THEN
        RETURN NULL;
    ELSE
        jobs := ARRAY[OLD.jscjobid, NEW.jscjobid];
    END IF;
    UPDATE pgagent.pga_job SET jobnextrun = NULL, jobrevision = jobrevision + 1 WHERE jobid = ANY (jobs);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_schedule_trigger() IS 'Plans the job anew when a schedule changes';

CREATE OR REPLACE FUNCTION pgagent.pga_exception_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    schedules int4[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        schedules := ARRAY[NEW.jexscid];
    ELSIF TG_OP = 'DELETE' THEN
        schedules := ARRAY[OLD.jexscid];
    ELSE
        schedules := ARRAY[OLD.jexscid, NEW.jexscid];
    END IF;
    UPDATE pgagent.pga_job SET jobnextrun = NULL, jobrevision = jobrevision + 1
    WHERE jobid IN (SELECT jscjobid FROM pgagent.pga_schedule WHERE jscid = ANY (schedules));
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_exception_trigger() IS 'Plans the job anew when an exception changes';

CREATE TRIGGER pga_schedule_before BEFORE INSERT OR UPDATE ON pgagent.pga_schedule FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_schedule_before();
COMMENT ON TRIGGER pga_schedule_before ON pgagent.pga_schedule IS 'Completes a list of 31 month days and refuses unknown time zones';

CREATE TRIGGER pga_schedule_trigger AFTER INSERT OR UPDATE OR DELETE ON pgagent.pga_schedule FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_schedule_trigger();
COMMENT ON TRIGGER pga_schedule_trigger ON pgagent.pga_schedule IS 'Plans the job anew when a schedule changes';

CREATE TRIGGER pga_exception_trigger AFTER INSERT OR UPDATE OR DELETE ON pgagent.pga_exception FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_exception_trigger();
COMMENT ON TRIGGER pga_exception_trigger ON pgagent.pga_exception IS 'Plans the job anew when an exception changes';

/* ---- Requests ---- */

/* An enabled job's next run shows the earliest request to run it. */
CREATE FUNCTION pgagent.pga_request_trigger() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    agent text := current_setting('pgalmanac.agent', true);
    job int4;
    jobs int4[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        jobs := ARRAY[NEW.reqjobid];
    ELSIF TG_OP = 'DELETE' THEN
        jobs := ARRAY[OLD.reqjobid];
    ELSE
        jobs := ARRAY(SELECT DISTINCT unnest(ARRAY[OLD.reqjobid, NEW.reqjobid]));
    END IF;

    PERFORM set_config('pgalmanac.agent', 'on', true);
    FOREACH job IN ARRAY jobs LOOP
        /* The lock comes first, so that the next statement sees what others have asked for meanwhile. */
        PERFORM FROM pgagent.pga_job WHERE jobid = job FOR NO KEY UPDATE;
        UPDATE pgagent.pga_job j SET jobnextrun = least(j.jobplanned, r.due)
        FROM (SELECT min(reqdue) AS due FROM pgagent.pga_request WHERE reqjobid = job AND reqkind = 'run') r
        WHERE j.jobid = job AND j.jobenabled AND j.jobnextrun IS DISTINCT FROM least(j.jobplanned, r.due);
    END LOOP;
    PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
    PERFORM pg_notify('pgalmanac', '');
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_request_trigger() IS 'Shows a request to run a job in its next run, and wakes the agents';

CREATE TRIGGER pga_request_trigger AFTER INSERT OR UPDATE OR DELETE ON pgagent.pga_request FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_request_trigger();
COMMENT ON TRIGGER pga_request_trigger ON pgagent.pga_request IS 'Shows a request to run a job in its next run, and wakes the agents';

/* ---- Settings ---- */

CREATE FUNCTION pgagent.pga_setting_before() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.setname = 'timezone' THEN
            RAISE EXCEPTION 'the setting timezone cannot be removed, only changed' USING ERRCODE = 'not_null_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.setname = 'timezone' AND NEW.setname <> 'timezone' THEN
            RAISE EXCEPTION 'the setting timezone cannot be removed, only changed' USING ERRCODE = 'not_null_violation';
        END IF;
    END IF;
    IF NEW.setname = 'timezone' THEN
        IF NEW.setvalue IS NULL THEN
            RAISE EXCEPTION 'the setting timezone cannot be NULL: it must be an IANA name such as Europe/Berlin or UTC'
                USING ERRCODE = 'not_null_violation';
        END IF;
        PERFORM pgagent.pga_check_zone(NEW.setvalue, 'the setting timezone');
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_setting_before() IS 'Refuses a time zone that is not known';

CREATE FUNCTION pgagent.pga_setting_after() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    /* An agent plans them all; a trigger over thousands of jobs would hold their locks for long. */
    UPDATE pgagent.pga_job
    SET jobreplan = jobenabled, joblastslot = greatest(joblastslot, now()), jobrevision = jobrevision + 1;
    PERFORM pg_notify('pgalmanac', '');
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_setting_after() IS 'Has all jobs planned anew when the time zone changes';

CREATE TRIGGER pga_setting_before BEFORE INSERT OR UPDATE OR DELETE ON pgagent.pga_setting FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_setting_before();
COMMENT ON TRIGGER pga_setting_before ON pgagent.pga_setting IS 'Refuses a time zone that is not known';

CREATE TRIGGER pga_setting_insert AFTER INSERT ON pgagent.pga_setting FOR EACH ROW
WHEN (NEW.setname = 'timezone' AND current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_setting_after();
COMMENT ON TRIGGER pga_setting_insert ON pgagent.pga_setting IS 'Has all jobs planned anew when the time zone changes';

CREATE TRIGGER pga_setting_update AFTER UPDATE ON pgagent.pga_setting FOR EACH ROW
WHEN (NEW.setname = 'timezone' AND NEW.setvalue IS DISTINCT FROM OLD.setvalue
      AND current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_setting_after();
COMMENT ON TRIGGER pga_setting_update ON pgagent.pga_setting IS 'Has all jobs planned anew when the time zone changes';
