-- The statements that this database needs, in their order. $1: the text of the files of sql/schema but pgAgent's own;
-- what they create goes, unless pgAgent has it under the same name or the corrected planning needs it. Nothing is
-- dropped by CASCADE: what other people have built on our objects is an error, and nothing is changed.
-- $2: the jobs that pgAgent cannot run.
WITH made AS (
    SELECT coalesce(m[1], 'COLUMN') AS kind, m[2] AS name
    FROM pg_catalog.regexp_matches($1::text,
        '(?:CREATE (?:OR REPLACE )?(?:UNIQUE )?(TABLE|VIEW|SEQUENCE|INDEX|TRIGGER) (?:IF NOT EXISTS )?(?:pgagent\.)?'
        '|ADD COLUMN (?:IF NOT EXISTS )?)(\w+)', 'g') m
), ours AS (
    SELECT kind, name FROM made WHERE name <> 'pga_exception_datetime'
), our_function AS (
    /* By their signatures, which their comments name: people may have others of the same name. */
    SELECT p.oid, p.oid::regprocedure::text AS name
    FROM pg_catalog.regexp_matches($1::text, 'COMMENT ON FUNCTION (pgagent\.\w+\([^)]*\))', 'g') m
    JOIN pg_catalog.pg_proc p ON p.oid = pg_catalog.to_regprocedure(m[1])
    WHERE p.proname NOT IN ('pga_next_schedule', 'pga_job_trigger', 'pga_schedule_trigger', 'pga_exception_trigger',
                            'pga_schedule_after', 'pga_zone_works', 'pga_utc_offset')
), relations AS (
    SELECT c.oid, c.relname, c.relkind, c.oid::regclass::text AS name,
           c.relname IN ('pga_jobagent', 'pga_jobclass', 'pga_job', 'pga_jobstep', 'pga_schedule', 'pga_exception',
                         'pga_joblog', 'pga_jobsteplog') AS is_stock
    FROM pg_catalog.pg_class c
    WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'pgagent')
)
SELECT statement
FROM (
    SELECT 1, format('UPDATE pgagent.pga_job SET jobenabled = false, jobnextrun = NULL WHERE jobid = ANY (%L)', $2::int4[])
    WHERE $2::int4[] <> '{}'
    UNION ALL
    SELECT 2, format('SET LOCAL timezone = %L', setvalue) FROM pgagent.pga_setting WHERE setname = 'timezone'
    UNION ALL
    SELECT 3, format('DROP TRIGGER %I ON %s', t.tgname, r.name)
    FROM pg_catalog.pg_trigger t JOIN relations r ON r.oid = t.tgrelid
    WHERE NOT t.tgisinternal
      AND (t.tgname IN (SELECT name FROM ours WHERE kind = 'TRIGGER')
           OR t.tgname IN ('pga_job_trigger', 'pga_schedule_trigger', 'pga_exception_trigger'))
    UNION ALL
    SELECT 4, 'DROP VIEW ' || string_agg(name, ', ' ORDER BY name)
    FROM relations WHERE relkind = 'v' AND relname IN (SELECT name FROM ours WHERE kind = 'VIEW') HAVING count(*) > 0
    UNION ALL
    SELECT 5, 'DROP FUNCTION ' || string_agg(name, ', ' ORDER BY name)
    FROM (SELECT DISTINCT name FROM our_function) f HAVING count(*) > 0
    UNION ALL
    SELECT 6, format('ALTER TABLE %s %s', r.name, string_agg(format('DROP COLUMN %I', a.attname), ', ' ORDER BY a.attnum))
    FROM relations r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
    WHERE r.is_stock AND a.attnum > 0 AND NOT a.attisdropped AND a.attname IN (SELECT name FROM ours WHERE kind = 'COLUMN')
    GROUP BY r.name
    UNION ALL
    SELECT 7, 'DROP TABLE ' || string_agg(name, ', ' ORDER BY name)
    FROM relations WHERE relkind IN ('r', 'p') AND NOT is_stock AND relname IN (SELECT name FROM ours WHERE kind = 'TABLE')
    HAVING count(*) > 0
    UNION ALL
    SELECT 8, 'DROP SEQUENCE ' || string_agg(name, ', ' ORDER BY name)
    FROM relations WHERE relkind = 'S' AND relname IN (SELECT name FROM ours WHERE kind = 'SEQUENCE') HAVING count(*) > 0
    UNION ALL
    SELECT 9, format('DROP INDEX IF EXISTS %s', string_agg(r.name, ', ' ORDER BY r.name))
    FROM pg_catalog.pg_index i JOIN relations r ON r.oid = i.indexrelid JOIN relations t ON t.oid = i.indrelid
    WHERE t.is_stock AND r.relname IN (SELECT name FROM ours WHERE kind = 'INDEX') HAVING count(*) > 0
) s (place, statement)
ORDER BY place, statement
