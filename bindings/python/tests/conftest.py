"""The fixtures of all tests: servers and proxies that are there when a test begins and gone when it has ended."""

import signal

import pytest
from support.proxy import Proxy
from support.server import Server


# A shell that runs tests in the background has them ignore Ctrl-C, and all programs that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def server():
    """A server for all tests of a file, without data when each begins. It keeps running: see outage_server."""
    started = Server()
    yield started
    started.close()


@pytest.fixture(autouse=True)
def _no_data_of_other_tests(request):
    if "server" in request.fixturenames:
        server = request.getfixturevalue("server")
        assert server.is_running(), "an earlier test of this file ended the server, which they share: outage_server is for that"
        server.command("FLUSHALL")


@pytest.fixture
def start_server():
    """Starts servers of the test's own: takes what Server takes."""
    started = []

    def start(**options):
        started.append(Server(**options))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def outage_server(start_server):
    """A server of the test's own, to be killed and started: a write is on disk before it is answered."""
    return start_server(appendonly=True)


@pytest.fixture
def url(server):
    """Where the server of the file is."""
    return server.url


@pytest.fixture
def proxy(server):
    """A proxy of the test's own, in front of the server of the file."""
    started = Proxy(server)
    yield started
    started.close()


@pytest.fixture
def start_proxy():
    """Starts proxies of the test's own: takes the server, or the port, that is behind it."""
    started = []

    def start(target):
        started.append(Proxy(target))
        return started[-1]

    yield start
    for one in started:
        one.close()
