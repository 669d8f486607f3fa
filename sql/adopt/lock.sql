/* SPDX-License-Identifier: PostgreSQL */
/* Nobody else is at work on them until the end. */
LOCK TABLE pgagent.pga_jobagent, pgagent.pga_jobclass, pgagent.pga_job, pgagent.pga_jobstep, pgagent.pga_schedule,
    pgagent.pga_exception, pgagent.pga_joblog, pgagent.pga_jobsteplog IN ACCESS EXCLUSIVE MODE;
