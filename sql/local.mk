# Every statement is a file, built into the program; sql/schema in the order of its numbers.
SQL_SCHEMA =
SQL_QUERY =

EXTRA_DIST += $(SQL_SCHEMA) $(SQL_QUERY)
BUILT_SOURCES += sql/sql-resource.h
CLEANFILES += sql/sql-resource.c sql/sql-resource.h sql/sql.gresource.xml

sql/sql.gresource.xml: $(SQL_SCHEMA) $(SQL_QUERY) Makefile
	$(AM_V_GEN)mkdir -p sql && { \
	  echo '<gresources><gresource prefix="/pgalmanac">'; \
	  for file in $(SQL_SCHEMA) $(SQL_QUERY); do echo "<file>$$file</file>"; done; \
	  echo '</gresource></gresources>'; } > $@
sql/sql-resource.c: sql/sql.gresource.xml
	$(AM_V_GEN)$(GLIB_COMPILE_RESOURCES) --sourcedir=$(top_srcdir) --generate-source --manual-register --c-name sql --target=$@ $<
sql/sql-resource.h: sql/sql.gresource.xml
	$(AM_V_GEN)$(GLIB_COMPILE_RESOURCES) --sourcedir=$(top_srcdir) --generate-header --manual-register --c-name sql --target=$@ $<
