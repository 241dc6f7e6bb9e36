"""Processes: forks, children of multiprocessing, the end of the interpreter, sub-interpreters."""

import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import traceback

import pytest
import redis
from support.waiting import wait_until

from resilient_redis import ForkedError, ResilientRedisClient


@pytest.fixture
def client(server):
    # A child that has to wait for its turn while it connects is not in an outage.
    with ResilientRedisClient(port=server.port, outage_grace_ms=4000) as made:
        made.ping()
        yield made


def in_child(function):
    """Calls a function in a forked child; its exception fails the test."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            function()
            code = 0
        except BaseException:
            os.write(writing, traceback.format_exc().encode())
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as errors:
        text = errors.read()
    assert os.waitpid(child, 0)[1] == 0, text


def run(program, *arguments, **options):
    """Runs a program: its exit code, output and errors."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        **options,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_child_has_a_connection_of_its_own_and_the_parent_keeps_its(client):
    mine = client.client_id()

    def use():
        assert client.set("child", 1) is True
        assert client.client_id() != mine
        assert client.close() == (0, 0, 0, 0)

    in_child(use)
    assert client.get("child") == b"1"
    assert client.client_id() == mine


def test_what_was_queued_before_a_fork_is_executed_by_whoever_executes_it(client):
    pipe = client.pipeline().incr("n").incr("n")
    in_child(lambda: pipe.execute() == [1, 2] or pytest.fail("other responses"))
    assert pipe.execute() == [3, 4]


def test_a_watch_belongs_to_the_process_that_began_it(client):
    with client.pipeline() as pipe:
        pipe.watch("n")
        pipe.multi()
        pipe.incr("n")

        def execute():
            with pytest.raises(ForkedError):
                pipe.execute()
            assert client.transaction(lambda pipe: pipe.multi() or pipe.incr("m"), "m") == [1]

        in_child(execute)
        assert pipe.execute() == [1]


def test_a_subscription_is_made_anew_in_a_child(client):
    pubsub = client.pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe("channel")
    wait_until(lambda: client.publish("channel", "x") == 1, "it is subscribed")
    assert wait_until(lambda: pubsub.get_message(timeout=1), "a message comes")["data"] == b"x"

    def take():
        pubsub.get_message(timeout=0.01)
        wait_until(lambda: client.publish("channel", "y") == 2, "both are subscribed")
        assert wait_until(lambda: pubsub.get_message(timeout=1), "a message comes")["data"] == b"y"

    in_child(take)
    assert wait_until(lambda: pubsub.get_message(timeout=1), "a message comes")["data"] == b"y"
    pubsub.close()


def test_forks_while_other_threads_use_the_client_leave_both_sides_working(client):
    done = threading.Event()
    failures = []

    def use():
        try:
            while not done.is_set():
                client.incr("n")
                client.pipeline().get("n").execute()
        except redis.RedisError as error:
            failures.append(error)

    users = [threading.Thread(target=use) for _ in range(4)]
    for user in users:
        user.start()
    try:
        for number in range(10):
            in_child(lambda number=number: client.set(f"child:{number}", number) is True or pytest.fail("not set"))
    finally:
        done.set()
        for user in users:
            user.join()
    assert failures == []
    assert client.mget([f"child:{number}" for number in range(10)]) == [str(number).encode() for number in range(10)]


def increase(client, times):
    for _ in range(times):
        client.incr("n")
    return os.getpid()


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_work(server, method):
    program = """
        import multiprocessing, sys
        from resilient_redis import ResilientRedisClient

        def increase(times):
            client = ResilientRedisClient(port=int(sys.argv[1]))
            for _ in range(times):
                client.incr("n")

        if __name__ == "__main__":
            context = multiprocessing.get_context(sys.argv[2])
            with context.Pool(3) as pool:
                pool.map(increase, [20] * 6)
            children = [context.Process(target=increase, args=(10,)) for _ in range(2)]
            [child.start() for child in children]
            [child.join() for child in children]
            print([child.exitcode for child in children], ResilientRedisClient(port=int(sys.argv[1])).get("n"))
    """
    path = server.folder / f"{method}.py"
    path.write_text(textwrap.dedent(program))
    done = subprocess.run(
        [sys.executable, str(path), str(server.port), method], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[0, 0] b'140'\n", "")


def test_what_a_child_of_multiprocessing_has_buffered_is_sent_when_it_ends(outage_server):
    client = ResilientRedisClient(port=outage_server.port, outage_grace_ms=0, drain_timeout_seconds=20, reconnect_max_delay_ms=20)
    outage_server.kill()
    context = multiprocessing.get_context("fork")
    buffered = context.Event()

    def write():
        client.set("key", "from the child")
        buffered.set()

    child = context.Process(target=write)
    child.start()
    assert buffered.wait(20)
    outage_server.start()
    child.join(30)
    assert child.exitcode == 0
    assert outage_server.command("GET", "key") == b"from the child"


def test_the_interpreter_ends_cleanly_whatever_goes_on(server):
    program = """
        import sys, threading
        from resilient_redis import ResilientRedisClient
        client = ResilientRedisClient(port=int(sys.argv[1]))
        pubsub = client.pubsub()
        pubsub.subscribe(channel=lambda message: None)
        pubsub.run_in_thread(sleep_time=0.01, daemon=True)
        started = threading.Barrier(6)

        def forever(step):
            started.wait()
            while True:
                step()

        for step in (
            lambda: client.blpop("nothing", 0),
            lambda: client.set("key", 1),
            lambda: client.publish("channel", "x"),
            lambda: client.pipeline().get("key").execute(),
            lambda: client.next_event(timeout=None),
        ):
            threading.Thread(target=forever, args=(step,), daemon=True).start()
        started.wait()
    """
    for _ in range(20):
        assert run(program, server.port) == (0, "", "")


def test_at_the_end_what_is_buffered_is_sent_or_told(outage_server):
    program = """
        import sys
        from resilient_redis import BUFFERED, ResilientRedisClient
        client = ResilientRedisClient(port=int(sys.argv[1]), outage_grace_ms=0, drain_timeout_seconds=float(sys.argv[2]),
                                      reconnect_max_delay_ms=20)
        assert client.set("key", "at the end") is BUFFERED
        print("buffered", flush=True)
    """
    outage_server.kill()
    for _ in range(20):
        code, output, errors = run(program, outage_server.port, 0)
        assert (code, output) == (0, "buffered\n")
        assert errors == "closing lost 1 buffered commands, and 0 more may or may not have run\n"
    starter = threading.Timer(0.3, outage_server.start)
    starter.start()
    assert run(program, outage_server.port, 20) == (0, "buffered\n", "")
    starter.join()
    assert outage_server.command("GET", "key") == b"at the end"


def test_a_sub_interpreter_is_refused_clearly():
    program = """
        try:
            import _interpreters as interpreters
            run = lambda text: interpreters.exec(interpreters.create("legacy"), text)
        except ImportError:
            import _xxsubinterpreters as interpreters
            run = lambda text: interpreters.run_string(interpreters.create(), text)
        import sys
        failed = run('''
        import sys
        sys.path = {path}
        try:
            import resilient_redis
        except ImportError as error:
            print(error, flush=True)
        '''.format(path=sys.path).replace("\\n        ", "\\n"))
        assert failed is None, failed
    """
    code, output, errors = run(program)
    # Some versions of Python refuse by themselves, for interpreters that share nothing.
    refusals = ("resilient_redis cannot be used in a sub-interpreter", "does not support loading in subinterpreters")
    assert code == 0 and any(refusal in output for refusal in refusals), (code, output, errors)


def test_closing_while_other_threads_use_the_client_ends_their_calls_and_frees_nothing_in_use(server):
    for _ in range(10):
        client = ResilientRedisClient(port=server.port, drain_timeout_seconds=1)
        ended = []
        ready = threading.Barrier(5)

        def use(step, client=client, ended=ended, ready=ready):
            ready.wait()
            try:
                while True:
                    step(client)
            except redis.ConnectionError as error:
                ended.append(error)

        # What is closed is what all of them use: a command of the client would make another one.
        client.ping()
        native = client._engine.native
        steps = [
            lambda client, native=native: native.command(("BLPOP", "nothing", 0)),
            lambda client, native=native: native.command(("GET", "key")),
            lambda client: client.next_event(timeout=None),
            lambda client, native=native: native.pipeline([(("GET", "key"), {})]),
        ]
        users = [threading.Thread(target=use, args=(step,)) for step in steps]
        for user in users:
            user.start()
        ready.wait()
        client.close()
        del client, native
        for user in users:
            user.join(20)
            assert not user.is_alive()
        assert len(ended) == 4


def resident():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_a_million_commands_leave_nothing_behind(server):
    client = ResilientRedisClient(port=server.port)
    client.set("text", "x")
    commands = [(("GET", "text"), {}), (("LPUSH", "text", 1), {}), (("HGETALL", "none"), {}), (("INCR", "n"), {})] * 250

    def rounds(count):
        for _ in range(count):
            replies, _ = client._engine.native.pipeline(commands)
            assert len(replies) == 1000
            with pytest.raises(redis.ResponseError):
                client.incr("text")
            with client.pipeline() as pipe:
                pipe.watch("n")
                pipe.multi()
                pipe.incr("n").execute()

    rounds(200)
    before = resident()
    rounds(800)
    assert resident() - before < 8 * 1024  # KiB
    client.close()


def test_a_child_whose_other_threads_still_work_ends_after_them(server):
    program = """
        import multiprocessing, sys, threading, time
        from resilient_redis import ResilientRedisClient
        client = ResilientRedisClient(port=int(sys.argv[1]))

        def work():
            for _ in range(20):
                client.incr("n")
                time.sleep(0.01)

        child = multiprocessing.get_context("fork").Process(target=lambda: threading.Thread(target=work).start())
        child.start()
        child.join(20)
        print(child.exitcode, client.get("n"))
    """
    assert run(program, server.port) == (0, "0 b'20'\n", "")


def test_something_that_runs_at_the_end_may_wait_for_a_daemon_that_uses_a_client(server):
    program = """
        import atexit, sys, threading
        stop = threading.Event()

        def flush():
            stop.set()
            worker.join()
            print("joined")

        atexit.register(flush)  # before the package registers its own, so that it runs after it
        from resilient_redis import ResilientRedisClient
        client = ResilientRedisClient(port=int(sys.argv[1]))

        def work():
            while not stop.is_set():
                try:
                    client.ping()
                except Exception:
                    return

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
    """
    assert run(program, server.port) == (0, "joined\n", "")


def test_a_child_that_is_the_first_to_import_the_package_sends_what_it_has_buffered(outage_server):
    program = """
        import multiprocessing, sys

        def write(buffered):
            from resilient_redis import BUFFERED, ResilientRedisClient
            global client
            client = ResilientRedisClient(port=int(sys.argv[1]), outage_grace_ms=0, drain_timeout_seconds=20,
                                          reconnect_max_delay_ms=20)
            assert client.set("key", "from the child") is BUFFERED
            buffered.set()

        context = multiprocessing.get_context("fork")
        buffered = context.Event()
        child = context.Process(target=write, args=(buffered,))
        child.start()
        assert buffered.wait(20)
        print("buffered", flush=True)
        child.join(30)
        print(child.exitcode)
    """
    outage_server.kill()
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(outage_server.port)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "buffered\n"
    outage_server.start()
    assert process.communicate(timeout=40)[0] == "0\n"
    assert outage_server.command("GET", "key") == b"from the child"


def test_what_code_changes_while_a_pipeline_is_packed_is_not_read_after_its_end(server):
    client = ResilientRedisClient(port=server.port)

    class Changing(int):
        def __repr__(self):
            pipe.command_stack.clear()
            return "7"

    for watch in (False, True):
        pipe = client.pipeline()
        if watch:
            pipe.watch("key")
            pipe.multi()
        pipe.set("key", Changing(7)).get("key")
        try:
            pipe.execute()
        except IndexError:
            pass  # the program took its own commands away
        assert server.command("GET", "key") == b"7"
        server.command("DEL", "key")
    client.close()
