# SPDX-License-Identifier: PostgreSQL
"""A network that can be cut and slowed down: connections to a port of 127.0.0.1 go on to the socket of a server."""
import asyncio
import socket
import struct
import threading
from contextlib import suppress

PART = 65536
ABORT = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends a reset


class Network:
    """The thread that all proxies share."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="network", daemon=True)
        self.thread.start()

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)

    def close(self):
        self.call(self._end_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(60)

    @staticmethod
    async def _end_tasks():
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Proxy:
    """From its own `port` to a Unix socket; the server needs no port, which somebody else could take while it is down."""

    def __init__(self, network, path):
        self.network = network
        self.path = path
        self.mode = "open"
        self.delay = 0.0
        self.writers = set()
        self.stalled = set()  # connections that were silent once: what they hold back is never sent
        self.server = network.call(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]

    def cut(self, how):
        """reset: connections break, new ones too. silence: nothing comes through any more, and nobody is told."""
        self.network.call(self._cut(how))

    def slow(self, seconds):
        self.delay = seconds

    def restore(self):
        """What was cut comes back by new connections only."""
        self.network.call(self._restore())

    def close(self):
        self.network.call(self._close())

    async def _cut(self, how):
        self.mode = how
        if how == "reset":
            self._break(self.writers)
        else:
            self.stalled |= self.writers

    async def _restore(self):
        self.mode = "open"
        self.delay = 0.0
        self._break(self.stalled)
        self.stalled = set()

    async def _close(self):
        self.server.close()
        self._break(self.writers | self.stalled)

    @staticmethod
    def _break(writers):
        for writer in list(writers):
            with suppress(OSError, AttributeError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            writer.transport.abort()

    async def _accept(self, reader, writer):
        self.writers.add(writer)
        if self.mode == "silence":
            self.stalled.add(writer)
            return
        if self.mode == "reset":
            self._break([writer])
            self.writers.discard(writer)
            return
        try:
            there, back = await asyncio.open_unix_connection(self.path)
        except OSError:  # the server is down
            self._break([writer])
            self.writers.discard(writer)
            return
        self.writers.add(back)
        if self.mode != "open":  # meanwhile
            self.stalled |= {writer, back}
        await asyncio.gather(self._pass_on(reader, back, writer), self._pass_on(there, writer, back))
        self.writers -= {writer, back}
        if writer not in self.stalled:
            writer.close()
            back.close()

    async def _pass_on(self, reader, to, other):
        try:
            while True:
                part = await reader.read(PART)
                if not part:
                    break
                if self.delay:
                    await asyncio.sleep(self.delay)
                if to in self.stalled:
                    return  # never sent
                to.write(part)
                await to.drain()
            if to not in self.stalled:
                to.write_eof()
                return
        except (OSError, RuntimeError):
            if to not in self.stalled:
                self._break([to, other])
