noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
	src/cli/cli.c \
	src/cli/cli.h \
	src/cli/next-command.c \
	src/cli/next-print.c \
	src/cli/next.c \
	src/cli/next.h \
	src/cli/session.c \
	src/cli/session.h \
	src/cli/setup-command.c \
	src/cli/setup.c \
	src/cli/setup.h \
	src/cli/system-zone.c \
	src/cli/system-zone.h
