# SPDX-License-Identifier: PostgreSQL
"""What happens when: a seed gives a list of events, always the same one. Pure."""
import random
from dataclasses import dataclass, field

AGENTS = ("alpha", "beta", "gamma")
SERVERS = ("home", "target")
QUIET_START = 4.0  # seconds, so that there is something to disturb


@dataclass(order=True)
class Event:
    at: float  # seconds after the beginning
    order: int  # of those at the same instant; unique
    kind: str = field(compare=False)
    on: str = field(compare=False, default="")
    how: dict = field(compare=False, default_factory=dict)

    def __str__(self):
        words = " ".join(f"{name}={value}" for name, value in self.how.items())
        return f"{self.at:7.2f} {self.kind} {self.on} {words}".rstrip()


# What can be done to an agent, and how often compared with the others.
AGENT_FAULTS = {"kill": 5, "term": 2, "stop": 3, "pause": 1, "silence": 3, "reset": 2, "delay": 2, "end-backend": 4}
SERVER_FAULTS = {"fast": 2, "immediate": 2, "kill": 2}
PEOPLE = {"run-now": 6, "run-job": 5, "cancel-job": 3, "cancel-run": 4, "skip-next": 4, "pause-all": 1, "resume-all": 1,
          "toggle": 5, "edit-rule": 5, "edit-schedule": 3, "edit-step": 4, "edit-policy": 3, "edit-host": 1,
          "replace-job": 2, "lock-job": 2, "lock-table": 1}


def _choose(dice, weighed):
    return dice.choices(list(weighed), list(weighed.values()))[0]


class _Writer:
    def __init__(self, seconds):
        self.seconds = seconds
        self.events = []

    def add(self, at, kind, on="", **how):
        """None ends the faults late: what has begun always ends."""
        self.events.append(Event(round(at, 3), len(self.events), kind, on, how))

    def span(self, at, length, kind, on, **how):
        """A fault that lasts; returns its end."""
        self.add(at, kind, on, **how)
        end = min(at + length, self.seconds)
        self.add(end, "end-" + kind, on)
        return end


def _agent_fault(writer, dice, agent, at, lease):
    kind = _choose(dice, AGENT_FAULTS)
    short, long = dice.uniform(0.2, 0.6 * lease), lease + dice.uniform(0.5, 4)
    length = dice.choice([short, long])
    if kind == "end-backend":
        writer.add(at, kind, agent, which=dice.choice(["control", "log", "both"]))
        return at
    after = dice.choice([None, round(dice.uniform(0, 0.15), 3)])  # a full second, when many jobs are claimed and begin
    if kind == "kill":
        return writer.span(at, length, "kill-agent", agent, after=after)
    if kind == "term":
        return writer.span(at, dice.uniform(0.5, 4), "end-agent", agent)
    if kind in ("stop", "pause"):
        return writer.span(at, long if kind == "stop" else short, "stop-agent", agent, after=after)
    if kind == "delay":
        return writer.span(at, dice.uniform(2, 6), "delay-network", agent, ms=dice.choice([20, 80, 250]))
    return writer.span(at, length, "cut-network", agent, how=kind)


def _agents(writer, dice, lease):
    for agent in AGENTS:
        at = QUIET_START + dice.uniform(0, 6)
        while at < writer.seconds - 3:
            at = _agent_fault(writer, dice, agent, at, lease) + dice.uniform(2, 10)


def _everybody(writer, dice, lease):
    """Nobody is left to look after the others."""
    at = QUIET_START + dice.uniform(10, 25)
    while at < writer.seconds - 3:
        kind = dice.choice(["kill-agent", "stop-agent", "cut-network"])
        for agent in AGENTS:
            end = writer.span(at, lease + dice.uniform(0, 4), kind, agent, how="silence", after=None)
        at = end + dice.uniform(15, 35)


def _servers(writer, dice, lease):
    for server in SERVERS:
        at = QUIET_START + dice.uniform(6, 16)
        while at < writer.seconds - 3:
            if server == "target" and dice.random() < 0.4:
                end = writer.span(at, dice.uniform(0.5, 5), "cut-network", server, how=dice.choice(["silence", "reset"]))
            else:
                down = dice.choice([0, dice.uniform(0.5, 3), lease + dice.uniform(0, 2)])
                end = writer.span(at, down, "stop-server", server, how=_choose(dice, SERVER_FAULTS))
            at = end + dice.uniform(8, 20)


def _steps(writer, dice):
    at = QUIET_START
    while at < writer.seconds:
        writer.add(at, "end-step", dice.choice(SERVERS), pick=dice.randrange(1000))
        at += dice.uniform(2, 8)


def _people(writer, dice):
    at = 1.0
    while at < writer.seconds:
        kind = _choose(dice, PEOPLE)
        if kind in ("lock-job", "lock-table"):
            writer.span(at, dice.uniform(0.5, 3), kind, "", pick=dice.randrange(1000))
        else:
            writer.add(at, kind, "", pick=dice.randrange(1000), value=dice.randrange(1000))
        at += dice.uniform(0.2, 1.5)


def make(seed, seconds, lease):
    """The events of a run, in order; each kind of event has dice of its own."""
    writer = _Writer(seconds)
    _agents(writer, random.Random(f"{seed} agents"), lease)
    _everybody(writer, random.Random(f"{seed} everybody"), lease)
    _servers(writer, random.Random(f"{seed} servers"), lease)
    _steps(writer, random.Random(f"{seed} steps"))
    _people(writer, random.Random(f"{seed} people"))
    return sorted(writer.events)
