"""Signals: Ctrl-C ends whatever waits, and a handler may use the client itself. Each program here is a process of its own."""

import signal
import subprocess
import sys
import textwrap
import time

import pytest
from support.waiting import wait_until

PROLOGUE = """
import signal, sys, threading, time
import redis
from resilient_redis import BUFFERED, ResilientRedisClient
client = ResilientRedisClient(port=int(sys.argv[1]), socket_timeout=None, reconnect_max_delay_ms=20)
watching = client.pipeline()
watching.watch("watched")
print("ready", flush=True)
sys.stdin.readline()
"""


class Program:
    """A program that has connected, and goes on when it is told to."""

    def __init__(self, port, text, *arguments):
        program = PROLOGUE + textwrap.dedent(text)
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(port), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n", self.process.stderr.read()

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def ended(self):
        """Its exit code, output and errors."""
        try:
            output, errors = self.process.communicate(timeout=20)
        finally:
            self.process.kill()
        return self.process.returncode, output, errors


def is_blocked(server):
    return lambda: server.info("clients")["blocked_clients"] != "0"


#: What waits, and whether that takes a server that is frozen.
WAITS = {
    "a read": ("client.get('key')", True),
    "a write that may not be buffered": ("client.using(buffer=False).set('key', 1)", True),
    "a pipeline": ("client.pipeline().set('key', 1).get('key').execute()", True),
    "a script": ("client.register_script('return 1')()", True),
    "a watch": ("client.pipeline().watch('key')", True),
    "a read beside a watch": ("watching.get('key')", True),
    "a transaction": ("watching.multi(); watching.set('key', 1); watching.execute()", True),
    "another database": ("client.select(1)", True),
    "a monitor": ("client.monitor().__enter__()", True),
    "a command that waits at the server": ("client.blpop('nothing', 0)", False),
    "a subscription": ("pubsub = client.pubsub(); pubsub.subscribe('c'); [None for _ in pubsub.listen()]", False),
    "an event": ("[client.next_event(timeout=None) for _ in range(100)]", False),
}


@pytest.mark.parametrize("what", WAITS)
def test_ctrl_c_ends(what, outage_server):
    statement, frozen = WAITS[what]
    program = Program(
        outage_server.port,
        f"""
        try:
            print("waits", flush=True)
            {statement}
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        client._engine.close(0)
        """,
    )
    if frozen:
        outage_server.pause()
    program.go()
    assert program.process.stdout.readline() == "waits\n"
    program.process.send_signal(signal.SIGINT)
    code, output, errors = program.ended()
    if frozen:
        outage_server.resume()
    assert (code, output, errors) == (0, "interrupted\n", "")


@pytest.mark.parametrize("statement", ("few.set('key', 2)", "few.pipeline().set('key', 2).execute()"))
def test_ctrl_c_ends_a_wait_for_room_in_the_buffer(statement, outage_server):
    program = Program(
        outage_server.port,
        f"""
        few = ResilientRedisClient(
            port=int(sys.argv[1]), socket_timeout=None, reconnect_max_delay_ms=20, outage_grace_ms=20,
            buffer_overflow="block", buffer_max_commands=1,
        )
        few.ping()
        print("connected", flush=True)
        sys.stdin.readline()
        assert few.set("key", 1) is BUFFERED

        def tell():
            while not few.get_stats()["rejected"]:
                time.sleep(0.001)
            print("waits", flush=True)

        threading.Thread(target=tell, daemon=True).start()
        try:
            {statement}
        except KeyboardInterrupt:
            print("interrupted", few.is_connected(), flush=True)
        few.set("key", 3)  # waits for room, too
        few.flush(10)
        print(few.get("key"))
        """,
    )
    program.go()
    assert program.process.stdout.readline() == "connected\n"
    outage_server.kill()
    program.go()
    assert program.process.stdout.readline() == "waits\n"
    program.process.send_signal(signal.SIGINT)
    assert program.process.stdout.readline() == "interrupted False\n"
    outage_server.start()
    assert program.ended() == (0, "b'3'\n", "")


@pytest.mark.parametrize("statement", ("few.get('key')", "few.pipeline().get('key').execute()"))
def test_ctrl_c_ends_a_wait_for_room_on_the_way_to_the_server(statement, outage_server):
    program = Program(
        outage_server.port,
        f"""
        few = ResilientRedisClient(port=int(sys.argv[1]), socket_timeout=None, max_in_flight=1)
        few.ping()
        print("connected", flush=True)
        sys.stdin.readline()

        def get():
            try:
                few.get("key")
            except redis.ConnectionError:
                pass  # it is closed meanwhile

        threading.Thread(target=get, daemon=True).start()
        while not few.get_stats()["in_flight_now"]:
            time.sleep(0.001)
        try:
            print("waits", flush=True)
            {statement}
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        few._engine.close(0)
        """,
    )
    program.go()
    assert program.process.stdout.readline() == "connected\n"
    outage_server.pause()
    program.go()
    assert program.process.stdout.readline() == "waits\n"
    time.sleep(0.2)  # it waits by then
    program.process.send_signal(signal.SIGINT)
    try:
        assert program.ended() == (0, "interrupted\n", "")
    finally:
        outage_server.resume()


@pytest.mark.parametrize("module", ("resilient_redis", "resilient_redis.asyncio"))
def test_what_a_handler_raises_while_a_client_is_made_from_another_is_not_lost(module, server):
    """It may come between any two instructions, also of those that run only once for each class."""
    program = Program(
        server.port,
        """
        import gc, importlib
        gc.disable()  # whose callbacks would be traced, too
        client_class = importlib.import_module(sys.argv[2]).ResilientRedisClient

        class Interrupted(BaseException):
            pass

        def attempt(at):
            fresh = type("Fresh", (client_class,), {})(port=int(sys.argv[1]))
            passed = 0

            def trace(frame, event, argument):
                nonlocal passed
                frame.f_trace_opcodes = True
                if event == "opcode":
                    passed += 1
                    if passed > at:
                        sys.settrace(None)
                        raise Interrupted
                return trace

            sys.settrace(trace)
            try:
                made = fresh.using(buffer=False)  # kept, since its end would be traced, too
            except Interrupted:
                return "raised"
            finally:
                sys.settrace(None)
            return "done" if passed <= at else "lost"

        # Python 3.12 traces the instructions of a function only after it was traced once.
        for _ in range(2):
            attempt(sys.maxsize)
        at = 0
        while attempt(at) == "raised":
            at += 1
        print(at > 20, attempt(at))
        """,
        module,
    )
    program.go()
    assert program.ended() == (0, "True done\n", "")


def test_ctrl_c_ends_a_watch_during_an_outage(outage_server):
    program = Program(
        outage_server.port,
        """
        try:
            print("waits", flush=True)
            client.transaction(lambda pipe: None, "key")
        except KeyboardInterrupt:
            print("interrupted")
        """,
    )
    outage_server.kill()
    program.go()
    assert program.process.stdout.readline() == "waits\n"
    program.process.send_signal(signal.SIGINT)
    assert program.ended() == (0, "interrupted\n", "")


def test_what_ctrl_c_has_ended_while_it_waited_at_the_server_takes_nothing(outage_server):
    program = Program(
        outage_server.port,
        """
        try:
            client.blpop("list", 0)
        except KeyboardInterrupt:
            pass
        client.rpush("list", "x")
        print(client.lpop("list"))
        """,
    )
    program.go()
    wait_until(is_blocked(outage_server), "it waits at the server")
    program.process.send_signal(signal.SIGINT)
    assert program.ended() == (0, "b'x'\n", "")


def test_a_handler_may_use_the_client_that_is_waiting(outage_server):
    program = Program(
        outage_server.port,
        """
        def handler(number, frame):
            client.set("handled", "yes")
            client.rpush("list", client.get("handled"))
        signal.signal(signal.SIGUSR1, handler)
        print(client.blpop("list", 0))
        """,
    )
    program.go()
    wait_until(is_blocked(outage_server), "it waits at the server")
    program.process.send_signal(signal.SIGUSR1)
    assert program.ended() == (0, "(b'list', b'yes')\n", "")


def test_handlers_that_use_the_client_leave_no_thread_behind(outage_server):
    program = Program(
        outage_server.port,
        """
        long = "--" + 5000 * "x"  # short ones need no thread
        script = client.register_script("return redis.call('incr', KEYS[1])" + long)
        signal.signal(signal.SIGALRM, lambda number, frame: script(keys=["handled"]))
        slow = client.register_script(
            "local function now() local time = redis.call('time') return time[1] + time[2] / 1000000 end"
            " local till = now() + 0.25 while now() < till do end return 1" + long
        )
        threads = lambda: open("/proc/self/status").read().split("Threads:")[1].split()[0]
        counted = []
        for attempt in range(6):
            before = int(client.get("handled") or 0)
            signal.setitimer(signal.ITIMER_REAL, 0.005)
            while int(client.get("handled") or 0) == before:
                slow()
            time.sleep(0.05)  # the one that is not needed ends
            counted.append(threads())
        print(len(set(counted[1:])))
        """,
    )
    program.go()
    assert program.ended() == (0, "1\n", "")


def test_a_transaction_that_a_handler_has_ended_is_left_alone_and_the_client_goes_on(outage_server):
    program = Program(
        outage_server.port,
        """
        def handler(number, frame):
            raise RuntimeError("too long")
        signal.signal(signal.SIGALRM, handler)
        print("paused", flush=True)
        sys.stdin.readline()
        watching.multi()
        watching.incr("n")
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            watching.execute()
        except RuntimeError as error:
            print(error, flush=True)
        sys.stdin.readline()
        print(client.transaction(lambda pipe: pipe.multi() or pipe.ping(), "n"), watching.set("m", 1).execute())
        """,
    )
    program.go()
    assert program.process.stdout.readline() == "paused\n"
    outage_server.pause()
    program.go()
    assert program.process.stdout.readline() == "too long\n"
    outage_server.resume()
    program.go()
    assert program.ended() == (0, "[True] [True]\n", "")


def test_what_a_call_has_made_that_a_handler_ended_is_given_back(outage_server):
    program = Program(
        outage_server.port,
        """
        few = ResilientRedisClient(port=int(sys.argv[1]), socket_timeout=None, private_max_connections=1)
        few.ping()
        def handler(number, frame):
            raise RuntimeError("too long")
        signal.signal(signal.SIGALRM, handler)
        print("paused", flush=True)
        sys.stdin.readline()
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            few.pipeline().watch("key")
        except RuntimeError as error:
            print(error, flush=True)
        sys.stdin.readline()
        # There is one connection for those that watch.
        print(few.pipeline().watch("key"))
        """,
    )
    program.go()
    assert program.process.stdout.readline() == "paused\n"
    outage_server.pause()
    program.go()
    assert program.process.stdout.readline() == "too long\n"
    outage_server.resume()
    program.go()
    assert program.ended() == (0, "True\n", "")


def test_a_handler_that_forks_while_a_call_waits_leaves_the_call_to_the_parent(outage_server):
    program = Program(
        outage_server.port,
        """
        import os, warnings
        warnings.simplefilter("ignore")  # newer versions of Python warn of forks among threads
        children = []
        def handler(number, frame):
            children.append(os.fork())
            if children[0] == 0:  # it does not outlive the test
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(10)
            else:
                print("forked", flush=True)
        signal.signal(signal.SIGALRM, handler)
        print("paused", flush=True)
        sys.stdin.readline()
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        try:
            told = client.pipeline().watch("key")
        except redis.RedisError as error:
            told = type(error).__name__
        pong = client.ping()
        if children[0] == 0:
            os._exit(0 if (told, pong) == ("ForkedError", True) else 1)
        print(told, pong, os.waitpid(children[0], 0)[1])
        """,
    )
    program.go()
    assert program.process.stdout.readline() == "paused\n"
    outage_server.pause()
    program.go()
    assert program.process.stdout.readline() == "forked\n"
    outage_server.resume()
    assert program.ended() == (0, "True True 0\n", "")


def test_a_handler_s_exception_ends_the_wait_and_the_client_goes_on(outage_server):
    program = Program(
        outage_server.port,
        """
        def handler(number, frame):
            raise RuntimeError("too long")
        signal.signal(signal.SIGALRM, handler)
        for attempt in range(3):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            try:
                client.blpop("nothing", 0)
            except RuntimeError as error:
                print(error)
        print(client.incr("n"), client.ping())
        """,
    )
    program.go()
    assert program.ended() == (0, "too long\n" * 3 + "1 True\n", "")


def test_a_message_that_comes_while_a_handler_raises_is_not_lost(server):
    program = Program(
        server.port,
        """
        class Alarm(Exception):
            pass

        def handler(number, frame):
            raise Alarm

        signal.signal(signal.SIGALRM, handler)
        pubsub = client.pubsub(ignore_subscribe_messages=True)
        pubsub.subscribe("channel")
        pubsub.get_message(timeout=5)
        publisher = redis.Redis(port=int(sys.argv[1]))
        publisher.ping()

        def interrupt_and_publish(number):
            time.sleep(0.02)  # the main thread waits for a message by then
            signal.pthread_kill(threading.main_thread().ident, signal.SIGALRM)
            publisher.publish("channel", number)

        found = []
        for number in range(20):
            interrupting = threading.Thread(target=interrupt_and_publish, args=(number,))
            try:
                interrupting.start()
                while True:
                    message = pubsub.get_message(timeout=5)
                    found.append(int(message["data"]))
            except Alarm:
                interrupting.join()
        message = pubsub.get_message(timeout=1)
        while message is not None:
            found.append(int(message["data"]))
            message = pubsub.get_message(timeout=0.2)
        print(found == list(range(20)), found)
        """,
    )
    program.go()
    status, output, errors = program.ended()
    assert (status, errors) == (0, "")
    assert output.startswith("True"), output
