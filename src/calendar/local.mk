noinst_LIBRARIES += libcalendar.a
libcalendar_a_SOURCES = \
	src/calendar/bitmap.c src/calendar/bitmap.h \
	src/calendar/caret.c src/calendar/caret.h \
	src/calendar/civil.c src/calendar/civil.h \
	src/calendar/cron.c src/calendar/cron.h \
	src/calendar/cronfield.c src/calendar/cronfield.h \
	src/calendar/cronprint.c \
	src/calendar/days.c src/calendar/days.h \
	src/calendar/definition.c src/calendar/definition.h \
	src/calendar/every.c \
	src/calendar/ical.c src/calendar/ical.h src/calendar/ical-private.h \
	src/calendar/icalcompile.c \
	src/calendar/icalline.c src/calendar/icalline.h \
	src/calendar/icalprint.c \
	src/calendar/icalvalue.c src/calendar/icalvalue.h \
	src/calendar/instant.c src/calendar/instant.h \
	src/calendar/interval.c src/calendar/interval.h \
	src/calendar/labelled.c \
	src/calendar/labels.c src/calendar/labels.h \
	src/calendar/length.c src/calendar/length.h \
	src/calendar/never.c \
	src/calendar/numberlist.c src/calendar/numberlist.h \
	src/calendar/piece.c src/calendar/piece.h \
	src/calendar/place.h \
	src/calendar/positions.c src/calendar/positions.h \
	src/calendar/posixzone.c src/calendar/posixzone.h \
	src/calendar/rrule.c src/calendar/rrule.h src/calendar/rrule-private.h \
	src/calendar/rruleprint.c src/calendar/rrulesupply.c \
	src/calendar/rule.c src/calendar/rule.h \
	src/calendar/schedule.c src/calendar/schedule.h src/calendar/schedule-kind.h \
	src/calendar/times.c src/calendar/times.h \
	src/calendar/typed.c src/calendar/typed.h \
	src/calendar/typedkeys.c src/calendar/typedkeys.h \
	src/calendar/typedrule.c \
	src/calendar/tzif.c src/calendar/tzif.h \
	src/calendar/union.c \
	src/calendar/zone.c src/calendar/zone.h
