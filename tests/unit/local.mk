# base
LDADD = libbase.a $(GLIB_LIBS)
BASE_TESTS = \
	tests/unit/test-clock \
	tests/unit/test-conffile \
	tests/unit/test-error \
	tests/unit/test-log \
	tests/unit/test-quantity \
	tests/unit/test-settings \
	tests/unit/test-watch
check_PROGRAMS += $(BASE_TESTS)
TESTS += $(BASE_TESTS)
