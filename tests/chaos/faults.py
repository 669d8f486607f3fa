# SPDX-License-Identifier: PostgreSQL
"""Does what the plan says, when it says so."""
import time
from collections import Counter

TEND_EVERY = 0.05


class Executor:
    """Events one after the other. What cannot be done at the moment (people need the server) is left out and told."""

    def __init__(self, world, people, diary):
        self.world = world
        self.people = people
        self.diary = diary  # a file
        self.counts = Counter()

    def run(self, events):
        begin = time.monotonic()
        for event in events:
            while time.monotonic() < begin + event.at:
                time.sleep(min(TEND_EVERY, max(0, begin + event.at - time.monotonic())))
                self.world.tend()
            self.world.tend()
            said = getattr(self, "_" + event.kind.replace("-", "_"), self._person)(event)
            self.diary.write(f"{time.monotonic() - begin:7.2f} {event}{f': {said}' if said else ''}\n")
            self.diary.flush()

    def _person(self, event):
        said = self.people.act(event.kind, event.how["pick"], event.how["value"])
        self.counts["people" if said is None else "people in vain"] += 1
        return said

    def _lock_job(self, event):
        return self.people.lock_job(event.how["pick"])

    def _lock_table(self, event):
        return self.people.lock_table(event.how["pick"])

    def _end_lock_job(self, _event):
        self.people.unlock()

    _end_lock_table = _end_lock_job

    # Agents. One that is just ending, or not yet back, is left alone.

    def _is_up(self, event):
        keeper = self.world.keepers[event.on]
        return keeper.agent.is_running() and not keeper.was_asked

    @staticmethod
    def _wait_for_second(after):
        """Until so long after the next full second of the clock; None = not at all."""
        if after is not None:
            time.sleep((after - time.time()) % 1)

    def _kill_agent(self, event):
        if not self._is_up(event):
            return "it is not up"
        self._wait_for_second(event.how["after"])
        self.counts["kills"] += 1
        return self.world.keepers[event.on].kill()

    def _end_kill_agent(self, event):
        self.world.keepers[event.on].start()

    def _end_agent(self, event):
        if not self._is_up(event):
            return "it is not up"
        self.counts["ends"] += 1
        return self.world.keepers[event.on].end()

    def _end_end_agent(self, event):
        self.world.keepers[event.on].start()

    def _stop_agent(self, event):
        if not self._is_up(event):
            return "it is not up"
        self._wait_for_second(event.how["after"])
        self.counts["stops"] += 1
        return self.world.keepers[event.on].stop()

    def _end_stop_agent(self, event):
        self.world.keepers[event.on].go_on()

    def _end_backend(self, event):
        ended = self.world.end_backend(event.on, event.how["which"])
        self.counts["terminations"] += ended
        return f"{ended} ended"

    def _end_step(self, event):
        ended = self.world.end_step(event.on, event.how["pick"])
        self.counts["terminations"] += ended
        return f"{ended} ended"

    # Networks

    def _cut_network(self, event):
        self.counts["cuts"] += 1
        self.world.proxy(event.on).cut(event.how["how"])

    def _delay_network(self, event):
        self.counts["delays"] += 1
        self.world.proxy(event.on).slow(event.how["ms"] / 1000)

    def _end_cut_network(self, event):
        self.world.proxy(event.on).restore()

    _end_delay_network = _end_cut_network

    # Servers

    def _stop_server(self, event):
        self.counts["restarts"] += 1
        self.world.stop_server(event.on, event.how["how"])

    def _end_stop_server(self, event):
        self.world.start_server(event.on)
