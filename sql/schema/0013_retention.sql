/* SPDX-License-Identifier: PostgreSQL */
/* How long the history is kept, and which of it may go. Agents remove it, a few hundred rows at a time. */

INSERT INTO pgagent.pga_setting (setname, setvalue, setdesc)
VALUES ('retention', '90 days',
        'How long logs of runs, skipped slots and messages of agents are kept, unless a job''s jobkeep says otherwise; off = for ever'),
       ('retention_runs', '20',
        'So many of the newest runs and skipped slots of each job are kept however old they are, as are its last failed and its last stopped run')
ON CONFLICT (setname) DO NOTHING;

/* ---- The settings ---- */

/* Whatever the session's settings: every agent must be able to read it. The bound keeps ages within the calendar. */
CREATE FUNCTION pgagent.pga_read_retention(words text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET IntervalStyle = 'postgres' AS $$
DECLARE
    keep interval := pgagent.pga_line_length(btrim(words));
BEGIN
    IF lower(btrim(words) COLLATE "C") = 'off' THEN
        RETURN 'off';
    END IF;
    RETURN CASE WHEN keep <= interval '1000 years' THEN keep::text END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_read_retention(text) IS 'The setting retention as it is kept: off, or a length of time; NULL = it is neither';

CREATE FUNCTION pgagent.pga_setting_retention() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.setname = 'retention' THEN
        NEW.setvalue := pgagent.pga_read_retention(NEW.setvalue);
        IF NEW.setvalue IS NULL THEN
            RAISE EXCEPTION 'the setting retention must be off or a length of time with units, such as 90 days or 6 months, up to 1000 years'
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        RETURN NEW;
    END IF;
    NEW.setvalue := substring(NEW.setvalue FROM '^ *0*([1-9][0-9]{0,4}) *$');
    IF (NEW.setvalue::int4 <= 10000) IS NOT TRUE THEN
        RAISE EXCEPTION 'the setting retention_runs must be a number from 1 to 10000'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_setting_retention() IS 'Refuses a length of time or a number of runs that is none';

CREATE TRIGGER pga_setting_retention BEFORE INSERT OR UPDATE ON pgagent.pga_setting FOR EACH ROW
WHEN (NEW.setname IN ('retention', 'retention_runs'))
EXECUTE PROCEDURE pgagent.pga_setting_retention();
COMMENT ON TRIGGER pga_setting_retention ON pgagent.pga_setting IS 'Refuses a length of time or a number of runs that is none';

CREATE FUNCTION pgagent.pga_retention(OUT keep interval, OUT runs int4)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT max(CASE WHEN setname = 'retention' THEN nullif(setvalue, 'off') END)::interval,
           coalesce(max(CASE WHEN setname = 'retention_runs' THEN setvalue END)::int4, 20)
    FROM pgagent.pga_setting
    WHERE setname IN ('retention', 'retention_runs')
$$;
COMMENT ON FUNCTION pgagent.pga_retention() IS 'The settings of the retention; keep NULL = off';

/* ---- What may go ---- */

/* Finds the last failed run, and the last stopped one, among millions that were fine. */
CREATE INDEX pga_joblog_failed ON pgagent.pga_joblog (jlgjobid, jlgstatus, jlgstart) WHERE jlgstatus IN ('f', 'd');

/* No SET: the planner puts the body of such a function into the statement that calls it. The addition of nothing keeps the
 * newest runs from being looked for where none is old: what an index cannot be asked for is asked last. */
CREATE FUNCTION pgagent.pga_old_runs(job int4, keep interval, runs int4, most int4) RETURNS SETOF int8
LANGUAGE sql STABLE ROWS 10 AS $$
    SELECT l.jlgid::int8
    FROM pgagent.pga_joblog l
    WHERE l.jlgjobid = job AND l.jlgstatus <> 'r'
      AND l.jlgstart < now() - keep
      AND l.jlgstart + interval '0' < (SELECT n.jlgstart FROM pgagent.pga_joblog n
                                       WHERE n.jlgjobid = job AND n.jlgstatus <> 'r'
                                       ORDER BY n.jlgstart DESC OFFSET runs - 1 LIMIT 1)
      AND l.jlgstart + coalesce(l.jlgduration, interval '0') < now() - keep
      AND (l.jlgstatus NOT IN ('f', 'd')
           OR EXISTS (SELECT FROM pgagent.pga_joblog f
                      WHERE f.jlgjobid = job AND f.jlgstatus IN ('f', 'd') AND f.jlgstatus = l.jlgstatus
                        AND f.jlgstart > l.jlgstart))
    ORDER BY l.jlgstart LIMIT most
$$;
COMMENT ON FUNCTION pgagent.pga_old_runs(int4, interval, int4, int4) IS 'The oldest runs of a job, at most so many, that ended longer ago than that and are neither among its newest nor its last failed or last stopped one';

CREATE FUNCTION pgagent.pga_old_skips(job int4, keep interval, runs int4, most int4) RETURNS SETOF int8
LANGUAGE sql STABLE ROWS 10 AS $$
    SELECT s.skpid
    FROM pgagent.pga_skipped s
    WHERE s.skpjobid = job
      AND s.skpat < now() - keep AND s.skpto < now()
      AND s.skpat + interval '0' < (SELECT n.skpat FROM pgagent.pga_skipped n
                                     WHERE n.skpjobid = job
                                     ORDER BY n.skpat DESC OFFSET runs - 1 LIMIT 1)
    ORDER BY s.skpat LIMIT most
$$;
COMMENT ON FUNCTION pgagent.pga_old_skips(int4, interval, int4, int4) IS 'The oldest rows of pga_skipped of a job, at most so many, that are older than that and not among its newest';

/* ---- What has gone ---- */

CREATE TABLE pgagent.pga_pruned (
    prnid bigserial NOT NULL PRIMARY KEY,
    prnat timestamptz NOT NULL DEFAULT now(),
    prnagent text,
    prnruns int4 NOT NULL DEFAULT 0,
    prnskipped int4 NOT NULL DEFAULT 0,
    prnmessages int4 NOT NULL DEFAULT 0
);
COMMENT ON TABLE pgagent.pga_pruned IS 'How much old history agents removed in the last day: one row for each time';
COMMENT ON COLUMN pgagent.pga_pruned.prnid IS 'Id of the entry';
COMMENT ON COLUMN pgagent.pga_pruned.prnat IS 'When it was removed';
COMMENT ON COLUMN pgagent.pga_pruned.prnagent IS 'Agent that removed it';
COMMENT ON COLUMN pgagent.pga_pruned.prnruns IS 'How many runs (pga_joblog), with their steps';
COMMENT ON COLUMN pgagent.pga_pruned.prnskipped IS 'How many rows of pga_skipped';
COMMENT ON COLUMN pgagent.pga_pruned.prnmessages IS 'How many rows of pga_agentlog';
