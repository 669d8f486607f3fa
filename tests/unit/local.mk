# base
LDADD = libbase.a $(GLIB_LIBS)
BASE_TESTS = \
	tests/unit/test-capture \
	tests/unit/test-child \
	tests/unit/test-clock \
	tests/unit/test-conffile \
	tests/unit/test-error \
	tests/unit/test-log \
	tests/unit/test-quantity \
	tests/unit/test-processes \
	tests/unit/test-scratch \
	tests/unit/test-settings \
	tests/unit/test-watch
check_PROGRAMS += $(BASE_TESTS)
TESTS += $(BASE_TESTS)

# store
STORE_TESTS = \
	tests/unit/test-clockwatch \
	tests/unit/test-identity \
	tests/unit/test-halves \
	tests/unit/test-lease \
	tests/unit/test-schema \
	tests/unit/test-writer
tests_unit_test_clockwatch_LDADD = libstore.a libbase.a $(GLIB_LIBS)
tests_unit_test_identity_LDADD = libstore.a libbase.a $(GLIB_LIBS)
tests_unit_test_halves_LDADD = libstore.a $(GLIB_LIBS)
tests_unit_test_lease_LDADD = libstore.a libbase.a $(GLIB_LIBS)
tests_unit_test_writer_SOURCES = tests/unit/test-writer.c tests/unit/answers.c tests/unit/answers.h tests/unit/server.c tests/unit/server.h
tests_unit_test_writer_LDADD = libstore.a libdb.a libcalendar.a libbase.a $(GLIB_LIBS) $(LIBPQ_LIBS)
tests_unit_test_schema_LDADD = libstore.a libbase.a $(GLIB_LIBS)
check_PROGRAMS += $(STORE_TESTS)
TESTS += $(STORE_TESTS)

# service
SERVICE_TESTS = \
	tests/unit/test-private \
	tests/unit/test-unix
tests_unit_test_private_LDADD = libservice.a libcli.a libstore.a libdb.a libcalendar.a libbase.a $(GLIB_LIBS) $(LIBPQ_LIBS)
tests_unit_test_unix_LDADD = libservice.a libbase.a $(GLIB_LIBS) $(SYSTEMD_LIBS)
check_PROGRAMS += $(SERVICE_TESTS)
TESTS += $(SERVICE_TESTS)

# calendar
calendar_tests = tests/unit/test-civil tests/unit/test-cron tests/unit/test-length tests/unit/test-rule tests/unit/test-schedule tests/unit/test-union tests/unit/test-zone
check_PROGRAMS += $(calendar_tests)
TESTS += $(calendar_tests)
calendar_test_tools = \
	tests/tools/case-table.c tests/tools/case-table.h \
	tests/tools/random-rule.c tests/tools/random-rule.h \
	tests/tools/rule-oracle.c tests/tools/rule-oracle.h \
	tests/tools/schedule-text.c tests/tools/schedule-text.h \
	tests/tools/slot-oracle.c tests/tools/slot-oracle.h \
	tests/tools/tzif-maker.c tests/tools/tzif-maker.h
calendar_test_flags = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/tools
calendar_test_libs = libcalendar.a libbase.a $(GLIB_LIBS)

tests_unit_test_civil_LDADD = $(calendar_test_libs)
tests_unit_test_cron_SOURCES = tests/unit/test-cron.c $(calendar_test_tools)
tests_unit_test_cron_CPPFLAGS = $(calendar_test_flags)
tests_unit_test_cron_LDADD = $(calendar_test_libs)
tests_unit_test_length_SOURCES = tests/unit/test-length.c $(calendar_test_tools)
tests_unit_test_length_CPPFLAGS = $(calendar_test_flags)
tests_unit_test_length_LDADD = $(calendar_test_libs)
tests_unit_test_rule_SOURCES = tests/unit/test-rule.c $(calendar_test_tools)
tests_unit_test_rule_CPPFLAGS = $(calendar_test_flags)
tests_unit_test_rule_LDADD = $(calendar_test_libs)
tests_unit_test_schedule_SOURCES = tests/unit/test-schedule.c $(calendar_test_tools)
tests_unit_test_schedule_CPPFLAGS = $(calendar_test_flags)
tests_unit_test_schedule_LDADD = $(calendar_test_libs)
tests_unit_test_union_SOURCES = tests/unit/test-union.c $(calendar_test_tools)
tests_unit_test_union_CPPFLAGS = $(calendar_test_flags)
tests_unit_test_union_LDADD = $(calendar_test_libs)
tests_unit_test_zone_SOURCES = tests/unit/test-zone.c $(calendar_test_tools)
tests_unit_test_zone_CPPFLAGS = $(calendar_test_flags)
tests_unit_test_zone_LDADD = $(calendar_test_libs)

# calendar: definitions
definition_tests = tests/unit/test-definition tests/unit/test-instant
check_PROGRAMS += $(definition_tests)
TESTS += $(definition_tests)
tests_unit_test_definition_SOURCES = tests/unit/test-definition.c $(calendar_test_tools)
tests_unit_test_definition_CPPFLAGS = $(calendar_test_flags)
tests_unit_test_definition_LDADD = $(calendar_test_libs)
tests_unit_test_instant_LDADD = $(calendar_test_libs)
EXTRA_DIST += tests/data/calendar/definitions.tsv

# calendar: iCalendar
ical_tests = tests/unit/test-ical tests/unit/test-rrule
check_PROGRAMS += $(ical_tests)
TESTS += $(ical_tests)
ical_test_tools = $(calendar_test_tools) tests/tools/rrule-maker.c tests/tools/rrule-maker.h
tests_unit_test_ical_SOURCES = tests/unit/test-ical.c $(ical_test_tools)
tests_unit_test_ical_CPPFLAGS = $(calendar_test_flags)
tests_unit_test_ical_LDADD = $(calendar_test_libs)
tests_unit_test_rrule_SOURCES = tests/unit/test-rrule.c $(ical_test_tools)
tests_unit_test_rrule_CPPFLAGS = $(calendar_test_flags)
tests_unit_test_rrule_LDADD = $(calendar_test_libs)
EXTRA_DIST += tests/data/calendar/ical.tsv tests/data/calendar/ical-errors.tsv

# Prints what the C planner thinks, for the service tests.
check_PROGRAMS += tests/tools/next-slots tests/tools/plan-schedule tests/tools/show-zone
tests_tools_next_slots_SOURCES = tests/tools/next-slots.c tests/tools/print-slots.c tests/tools/print-slots.h
tests_tools_next_slots_CPPFLAGS = $(calendar_test_flags)
tests_tools_next_slots_LDADD = $(calendar_test_libs)
tests_tools_plan_schedule_SOURCES = tests/tools/plan-schedule.c \
	tests/tools/print-slots.c tests/tools/print-slots.h \
	tests/tools/schedule-text.c tests/tools/schedule-text.h
tests_tools_plan_schedule_CPPFLAGS = $(calendar_test_flags)
tests_tools_plan_schedule_LDADD = $(calendar_test_libs)
tests_tools_show_zone_LDADD = $(calendar_test_libs)

EXTRA_DIST += \
	tests/data/calendar/README \
	tests/data/calendar/cron-errors.tsv \
	tests/data/calendar/cron-printed.tsv \
	tests/data/calendar/cron.tsv \
	tests/data/calendar/labels.tsv \
	tests/data/calendar/lengths.tsv \
	tests/data/calendar/offsets.tsv \
	tests/data/calendar/pgagent.tsv \
	tests/data/calendar/rules.tsv \
	tests/data/calendar/transitions.tsv

# db
DB_TESTS = \
	tests/unit/test-conn \
	tests/unit/test-params \
	tests/unit/test-pool \
	tests/unit/test-script \
	tests/unit/test-strikes \
	tests/unit/test-target
check_PROGRAMS += $(DB_TESTS)
TESTS += $(DB_TESTS)
db_test_libs = libdb.a libbase.a $(GLIB_LIBS) $(LIBPQ_LIBS)
db_conn_test_sources = tests/unit/answers.c tests/unit/answers.h tests/unit/server.c tests/unit/server.h
tests_unit_test_conn_SOURCES = tests/unit/test-conn.c $(db_conn_test_sources)
tests_unit_test_conn_LDADD = $(db_test_libs)
tests_unit_test_params_SOURCES = tests/unit/test-params.c tests/unit/server.c tests/unit/server.h
tests_unit_test_params_LDADD = $(db_test_libs)
tests_unit_test_pool_SOURCES = tests/unit/test-pool.c $(db_conn_test_sources)
tests_unit_test_pool_LDADD = $(db_test_libs)
tests_unit_test_script_SOURCES = tests/unit/test-script.c $(db_conn_test_sources)
tests_unit_test_script_LDADD = $(db_test_libs)
tests_unit_test_strikes_SOURCES = tests/unit/test-strikes.c tests/unit/strike.c tests/unit/strike.h $(db_conn_test_sources)
tests_unit_test_strikes_LDADD = $(db_test_libs)
tests_unit_test_strikes_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=PQconnectStartParams -Wl,--wrap=PQconnectPoll -Wl,--wrap=PQsetnonblocking -Wl,--wrap=PQconsumeInput \
	-Wl,--wrap=PQflush -Wl,--wrap=PQsendQuery -Wl,--wrap=PQsetSingleRowMode -Wl,--wrap=PQsendPrepare \
	-Wl,--wrap=PQsendQueryParams -Wl,--wrap=PQsendQueryPrepared -Wl,--wrap=PQenterPipelineMode \
	-Wl,--wrap=PQexitPipelineMode -Wl,--wrap=PQpipelineSync -Wl,--wrap=PQgetResult \
	-Wl,--wrap=fork -Wl,--wrap=g_unix_open_pipe -Wl,--wrap=dup2 -Wl,--wrap=setsid -Wl,--wrap=chdir -Wl,--wrap=execve \
	-Wl,--wrap=waitid -Wl,--wrap=fcntl -Wl,--wrap=read
tests_unit_test_target_LDADD = $(db_test_libs)

# engine
engine_tests = tests/unit/test-planner
tests_unit_test_planner_LDADD = libengine.a libsteps.a libstore.a libdb.a libcalendar.a libbase.a \
	$(GLIB_LIBS) $(LIBPQ_LIBS)
check_PROGRAMS += $(engine_tests)
TESTS += $(engine_tests)

# cli
cli_tests = tests/unit/test-caret tests/unit/test-system-zone tests/unit/test-table tests/unit/test-passfile tests/unit/test-json
check_PROGRAMS += $(cli_tests)
TESTS += $(cli_tests)
tests_unit_test_caret_LDADD = libcalendar.a libbase.a $(GLIB_LIBS)
tests_unit_test_table_LDADD = libcli.a libstore.a libbase.a $(GLIB_LIBS) $(LIBPQ_LIBS)
tests_unit_test_passfile_LDADD = libcli.a $(GLIB_LIBS)
tests_unit_test_json_LDADD = libcli.a $(GLIB_LIBS)
tests_unit_test_system_zone_LDADD = libcli.a libcalendar.a libbase.a $(GLIB_LIBS)

# manual
tests_unit_test_manual_LDADD = libcli.a libstore.a libdb.a libcalendar.a libbase.a $(GLIB_LIBS) $(LIBPQ_LIBS)
check_PROGRAMS += tests/unit/test-manual
TESTS += tests/unit/test-manual
