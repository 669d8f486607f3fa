# Every statement is a file, built into the program; sql/schema in the order of its numbers.
SQL_SCHEMA = \
	sql/schema/0001_settings.sql \
	sql/schema/0002_stock.sql \
	sql/schema/0003_service.sql \
	sql/schema/0004_slots.sql \
	sql/schema/0005_planning.sql \
	sql/schema/0006_rules.sql \
	sql/schema/0007_control.sql \
	sql/schema/0008_views.sql \
	sql/schema/0009_why.sql \
	sql/schema/0010_commands.sql \
	sql/schema/0011_comments.sql \
	sql/schema/0012_private.sql \
	sql/schema/0013_retention.sql
SQL_QUERY = \
	sql/query/adopt_agents.sql \
	sql/query/adopt_apply.sql \
	sql/query/adopt_bury.sql \
	sql/query/adopt_comments.sql \
	sql/query/adopt_detach.sql \
	sql/query/adopt_owner.sql \
	sql/query/adopt_owners.sql \
	sql/query/adopt_plan.sql \
	sql/query/adopt_report.sql \
	sql/query/adopt_roles.sql \
	sql/query/adopt_state.sql \
	sql/query/adopt_version.sql \
	sql/query/agentlog_trim.sql \
	sql/query/agentlog_write.sql \
	sql/query/agents_bury.sql \
	sql/query/agents_bury_orphans.sql \
	sql/query/agents_dead.sql \
	sql/query/agents_forget_old.sql \
	sql/query/agents_leave.sql \
	sql/query/agents_rewind.sql \
	sql/query/agents_neighbours.sql \
	sql/query/agents_register.sql \
	sql/query/agents_renew.sql \
	sql/query/agents_repoint.sql \
	sql/query/claims_skip.sql \
	sql/query/claims_take.sql \
	sql/query/cli_cancel_job.sql \
	sql/query/cli_cancel_run.sql \
	sql/query/cli_find_job.sql \
	sql/query/cli_jobs.sql \
	sql/query/cli_log.sql \
	sql/query/cli_log_new.sql \
	sql/query/cli_log_open.sql \
	sql/query/cli_next_run.sql \
	sql/query/cli_pause.sql \
	sql/query/cli_resume.sql \
	sql/query/cli_run.sql \
	sql/query/cli_run_find.sql \
	sql/query/cli_run_outcome.sql \
	sql/query/cli_run_state.sql \
	sql/query/cli_run_steps.sql \
	sql/query/cli_show_exceptions.sql \
	sql/query/cli_show_job.sql \
	sql/query/cli_show_log.sql \
	sql/query/cli_show_requests.sql \
	sql/query/cli_show_rules.sql \
	sql/query/cli_show_schedules.sql \
	sql/query/cli_show_steps.sql \
	sql/query/cli_skip.sql \
	sql/query/cli_status_agents.sql \
	sql/query/cli_status_late.sql \
	sql/query/cli_status_next.sql \
	sql/query/cli_status_pause.sql \
	sql/query/cli_status_problems.sql \
	sql/query/cli_status_retention.sql \
	sql/query/cli_status_running.sql \
	sql/query/cli_status_skipped.sql \
	sql/query/cli_why.sql \
	sql/query/cli_zone.sql \
	sql/query/comments_ignored.sql \
	sql/query/doctor_agents.sql \
	sql/query/doctor_batch.sql \
	sql/query/doctor_columns.sql \
	sql/query/doctor_databases.sql \
	sql/query/doctor_exceptions.sql \
	sql/query/doctor_facts.sql \
	sql/query/doctor_future.sql \
	sql/query/doctor_history.sql \
	sql/query/doctor_hosts.sql \
	sql/query/doctor_jobs.sql \
	sql/query/doctor_log_ids.sql \
	sql/query/doctor_minutes.sql \
	sql/query/doctor_offsets.sql \
	sql/query/doctor_pgagents.sql \
	sql/query/doctor_rules.sql \
	sql/query/doctor_runs.sql \
	sql/query/doctor_schedule_exceptions.sql \
	sql/query/doctor_schedules.sql \
	sql/query/doctor_sequences.sql \
	sql/query/doctor_server.sql \
	sql/query/doctor_settings.sql \
	sql/query/doctor_skew.sql \
	sql/query/doctor_step_order.sql \
	sql/query/doctor_targets.sql \
	sql/query/doctor_text.sql \
	sql/query/doctor_triggers.sql \
	sql/query/doctor_vacuum.sql \
	sql/query/history_prune.sql \
	sql/query/identity_accept.sql \
	sql/query/identity_here.sql \
	sql/query/identity_here_plain.sql \
	sql/query/identity_set.sql \
	sql/query/identity_timeline.sql \
	sql/query/jobs_due.sql \
	sql/query/jobs_next.sql \
	sql/query/jobs_schedules.sql \
	sql/query/jobs_steps.sql \
	sql/query/lock_holders.sql \
	sql/query/plans_load.sql \
	sql/query/plans_write.sql \
	sql/query/release_agents.sql \
	sql/query/release_changes.sql \
	sql/query/release_findings.sql \
	sql/query/release_state.sql \
	sql/query/requests_cancels.sql \
	sql/query/rules_load.sql \
	sql/query/runs_close.sql \
	sql/query/runs_close_given_up.sql \
	sql/query/runs_close_left_steps.sql \
	sql/query/runs_close_step.sql \
	sql/query/runs_lost.sql \
	sql/query/runs_note_pid.sql \
	sql/query/runs_note_waiting.sql \
	sql/query/runs_open_step.sql \
	sql/query/runs_unknown.sql \
	sql/query/schedule_defects.sql \
	sql/query/schema_check.sql \
	sql/query/schema_find_zone.sql \
	sql/query/schema_lock.sql \
	sql/query/schema_set_timezone.sql \
	sql/query/schema_set_version.sql \
	sql/query/schema_settings.sql \
	sql/query/schema_state.sql \
	sql/query/schema_version.sql \
	sql/query/session_backend.sql \
	sql/query/session_begin.sql \
	sql/query/session_listen.sql \
	sql/query/session_setup.sql \
	sql/query/steps_end.sql \
	sql/query/stock_sequences.sql \
	sql/query/writer_fence.sql \
	sql/query/writer_ping.sql
# Parts of one transaction, several statements each.
SQL_ADOPT = \
	sql/adopt/begin.sql \
	sql/adopt/settings.sql \
	sql/adopt/triggers.sql
SQL_RELEASE = \
	sql/release/begin.sql \
	sql/release/end.sql \
	sql/release/settle.sql \
	sql/release/stock.sql
SQL_STOCK = \
	sql/stock/lock.sql
SQL_FILES = $(SQL_SCHEMA) $(SQL_QUERY) $(SQL_ADOPT) $(SQL_RELEASE) $(SQL_STOCK)

EXTRA_DIST += $(SQL_FILES)
BUILT_SOURCES += sql/sql-resource.h
CLEANFILES += sql/sql-resource.c sql/sql-resource.h sql/sql.gresource.xml

sql/sql.gresource.xml: $(SQL_FILES) Makefile
	$(AM_V_GEN)mkdir -p sql && { \
	  echo '<gresources><gresource prefix="/pgalmanac">'; \
	  for file in $(SQL_FILES); do echo "<file>$$file</file>"; done; \
	  echo '</gresource></gresources>'; } > $@
sql/sql-resource.c: sql/sql.gresource.xml
	$(AM_V_GEN)$(GLIB_COMPILE_RESOURCES) --sourcedir=$(top_srcdir) --generate-source --c-name sql --target=$@ $<
sql/sql-resource.h: sql/sql.gresource.xml
	$(AM_V_GEN)$(GLIB_COMPILE_RESOURCES) --sourcedir=$(top_srcdir) --generate-header --c-name sql --target=$@ $<
