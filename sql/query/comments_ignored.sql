-- Lines of comments that begin with @ and are not in force: those that were there before these tables were adopted, and those
-- that were edited while other programs had the tables. They are read when the comment is edited next; what the job then
-- would be told is the mistake (NULL = none).
SELECT j.jobid, j.jobname, l.line,
       pgagent.pga_line_mistake(l.word, l.rest, pgagent.pga_job_zone(j))
FROM pgagent.pga_job j
CROSS JOIN LATERAL pgagent.pga_comment_lines(j.jobdesc) l
WHERE strpos(j.jobdesc, '@') > 0
  AND NOT EXISTS (SELECT FROM pgagent.pga_rule r
                  WHERE r.ruljobid = j.jobid AND r.rulorigin = 'comment' AND r.ruldesc = l.line)
  AND NOT coalesce(pgagent.pga_job_settings(j) @> (SELECT s.setting FROM pgagent.pga_line_setting(l.word, l.rest) s), false)
ORDER BY j.jobid, l.place
