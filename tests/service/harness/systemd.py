# SPDX-License-Identifier: PostgreSQL
"""What systemd hears of an agent."""
import os
import socket
import tempfile
import threading

from harness.users import give_away
from harness.waiting import wait_until


class Systemd:
    """Listens where NOTIFY_SOCKET in `environment` says, all the time as systemd does: who is not heard would have to wait."""

    def __init__(self, directory):
        path = os.path.join(tempfile.mkdtemp(prefix="systemd-", dir=directory), "notify")
        self.environment = {"NOTIFY_SOCKET": path}
        self.told = []
        self.seen = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        give_away(os.path.dirname(path))
        give_away(path)
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def _listen(self):
        while message := self.socket.recv(4096):  # an empty one is ours
            self.told.append(message.decode())

    def wait_for(self, *words, agent):
        """Until a message that is later than the last one of these begins with the first word and has the others; returns it."""
        def find():
            for number, message in enumerate(self.told[self.seen:], self.seen + 1):
                if message.startswith(words[0]) and all(word in message for word in words):
                    self.seen = number
                    return message
            return None
        try:
            return wait_until(find, f"systemd is told {words}", agent)
        except AssertionError as error:
            raise AssertionError(f"{error}\nsystemd was told {self.told[self.seen:]}") from None

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(b"", self.environment["NOTIFY_SOCKET"])
        self.thread.join()
        self.socket.close()
