noinst_LIBRARIES += libstore.a
libstore_a_SOURCES =
nodist_libstore_a_SOURCES = sql/sql-resource.c
