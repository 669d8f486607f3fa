noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	src/store/fields.h \
	src/store/agents.c src/store/agents.h \
	src/store/burials.c src/store/burials.h \
	src/store/reaper.c src/store/reaper.h \
	src/store/clockwatch.c src/store/clockwatch.h \
	src/store/claim-params.c src/store/claim-params.h \
	src/store/claims.c src/store/claims.h \
	src/store/home.c src/store/home.h \
	src/store/identity.c src/store/identity.h \
	src/store/halves.c src/store/halves.h \
	src/store/history.c src/store/history.h \
	src/store/holds.c src/store/holds.h \
	src/store/jobs.c src/store/jobs.h \
	src/store/journal.c src/store/journal.h \
	src/store/keeper.c src/store/keeper.h \
	src/store/lease.c src/store/lease.h \
	src/store/lists.c src/store/lists.h \
	src/store/plans.c src/store/plans.h \
	src/store/requests.c src/store/requests.h \
	src/store/rules.c src/store/rules.h \
	src/store/pooler.c src/store/pooler.h \
	src/store/link.c src/store/link.h \
	src/store/runs.c src/store/runs.h \
	src/store/schema.c src/store/schema.h \
	src/store/session.c src/store/session.h \
	src/store/sql.c src/store/sql.h \
	src/store/store.c src/store/store.h src/store/store-private.h src/store/store-control.c src/store/store-self.c \
	src/store/tables.c src/store/tables.h \
	src/store/writer.c src/store/writer.h src/store/writer-private.h
nodist_libstore_a_SOURCES = sql/sql-resource.c
# The programs that are made of the statements wait for them.
src/store/sql.$(OBJEXT) src/store/schema.$(OBJEXT): sql/sql-resource.h
