noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
	src/cli/cli.c \
	src/cli/cli.h \
	src/cli/session.c \
	src/cli/session.h \
	src/cli/setup-command.c \
	src/cli/setup.c \
	src/cli/setup.h
