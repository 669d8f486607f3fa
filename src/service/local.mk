noinst_LIBRARIES += libservice.a
libservice_a_SOURCES = \
	src/service/pid-file.c \
	src/service/pid-file.h \
	src/service/private-folder.c \
	src/service/private-folder.h \
	src/service/private.c \
	src/service/private.h \
	src/service/service.c src/service/service.h \
	src/service/server-programs.c \
	src/service/server-programs.h \
	src/service/unix.c \
	src/service/unix.h
