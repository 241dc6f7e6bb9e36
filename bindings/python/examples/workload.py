"""What the outage program does: threads that write numbered values at a steady pace, and a look every 50 ms at how it goes.

It knows no Redis client. The record and the account are those of examples/demo/workload.h at the top of the repository.
"""

import enum
import statistics
import threading
import time

LOOK_EVERY = 0.05
#: A write that took longer is behind for good: the next one does not hurry to catch up.
HELD_UP = 0.1


class Fate(enum.Enum):
    """What became of a write, by the letter that stands for it in the record."""

    REPLIED = "r"
    BUFFERED = "b"
    NOT_APPLIED = "n"
    APPLIED = "a"
    UNKNOWN = "u"


class _Thread:
    """What one thread has written."""

    def __init__(self):
        self.lock = threading.Lock()  # for all below
        self.count = dict.fromkeys(Fate, 0)
        self.fates = []  # a letter for each number written
        self.latencies = []  # since the last look
        self.longest = 0.0

    def counted(self, fate, took):
        with self.lock:
            self.fates.append(fate.value)
            self.count[fate] += 1
            self.latencies.append(took)
            self.longest = max(self.longest, took)


class Workload:
    """Threads that issue writes: ``issue(thread, number)`` gives a Fate, ``look()`` what is buffered and how the client is."""

    def __init__(self, issue, look, threads, rate, seconds, file=None):
        self._issue = issue
        self._look = look
        self._threads = [_Thread() for _ in range(threads)]
        self._rate = rate
        self._seconds = seconds
        self._record = None if file is None else open(file, "w", encoding="utf-8")  # without one, progress is shown
        self._lock = threading.Lock()  # for the record, and _away
        self._away = False  # a write got no reply, and none has got one since
        self._began = time.time()
        self._shown = 0
        self._accepted = 0
        self._slowest = 0.0

    def seconds_at(self, moment):
        """A moment, in seconds since 1970, as seconds since the beginning."""
        return moment - self._began

    def run(self):
        """Lets the threads write for as long as was asked for."""
        self._began = time.time()
        self._ends = time.monotonic() + self._seconds
        writers = [threading.Thread(target=self._write, args=(number,)) for number in range(len(self._threads))]
        for writer in writers:
            writer.start()
        following = time.monotonic()
        while time.monotonic() < self._ends:
            self._sample()
            following += LOOK_EVERY
            time.sleep(max(0.0, following - time.monotonic()))
        for writer in writers:
            writer.join()
        self._sample()

    def _write(self, thread):
        pause = len(self._threads) / self._rate
        following = time.monotonic() + pause * thread / len(self._threads)
        number = 0
        while True:
            number += 1
            time.sleep(max(0.0, following - time.monotonic()))
            began = time.monotonic()
            if began >= self._ends:
                return
            fate = self._issue(thread, number)
            ended = time.monotonic()
            self._threads[thread].counted(fate, ended - began)
            self._note_recovery(fate)
            following = following + pause if ended - following < HELD_UP else ended

    def _note_recovery(self, fate):
        """Notes the first reply after writes that got none."""
        with self._lock:
            is_back = self._away and fate is Fate.REPLIED
            self._away = fate is not Fate.REPLIED
        if is_back:
            self._note("recovered", _now_us())

    def _note(self, *words):
        if self._record is not None:
            with self._lock:
                print(*words, file=self._record, flush=True)

    def _sample(self):
        """One look at everything: what was issued, replied and buffered so far, and the latencies since the last look."""
        count = dict.fromkeys(Fate, 0)
        latencies = []
        for thread in self._threads:
            with thread.lock:
                for fate, number in thread.count.items():
                    count[fate] += number
                latencies += thread.latencies
                thread.latencies = []
        waiting, state = self._look()
        longest = max(latencies, default=0.0)
        if self._record is not None:
            median = round(statistics.median(latencies) * 1e6) if latencies else -1
            self._note(
                "sample",
                _now_us(),
                sum(count.values()),
                count[Fate.REPLIED],
                count[Fate.BUFFERED],
                waiting,
                median,
                round(longest * 1e6) if latencies else -1,
                state,
            )
            return
        self._slowest = max(self._slowest, longest)
        since = time.time() - self._began
        if since >= self._shown + 1:
            accepted = count[Fate.REPLIED] + count[Fate.BUFFERED]
            print(
                f"{since:7.3f} s  {accepted - self._accepted:6d} writes/s  buffered {waiting:6d}"
                f"  slowest {self._slowest * 1e3:8.3f} ms  {state}",
                flush=True,
            )
            self._accepted, self._slowest = accepted, 0.0
            self._shown += 1

    def account(self):
        """Prints what became of the writes; into the record goes the fate of every single one."""
        count = dict.fromkeys(Fate, 0)
        for number, thread in enumerate(self._threads):
            for fate, times in thread.count.items():
                count[fate] += times
            self._note("fates", number, "".join(thread.fates))
        print("account issued", sum(count.values()))
        print("account acknowledged", count[Fate.REPLIED])
        print("account buffered", count[Fate.BUFFERED])
        print("account failed_not_applied", count[Fate.NOT_APPLIED])
        print("account failed_applied", count[Fate.APPLIED])
        print("account failed_unknown", count[Fate.UNKNOWN])
        print("account longest_stall_us", round(max(thread.longest for thread in self._threads) * 1e6))
        if self._record is not None:
            self._record.close()


def _now_us():
    return time.time_ns() // 1000
