noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/child.h \
	src/base/clock.h \
	src/base/error.h \
	src/base/log.h \
	src/base/settings.h \
	src/base/watch.h
