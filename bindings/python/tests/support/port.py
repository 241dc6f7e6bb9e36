"""A loopback port that belongs to a value until it is released, whether or not somebody listens on it.

A bound socket that does not listen holds the port: a connection to it is refused, the kernel gives it to nobody else, and a
listener that sets SO_REUSEADDR, as redis-server does, can come and go on top of it.
"""

import socket

LOOPBACK = "127.0.0.1"


class ReservedPort:
    """A port of 127.0.0.1."""

    def __init__(self):
        self._holder = socket.socket()
        self._holder.bind((LOOPBACK, 0))
        # After the bind: a socket that may share its port while it is bound could be given one that another holder has.
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.number = self._holder.getsockname()[1]

    def listen(self):
        """A listener on this port; there can be one at a time."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, self.number))
        listener.listen(128)
        return listener

    def release(self):
        self._holder.close()
