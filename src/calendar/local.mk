noinst_LIBRARIES += libcalendar.a
libcalendar_a_SOURCES = \
	src/calendar/civil.h \
	src/calendar/rule.h \
	src/calendar/schedule.h \
	src/calendar/zone.h
