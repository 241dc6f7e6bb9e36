"""What the fixture says to a server, and hears: RESP2, one command at a time. It shares nothing with what is under test."""


class CommandError(Exception):
    """An error that the server answered with."""


def packed(args):
    """A command as it is sent. Arguments are bytes, or what str() makes of them."""
    parts = [arg if isinstance(arg, bytes) else str(arg).encode() for arg in args]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def read_reply(file):
    """The next reply of a binary file: bytes, int, None, or a list of these. An error is raised, or stands in its list."""
    reply = _read(file)
    if isinstance(reply, CommandError):
        raise reply
    return reply


def _read(file):
    line = file.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the server ended the connection")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest
    if kind == b"-":
        return CommandError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"$":
        return None if rest == b"-1" else _read_exactly(file, int(rest) + 2)[:-2]
    if kind == b"*":
        return None if rest == b"-1" else [_read(file) for _ in range(int(rest))]
    raise ValueError(f"this is not RESP2: {line!r}")


def _read_exactly(file, count):
    read = file.read(count)
    if len(read) < count:
        raise ConnectionError("the server ended the connection")
    return read
