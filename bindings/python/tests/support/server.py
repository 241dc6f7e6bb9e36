"""A real redis-server in a folder of its own, which can be killed, stopped, frozen and started again.

Owns the process, its folder (configuration, data, log) and its port. The process is ended by its own pid: by close(), else when
Python ends, else by the kernel when the thread ends that started it. It listens on loopback and, if asked to, on a unix socket.
It never touches a process that it did not start. What it asks the server itself goes over a plain socket for each question.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import quote

from .certificates import Authority
from .port import LOOPBACK, ReservedPort
from .resp import CommandError, packed, read_reply
from .waiting import SOON, wait_until

# How long a question of the fixture to its server may take.
ANSWER_WITHIN = 5.0


class Server:
    """A redis-server of this test, answering."""

    def __init__(
        self,
        appendonly=False,
        password=None,
        unix_socket=False,
        tls=False,
        tls_clients=False,
        directives=(),
    ):
        """Starts it. With `appendonly` a write is on disk before it is answered, so that it survives kill().

        With `tls` it listens on a TLS port, too, with a certificate for localhost and 127.0.0.1, and `url` leads there; with
        `tls_clients` it asks for a client's certificate there. `directives` are pairs as redis.conf has them.
        """
        self._owner = os.getpid()
        self._process = None
        self.folder = Path(tempfile.mkdtemp(prefix="rr-python-"))
        _all.add(self)
        self.password = password
        self._reserved = ReservedPort()
        self.port = self._reserved.number
        self.unix_path = self.folder / "redis.sock" if unix_socket else None
        lines = [
            ("bind", LOOPBACK),
            ("port", self.port),
            ("dir", self.folder),
            ("save", '""'),
            ("appendonly", "yes" if appendonly else "no"),
            ("appendfsync", "always"),
        ]
        if unix_socket:
            lines.append(("unixsocket", self.unix_path))
        if password is not None:
            lines.append(("requirepass", f'"{password}"'))
        if tls or tls_clients:
            self._prepare_tls(lines, tls_clients)
        else:
            self.tls_port = None
        lines += directives
        text = "".join(f"{name} {value}\n" for name, value in lines)
        (self.folder / "redis.conf").write_text(text, encoding="utf-8")
        self.start()

    def _prepare_tls(self, lines, has_clients):
        authority = Authority(self.folder)
        self._reserved_for_tls = ReservedPort()
        self.tls_port = self._reserved_for_tls.number
        self.ca_file = authority.file
        certificate, key = authority.issue("server", "DNS:localhost", f"IP:{LOOPBACK}")
        self.client_certificate, self.client_key = authority.issue("client", "DNS:client")
        lines += [
            ("tls-port", self.tls_port),
            ("tls-cert-file", certificate),
            ("tls-key-file", key),
            ("tls-ca-cert-file", authority.file),
            ("tls-auth-clients", "yes" if has_clients else "no"),
        ]

    @property
    def url(self):
        """Where clients go, as redis-py writes it, with the password if there is one."""
        credentials = f":{quote(self.password, safe='')}@" if self.password is not None else ""
        if self.tls_port is not None:
            return f"rediss://{credentials}{LOOPBACK}:{self.tls_port}/0?ssl_ca_certs={quote(str(self.ca_file))}"
        return f"redis://{credentials}{LOOPBACK}:{self.port}/0"

    @property
    def unix_url(self):
        credentials = f":{quote(self.password, safe='')}@" if self.password is not None else ""
        return f"unix://{credentials}{self.unix_path}"

    @property
    def pid(self):
        """The pid of the running process."""
        assert self._process is not None, "the server was ended"
        return self._process.pid

    def is_running(self):
        return self._process is not None and self._process.poll() is None

    def log(self):
        """What the server printed since the first start."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def start(self):
        """Starts a server that is down, with the data and the port that it had, and returns when it answers."""
        assert not self.is_running(), "the server runs already"
        with open(self.folder / "log", "ab") as log:
            command = ["setpriv", "--pdeathsig", "KILL", "redis-server", self.folder / "redis.conf"]
            self._process = _start(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._answers, "redis-server answers")

    def _answers(self):
        assert self.is_running(), f"redis-server ended:\n{self.log()}"
        try:
            self.command("PING")
        except CommandError as error:
            return not str(error).startswith("LOADING")
        except OSError:
            return False
        return True

    def kill(self):
        """Ends it by SIGKILL and returns when it is gone. What was not on disk is lost."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(SOON)

    def terminate(self):
        """Ends it by SIGTERM, in which it closes its files and connections, and returns when it is gone."""
        if self.is_running():
            self.resume()
            self._process.terminate()
            self._process.wait(SOON)
        self._process = None

    def restart(self):
        """terminate() and start()."""
        self.terminate()
        self.start()

    def pause(self):
        """Freezes it: its sockets stay open, the kernel acknowledges what comes, nobody answers."""
        os.kill(self.pid, signal.SIGSTOP)
        stat = Path(f"/proc/{self.pid}/stat")
        wait_until(lambda: ") T " in stat.read_text(encoding="utf-8"), "the server is frozen")

    def resume(self):
        """Ends pause()."""
        os.kill(self.pid, signal.SIGCONT)

    def command(self, *args):
        """The reply to a command, sent past whatever is under test: bytes, int, None or a list. CommandError for an error."""
        with socket.create_connection((LOOPBACK, self.port), timeout=ANSWER_WITHIN) as connection:
            with connection.makefile("rb") as file:
                if self.password is not None:
                    connection.sendall(packed(("AUTH", self.password)))
                    read_reply(file)
                connection.sendall(packed(args))
                return read_reply(file)

    def info(self, section):
        """A section of INFO, as a dict of texts."""
        lines = self.command("INFO", section).decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def close(self):
        """Ends it, however it is, and takes its folder away. A forked child has no part in that."""
        if os.getpid() != self._owner:
            return
        self.kill()
        self._reserved.release()
        if self.tls_port is not None:
            self._reserved_for_tls.release()
        shutil.rmtree(self.folder, ignore_errors=True)
        _all.discard(self)


# What is to be ended when Python ends.
_all = set()


@atexit.register
def _close_all():
    for server in list(_all):
        server.close()


# The kernel watches the thread that forked, and a test's thread ends with its test: one thread that lives as long as Python
# does all the forking.
_births = SimpleQueue()
_midwife = threading.Lock()
_midwives = []


def _start(command, **options):
    with _midwife:
        if os.getpid() not in _midwives:
            _midwives.append(os.getpid())
            threading.Thread(target=_deliver, name="fixture-spawn", daemon=True).start()
    answer = SimpleQueue()
    _births.put((command, options, answer))
    process = answer.get(timeout=SOON)
    if isinstance(process, Exception):
        raise process
    return process


def _deliver():
    while True:
        command, options, answer = _births.get()
        try:
            answer.put(subprocess.Popen(command, **options))
        except Exception as error:  # It is raised where the answer is awaited.
            answer.put(error)
