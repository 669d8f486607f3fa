noinst_LIBRARIES += libdb.a
libdb_a_SOURCES = \
	src/db/backend.c src/db/cancel.c \
	src/db/conn-private.h \
	src/db/conn.c \
	src/db/conn.h \
	src/db/connect.c \
	src/db/conninfo.c \
	src/db/conninfo.h \
	src/db/fault-private.h \
	src/db/fault.c \
	src/db/fault.h \
	src/db/gates.c \
	src/db/gates.h \
	src/db/hosts.c \
	src/db/hosts.h \
	src/db/lease.c \
	src/db/lookup.c \
	src/db/lookup.h \
	src/db/params.c \
	src/db/params.h \
	src/db/pgtypes.h \
	src/db/pool-private.h \
	src/db/pool.c \
	src/db/pool.h \
	src/db/pooled.c src/db/pooled.h \
	src/db/poolserver.c \
	src/db/prepared.c \
	src/db/query.c \
	src/db/result.c \
	src/db/result.h \
	src/db/script.c \
	src/db/target.c \
	src/db/target.h \
	src/db/transaction.c
