"""Writes through an outage. Eight threads share one client and push numbered values onto lists, whatever happens to the server
meanwhile: kill it, start it again, and look at the account in the end.

    python outage.py [-t threads] [-r writes a second] [-s seconds] [-o file] redis://127.0.0.1:6379 [option=value ...]

The threads, their pace and the counting are in workload.py. What is done with the client is all here.
"""

import argparse
import sys
import threading

import redis
from workload import Fate, Workload

from resilient_redis import BUFFERED, ClosedError, Outcome, ResilientRedisClient, library_version, outcome_of

FATES = {
    Outcome.NOT_APPLIED: Fate.NOT_APPLIED,  # it did not run and never will: safe to issue again
    Outcome.APPLIED: Fate.APPLIED,  # it ran, its reply is lost
    Outcome.UNKNOWN: Fate.UNKNOWN,  # it may have run: look before issuing it again
    Outcome.NONE: Fate.NOT_APPLIED,
}


class Writer:
    """What is done with the client."""

    def __init__(self, client):
        self.client = client
        self.has_told = False

    def issue(self, thread, number):
        """One write, and what became of it. There is no reconnecting here, no repeating and no waiting for the server."""
        try:
            answer = self.client.rpush(f"demo:thread:{thread}", number)
        except redis.RedisError as error:
            if not self.has_told:
                self.has_told = True
                print("the first write that failed:", error, file=sys.stderr)
            return FATES[outcome_of(error)]
        # The server is away: it will be applied, in order, when it is back.
        return Fate.BUFFERED if answer is BUFFERED else Fate.REPLIED

    def look(self):
        """How many writes are buffered, and what the connection does."""
        return self.client.get_buffer_size(), self.client.get_state().name.lower()


def show_events(client, workload):
    """Shows events as they come, until the client is closed."""
    while True:
        try:
            event = client.next_event(timeout=None)
        except ClosedError:
            return
        if event.name != "RR_EVENT_RECONNECTING":  # one for every attempt that failed
            print(f"{workload.seconds_at(event.time_ms / 1000):7.3f} s  {event.name}: {event.message}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-t", type=int, default=8, dest="threads", help="how many threads write")
    parser.add_argument("-r", type=float, default=2000, dest="rate", help="writes a second of all together")
    parser.add_argument("-s", type=float, default=20, dest="seconds", help="how long")
    parser.add_argument("-o", dest="file", help="a file to record to")
    parser.add_argument("url")
    parser.add_argument("options", nargs="*", metavar="option=value")
    arguments = parser.parse_args()

    options = dict(option.split("=", 1) for option in arguments.options)
    client = ResilientRedisClient.from_url(arguments.url, **options)
    writer = Writer(client)
    workload = Workload(writer.issue, writer.look, arguments.threads, arguments.rate, arguments.seconds, arguments.file)
    events = threading.Thread(target=show_events, args=(client, workload))
    client.wait_ready(10)
    events.start()
    workload.run()

    # What is still buffered is sent before the program ends, and what could not be is told.
    try:
        client.flush(30)
    except redis.RedisError as error:
        print("not everything could be sent:", error, file=sys.stderr)
    stats = client.get_stats()
    report = client.close()
    events.join()

    print("version", library_version())
    workload.account()
    print("account replayed", stats["replayed"])
    print("account resent", stats["resent"])
    print("account longest_outage_us", stats["longest_outage_us"])
    print("account left_at_close", report.lost + report.unknown + report.failed)


if __name__ == "__main__":
    main()
