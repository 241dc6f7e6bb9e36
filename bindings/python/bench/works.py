"""What is measured: each work, for each library, as a function that does it a number of times.

Run as a program it is one side: ``works.py <side> <port>``. It reads ``<work> <seconds>`` lines and answers each with the
microseconds that one took. Every side has one client for all threads or tasks, with its library's defaults.
"""

import asyncio
import sys
import threading
import time

#: How often the clock is read: every so many repetitions, about.
_PORTION = 0.01
_VALUE = b"x" * 16
_LIST = [f"element:{number:08d}" for number in range(1000)]


def _timed(once, seconds):
    """Microseconds for one, of as many as fit into the time."""
    once()
    began = time.perf_counter()
    once()
    portion = max(1, int(_PORTION / max(time.perf_counter() - began, 1e-6)))
    count = 0
    began = time.perf_counter()
    while True:
        for _ in range(portion):
            once()
        count += portion
        taken = time.perf_counter() - began
        if taken >= seconds:
            return taken / count * 1e6


def _by_threads(once, threads, seconds):
    """The same by several threads at once: microseconds of wall time for one of all of theirs."""
    counts = [0] * threads
    gate = threading.Barrier(threads + 1)
    over = threading.Event()

    def run(number):
        once()
        gate.wait()
        count = 0
        while not over.is_set():
            for _ in range(10):
                once()
            count += 10
        counts[number] = count

    runners = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for runner in runners:
        runner.start()
    gate.wait()
    began = time.perf_counter()
    time.sleep(seconds)
    over.set()
    for runner in runners:
        runner.join()
    return (time.perf_counter() - began) / sum(counts) * 1e6


class RedisLike:
    """redis-py, and what replaces it."""

    def __init__(self, client, asynchronous):
        self._client = client
        self._asynchronous = asynchronous
        client.set("bench:value", _VALUE)
        client.delete("bench:list")
        client.rpush("bench:list", *_LIST)

    def _pipeline(self, length, atomic=False):
        pipe = self._client.pipeline(transaction=atomic)
        for _ in range(length):
            pipe.get("bench:value")
        assert len(pipe.execute()) == length

    def get(self, seconds):
        return _timed(lambda: self._client.get("bench:value"), seconds)

    def set(self, seconds):
        return _timed(lambda: self._client.set("bench:value", _VALUE), seconds)

    def pipeline_100(self, seconds):
        return _timed(lambda: self._pipeline(100), seconds)

    def pipeline_1000(self, seconds):
        return _timed(lambda: self._pipeline(1000), seconds)

    def transaction_100(self, seconds):
        return _timed(lambda: self._pipeline(100, True), seconds)

    def get_8_threads(self, seconds):
        return _by_threads(lambda: self._client.get("bench:value"), 8, seconds)

    def lrange_1000(self, seconds):
        return _timed(lambda: self._client.lrange("bench:list", 0, -1), seconds)

    def gather_100(self, seconds):
        return asyncio.run(self._gather(100, seconds))

    async def _gather(self, width, seconds):
        async with self._asynchronous() as client:
            await client.get("bench:value")
            await asyncio.gather(*(client.get("bench:value") for _ in range(width)))
            count = 0
            began = time.perf_counter()
            while time.perf_counter() - began < seconds:
                await asyncio.gather(*(client.get("bench:value") for _ in range(width)))
                count += 1
            return (time.perf_counter() - began) / count * 1e6


def ours(port):
    from resilient_redis import ResilientRedisClient
    from resilient_redis.asyncio import ResilientRedisClient as Asynchronous

    return RedisLike(ResilientRedisClient(port=port), lambda: Asynchronous(port=port))


def redis_py(port):
    import redis
    import redis.asyncio
    from redis.utils import HIREDIS_AVAILABLE

    assert HIREDIS_AVAILABLE, "redis-py is to be measured with hiredis"
    return RedisLike(redis.Redis(port=port), lambda: redis.asyncio.Redis(port=port))


class Glide:
    """valkey-glide's synchronous client."""

    def __init__(self, port):
        import glide_sync

        self._glide = glide_sync
        configuration = glide_sync.GlideClientConfiguration([glide_sync.NodeAddress("localhost", port)], request_timeout=5000)
        self._client = glide_sync.GlideClient.create(configuration)
        self._client.set("bench:value", _VALUE)
        self._client.delete(["bench:list"])
        self._client.rpush("bench:list", _LIST)

    def _pipeline(self, length, atomic=False):
        batch = self._glide.Batch(is_atomic=atomic)
        for _ in range(length):
            batch.get("bench:value")
        assert len(self._client.exec(batch, raise_on_error=True)) == length

    get = RedisLike.get
    set = RedisLike.set
    pipeline_100 = RedisLike.pipeline_100
    pipeline_1000 = RedisLike.pipeline_1000
    transaction_100 = RedisLike.transaction_100
    get_8_threads = RedisLike.get_8_threads
    lrange_1000 = RedisLike.lrange_1000


SIDES = {"ours": ours, "redis-py": redis_py, "glide": Glide}


def main():
    side = SIDES[sys.argv[1]](int(sys.argv[2]))
    print("ready", flush=True)
    for line in sys.stdin:
        work, seconds = line.split()
        method = getattr(side, work, None)
        print("none" if method is None else method(float(seconds)), flush=True)


if __name__ == "__main__":
    main()
