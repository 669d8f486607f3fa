-- What there is of a pgAgent: the version of its extension (NULL = plain tables); what of its tables is missing or not as
-- in the versions 3.4 to 4.2 (NULL = nothing); the database's name. Ids may have been widened; people's own columns do not
-- matter. From the catalogs, so that it also answers those who may not look into the schema.
WITH stock (name, columns) AS (
    VALUES
    ('pga_jobagent', 'jagpid integer, jaglogintime timestamp with time zone, jagstation text'),
    ('pga_jobclass', 'jclid integer, jclname text'),
    ('pga_job', 'jobid integer, jobjclid integer, jobname text, jobdesc text, jobhostagent text, jobenabled boolean, '
                'jobcreated timestamp with time zone, jobchanged timestamp with time zone, jobagentid integer, '
                'jobnextrun timestamp with time zone, joblastrun timestamp with time zone'),
    ('pga_jobstep', 'jstid integer, jstjobid integer, jstname text, jstdesc text, jstenabled boolean, jstkind character(1), '
                    'jstcode text, jstconnstr text, jstdbname name, jstonerror character(1), '
                    'jscnextrun timestamp with time zone'),
    ('pga_schedule', 'jscid integer, jscjobid integer, jscname text, jscdesc text, jscenabled boolean, '
                     'jscstart timestamp with time zone, jscend timestamp with time zone, jscminutes boolean[], '
                     'jschours boolean[], jscweekdays boolean[], jscmonthdays boolean[], jscmonths boolean[]'),
    ('pga_exception', 'jexid integer, jexscid integer, jexdate date, jextime time without time zone'),
    ('pga_joblog', 'jlgid integer, jlgjobid integer, jlgstatus character(1), jlgstart timestamp with time zone, '
                   'jlgduration interval'),
    ('pga_jobsteplog', 'jslid integer, jsljlgid integer, jsljstid integer, jslstatus character(1), jslresult integer, '
                       'jslstart timestamp with time zone, jslduration interval, jsloutput text')
), expected AS (
    SELECT s.name, pg_catalog.split_part(c.word, ' ', 1) AS column_name,
           pg_catalog.substr(c.word, pg_catalog.strpos(c.word, ' ') + 1) AS type
    FROM stock s CROSS JOIN LATERAL pg_catalog.regexp_split_to_table(s.columns, ', ') c (word)
), found AS (
    SELECT c.relname AS name, a.attname AS column_name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = 'pgagent' AND c.relkind IN ('r', 'p')
), problem (place, text) AS (
    SELECT 1, 'table ' || s.name FROM stock s WHERE s.name NOT IN (SELECT f.name FROM found f)
    UNION ALL
    SELECT 2, pg_catalog.format('column %s.%s (%s)', e.name, e.column_name, e.type)
    FROM expected e
    WHERE e.name IN (SELECT f.name FROM found f)
      AND NOT EXISTS (
          SELECT FROM found f
          WHERE f.name = e.name AND f.column_name = e.column_name
            AND (f.type = e.type
                 OR (f.type = 'bigint' AND e.column_name IN ('jlgid', 'jslid', 'jsljlgid'))))
    UNION ALL
    SELECT 3, 'function pgagent_schema_version()'
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                      WHERE n.nspname = 'pgagent' AND p.proname = 'pgagent_schema_version' AND p.pronargs = 0)
    UNION ALL
    SELECT 4, 'sequence ' || s.name
    FROM (VALUES ('pga_joblog_jlgid_seq'), ('pga_jobsteplog_jslid_seq')) s (name)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                      WHERE n.nspname = 'pgagent' AND c.relname = s.name AND c.relkind = 'S')
)
SELECT (SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname = 'pgagent') AS extension,
       (SELECT pg_catalog.string_agg(p.text, ', ' ORDER BY p.place, p.text) FROM problem p) AS missing,
       pg_catalog.current_database() AS database
