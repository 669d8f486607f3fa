noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/capture.c \
	src/base/capture.h \
	src/base/child.c \
	src/base/child.h \
	src/base/child-spawn.c \
	src/base/child-spawn.h \
	src/base/clock.c \
	src/base/clock.h \
	src/base/conffile.c \
	src/base/conffile.h \
	src/base/descriptors.c src/base/descriptors.h \
	src/base/error.c \
	src/base/error.h \
	src/base/leftovers.c src/base/leftovers.h \
	src/base/log.c \
	src/base/log.h \
	src/base/processes.c src/base/processes.h \
	src/base/quantity.c \
	src/base/quantity.h \
	src/base/settings.c \
	src/base/settings.h \
	src/base/scratch.c src/base/scratch.h \
	src/base/settings-print.c \
	src/base/settings-table.c \
	src/base/settings-table.h \
	src/base/sweeper.c src/base/sweeper.h \
	src/base/watch.c \
	src/base/watch.h
