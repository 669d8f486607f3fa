noinst_LIBRARIES += libsteps.a
libsteps_a_SOURCES = \
	src/steps/batch.c \
	src/steps/sql.c \
	src/steps/step.c src/steps/step.h \
	src/steps/unknown.c
