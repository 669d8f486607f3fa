noinst_LIBRARIES += libengine.a
libengine_a_SOURCES = \
	src/engine/cancels.c src/engine/cancels.h \
	src/engine/dispatch.c src/engine/dispatch.h \
	src/engine/engine.c src/engine/engine.h \
	src/engine/look.c src/engine/look.h \
	src/engine/missed.c \
	src/engine/missed.h \
	src/engine/planner.c src/engine/planner.h \
	src/engine/prune.c src/engine/prune.h \
	src/engine/recover.c src/engine/recover.h \
	src/engine/replan.c src/engine/replan.h \
	src/engine/run.c src/engine/run.h src/engine/run-private.h \
	src/engine/run-step.c src/engine/run-stop.c src/engine/run-waiting.c \
	src/engine/timetable.c src/engine/timetable.h \
	src/engine/warmer.c src/engine/warmer.h
