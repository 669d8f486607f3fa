-- The zone of times that belong to no job.
SELECT setvalue AS zone FROM pgagent.pga_setting WHERE setname = 'timezone'
