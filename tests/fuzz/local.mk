# Built and run by tests/fuzz/run, not by make.
EXTRA_DIST += tests/fuzz/run
EXTRA_DIST += tests/fuzz/fuzz-cron.c tests/fuzz/cron
EXTRA_DIST += tests/fuzz/fuzz-schedule.c tests/fuzz/fuzz-zone.c tests/fuzz/schedule
EXTRA_DIST += tests/fuzz/fuzz-ical.c tests/fuzz/ical
EXTRA_DIST += tests/fuzz/fuzz-settings.c tests/fuzz/settings
EXTRA_DIST += tests/fuzz/fuzz-target.c tests/fuzz/target
EXTRA_DIST += tests/fuzz/fuzz-definition.c tests/fuzz/definition
