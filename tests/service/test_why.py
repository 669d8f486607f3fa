# SPDX-License-Identifier: PostgreSQL
"""pgagent.why(job): each reason has its sentence, and there is a sentence whatever the tables hold."""
import random
import re
from contextlib import closing, contextmanager

import psycopg2
import pytest

from harness import wait_until
from harness.holding import HeldSql
from harness.jobs import sql

PLACES = {
    "<when>": r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? Europe/Berlin",
    "<long>": r"(\d+ s|\d+ min \d+ s|\d+ h \d+ min|\d+ days \d+ h)",
    "<id>": r"\d+",
}

JOB = """
    INSERT INTO pgagent.pga_job (jobid, jobjclid, jobname, jobtimezone) VALUES (7, 1, 'nightly', 'Europe/Berlin');
    INSERT INTO pgagent.pga_jobstep (jstid, jstjobid, jstname, jstkind, jstcode, jstdbname)
    VALUES (70, 7, 'load', 's', 'SELECT 1', 'sales');"""
TWO = "'{t" + ",f" * 59 + "}', '{f,f,t" + ",f" * 21 + "}'"
# 02:00 each day from 2090 on
SCHEDULE = f"""
    INSERT INTO pgagent.pga_schedule (jscid, jscjobid, jscname, jscstart, jscminutes, jschours)
    VALUES (71, 7, 'at two', '2090-01-01 00:00+01', {TWO});"""
ENDS = "UPDATE pgagent.pga_schedule SET jscstart = '2020-01-01 00:00+01', jscend = '{}';"
FEBRUARY = ("UPDATE pgagent.pga_schedule SET jscmonths = '{f,t,f,f,f,f,f,f,f,f,f,f}',"
            " jscmonthdays = '{" + "f," * 29 + "t,t,f}';")
RULE = """
    INSERT INTO pgagent.pga_rule (rulid, ruljobid, rulname, rulkind, rulstart) VALUES (72, 7, 'rare', '%s', '2090-01-01');"""
WISH = "SELECT pgagent.run_job('nightly', '{}');"
# The session that asks is the agent's connection.
ALIVE = """
    INSERT INTO pgagent.pga_jobagent (jagpid, jagstation, jagname, jaguuid, jagepoch, jaglease)
    VALUES (pg_backend_pid(), 'db1', 'one', md5('one')::uuid, 5, now() + interval '30 s');"""
DEAD = ALIVE.replace("now() + interval '30 s'", "'2026-01-01 12:00+01'")
LOST = ALIVE.replace("pg_backend_pid()", "2147483647")
PGAGENT = "INSERT INTO pgagent.pga_jobagent (jagpid, jagstation) VALUES (pg_backend_pid(), 'old');"
DUE = "UPDATE pgagent.pga_job SET jobnextrun = '2026-01-01 02:00+01', jobplanned = '2026-01-01 02:00+01';"
RUN = """
    UPDATE pgagent.pga_job SET jobagentid = (SELECT jagpid FROM pgagent.pga_jobagent);
    INSERT INTO pgagent.pga_joblog (jlgid, jlgjobid, jlgstatus, jlgstart, jlgscheduled, jlgtrigger, jlgagent, jlgepoch)
    VALUES (73, 7, 'r', '2026-01-01 02:00:01+01', '2026-01-01 02:00+01', 'schedule', 'one', 5);"""
STEP = """
    INSERT INTO pgagent.pga_jobsteplog (jslid, jsljlgid, jsljstid, jslstart) VALUES (74, 73, 70, '2026-01-01 02:00:02+01');"""
ENDED = "UPDATE pgagent.pga_joblog SET jlgstatus = '{}'; UPDATE pgagent.pga_job SET jobagentid = NULL;"
SKIPPED = """
    INSERT INTO pgagent.pga_skipped (skpjobid, skpfrom, skpto, skpslots, skpreason, skpdetail)
    VALUES (7, '2026-01-02 02:00+01', '2026-01-04 02:00+01', {}, '{}', '{}');"""
UNPLANNED = "UPDATE pgagent.pga_job SET jobreplan = true, jobnextrun = NULL, jobplanned = NULL;"
NEVER = "UPDATE pgagent.pga_job SET jobreplan = false, jobnextrun = NULL, jobplanned = NULL;"
FULL = "UPDATE pgagent.pga_jobagent SET jagfull = '{{{}}}';"

IS_RUNNING = "is running since 2026-01-01 02:00:01 Europe/Berlin (for <long>) with agent \"one\""
NEXT = "runs next at 2090-01-01 02:00 Europe/Berlin, because schedule \"at two\" says so."
WOULD = "would run next at 2090-01-01 02:00 Europe/Berlin, because schedule \"at two\" says so; but "

# what people do, what agents write, the sentence after 'Job "nightly" '
CASES = [
    # it runs
    ("", ALIVE + RUN + STEP, IS_RUNNING + ": step \"load\" since 2026-01-01 02:00:02 Europe/Berlin."),
    ("", ALIVE + RUN, IS_RUNNING + ": it is between two steps."),
    ("", ALIVE + RUN + STEP + "UPDATE pgagent.pga_jobsteplog SET jslwaiting = 'a free connection to database \"sales\"';",
     IS_RUNNING + ": step \"load\" waits for a free connection to database \"sales\"."),
    (WISH.format("2026-01-01"), ALIVE + RUN,
     IS_RUNNING + ": it is between two steps; that it was asked to run again waits for its end."),
    ("", ALIVE + RUN + "UPDATE pgagent.pga_joblog SET jlgby = 'bob'; INSERT INTO pgagent.pga_request (reqkind, reqjobid)"
     " VALUES ('cancel', 7);", IS_RUNNING + ": it is between two steps, asked for by bob; it has been asked to stop."),
    ("", ALIVE + RUN + SKIPPED.format(3, "busy", "the job was still running"),
     IS_RUNNING + ": it is between two steps. Its last 3 slots, 2026-01-02 02:00 Europe/Berlin to 2026-01-04 02:00"
     " Europe/Berlin, were skipped because the run of 2026-01-01 02:00 Europe/Berlin still runs."),
    ("", PGAGENT + RUN + "UPDATE pgagent.pga_joblog SET jlgepoch = NULL, jlgagent = NULL, jlgtrigger = NULL;",
     "is running since 2026-01-01 02:00:01 Europe/Berlin (for <long>) with a pgAgent on host \"old\": it is between two steps."),
    # … or seems to
    ("", DEAD + RUN, "began a run at 2026-01-01 02:00:01 Europe/Berlin with agent \"one\", which is dead; a living agent will"
     " close this run, but no agent is alive: \"one\" on host \"db1\" died, its lease ended at 2026-01-01 12:00 Europe/Berlin."),
    ("", LOST + RUN, "began a run at 2026-01-01 02:00:01 Europe/Berlin with agent \"one\", which is lost; a living agent will"
     " close this run, at the latest when its lease has ended at <when>, but no agent is alive: \"one\" on host \"db1\" has lost its"
     " connection, and is dead at <when> unless it comes back."),
    ("", RUN, "began a run at 2026-01-01 02:00:01 Europe/Berlin with agent \"one\", which is gone; a living agent will close"
     " this run, but no agent is alive: the last one that started a run was \"one\", at 2026-01-01 02:00:01 Europe/Berlin."),
    ("", ALIVE + RUN + "DELETE FROM pgagent.pga_joblog;", "is held by agent \"one\" (alive) without any run."),
    # it is due and waits
    (SCHEDULE, DUE, "is due since 2026-01-01 02:00 Europe/Berlin, but no agent is alive."),
    (SCHEDULE, DUE + DEAD, "is due since 2026-01-01 02:00 Europe/Berlin, but no agent is alive: \"one\" on host \"db1\" died,"
     " its lease ended at 2026-01-01 12:00 Europe/Berlin."),
    (SCHEDULE, DUE + ALIVE, "is due since 2026-01-01 02:00 Europe/Berlin, but no agent has taken it: somebody may have locked"
     " its row, or the agents have their hands full."),
    (SCHEDULE, DUE + ALIVE + "INSERT INTO pgagent.pga_agentlog (aglat, aglagent, agllevel, agljobid, aglmessage) VALUES"
     " (now(), 'one', 'error', NULL, 'could not claim'), (now(), 'one', 'error', 77, 'x'), (now(), 'one', 'warning', NULL, 'x');",
     "is due since 2026-01-01 02:00 Europe/Berlin, but no agent has taken it: the newest error, of agent \"one\" at <when>, is:"
     " could not claim."),
    (SCHEDULE + "UPDATE pgagent.pga_job SET jobhostagent = 'db2';", DUE + ALIVE,
     "is due since 2026-01-01 02:00 Europe/Berlin, but host \"db2\" is served by no living agent (there is \"one\" on host"
     " \"db1\")."),
    (SCHEDULE + "SELECT pgagent.pause('2090-06-01 12:00+02');", DUE + ALIVE,
     "is due since 2026-01-01 02:00 Europe/Berlin, but all jobs are paused until 2090-06-01 12:00 Europe/Berlin by postgres."),
    (SCHEDULE + "SELECT pgagent.pause();", DUE + ALIVE, "is due since 2026-01-01 02:00 Europe/Berlin, but all jobs are paused"
     " until somebody calls pgagent.resume() by postgres."),
    (SCHEDULE, DUE + ALIVE + FULL.format('""'), "is due since 2026-01-01 02:00 Europe/Berlin, but it waits for a free"
     " connection to database \"sales\", for its first step \"load\"."),
    (SCHEDULE + "UPDATE pgagent.pga_jobstep SET jstdbname = '', jstconnstr = 'host=x password=y';",
     DUE + ALIVE + FULL.format('"host=x password=y"'), "is due since 2026-01-01 02:00 Europe/Berlin, but it waits for a free"
     " connection to another server, for its first step \"load\"."),
    (WISH.format("2026-01-01 03:00+01"), ALIVE, "was asked by postgres to run at 2026-01-01 03:00 Europe/Berlin, but no agent"
     " has taken it: somebody may have locked its row, or the agents have their hands full."),
    (WISH.format("now"), ALIVE, "was asked by postgres to run at <when>, but an agent is about to take it."),
    ("UPDATE pgagent.pga_job SET jobenabled = false;" + WISH.format("2026-01-01 03:00+01"), "",
     "was asked by postgres to run at 2026-01-01 03:00 Europe/Berlin, but no agent is alive."),
    # it is never due
    (SCHEDULE + "UPDATE pgagent.pga_job SET jobenabled = false;", ALIVE, "is disabled: its schedules do not start it."),
    (SCHEDULE + "UPDATE pgagent.pga_job SET jobenabled = false;" + WISH.format("2090-01-01 03:00+01"), ALIVE, "is disabled:"
     " its schedules do not start it; but it was asked by postgres to run at 2090-01-01 03:00 Europe/Berlin."),
    ("", ALIVE, "has no schedule and no rule: it runs only when somebody asks for it."),
    (WISH.format("2090-01-01 03:00+01"), "", "has no schedule and no rule: it runs only when somebody asks for it; but it was"
     " asked by postgres to run at 2090-01-01 03:00 Europe/Berlin."),
    (SCHEDULE + "UPDATE pgagent.pga_schedule SET jscenabled = false;", ALIVE,
     "never runs by itself: its only schedule or rule is disabled."),
    (SCHEDULE + RULE % "daily" + "UPDATE pgagent.pga_schedule SET jscenabled = false;"
     " UPDATE pgagent.pga_rule SET rulenabled = false;", ALIVE,
     "never runs by itself: all 2 schedules and rules are disabled."),
    (SCHEDULE, ALIVE + UNPLANNED, "is not planned yet: an agent will do so in a moment."),
    (SCHEDULE, UNPLANNED, "is not planned yet: no agent is alive."),
    (SCHEDULE, ALIVE + UNPLANNED + "INSERT INTO pgagent.pga_agentlog (agllevel, agljobid, aglmessage)"
     " VALUES ('warning', 7, 'this agent cannot plan jobs in that time zone');",
     "is not planned yet: this agent cannot plan jobs in that time zone."),
    (SCHEDULE + ENDS.format("2021-01-01 12:00+01"), NEVER,
     "never runs by itself: schedule \"at two\" ended at 2021-01-01 12:00 Europe/Berlin."),
    (SCHEDULE + ENDS.format("2019-01-01"), NEVER, "never runs by itself: schedule \"at two\" ends before it begins."),
    (SCHEDULE + "UPDATE pgagent.pga_schedule SET jscend = '2090-01-01 01:00+01';", NEVER,
     "never runs by itself: schedule \"at two\" asks for nothing more before its end, 2090-01-01 01:00 Europe/Berlin."),
    (SCHEDULE + "UPDATE pgagent.pga_schedule SET jscend = '2090-01-01 12:00+01'; SELECT pgagent.skip_next('nightly');", NEVER,
     "never runs by itself: schedule \"at two\" asks for nothing more before its end, 2090-01-01 12:00 Europe/Berlin. Its slot of"
     " 2090-01-01 02:00 Europe/Berlin was skipped: left out at the request of postgres."),
    (SCHEDULE + FEBRUARY, NEVER, "never runs by itself: schedule \"at two\" asks for day 30 or 31 of February, which does not"
     " exist."),
    (SCHEDULE + "INSERT INTO pgagent.pga_exception (jexscid, jextime) VALUES (71, '02:00');", NEVER,
     "never runs by itself: schedule \"at two\" asks for nothing that its exceptions leave."),
    (SCHEDULE, NEVER, "never runs by itself: schedule \"at two\" asks for nothing that the job's exceptions leave."),
    (SCHEDULE, NEVER + "UPDATE pgagent.pga_job SET jobtimezone = NULL; UPDATE pgagent.pga_schedule SET jsctimezone = 'Mars';"
     " UPDATE pgagent.pga_setting SET setvalue = 'Europe/Berlin' WHERE setname = 'timezone';",
     "never runs by itself: schedule \"at two\" is in time zone \"Mars\", which this server does not know."),
    (RULE % "startup", NEVER + ALIVE, "runs only when an agent starts (rule \"rare\")."),
    (RULE % "daily" + "UPDATE pgagent.pga_rule SET rulexception = true;", NEVER,
     "has only exceptions, and no schedule or rule that asks for a run."),
    (RULE % "daily", NEVER + "UPDATE pgagent.pga_rule SET rulproblem = E'it has run 3 of 3 times\\n^';",
     "never runs by itself: rule \"rare\": it has run 3 of 3 times."),
    (RULE % "daily" + SCHEDULE + ENDS.format("2021-01-01 12:00+01"),
     NEVER + "UPDATE pgagent.pga_rule SET rulproblem = 'no date fits', rulname = '';", "never runs by itself: schedule"
     " \"at two\" ended at 2021-01-01 12:00 Europe/Berlin; rule 72: no date fits."),
    # it runs later
    (SCHEDULE, ALIVE, NEXT),
    (SCHEDULE, "", WOULD + "no agent is alive."),
    (SCHEDULE, LOST, WOULD + "no agent is alive: \"one\" on host \"db1\" has lost its connection, and is dead at <when> unless"
     " it comes back."),
    (SCHEDULE, PGAGENT, NEXT),
    (SCHEDULE, PGAGENT.replace("pg_backend_pid()", "2147483647"),
     WOULD + "no agent is alive: a pgAgent on host \"old\" is gone."),
    (SCHEDULE + "UPDATE pgagent.pga_job SET jobhostagent = 'db2';", ALIVE,
     WOULD + "host \"db2\" is served by no living agent (there is \"one\" on host \"db1\")."),
    (SCHEDULE + "UPDATE pgagent.pga_job SET jobhostagent = 'one';", ALIVE, NEXT),
    (SCHEDULE + "SELECT pgagent.pause();", ALIVE,
     WOULD + "all jobs are paused until somebody calls pgagent.resume() by postgres."),
    (SCHEDULE + "SELECT pgagent.pause('2089-01-01');", ALIVE, NEXT),
    (SCHEDULE + WISH.format("2089-01-01 00:00+01"), ALIVE,
     "runs next at 2089-01-01 00:00 Europe/Berlin, because it was asked by postgres to do so."),
    (RULE % "daily", ALIVE + "UPDATE pgagent.pga_job SET jobreplan = false, jobplanned = '2090-01-01', jobnextrun = '2090-01-01';",
     "runs next at 2090-01-01 01:00 Europe/Berlin, because rule \"rare\" says so."),
    (SCHEDULE + "UPDATE pgagent.pga_jobstep SET jstenabled = false;", ALIVE,
     NEXT[:-1] + ". It has no enabled steps: its runs end with status i."),
    (SCHEDULE, ALIVE + "UPDATE pgagent.pga_job SET jobnextrun = NULL;", "has a plan for 2090-01-01 02:00 Europe/Berlin but no"
     " next run: UPDATE pgagent.pga_job SET jobnextrun = NULL has it planned anew."),
    # how it ended, and what was skipped
    (SCHEDULE, ALIVE + RUN + STEP + ENDED.format("s"), NEXT),
    (SCHEDULE, ALIVE + RUN + STEP + ENDED.format("f") + "UPDATE pgagent.pga_jobsteplog SET jslstatus = 'f',"
     " jsloutput = E'NOTICE:  hello\\nERROR:  relation \"x\" does not exist\\nPOSITION:  15\\n';",
     NEXT + " Its last run, at 2026-01-01 02:00:01 Europe/Berlin, failed: step \"load\": NOTICE:  hello ERROR:  relation \"x\""
     " does not exist POSITION:  15"),
    (SCHEDULE, ALIVE + RUN + ENDED.format("d") + "UPDATE pgagent.pga_joblog SET jlgreason = 'agent \"x\" died';",
     NEXT + " Its last run, at 2026-01-01 02:00:01 Europe/Berlin, was stopped before its end: agent \"x\" died"),
    (SCHEDULE, ALIVE + RUN + STEP + ENDED.format("f") + "UPDATE pgagent.pga_jobsteplog SET jslstatus = 'f';",
     NEXT + " Its last run, at 2026-01-01 02:00:01 Europe/Berlin, failed at step \"load\""),
    (SCHEDULE, ALIVE + SKIPPED.format(1, "missed", "nobody ran it"),
     NEXT[:-1] + ". Its slot of 2026-01-02 02:00 Europe/Berlin was skipped: nobody ran it."),
    (SCHEDULE, ALIVE + RUN + ENDED.format("s") + SKIPPED.format(3, "busy", "still running"),
     NEXT[:-1] + ". Its last 3 slots, 2026-01-02 02:00 Europe/Berlin to 2026-01-04 02:00 Europe/Berlin, were skipped because"
     " the run of 2026-01-01 02:00 Europe/Berlin still ran."),
    (SCHEDULE, ALIVE + SKIPPED.format(3, "busy", "still running") + RUN + ENDED.format("s")
     + "UPDATE pgagent.pga_joblog SET jlgstart = now() + interval '1 s';", NEXT),
]


def pattern(sentence):
    found = re.escape(sentence)
    for place, expression in PLACES.items():
        found = found.replace(re.escape(place), expression)
    return found


class Stage:
    """A transaction in which a case is set up, asked about, and forgotten."""

    def __init__(self, connection):
        self.cursor = connection.cursor()

    def people(self, statements):
        self.cursor.execute("SET LOCAL pgalmanac.agent = ''")
        self.cursor.execute(statements or "SELECT")

    def agents(self, statements):
        self.cursor.execute("SET LOCAL pgalmanac.agent = 'on'")
        self.cursor.execute(statements or "SELECT")

    def why(self, job="nightly"):
        self.cursor.execute("SELECT pgagent.why(%s)", (job,))
        return self.cursor.fetchone()[0]


@contextmanager
def stage(database):
    with closing(database.connect(autocommit=False)) as connection:
        made = Stage(connection)
        made.people(JOB)
        yield made
        connection.rollback()


@pytest.mark.core
def test_each_case_has_its_sentence(installed):
    wrong = []
    for people, agents, sentence in CASES:
        with stage(installed) as it:
            it.people(people)
            it.agents(agents)
            said = it.why()
        if not re.fullmatch(pattern(f'Job "nightly" {sentence}'), said):
            wrong.append(f"expected: Job \"nightly\" {sentence}\nsaid:     {said}")
    assert not wrong, "\n\n".join(wrong)


def test_names_and_ids(installed):
    with stage(installed) as it:
        assert it.why("7") == it.why("nightly")
        with pytest.raises(psycopg2.errors.NoDataFound, match='job "weekly" does not exist'):
            it.why("weekly")


def test_a_long_error_is_shown_from_both_ends(installed):
    with stage(installed) as it:
        it.agents(ALIVE + RUN + STEP + ENDED.format("f") + "UPDATE pgagent.pga_jobsteplog SET jslstatus = 'f',"
                  " jsloutput = 'begin' || repeat('x', 100000) || 'end';")
        said = it.why()
        assert "step \"load\": beginxxx" in said and said.endswith("xxxend") and len(said) < 2500


# Whatever the tables hold

INSTANTS = ["NULL", "now()", "now() - interval '1 h'", "now() + interval '1 h'", "'infinity'", "'-infinity'", "'2090-01-01'",
            "'4714-11-24 00:00+00 BC'", "'294276-12-31 23:59:59+00'", "'2026-03-29 02:30+01'"]
ZONES = ["NULL", "''", "'Mars'", "'Europe/Berlin'", "'EST'", "'+14:75'", "'CET'"]
TEXTS = ["NULL", "''", "'%s %1$s %'", "E'a\\nb\\tc'", "repeat('long ', 1000)"]
NAMES = TEXTS[1:]
STATUSES = ["'r'", "'s'", "'f'", "'i'", "'d'"]
FLAGS = ["true", "false"]
DAMAGE = [
    ("pga_job", "jobenabled", FLAGS), ("pga_job", "jobreplan", FLAGS), ("pga_job", "jobtimezone", ZONES),
    ("pga_job", "jobhostagent", ["''", "'db1'", "'%'"]), ("pga_job", "jobname", ["'nightly'"]),
    ("pga_job", "jobnextrun", INSTANTS), ("pga_job", "jobplanned", INSTANTS), ("pga_job", "joblastslot", INSTANTS),
    ("pga_job", "jobagentid", ["NULL", "(SELECT min(jagpid) FROM pgagent.pga_jobagent)"]),
    ("pga_jobstep", "jstenabled", FLAGS), ("pga_jobstep", "jstname", NAMES),
    ("pga_schedule", "jscenabled", FLAGS), ("pga_schedule", "jscstart", INSTANTS[1:]), ("pga_schedule", "jscend", INSTANTS),
    ("pga_schedule", "jsctimezone", ZONES), ("pga_schedule", "jscname", NAMES),
    ("pga_schedule", "jscmonthdays", ["'{" + "f," * 30 + "t,f}'", "'{" + "NULL," * 31 + "NULL}'"]),
    ("pga_schedule", "jscmonths", ["'{f,t" + ",f" * 10 + "}'", "'{" + "NULL," * 11 + "NULL}'"]),
    ("pga_rule", "rulenabled", FLAGS), ("pga_rule", "rulexception", FLAGS), ("pga_rule", "rulproblem", TEXTS),
    ("pga_rule", "rulname", NAMES),
    ("pga_joblog", "jlgstatus", STATUSES), ("pga_joblog", "jlgstart", INSTANTS[1:]), ("pga_joblog", "jlgscheduled", INSTANTS),
    ("pga_joblog", "jlgepoch", ["NULL", "5", "6"]), ("pga_joblog", "jlgagent", TEXTS), ("pga_joblog", "jlgreason", TEXTS),
    ("pga_joblog", "jlgtrigger", TEXTS), ("pga_joblog", "jlgby", ["NULL", "'bob'"]),
    ("pga_jobsteplog", "jslstatus", STATUSES), ("pga_jobsteplog", "jslstart", INSTANTS[1:]),
    ("pga_jobsteplog", "jsloutput", TEXTS), ("pga_jobsteplog", "jslwaiting", TEXTS), ("pga_jobsteplog", "jslhost", TEXTS),
    ("pga_jobagent", "jaglease", INSTANTS), ("pga_jobagent", "jagname", TEXTS), ("pga_jobagent", "jaguuid", ["NULL"]),
    ("pga_jobagent", "jagfull", ["'{}'", "'{\"\"}'"]),
    ("pga_request", "reqdue", INSTANTS[1:]), ("pga_request", "reqby", ["NULL", "'bob'"]),
    ("pga_request", "reqkind", ["'run'", "'cancel'"]), ("pga_request", "reqtrigger", NAMES),
    ("pga_skipped", "skpat", INSTANTS[1:]), ("pga_skipped", "skpfrom", INSTANTS[1:]), ("pga_skipped", "skpto", INSTANTS[1:]),
    ("pga_skipped", "skpreason", ["'busy'", "''"]), ("pga_skipped", "skpdetail", TEXTS),
    ("pga_skipped", "skpslots", ["0", "1", "2147483647"]),
    ("pga_agentlog", "aglat", INSTANTS[1:]), ("pga_agentlog", "aglmessage", NAMES),
    ("pga_setting", "setvalue", [f"CASE setname WHEN '{name}' THEN {value} ELSE setvalue END"
                                 for name, values in [("timezone", ZONES), ("paused_by", TEXTS),
                                                      ("paused_until", ["NULL", "'infinity'", "'2090-01-01'"])]
                                 for value in values]),
]
WHOLE = (ALIVE + RUN + STEP + SKIPPED.format(3, "busy", "x") + "INSERT INTO pgagent.pga_agentlog (agllevel, agljobid, aglmessage)"
         " VALUES ('error', 7, 'x'); INSERT INTO pgagent.pga_setting (setname, setvalue)"
         " VALUES ('paused_until', NULL), ('paused_by', 'bob');")
VIEWS = ("pga_agents", "pga_running", "pga_upcoming", "pga_history", "pga_health")


@pytest.mark.parametrize("seed", range(4))
def test_there_is_a_sentence_whatever_the_tables_hold(installed, seed):
    chance = random.Random(seed)
    tables = sorted({table for table, _, _ in DAMAGE} - {"pga_job", "pga_setting"})
    with stage(installed) as it:
        it.people(SCHEDULE + RULE % "daily" + WISH.format("2090-01-01"))
        it.agents(WHOLE)
        for _ in range(60):
            it.cursor.execute("SAVEPOINT whole")
            done = [f"UPDATE pgagent.{table} SET {column} = {chance.choice(values)}"
                    for table, column, values in chance.sample(DAMAGE, chance.randrange(12))]
            done += [f"DELETE FROM pgagent.{table}" for table in chance.sample(tables, chance.randrange(3))]
            for statement in done:
                it.agents(statement)
            try:
                assert re.fullmatch(r'Job "nightly" .*\S', it.why("7"), re.DOTALL)
                for view in VIEWS:
                    it.agents(f"SELECT * FROM pgagent.{view}")
            except (psycopg2.Error, AssertionError, TypeError) as error:
                raise AssertionError(f"{error}\nafter:\n" + ";\n".join(done)) from error
            it.cursor.execute("ROLLBACK TO whole")


# Who may ask

STOCK = ("pga_jobagent", "pga_jobclass", "pga_job", "pga_jobstep", "pga_schedule", "pga_exception", "pga_joblog", "pga_jobsteplog")


@contextmanager
def roles(database, *names):
    for name in names:
        database.execute(f"CREATE ROLE {name} LOGIN NOINHERIT")
    database.execute(f"GRANT USAGE ON SCHEMA pgagent TO {', '.join(names)}")
    try:
        yield
    finally:
        database.execute(f"DROP OWNED BY {', '.join(names)}")
        database.execute(f"DROP ROLE {', '.join(names)}")


def ask(database, user, *before):
    with closing(database.connect(user)) as connection, connection.cursor() as cursor:
        for statement in before:
            cursor.execute(statement)
        cursor.execute("SELECT pgagent.why('nightly')")
        return cursor.fetchone()[0]


@pytest.mark.core
def test_who_may_ask(installed):
    """Whoever may read pgAgent's tables: by own rights, or by those of the role that pgAdmin sets."""
    installed.execute(JOB)
    with roles(installed, "why_reader", "why_member", "why_stranger"):
        installed.execute(f"GRANT SELECT ON {', '.join('pgagent.' + table for table in STOCK)} TO why_reader")
        installed.execute("GRANT why_reader TO why_member")
        said = ask(installed, "postgres")
        assert ask(installed, "why_reader") == said
        assert ask(installed, "why_member", "SET ROLE why_reader") == said
        for refused in [("why_member",), ("why_stranger",), ("postgres", "SET ROLE why_stranger")]:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                ask(installed, *refused)
        installed.execute("GRANT SELECT ON pgagent.pga_job TO why_stranger")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="needs the SELECT privilege on table pgagent.pga_exception"):
            ask(installed, "why_stranger")


# With agents

def why(database, job):
    return database.value("SELECT pgagent.why(%s)", str(job))


@pytest.mark.core
def test_a_job_in_the_hands_of_an_agent(jobs, agent, installed):
    held = HeldSql(installed)
    job = jobs.job("held", held.step)
    jobs.yearly(job)
    assert re.search(r'^Job "held" would run next at .* UTC, because schedule "schedule" says so; but no agent is alive',
                     why(installed, job))
    one = agent(name="one")
    assert re.search(r'^Job "held" runs next at .* UTC, because schedule "schedule" says so\.$', why(installed, job))
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    assert re.search(r'^Job "held" is running since .* with agent "one": step "step 1" since .*, asked for by postgres\.$',
                     why(installed, job))
    jobs.make_due(job)
    wait_until(lambda: "was skipped because the run of" in why(installed, job), "the slot is skipped", one)
    assert why(installed, job).endswith("still runs.")
    held.release()
    jobs.wait_for_runs(job, agent=one)
    one.terminate()
    assert re.search('no agent is alive: the last one that started a run was "one"', why(installed, job))


def test_a_target_that_refuses(jobs, agent, installed):
    one = agent()
    job = jobs.job("remote", sql("SELECT 1", connstr="host=127.0.0.1 port=1 dbname=sales"), sql("SELECT 1", dbname="not_there"))
    assert jobs.run(job, one)[0] == "f"
    assert re.search(r'Its last run, at .* UTC, failed: step "step 1": .*could not connect to database "sales" on host "127.0.0.1", port 1: Connection refused$',
                     why(installed, job))
    installed.execute("UPDATE pgagent.pga_jobstep SET jstenabled = jstname <> 'step 1'")
    assert jobs.run(job, one)[0] == "f"
    assert 'step "step 2": ' in why(installed, job) and 'database "not_there" does not exist' in why(installed, job)


def test_rules_that_never_fire(jobs, agent, installed):
    one = agent()
    for columns, expected in [
            (dict(rulkind="cron", rultext="0 0 30 2 *"), "no date fits all that it says of days"),
            (dict(rulkind="cron", rultext="61 * * * *"), "61"),
            (dict(rulkind="once", rulstart="2020-01-01 00:00+00"), "its only instant, 2020-01-01T00:00 UTC, has passed"),
            (dict(rulkind="daily", rulstart="2020-01-01 00:00+00", rulend="2021-01-01 00:00+00"), "has passed")]:
        job = jobs.job(f"job {len(columns)} {expected}")
        rule = jobs.rule(job, **columns)
        wait_until(lambda: "is not planned yet" not in why(installed, job), "it is planned", one)
        assert f"never runs by itself: rule {rule}: " in why(installed, job) and expected in why(installed, job)


def test_an_agent_that_was_killed(jobs, agent, installed):
    one = agent(name="one")
    held = HeldSql(installed)
    job = jobs.job("held", held.step)
    jobs.run_now(job)
    jobs.wait_for_running(job, one)
    one.kill()
    wait_until(lambda: "is running" not in why(installed, job), "its connection is gone")
    assert re.search('^Job "held" began a run at .* with agent "one", which is lost; a living agent will close this run,'
                     ' at the latest when its lease has ended at .*, but no agent is alive: "one" on host ".*" has lost its connection', why(installed, job))
    held.release()
    installed.execute_as_agent("UPDATE pgagent.pga_jobagent SET jaglease = now()")
    assert 'which is dead; a living agent will close this run, but no agent is alive: "one" on host' in why(installed, job)
    heir = agent(name="two")
    wait_until(lambda: "was stopped before its end: step" in why(installed, job), "the run is closed", heir)
    assert "The agent died while this step ran" in why(installed, job)
