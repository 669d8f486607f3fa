noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
	src/cli/adopt-print.c \
	src/cli/adopt.c \
	src/cli/adopt.h \
	src/cli/answer.c \
	src/cli/answer.h \
	src/cli/cli.c \
	src/cli/cli.h \
	src/cli/next-command.c \
	src/cli/next-print.c \
	src/cli/next.c \
	src/cli/next.h \
	src/cli/options.c \
	src/cli/options.h \
	src/cli/plain.c \
	src/cli/plain.h \
	src/cli/release-command.c \
	src/cli/release.c \
	src/cli/release.h \
	src/cli/schema-script.c \
	src/cli/schema-script.h \
	src/cli/session.c \
	src/cli/session.h \
	src/cli/setup-command.c \
	src/cli/setup.c \
	src/cli/setup.h \
	src/cli/system-zone.c \
	src/cli/system-zone.h \
	src/cli/table.c \
	src/cli/table.h
