noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	src/store/schema.c \
	src/store/schema.h \
	src/store/sql.c \
	src/store/sql.h
nodist_libstore_a_SOURCES = sql/sql-resource.c
