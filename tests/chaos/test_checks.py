# SPDX-License-Identifier: PostgreSQL
"""Each check of a chaos run can fail: what it is to find is planted in data where nothing is wrong."""
import os
import sys

import pytest

sys.path[:0] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]

from chaos import checks, plan  # noqa: E402
from chaos.checks import MINUTE, SECOND, Change, Effect, Episode, Job, Run, StepRow  # noqa: E402

T = 1_800_000_000 * SECOND  # a whole minute
EVERY_2 = [["every", 2 * SECOND, T]]


def s(seconds):
    return T + int(seconds * SECOND)


def good_job(**more):
    """Due every 2 s from 1 to 11: run at 2, 4 and 10, skipped at 6 and 8; one wish."""
    return Job(**{**dict(
        id=1, name="good", changes=[Change(s(1), s(1.1), EVERY_2), Change(s(11), s(11.1), [])],
        runs=[Run(1, s(2), s(2.1), s(2.5)), Run(2, s(4), s(4.1), s(4.5)), Run(3, None, s(5), s(9), trigger="manual", request=7),
              Run(4, s(10), s(10.1), s(10.2))],
        episodes=[Episode(1, s(6), s(8), 2, "busy")], wishes=[7]), **more})


def good_steps():
    rows = [StepRow(number, number, 5, s(2 * number + .1), 100, "s") for number in (1, 2, 4)]
    effects = [Effect(5, 100, s(2 * number + .2), s(2 * number + .3), "home") for number in (1, 2, 4)]
    return effects, rows


def problems_of(job):
    return list(checks.check_job(job))


def only_problem(found, words):
    found = list(found)
    assert len(found) == 1 and words in found[0], found


def test_nothing_is_wrong():
    job = good_job()
    assert problems_of(job) == []
    assert list(checks.check_effects(*good_steps(), {run.id: run for run in job.runs})) == []


# When jobs are due

@pytest.mark.parametrize("times, first, last, expected", [
    (EVERY_2, -10, 4.5, [0, 2, 4]),
    ([["every", 2 * SECOND, T + SECOND // 2]], 0.6, 4.5, [2.5, 4.5]),
    ([["every", 2 * SECOND, T], ["every", 3 * SECOND, T]], 1, 6, [2, 3, 4, 6]),
    ([["seconds", 20]], 1, 61, [20, 40, 60]),
    ([["seconds", 7]], 55, 68, [56, 60, 67]),
    ([["minutes", list(range(60))]], 1, 125, [60, 120]),
    ([["minutes", [T // MINUTE % 60 + 1]]], 0, 3600, [60]),
    ([["after", SECOND]], 0, 100, []),
    ([], 0, 100, []),
])
def test_slots(times, first, last, expected):
    assert checks.slots_of(times, s(first), s(last)) == {s(at) for at in expected}


def test_slots_around_a_change():
    """What comes while it is committed may be of before or after it."""
    must, may = checks.due([Change(s(1), s(1), EVERY_2), Change(s(4), s(6), [["every", SECOND, T]]), Change(s(8), s(8), [])])
    assert must == {s(2), s(4), s(7), s(8)}
    assert may - must == {s(5), s(6)}


# What is planted

def test_a_lost_slot():
    job = good_job()
    del job.runs[1]
    only_problem(problems_of(job), "lost")


def test_a_slot_that_is_run_twice():
    job = good_job()
    job.runs.insert(1, Run(9, s(2), s(2.6), s(2.7)))
    only_problem(problems_of(job), "2 outcomes")


def test_a_slot_that_is_run_and_skipped():
    only_problem(problems_of(good_job(episodes=[Episode(1, s(4), s(8), 3, "busy")])), "2 outcomes")


def test_a_slot_in_two_episodes():
    job = good_job()
    job.episodes.append(Episode(2, s(8), s(8), 1, "missed"))
    only_problem(problems_of(job), "2 outcomes")


def test_a_slot_that_nobody_asked_for():
    job = good_job()
    job.runs[3].slot = s(10.5)
    found = problems_of(job)
    assert len(found) == 2 and "lost" in found[0] and "nothing was due" in found[1]


def test_a_wrong_count():
    only_problem(problems_of(good_job(episodes=[Episode(1, s(6), s(8), 3, "busy")])), "counts 3 slots, there were 2")
    assert problems_of(good_job(episodes=[Episode(1, s(6), s(8), 1, "busy", "...; at least one slot")])) == []


def test_a_run_that_stands_for_too_many():
    job = good_job(episodes=[Episode(1, s(6), s(8), 2, "missed")])
    job.runs[3].slots = 3
    assert problems_of(job) == []
    job.runs[3].slots = 4
    only_problem(problems_of(job), "stands for 4 slots")


def test_pauses():
    """Due 2 s after each end: the slot of one run is an episode's, one run comes by hand before the slot does."""
    def job(**more):
        return good_job(**{**dict(
            changes=[Change(s(0), s(0), [["after", 2 * SECOND]]), Change(s(20), s(20), [])],
            runs=[Run(1, s(1), s(1), s(2)), Run(2, s(4.1), s(7), s(8)), Run(3, None, s(9), s(9.5), trigger="manual", request=7),
                  Run(4, s(15), s(15), s(16))], episodes=[Episode(1, s(11.4), s(11.4), 1, "missed")]), **more})
    assert problems_of(job()) == []
    only_problem(problems_of(job(episodes=[])), "after the end of run 3 is lost")
    only_problem(problems_of(job(episodes=[*job().episodes, Episode(2, s(4), s(5), 1, "busy")])), "2 outcomes")
    only_problem(problems_of(job(changes=[job().changes[0], Change(s(30), s(30), [])])), "after the end of run 4 is lost")
    early = job()
    early.runs[1].slot = s(3)
    assert "run 2 (schedule, s) is for" in problems_of(early)[0]
    late = job()
    late.runs.insert(1, Run(9, None, s(4.2), s(4.6), trigger="manual", request=5))
    late.wishes.insert(0, 5)
    assert problems_of(late) == []
    late.runs[1].begun = s(3.2)  # the slot comes while it runs
    assert problems_of(late) == []
    late.runs[2].slot = s(6.6)  # nobody had planned that slot yet
    assert problems_of(late) == []
    late.runs[2].slot, late.runs[2].begun = s(7.4), s(7.5)
    only_problem(problems_of(late), "after the end of run 9 is lost")


def test_wishes():
    only_problem(problems_of(good_job(wishes=[7, 9])), "nobody has run the request 9")
    assert problems_of(good_job(wishes=[7, 9, None])) == []  # people took it back
    only_problem(problems_of(good_job(wishes=[7, None, 9])), "nobody has run the request 9")
    job = good_job()
    job.runs[0].request = 7
    only_problem(problems_of(job), "answered by 2 runs")
    only_problem(problems_of(good_job(wishes=[])), "asked for 0 times")


def test_repeats():
    why = 'agent "alpha" died while the job ran'
    job = good_job()
    job.runs[1].status, job.runs[1].reason = "d", why
    assert problems_of(job) == []
    job.is_repeated = True
    only_problem(problems_of(job), "was not repeated")
    job.runs.insert(2, Run(9, None, s(4.6), s(4.7), trigger="restart", attempt=2, repeats=2))
    assert problems_of(job) == []
    job.is_repeated = False
    only_problem(problems_of(job), "repeated 1 times")
    job.is_repeated = True
    job.runs.insert(3, Run(10, None, s(4.8), s(4.9), trigger="restart", attempt=2, repeats=2))
    only_problem(problems_of(job), "repeated 2 times")
    del job.runs[2:4]
    job.cancelled = [2]
    assert problems_of(job) == []


def test_runs_that_overlap():
    job = good_job()
    job.runs[1].closed = s(5.5)
    only_problem(problems_of(job), "run 3 began")
    job.busy = "parallel"
    assert problems_of(job) == []


def test_a_step_that_is_done_twice():
    effects, rows = good_steps()
    effects.append(Effect(5, 100, s(4.4), s(4.5), "home"))
    only_problem(checks.check_effects(effects, rows, {}), "once more than the log knows")
    effects[-1].pid = 101
    only_problem(checks.check_effects(effects, rows, {}), "once more than the log knows")
    assert list(checks.check_effects(effects, rows, {}, forgotten={5})) == []


def test_a_step_without_the_number_of_its_process():
    effects, rows = good_steps()
    rows[1].pid = None
    assert list(checks.check_effects(effects, rows, {})) == []


def test_steps_of_two_runs_in_one_process():
    """The second one waits until the first one's end gives it the connection."""
    effects, rows = good_steps()
    runs = {run.id: run for run in good_job().runs}
    rows[1].begun = s(2.15)
    effects[1].begun, effects[1].ended = s(2.8), s(2.9)
    runs[1].closed, runs[2].closed = s(2.5), s(3.5)
    assert list(checks.check_effects(effects, rows, runs)) == []


def test_a_step_that_begins_after_its_run_was_closed():
    effects, rows = good_steps()
    runs = {run.id: run for run in good_job().runs}
    runs[1].closed, runs[1].status = s(0.2), "d"
    only_problem(checks.check_effects(effects, rows, runs), "the run was closed")


def test_a_step_that_left_nothing():
    effects, rows = good_steps()
    del effects[2]
    only_problem(checks.check_effects(effects, rows, {}), "left nothing behind")


def test_a_step_that_succeeds_before_it_ends():
    effects, rows = good_steps()
    runs = {run.id: run for run in good_job().runs}
    effects[0].ended = s(2.6)
    only_problem(checks.check_effects(effects, rows, runs), "the run had succeeded")
    effects[0].ended = None
    only_problem(checks.check_effects(effects, rows, runs), "left no end behind")


def test_an_agent_that_died_unnoticed():
    job = good_job()
    job.runs[1].status, job.runs[1].reason, job.runs[1].agent = "d", 'agent "alpha" died while the job ran', "alpha"
    assert list(checks.check_burials([job], ['agent "alpha" on host "h" is dead: its lease ended'])) == []
    only_problem(checks.check_burials([job], ['agent "beta" on host "h" is dead: its lease ended']), '"alpha" is dead')


def test_what_tells_of_deaths():
    found = checks.count_burials([f'agent "alpha" on host "h" is dead: its {why}; closed 0 runs'
                                  for why in ("lease ended", "process is gone", "lease ended")])
    assert found == {"found by process": 1, "found by connection": 0, "found by lease": 2}


def test_a_late_write():
    assert list(checks.check_late_writes([("pga_joblog", 1, "r", "s", "")])) == []
    only_problem(checks.check_late_writes([("pga_joblog", 1, "d", "s", "jlgstatus: d -> s")]), "written again")


def test_what_is_left():
    assert list(checks.check_settled({"runs are open": []})) == []
    only_problem(checks.check_settled({"runs are open": [4, 5]}), "runs are open: 4, 5")


@pytest.mark.parametrize("line", [
    "(process:1): GLib-CRITICAL **: g_free: assertion failed", "==1==ERROR: AddressSanitizer: heap-use-after-free",
    "src/x.c:1:2: runtime error: signed integer overflow"])
def test_a_log_that_complains(line):
    assert list(checks.check_log("alpha", "ERROR: connection lost\nNOTICE: fine")) == []
    only_problem(checks.check_log("alpha", "fine\n" + line), "alpha says")


# The plan

def test_a_seed_gives_the_same_plan_again():
    assert plan.make(5, 60, 3) == plan.make(5, 60, 3) != plan.make(6, 60, 3)
    assert [str(event) for event in plan.make(5, 60, 3)] == [str(event) for event in plan.make(5, 60, 3)]


def test_whatever_begins_ends():
    events = plan.make(5, 120, 3)
    assert all(event.at <= 120 for event in events)
    for kind in ("kill-agent", "stop-agent", "cut-network", "delay-network", "stop-server", "lock-job", "lock-table"):
        begun = len([event for event in events if event.kind == kind])
        assert begun == len([event for event in events if event.kind == "end-" + kind]) > 0, kind
