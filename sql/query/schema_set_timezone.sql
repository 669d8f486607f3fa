-- The zone in which schedules are read that name none. A change makes the agents plan all jobs again.
UPDATE pgagent.pga_setting SET setvalue = $1 WHERE setname = 'timezone' AND setvalue IS DISTINCT FROM $1
