"""A proxy between a client and a server that breaks their connections where and when a test says.

Owns a reserved loopback port and the one thread that moves all bytes. Every method hands that thread an order and returns when it
has been carried out: after cut() no connection is left, after hold() no byte moves. Nothing is changed in what passes: bytes are
only held, or never carried. A forked child must not use it.
"""

import fcntl
import selectors
import socket
import struct
import termios
import threading
from collections import deque
from queue import SimpleQueue

from .port import LOOPBACK, ReservedPort
from .waiting import SOON, wait_until

TO_SERVER, TO_CLIENT = "to_server", "to_client"
CHUNK = 1 << 16


class Proxy:
    """A running proxy to a server, or to a port of this machine. It is dialled for each client, and may be down."""

    def __init__(self, target):
        self._reserved = ReservedPort()
        self.port = self._reserved.number
        if isinstance(target, int):
            self._target = target
            self.url = f"redis://{LOOPBACK}:{self.port}/0"
        else:
            self._target = target.tls_port or target.port
            self.url = target.url.replace(f":{self._target}/", f":{self.port}/")
        # Accepted ever, and carried ever.
        self.connections = 0
        self.carried = {TO_SERVER: 0, TO_CLIENT: 0}
        self._links = []
        self._plans = []
        self._is_held = False
        self._is_over = False
        self._failure = None
        self._orders = deque()
        self._selector = selectors.DefaultSelector()
        self._bell, self._bell_end = socket.socketpair()
        self._selector.register(self._bell_end, selectors.EVENT_READ, self._carry_out_orders)
        self._listener = None
        self._listen()
        self._thread = threading.Thread(target=self._run, name="fixture-proxy", daemon=True)
        self._thread.start()

    # What tests say.

    @property
    def open(self):
        """How many connections there are now."""
        return self._order(lambda: len(self._links))

    def cut(self):
        """Ends all connections with a reset, on both sides. What was not carried yet is lost."""
        self._order(self._cut)

    def refuse(self):
        """Refuses connections from now on. Those that there are stay."""
        self._order(self._stop_listening)

    def accept(self):
        """Ends refuse()."""
        self._order(self._listen)

    def hold(self):
        """Carries no byte from now on, in no direction. Connections are still accepted."""
        self._order(lambda: self._set_held(True))

    def release(self):
        """Ends hold(): what has waited goes on."""
        self._order(lambda: self._set_held(False))

    def cut_after(self, count, direction=TO_SERVER):
        """Ends the first connection on which `count` more bytes have been carried in a direction: they arrive, no more does.

        Once. The bytes count from now on, for each connection on its own.
        """
        assert count > 0 and direction in (TO_SERVER, TO_CLIENT), (count, direction)
        self._order(lambda: self._plans.append(_Plan(count, direction)))

    def wait_for_connections(self, count):
        """Waits until so many have been accepted ever."""
        wait_until(lambda: self.connections >= count, f"{count} connections were made")

    def close(self):
        """Ends everything."""
        if not self._is_over:
            self._order(self._end)
            self._thread.join(SOON)
            self._reserved.release()
            self._bell.close()

    # What the thread does.

    def _order(self, action):
        """Has the thread do something, and returns what that returns."""
        assert self._failure is None, self._failure
        answer = SimpleQueue()
        self._orders.append((action, answer))
        self._bell.send(b"!")
        result = answer.get(timeout=SOON)
        if isinstance(result, Exception):
            raise result
        return result

    def _carry_out_orders(self, _):
        self._bell_end.recv(1)
        action, answer = self._orders.popleft()
        try:
            answer.put(action())
        except Exception as error:  # It is raised where the answer is awaited.
            answer.put(error)

    def _run(self):
        try:
            while not self._is_over:
                for key, events in self._selector.select():
                    # What an earlier one of these has closed has no more business.
                    if key.fileobj.fileno() >= 0:
                        key.data(events)
        except Exception as error:
            self._failure = error
            raise

    def _listen(self):
        if self._listener is None:
            self._listener = self._reserved.listen()
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _stop_listening(self):
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None

    def _accept(self, _):
        client, _ = self._listener.accept()
        self.connections += 1
        server = socket.socket()
        try:
            # On this machine it is there or refused at once.
            server.connect((LOOPBACK, self._target))
            for end in (client, server):
                end.setblocking(False)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            server.close()
            _reset(client)
            return
        link = _Link(client, server)
        self._links.append(link)
        self._watch(link)

    def _set_held(self, is_held):
        self._is_held = is_held
        for link in self._links:
            self._watch(link)

    def _watch(self, link):
        """Waits for what a link needs next: an end that is to be read, or one that has to take what was read."""
        for end in link.ends:
            events = 0
            for way in () if self._is_held else link.ways:
                if end is way.source and not way.waiting and not way.is_ended:
                    events |= selectors.EVENT_READ
                if end is way.sink and way.waiting:
                    events |= selectors.EVENT_WRITE
            if end in self._selector.get_map():
                self._selector.unregister(end)
            if events:
                self._selector.register(end, events, lambda _, link=link: self._carry(link))

    def _carry(self, link):
        try:
            for way in link.ways:
                self._carry_one_way(link, way)
        except OSError:
            self._drop(link)
        if link not in self._links:
            return
        if all(way.is_ended for way in link.ways):
            self._forget(link)
            for end in link.ends:
                end.close()
            return
        self._watch(link)

    def _carry_one_way(self, link, way):
        plans = [plan for plan in self._plans if plan.direction == way.direction]
        limit = min([CHUNK, *(plan.left(link) for plan in plans)])
        if not way.waiting and not way.is_ended and link in self._links:
            try:
                way.waiting = way.source.recv(limit)
            except BlockingIOError:
                return
            if not way.waiting:
                way.is_ended = True
                way.sink.shutdown(socket.SHUT_WR)
        if not way.waiting or link not in self._links:
            return
        try:
            count = way.sink.send(way.waiting[:limit])
        except BlockingIOError:
            return
        way.waiting = way.waiting[count:]
        self.carried[way.direction] += count
        for plan in plans:
            plan.count(link, count)
        done = [plan for plan in plans if plan.left(link) == 0]
        if done:
            self._plans.remove(done[0])
            # What was carried is to arrive: a reset would overtake what the kernel still holds. Not even then does a server
            # read what a connection has brought that was reset before it is accepted: to it this is an ordinary end.
            wait_until(lambda: _unacknowledged(way.sink) == 0, "the receiver has what was carried")
            self._forget(link)
            link.server.close()
            _reset(link.client)

    def _forget(self, link):
        self._links.remove(link)
        for end in link.ends:
            if end in self._selector.get_map():
                self._selector.unregister(end)

    def _drop(self, link):
        """Ends both connections of a link with a reset."""
        self._forget(link)
        for end in link.ends:
            _reset(end)

    def _cut(self):
        for link in list(self._links):
            self._drop(link)

    def _end(self):
        self._is_over = True
        self._stop_listening()
        self._cut()
        self._selector.close()
        self._bell_end.close()


class _Way:
    """One direction of a link: what was read and not taken yet waits here."""

    def __init__(self, direction, source, sink):
        self.direction = direction
        self.source = source
        self.sink = sink
        self.waiting = b""
        self.is_ended = False


class _Link:
    """A client's connection, and that to the server."""

    def __init__(self, client, server):
        self.client = client
        self.server = server
        self.ends = (client, server)
        self.ways = (_Way(TO_SERVER, client, server), _Way(TO_CLIENT, server, client))


class _Plan:
    """After how many bytes a link is to end, and how many each has carried of them."""

    def __init__(self, after, direction):
        self.direction = direction
        self._after = after
        self._carried = {}

    def count(self, link, count):
        self._carried[link] = self._carried.get(link, 0) + count

    def left(self, link):
        return self._after - self._carried.get(link, 0)


def _reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _unacknowledged(connection):
    """How many bytes the peer's kernel has not acknowledged."""
    return struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0" * 4))[0]
