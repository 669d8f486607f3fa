TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
LOG_COMPILER = $(TEST_LIMIT) $(top_srcdir)/tests/seeded
AM_TESTS_ENVIRONMENT = G_TEST_SRCDIR='$(abs_top_srcdir)/tests' G_TEST_BUILDDIR='$(abs_top_builddir)/tests' TZDIR=/usr/share/zoneinfo
export AM_TESTS_ENVIRONMENT

include tests/unit/local.mk
include tests/fuzz/local.mk

dist_check_SCRIPTS += tests/check-layers tests/seeded
TESTS += tests/check-layers
EXTRA_DIST += tests/bench tests/chaos tests/package tests/service quickstart runtests dev .ci/run

# What running the tests leaves in the source tree.
dist-hook:
	find $(distdir)/tests -name __pycache__ -prune -exec rm -rf {} +
