# base
LDADD = libbase.a $(GLIB_LIBS)
BASE_TESTS = \
	tests/unit/test-capture \
	tests/unit/test-child \
	tests/unit/test-clock \
	tests/unit/test-conffile \
	tests/unit/test-error \
	tests/unit/test-log \
	tests/unit/test-quantity \
	tests/unit/test-settings \
	tests/unit/test-watch
check_PROGRAMS += $(BASE_TESTS)
TESTS += $(BASE_TESTS)

# store
STORE_TESTS = \
	tests/unit/test-schema
tests_unit_test_schema_LDADD = libstore.a libbase.a $(GLIB_LIBS)
check_PROGRAMS += $(STORE_TESTS)
TESTS += $(STORE_TESTS)

# service
SERVICE_TESTS = \
	tests/unit/test-private
tests_unit_test_private_LDADD = libservice.a libcli.a libstore.a libbase.a $(GLIB_LIBS) $(LIBPQ_LIBS)
check_PROGRAMS += $(SERVICE_TESTS)
TESTS += $(SERVICE_TESTS)
