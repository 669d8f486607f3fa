-- The tables are a copy, or were moved: the processes of open steps are not ours to end. Where the original goes on they are
-- its own, and still at work.
UPDATE pgagent.pga_jobsteplog SET jslpid = NULL, jslpidstart = NULL WHERE jslstatus = 'r' AND jslpid IS NOT NULL
