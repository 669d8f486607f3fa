-- The statements that bring back people's own comments on pgAgent's objects after ours were written. A comment is not people's
-- if it is pgAgent's (by its MD5) or stands in our own files, whose text is $1.
WITH namespace AS (
    SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'pgagent'
), relation AS (
    SELECT c.oid
    FROM pg_catalog.pg_class c JOIN namespace n ON n.oid = c.relnamespace
    WHERE c.relname IN ('pga_jobagent', 'pga_jobclass', 'pga_job', 'pga_jobstep', 'pga_schedule', 'pga_exception',
                        'pga_joblog', 'pga_jobsteplog', 'pga_exception_datetime')
)
SELECT pg_catalog.format('COMMENT ON %s %s IS %L',
                         CASE i.type WHEN 'table column' THEN 'COLUMN' ELSE pg_catalog.upper(i.type) END,
                         i.identity, d.description)
FROM pg_catalog.pg_description d
CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
WHERE CASE d.classoid
          WHEN 'pg_catalog.pg_namespace'::pg_catalog.regclass THEN d.objoid IN (SELECT n.oid FROM namespace n)
          WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN d.objoid IN (SELECT r.oid FROM relation r)
          WHEN 'pg_catalog.pg_proc'::pg_catalog.regclass THEN
              d.objoid IN (SELECT p.oid FROM pg_catalog.pg_proc p JOIN namespace n ON n.oid = p.pronamespace
                           WHERE p.proname IN ('pgagent_schema_version', 'pga_next_schedule', 'pga_is_leap_year',
                                               'pga_job_trigger', 'pga_schedule_trigger', 'pga_exception_trigger'))
          WHEN 'pg_catalog.pg_trigger'::pg_catalog.regclass THEN
              d.objoid IN (SELECT t.oid FROM pg_catalog.pg_trigger t JOIN relation r ON r.oid = t.tgrelid
                           WHERE t.tgname IN ('pga_job_trigger', 'pga_schedule_trigger', 'pga_exception_trigger'))
          ELSE false END
  AND pg_catalog.strpos($1::text, pg_catalog.quote_literal(d.description)) = 0
  AND pg_catalog.md5(d.description) <> ALL (ARRAY[
      'fa2f6ebd0b5922415e681f1cb84ec48f', '8dbdabf485ebf7f98ec39ba4edd45609', 'aa02df948693cd20b5eed514b6198c15',
      '5189528cee473ed5b743987c4dc4f6c7', 'cd3e75f29314f53b7cc2bccae01a9887', '661a599abd447c26fc2119e2a4d29076',
      '6bab4d83f24728f7f58429ba0e55ce55', '217137b5d753916b251b651bc3a1458e', '35e56bdda34c0b2ec1ea82b98b84ddb6',
      '7f1348830e5f15a06e2c0fe80b1b0406', 'fb57391ad48b957bf0b1ecccdee7383a', 'b6e5dd7302c3ad0b2be73bb80c2fd891',
      '1f5352ab3e4770e767dc5ab2c6f046de', 'ea6e6811cd5f6e97c6e0102a350660b4', '1e87311208633c9e7c0f4b625b872d5c',
      'e506fd1f15f17cd6fbe2cfc67f79497b', '4e24220ddcfffb7b351b3515e72ba501', '95aae54cfff61094ff013e4c769324d4',
      'f386c2c0920c733a0a08196fc4615486'])
ORDER BY i.type, i.identity
