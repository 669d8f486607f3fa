bin_PROGRAMS += pgalmanac
pgalmanac_SOURCES = src/main.c
# Highest layer first: the linker takes from each archive what those before it want.
pgalmanac_LDADD = libservice.a libcli.a libengine.a libsteps.a libstore.a libdb.a libcalendar.a libbase.a \
	$(GLIB_LIBS) $(LIBPQ_LIBS) $(SYSTEMD_LIBS)
