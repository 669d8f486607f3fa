noinst_LIBRARIES += libcalendar.a
libcalendar_a_SOURCES = \
	src/calendar/civil.c src/calendar/civil.h \
	src/calendar/cron.c src/calendar/cron.h \
	src/calendar/cronfield.c src/calendar/cronfield.h \
	src/calendar/cronprint.c \
	src/calendar/definition.c src/calendar/definition.h \
	src/calendar/ical.h \
	src/calendar/instant.c src/calendar/instant.h \
	src/calendar/labels.c src/calendar/labels.h \
	src/calendar/length.c src/calendar/length.h \
	src/calendar/numberlist.c src/calendar/numberlist.h \
	src/calendar/place.h \
	src/calendar/posixzone.c src/calendar/posixzone.h \
	src/calendar/rrule.h \
	src/calendar/rule.c src/calendar/rule.h \
	src/calendar/schedule.c src/calendar/schedule.h \
	src/calendar/typed.c src/calendar/typed.h \
	src/calendar/typedkeys.c src/calendar/typedkeys.h \
	src/calendar/typedrule.c \
	src/calendar/tzif.c src/calendar/tzif.h \
	src/calendar/zone.c src/calendar/zone.h
