-- Roles that were given the rights of a pgAgent (its row in pga_jobagent is what only agents write), and what our agents need
-- on top of these.
SELECT g.role,
       pg_catalog.format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgagent TO %1$I; '
                         'GRANT USAGE ON ALL SEQUENCES IN SCHEMA pgagent TO %1$I', g.role) AS statement
FROM (SELECT DISTINCT pg_catalog.pg_get_userbyid(a.grantee) AS role
      FROM pg_catalog.pg_class c
      CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
      WHERE c.oid = 'pgagent.pga_jobagent'::pg_catalog.regclass AND a.privilege_type = 'INSERT'
        AND a.grantee NOT IN (0, c.relowner)) g
ORDER BY g.role
