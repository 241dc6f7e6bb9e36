"""The support does to connections and servers what it says: where it did not, other tests would pass for nothing."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.port import LOOPBACK
from support.proxy import TO_CLIENT, TO_SERVER
from support.resp import CommandError, packed, read_reply
from support.waiting import SOON, wait_until

TESTS = Path(__file__).resolve().parent


@pytest.fixture
def connect():
    """Opens plain connections to a server or a proxy."""
    opened = []

    def open_one(target):
        opened.append(socket.create_connection((LOOPBACK, target.port), timeout=SOON))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


def ask(connection, *args):
    connection.sendall(packed(args))
    return read_reply(connection.makefile("rb"))


def hears_nothing(connection):
    connection.settimeout(0.1)
    try:
        connection.recv(1)
    except socket.timeout:
        return True
    finally:
        connection.settimeout(SOON)
    return False


def test_a_killed_server_comes_back_with_its_data_and_its_port(outage_server):
    outage_server.command("SET", "kept", "1")
    former = outage_server.pid
    outage_server.kill()
    with pytest.raises(ConnectionRefusedError):
        outage_server.command("PING")
    outage_server.start()
    assert outage_server.pid != former
    assert outage_server.command("GET", "kept") == b"1"


def test_a_frozen_server_does_not_answer_and_then_does(outage_server, connect):
    connection = connect(outage_server)
    outage_server.pause()
    connection.sendall(packed(["PING"]))
    assert hears_nothing(connection)
    outage_server.resume()
    assert read_reply(connection.makefile("rb")) == b"PONG"


def test_an_error_of_the_server_is_raised(server):
    server.command("LPUSH", "list", "1")
    with pytest.raises(CommandError, match="WRONGTYPE"):
        server.command("INCR", "list")
    assert server.command("EVAL", "return {redis.error_reply('ERR no'), 1, false}", 0)[1:] == [1, None]


def test_each_test_begins_without_data(server):
    assert server.command("DBSIZE") == 0


def test_a_cut_resets_every_connection_at_both_ends(server, proxy, connect):
    connections = [connect(proxy), connect(proxy)]
    assert [ask(connection, "PING") for connection in connections] == [b"PONG", b"PONG"]
    assert proxy.open == 2
    proxy.cut()
    for connection in connections:
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    # The one that asks is a client, too.
    wait_until(lambda: server.info("clients")["connected_clients"] == "1", "the server has lost them")
    assert ask(connect(proxy), "PING") == b"PONG"
    assert (proxy.open, proxy.connections) == (1, 3)


def test_what_refuses_connections_keeps_those_it_has(proxy, connect):
    connection = connect(proxy)
    assert ask(connection, "PING") == b"PONG"
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    assert ask(connection, "PING") == b"PONG"
    proxy.accept()
    assert ask(connect(proxy), "PING") == b"PONG"


def test_what_is_held_is_not_carried_until_it_is_released(server, proxy, connect):
    connection = connect(proxy)
    assert ask(connection, "PING") == b"PONG"
    proxy.hold()
    connection.sendall(packed(["SET", "key", "1"]))
    late = connect(proxy)
    late.sendall(packed(["PING"]))
    proxy.wait_for_connections(2)
    assert hears_nothing(connection) and hears_nothing(late)
    assert server.command("EXISTS", "key") == 0
    proxy.release()
    assert read_reply(connection.makefile("rb")) == b"OK"
    assert read_reply(late.makefile("rb")) == b"PONG"


def test_a_cut_after_bytes_to_the_server_lets_those_arrive_and_no_more(server, proxy, connect):
    connection = connect(proxy)
    first, second = packed(["SET", "first", "1"]), packed(["SET", "second", "1"])
    proxy.cut_after(len(first), TO_SERVER)
    connection.sendall(first + second)
    with pytest.raises(ConnectionResetError):
        connection.recv(1)
    wait_until(lambda: server.command("EXISTS", "first"), "the server has run the first")
    assert server.command("EXISTS", "second") == 0
    assert proxy.carried[TO_SERVER] == len(first)
    # Once.
    assert ask(connect(proxy), "SET", "third", "1") == b"OK"


def test_a_cut_after_bytes_to_the_client_lets_those_arrive_and_no_more(server, proxy, connect):
    connection = connect(proxy)
    assert ask(connection, "PING") == b"PONG"
    proxy.cut_after(3, TO_CLIENT)
    connection.sendall(packed(["INCR", "key"]) * 2)
    heard = b""
    with pytest.raises(ConnectionResetError):
        while True:
            heard += connection.recv(100)
    assert heard == b":1\r"
    assert server.command("GET", "key") in (b"1", b"2")


def test_more_than_all_buffers_hold_goes_through_in_both_directions_at_once(proxy, connect):
    connection = connect(proxy)
    value = os.urandom(1 << 20)
    sender = threading.Thread(target=connection.sendall, args=(packed(["ECHO", value]) * 32,))
    sender.start()
    file = connection.makefile("rb")
    assert all(read_reply(file) == value for _ in range(32))
    sender.join(SOON)
    assert not sender.is_alive()


def run_tests(folder, text, *args):
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "support.complete", *args, "test_it.py"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("left_out", "args", "said"),
    [
        ("@pytest.mark.skip\ndef test_b(): pass", [], "skipped: test_it.py::test_b"),
        ("def test_b(): pytest.skip()", [], "skipped: test_it.py::test_b"),
        ("pytest.skip(allow_module_level=True)", [], "skipped: test_it.py"),
        ("@pytest.mark.xfail\ndef test_b(): assert False", [], "allowed to fail: test_it.py::test_b"),
        ("@pytest.mark.xfail\ndef test_b(): pass", [], "allowed to fail: test_it.py::test_b"),
        ("def test_b(): pass", ["-k", "test_a"], "deselected: test_it.py::test_b"),
    ],
)
def test_a_run_that_leaves_out_a_test_fails(tmp_path, left_out, args, said):
    ran = run_tests(tmp_path, f"import pytest\ndef test_a(): pass\n{left_out}\n", *args)
    assert ran.returncode != 0, ran.stdout
    assert said in ran.stdout


def test_a_run_of_everything_passes(tmp_path):
    ran = run_tests(tmp_path, "def test_a(): pass\n")
    assert ran.returncode == 0, ran.stdout
