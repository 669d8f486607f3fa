# SPDX-License-Identifier: PostgreSQL
"""What the world does to an agent, by a library that is preloaded into it: see outside.c."""
import os
import subprocess
from contextlib import suppress

import pytest

from harness.users import give_away


class Outside:
    """`Outside(directory)`, then agent(environment=outside.environment)."""

    def __init__(self, directory):
        home = os.path.join(str(directory), "outside")
        library = os.path.join(home, "outside.so")
        self.names = os.path.join(home, "names")
        self.slept = os.path.join(home, "slept")
        if not os.path.exists(home):
            os.makedirs(home)
            try:
                subprocess.check_call(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                                       os.path.join(os.path.dirname(os.path.abspath(__file__)), "outside.c"), "-ldl"])
            except FileNotFoundError:
                pytest.skip("there is no compiler")
            os.mkfifo(self.names)
            give_away(self.names)
        self.sleep(0)
        self.environment = {
            "LD_PRELOAD": library,
            "OUTSIDE_NAMES": self.names,
            "OUTSIDE_SLEPT": self.slept,
            "ASAN_OPTIONS": "verify_asan_link_order=0",
        }

    def sleep(self, seconds):
        """As if the machine had slept so long by now."""
        with open(self.slept + ".new", "w", encoding="ascii") as file:
            file.write(f"{seconds}\n")
        give_away(self.slept + ".new")
        os.rename(self.slept + ".new", self.slept)

    def answer_names(self):
        """All who look up a name now get the answer that no server answers."""
        with suppress(OSError):  # nobody does
            os.close(os.open(self.names, os.O_WRONLY | os.O_NONBLOCK))
