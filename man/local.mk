dist_man_MANS += man/pgalmanac.1 man/pgalmanac.8 man/pgalmanac-schedules.7 man/pgalmanac-tables.7
examplesdir = $(docdir)/examples
dist_examples_DATA = man/pgalmanac.conf.example man/allow-sudo.conf
nodist_examples_DATA = man/pgalmanac.service
EXTRA_DIST += man/pgalmanac.service.in
CLEANFILES += man/pgalmanac.service

man/pgalmanac.service: man/pgalmanac.service.in Makefile
	$(AM_V_GEN)mkdir -p man && sed -e 's|@bindir[@]|$(bindir)|' -e 's|@sysconfdir[@]|$(sysconfdir)|' \
	  $(top_srcdir)/man/pgalmanac.service.in > $@
