/* SPDX-License-Identifier: PostgreSQL */
/* pgAgent's own tables change hands: nobody else is at work on them until the end of the transaction. */
LOCK TABLE pgagent.pga_jobagent, pgagent.pga_jobclass, pgagent.pga_job, pgagent.pga_jobstep, pgagent.pga_schedule,
    pgagent.pga_exception, pgagent.pga_joblog, pgagent.pga_jobsteplog IN ACCESS EXCLUSIVE MODE;
