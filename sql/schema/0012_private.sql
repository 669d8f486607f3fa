/* SPDX-License-Identifier: PostgreSQL */
/* Trigger functions that write with their owner's rights are for the tables here alone. Whoever may execute one may put it
 * on a table of their own and hand it rows that they may not write, or types whose casts then run as the owner. Triggers
 * that are there fire for everybody without that right. */
REVOKE EXECUTE ON FUNCTION
    pgagent.pga_job_before_insert(),
    pgagent.pga_job_after_insert(),
    pgagent.pga_job_trigger(),
    pgagent.pga_schedule_before(),
    pgagent.pga_schedule_trigger(),
    pgagent.pga_exception_trigger(),
    pgagent.pga_request_trigger(),
    pgagent.pga_setting_before(),
    pgagent.pga_setting_after(),
    pgagent.pga_rule_before(),
    pgagent.pga_rule_trigger(),
    pgagent.pga_job_freed(),
    pgagent.pga_request_cancel(),
    pgagent.pga_setting_pause(),
    pgagent.pga_job_comment_before(),
    pgagent.pga_job_comment_after(),
    pgagent.pga_setting_comments(),
    pgagent.pga_rule_comment()
FROM PUBLIC;
