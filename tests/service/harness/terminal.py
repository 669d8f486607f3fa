# SPDX-License-Identifier: PostgreSQL
"""A command on a terminal of a given width."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from harness.users import clean_environment, popen_user
from harness.waiting import LIMIT


def run_on_terminal(program, *words, columns=80, environment=None):
    """(what it wrote, its exit code)"""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([program, *words], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                                   cwd=os.path.dirname(program),
                                   env=clean_environment({"TERM": "xterm", **(environment or {})}), **popen_user())
        os.close(theirs)
        return _read_all(ours), process.wait(timeout=LIMIT)
    finally:
        os.close(ours)


def _read_all(terminal):
    end = time.monotonic() + LIMIT
    written = b""
    while select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux' way to say that nobody holds the other end any more
            part = b""
        if not part:
            return written.decode("utf-8").replace("\r\n", "\n")
        written += part
    raise AssertionError(f"the command did not end within {LIMIT:.0f} s; it wrote {written!r}")
