-- The statements that free pgAgent's objects of its extension, and end the extension; none if there is none.
WITH extension AS (
    SELECT e.oid FROM pg_catalog.pg_extension e WHERE e.extname = 'pgagent'
), statement (place, text) AS (
    SELECT 1, pg_catalog.format('ALTER EXTENSION pgagent DROP %s %s', pg_catalog.upper(i.type), i.identity)
    FROM pg_catalog.pg_depend d
    JOIN extension e ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
    WHERE d.deptype = 'e'
    UNION ALL
    SELECT 2, 'DROP EXTENSION pgagent' FROM extension
)
SELECT s.text FROM statement s ORDER BY s.place, s.text
