# SPDX-License-Identifier: PostgreSQL
"""What must be true after a chaos run. Pure: plain data in, sentences about what is wrong out. Instants are int, in
microseconds since 1970, by the servers' clocks."""
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Optional

SECOND = 1_000_000
MINUTE = 60 * SECOND
NEVER_TO = "at least"  # in an episode's detail: its count is only a lower bound
# Between an agent's last look at its lease and the first statement of the step lies the machine: a step that begins
# before this is over has been late, not sent by somebody who is fenced.
ON_ITS_WAY = SECOND
# From the closing of a run to the instant that its job notes as its end; both are of one transaction.
TO_END = SECOND // 2
# A job that has not run for so long when it is disabled has stopped for good.
AT_LAST = 5 * SECOND
# What lies between two changes is noted as skipped only if they are so far from each other.
TO_PLAN = SECOND
MOST_ATTEMPTS = 3
BAD_WORDS = re.compile(r"CRITICAL|assertion|ERROR: \w+Sanitizer|: runtime error: |GLib-WARNING|Bail out!|out of memory")


@dataclass
class Change:
    """From then on a job runs at `times`; the change was made at some instant from at to until (its commit)."""
    at: int
    until: int
    times: list


@dataclass
class Run:
    id: int
    slot: Optional[int]
    begun: int
    closed: Optional[int] = None
    status: str = "s"
    trigger: str = "schedule"
    slots: int = 1
    request: Optional[int] = None
    reason: Optional[str] = None
    attempt: int = 1
    repeats: Optional[int] = None  # the run that died with its agent
    agent: str = ""

@dataclass
class Episode:
    id: int
    first: int
    last: int
    slots: int
    reason: str
    detail: str = ""


@dataclass
class Job:
    id: int
    name: str
    busy: str = "skip"
    is_repeated: bool = False  # jobrestart
    is_edited: bool = False
    changes: list = field(default_factory=list)
    runs: list = field(default_factory=list)
    episodes: list = field(default_factory=list)
    wishes: list = field(default_factory=list)  # numbers of requests, in order; None = people cancelled the job then
    cancelled: list = field(default_factory=list)  # runs that people cancelled

    def __str__(self):
        return f"job {self.id} ({self.name})"

    def pause(self):
        """Between the end of a run and the next slot, for a job whose only rule says that; else None."""
        return next((values[0] for kind, *values in self.changes[0].times if kind == "after"), None)


@dataclass
class StepRow:
    """A row of the log of steps."""
    id: int
    run: int
    step: int
    begun: int
    pid: Optional[int]
    status: str


@dataclass
class Effect:
    """What a step left behind by itself."""
    step: int
    pid: int
    begun: int
    ended: Optional[int]
    where: str


def died(run):
    """With its agent, which other agents found out."""
    return run.status == "d" and ("died while the job ran" in (run.reason or "") or "is not registered any more" in (run.reason or ""))


# ---- When a job is due, from its definition alone ----

def _grid(start, period, first, last):
    """start + k * period within [first, last], k >= 0."""
    k = max(0, -((start - first) // period))
    return range(start + k * period, last + 1, period)


def slots_of(times, first, last):
    """The instants of [first, last] at which a definition asks for a run; those after an end see check_pauses."""
    found = set()
    for kind, *values in times:
        if kind == "every":
            period, start = values
            found.update(_grid(start, period, first, last))
        elif kind == "seconds":  # of each minute that can be divided by n
            found.update(at for at in _grid(0, SECOND, first, last) if at // SECOND % 60 % values[0] == 0)
        elif kind == "minutes":  # of the hour
            found.update(at for at in _grid(0, MINUTE, first, last) if at // MINUTE % 60 in values[0])
    return found


def due(changes):
    """(slots that must have an outcome, slots that may have one). A slot that comes while a change is being committed may
    be of before or of after it; so may those between two changes that leave no time to plan."""
    must, may = set(), set()
    for change, after in zip(changes, [*changes[1:], None]):
        if after is None:
            assert change.times == [], "the last change must end it all"
            break
        if after.at - change.at > TO_PLAN:
            must |= slots_of(change.times, change.until + 1, after.at)
        may |= slots_of(change.times, change.at, after.until)
    return must, may | must


# ---- Checks ----

def at_text(at):
    return f"{at // SECOND % 86400 // 3600:02}:{at // MINUTE % 60:02}:{at / SECOND % 60:06.3f}"


def outcomes(job):
    """slot -> what became of it, in words; episodes as (first, last, words)."""
    runs = defaultdict(list)
    for run in job.runs:
        if run.slot is not None:
            runs[run.slot].append(f"run {run.id} ({run.trigger}, {run.status})")
    return runs, [(one.first, one.last, f"episode {one.id} ({one.reason})") for one in job.episodes]


def check_slots(job):
    """Each slot that was due is a run's, or lies in one episode, and nothing else ran."""
    must, may = due(job.changes)
    runs, episodes = outcomes(job)
    for slot in sorted(may | set(runs)):
        words = runs[slot] + [words for first, last, words in episodes if first <= slot <= last]
        if not words and slot in must:
            yield f"{job}: the slot {at_text(slot)} is lost"
        elif len(words) > 1:
            yield f"{job}: the slot {at_text(slot)} has {len(words)} outcomes: {', '.join(words)}"
        elif words and slot in runs and slot not in may:
            yield f"{job}: {words[0]} is for {at_text(slot)}, when nothing was due"


def check_counts(job):
    """How many slots an episode and a run say they stand for."""
    if job.is_edited:
        return
    _, may = due(job.changes)
    for one in job.episodes:
        within = len([slot for slot in may if one.first <= slot <= one.last])
        if NEVER_TO not in (one.detail or "") and one.reason in ("missed", "busy") and within != one.slots:
            yield f"{job}: episode {one.id} ({one.reason}) counts {one.slots} slots, there were {within}"
    for run in job.runs:
        if run.slots == 1 or run.slot is None:
            continue
        before = sorted(slot for slot in may if slot < run.slot)[-(run.slots - 1):]
        if len(before) != run.slots - 1 or not any(
                one.reason == "missed" and one.first <= before[0] and before[-1] <= one.last for one in job.episodes):
            yield f"{job}: run {run.id} stands for {run.slots} slots, but no episode has the others"


def check_pauses(job):
    """A job that is due so long after its last run has ended: never earlier, and then it runs or an episode has the slot. What
    else is asked for (a wish, a repetition) may go before it: a slot that was planned stays due then, and one that was not
    is due after that run's end."""
    runs, episodes = outcomes(job)
    for slot, words in runs.items():
        words = words + [words_of for first, last, words_of in episodes if first <= slot <= last]
        if len(words) > 1:
            yield f"{job}: the slot {at_text(slot)} has {len(words)} outcomes: {', '.join(words)}"
    begun = sorted(job.runs, key=lambda run: run.begun)
    for one, after in zip(begun, [*begun[1:], None]):
        if one.closed is None:
            continue  # check_overlap says so
        due_at = one.closed + job.pause()
        until = after.begun - TO_END if after else job.changes[-1].at - AT_LAST
        for slot in runs if one.slot is not None else ():
            if one.begun + TO_END < slot < due_at - TO_END:
                yield f"{job}: {runs[slot][0]} is for {at_text(slot)}, run {one.id} was closed at {at_text(one.closed)}"
        has_run = (after is not None and after.slot is None) or any(
            run.slot is not None and run.slot <= due_at + TO_END and run.begun >= one.closed for run in begun)
        is_skipped = any(first - TO_END <= due_at <= last + TO_END for first, last, _ in episodes)
        if due_at < until and not has_run and not is_skipped:
            yield f"{job}: the slot {at_text(due_at)} after the end of run {one.id} is lost"


def check_wishes(job):
    """Each wish has been answered by one run, unless people took it back."""
    answered = Counter(run.request for run in job.runs if run.request is not None)
    for request, count in answered.items():
        if count > 1:
            yield f"{job}: request {request} has been answered by {count} runs"
    open_wishes = []
    for wish in job.wishes:
        open_wishes = [] if wish is None else open_wishes + [wish]
    newest = max(answered, default=0)
    for wish in open_wishes:
        if wish > newest:
            yield f"{job}: nobody has run the request {wish}"
    manual = len([run for run in job.runs if run.trigger == "manual" and run.attempt == 1])
    wishes = len([wish for wish in job.wishes if wish is not None])
    if manual > wishes:
        yield f"{job}: it was run {manual} times by hand, which was asked for {wishes} times"


def check_repeats(job):
    """Who wants that is run again after its agent died: once for each such run, at most three times in all."""
    repeats = Counter(run.repeats for run in job.runs if run.repeats is not None)
    for run in job.runs:
        is_wanted = job.is_repeated and died(run) and run.attempt < MOST_ATTEMPTS
        is_excused = run.id in job.cancelled or None in job.wishes
        if repeats[run.id] > 1 or (repeats[run.id] and not is_wanted):
            yield f"{job}: run {run.id} ({run.status}, attempt {run.attempt}, {run.reason}) was repeated {repeats[run.id]} times"
        elif is_wanted and not repeats[run.id] and not is_excused:
            yield f"{job}: run {run.id} ({run.reason}) was not repeated"


def check_overlap(job):
    """Without parallel, a run begins when the one before it has been closed."""
    if job.busy == "parallel":
        return
    runs = sorted(job.runs, key=lambda run: run.begun)
    for one, next_one in zip(runs, runs[1:]):
        if one.closed is None or one.closed > next_one.begun:
            yield f"{job}: run {next_one.id} began at {at_text(next_one.begun)}, run {one.id} was closed" \
                  f" {'never' if one.closed is None else at_text(one.closed)}"


def _match(effects, rows):
    """(effect, row) in order of time; row None if the log knows of no such step. A row may have no number of a process: its
    agent died before it could write it. Two runs at once may have waited for the same process, which serves the older first."""
    unused = sorted(rows, key=lambda row: row.begun)
    for effect in sorted(effects, key=lambda effect: effect.begun):
        fitting = [row for row in unused if row.begun <= effect.begun and row.pid in (effect.pid, None)]
        own = [row for row in fitting if row.pid == effect.pid]
        row = next((row for row in own if row.status == "s"), (own or fitting or [None])[-1])
        if row is not None:
            unused.remove(row)
        yield effect, row


def check_effects(effects, rows, runs, forgotten=()):
    """What steps left behind: each thing once, for a step that the log knows, begun before its run was closed; and
    whatever has succeeded has left it. runs: id -> Run. forgotten: steps whose rows people have deleted."""
    of_step = defaultdict(lambda: ([], []))
    for effect in effects:
        of_step[effect.step][0].append(effect)
    for row in rows:
        of_step[row.step][1].append(row)
    for step, (its_effects, its_rows) in sorted(of_step.items()):
        if step in forgotten:
            continue
        matched = {}
        for effect, row in _match(its_effects, its_rows):
            if row is None:
                yield f"step {step} was carried out by process {effect.pid} ({effect.where}) at {at_text(effect.begun)}" \
                      " once more than the log knows"
                continue
            matched[row.id] = effect
            run = runs.get(row.run)
            if run is not None and run.closed is not None and effect.begun > run.closed + ON_ITS_WAY:
                yield f"step {step} of run {run.id} began at {at_text(effect.begun)} ({effect.where}), the run was closed at" \
                      f" {at_text(run.closed)} ({run.reason})"
        for row in its_rows:
            effect, run = matched.get(row.id), runs.get(row.run)
            if row.status != "s":
                continue
            if effect is None or effect.ended is None:
                yield f"step {step} of run {row.run} has succeeded, but left {'nothing' if effect is None else 'no end'} behind"
            elif run is not None and run.status == "s" and run.closed is not None and effect.ended > run.closed:
                yield f"step {step} of run {run.id} ended at {at_text(effect.ended)} ({effect.where}), the run had succeeded at" \
                      f" {at_text(run.closed)}"


def check_late_writes(writes):
    """Rows of the log that were closed are never written again. writes: (relation, id, old status, new status, what)"""
    for relation, row_id, old, new, what in writes:
        if old != "r":
            yield f"row {row_id} of {relation} was closed as {old} and then written again ({new}): {what}"


def check_burials(jobs, messages):
    """Each agent that died with a run has been written of."""
    for agent in sorted({run.agent for job in jobs for run in job.runs if died(run)}):
        if not any(f'agent "{agent}"' in message for message in messages):
            yield f'nothing in pga_agentlog says that agent "{agent}" is dead'


def count_burials(messages):
    """By what the death of agents was found out."""
    return {f"found by {what}": sum(f"is dead: its {what}" in message for message in messages)
            for what in ("process", "connection", "lease")}


def check_settled(remains):
    """Nothing is left. remains: what -> list of such things"""
    for what, things in remains.items():
        if things:
            yield f"{what}: {', '.join(map(str, things))}"


def check_log(name, text):
    for line in text.splitlines():
        if BAD_WORDS.search(line):
            yield f"{name} says: {line}"


def check_job(job):
    of_slots = (check_slots, check_counts) if job.pause() is None else (check_pauses,)
    for check in (*of_slots, check_wishes, check_repeats, check_overlap):
        yield from check(job)
