"""Measures this package against redis-py with hiredis and valkey-glide's synchronous client.

It starts a redis-server on a free loopback port, lets each side do each work by turns, each in a process of its own, and prints
medians and ratios: ``compare.py [--rounds 7] [--time 0.3] [--only get] [--json file] [--markdown]``. The packages are those of
the interpreter that runs it (bench/requirements.txt).
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.server import Server

#: Each work, what it is, and what is to be reached against redis-py (None: no goal).
WORKS = {
    "get": ("GET, one thread", 1.0),
    "set": ("SET, one thread", None),
    "pipeline_100": ("pipeline of 100 GETs", 2.0),
    "pipeline_1000": ("pipeline of 1000 GETs", 2.0),
    "transaction_100": ("transaction of 100 GETs", None),
    "get_8_threads": ("GET, 8 threads on one client", 2.0),
    "lrange_1000": ("LRANGE of 1000", 1.5),
    "gather_100": ("asyncio: gather of 100 GETs", 2.0),
}
OTHERS = ("redis-py", "glide")


class Side:
    """One library, in a process of its own."""

    def __init__(self, name, port):
        works = str(Path(__file__).parent / "works.py")
        self._process = subprocess.Popen(
            [sys.executable, works, name, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._answer() == "ready"

    def _answer(self):
        line = self._process.stdout.readline().strip()
        assert line, "a side ended"
        return line

    def measure(self, work, seconds):
        """Microseconds for one; None if it cannot do that."""
        self._process.stdin.write(f"{work} {seconds}\n")
        self._process.stdin.flush()
        answer = self._answer()
        return None if answer == "none" else float(answer)

    def close(self):
        """Ends it."""
        self._process.stdin.close()
        self._process.wait(30)


def measured(sides, work, rounds, seconds):
    """Times by side, in turns; the first round is not counted."""
    times = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            taken = side.measure(work, seconds)
            if taken is not None and number > 0:
                times[name].append(taken)
    return {name: taken for name, taken in times.items() if taken}


def ratio_of(ours, theirs):
    """How many times as fast we are: the median, and the middle half, of the rounds' ratios."""
    ratios = [their / our for our, their in zip(ours, theirs)]
    low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return statistics.median(ratios), low, high


def row_of(work, times):
    """What came of a work."""
    about, goal = WORKS[work]
    row = {"work": work, "about": about, "goal": goal, "us": {name: statistics.median(all) for name, all in times.items()}}
    row["ratio"] = {name: ratio_of(times["ours"], times[name]) for name in OTHERS if name in times}
    return row


def cells(row):
    """A row of the table."""
    times = [f"{row['us'][name]:.2f}" if name in row["us"] else "" for name in ("ours", *OTHERS)]
    ratios = []
    for name in OTHERS:
        found = row["ratio"].get(name)
        text = "" if found is None else f"{found[0]:.2f} ({found[1]:.2f} to {found[2]:.2f})"
        if name == "redis-py" and row["goal"] is not None:
            text += f", goal {row['goal']:g}"
        ratios.append(text)
    return [row["about"], *times, *ratios]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="how often each side does each work")
    parser.add_argument("--time", type=float, default=0.3, help="how long it does it each time, in seconds")
    parser.add_argument("--only", default="", help="a part of a work's name")
    parser.add_argument("--json", help="a file where the rows go, too")
    parser.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    options = parser.parse_args()

    server = Server()
    try:
        sides = {name: Side(name, server.port) for name in ("ours", *OTHERS)}
        rows = []
        print(" | ".join(["work, µs for each", "ours", *OTHERS, *(f"of {name}" for name in OTHERS)]), flush=True)
        for work in WORKS:
            if options.only in work:
                rows.append(row_of(work, measured(sides, work, options.rounds, options.time)))
                line = " | ".join(cells(rows[-1]))
                print(f"| {line} |" if options.markdown else line, flush=True)
        for side in sides.values():
            side.close()
    finally:
        server.close()
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
