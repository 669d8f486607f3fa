-- What is in the text of steps. Nothing of it is shown: it may hold passwords, and those are looked for in disabled ones too.
WITH step AS (
    SELECT s.jstid, s.jstname, s.jstkind, s.jstcode, j.jobid, j.jobname, j.jobenabled AND s.jstenabled AS is_enabled
    FROM pgagent.pga_jobstep s
    JOIN pgagent.pga_job j ON j.jobid = s.jstjobid
)
SELECT 'warning' AS severity, 'a password seems to be written in the text of the step: all who may read the table see it' AS what,
       'step' AS place, jstid AS id, jstname AS name, jobid, jobname,
       'keep it outside: the agent''s .pgpass, a service file, a user mapping, or a file that only the script''s user reads' AS mend
FROM step
WHERE jstcode ~* 'password\s+''[^'']' OR jstcode ~* 'password=["'']{0,2}[^[:space:]"''$%:@<>?();,]'
   OR jstcode ~* 'postgres(ql)?://[^[:space:]:@/]*:[^[:space:]@]+@'
UNION ALL
SELECT 'note', 'the step begins a transaction and does not seem to end it: what it did is then lost, and the step fails', 'step',
       jstid, jstname, jobid, jobname, 'add COMMIT, or leave BEGIN out: one step is one transaction anyway'
FROM step
WHERE is_enabled AND jstkind = 's' AND jstcode ~* '(^|;|\n)\s*(BEGIN(\s+(WORK|TRANSACTION)[^;]*)?|START\s+TRANSACTION[^;]*)\s*;'
  AND jstcode !~* '\m(COMMIT|ROLLBACK|ABORT|END(\s+(WORK|TRANSACTION))?\s*(;|$)|PREPARE\s+TRANSACTION)'
UNION ALL
SELECT 'note', 'the text has $$, which pgAdmin cannot save in a new job nor run from a job''s SQL tab', 'step',
       jstid, jstname, jobid, jobname, 'write $code$ or another tag instead of $$ if the job is to be copied there'
FROM step
WHERE is_enabled AND position('$$' IN jstcode) > 0
ORDER BY 1 DESC, 2, 4
