noinst_LIBRARIES += libdb.a
libdb_a_SOURCES = \
	src/db/conn.h \
	src/db/params.h \
	src/db/pool.h \
	src/db/result.h \
	src/db/target.h
