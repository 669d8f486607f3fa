-- How long the history is kept, how much there is (as far as that can be had quickly), and how much goes.
SELECT coalesce(p.keep::text, 'for ever') AS keeps, p.runs AS newest_kept,
       (SELECT nullif(count(jobkeep), 0) FROM pgagent.pga_job) AS jobs_with_own,
       CASE WHEN pg_catalog.pg_relation_size(c.oid) < 8000000 THEN (SELECT count(*) FROM pgagent.pga_joblog)
            /* As the planner does it: what is known is as old as the last analyze, but the size is not. NULL = nothing known. */
            WHEN c.relpages > 0 AND c.reltuples >= 0
            THEN (c.reltuples / c.relpages * (pg_catalog.pg_relation_size(c.oid)
                                              / pg_catalog.current_setting('block_size')::int4))::int8 END AS runs,
       pgagent.pga_iso((SELECT min(jlgstart) FROM pgagent.pga_joblog), z.setvalue) AS oldest_run,
       g.runs AS removed_runs, g.skipped AS removed_skipped, g.messages AS removed_messages,
       (SELECT nullif(count(*), 0) FROM pgagent.pga_job j
        WHERE EXISTS (SELECT FROM pgagent.pga_old_runs(j.jobid, coalesce(j.jobkeep, p.keep), p.runs, 1))
           OR EXISTS (SELECT FROM pgagent.pga_old_skips(j.jobid, coalesce(j.jobkeep, p.keep), p.runs, 1))) AS jobs_to_prune
FROM pgagent.pga_retention() p
CROSS JOIN (SELECT setvalue FROM pgagent.pga_setting WHERE setname = 'timezone') z
CROSS JOIN (SELECT coalesce(sum(prnruns), 0) AS runs, nullif(sum(prnskipped), 0) AS skipped,
                   nullif(sum(prnmessages), 0) AS messages
            FROM pgagent.pga_pruned WHERE prnat > now() - interval '1 day') g
JOIN pg_catalog.pg_class c ON c.oid = 'pgagent.pga_joblog'::pg_catalog.regclass
