"""The programs in the README, as they stand there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def programs(document):
    """The programs of a document: what can be run, not what stands for a part of one."""
    found = re.findall(r"```python\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)
    return [program for program in found if "sys.argv[1]" in program]


def run(program, *arguments):
    done = subprocess.run([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 0
    return done.stdout


def test_the_program_of_the_readme_counts_visits(url):
    (program, _) = programs("README.md")
    assert run(program, url) == "visit 1\n"
    assert run(program, url) == "visit 2\n"


def test_the_program_of_the_readme_is_told_of_an_outage(start_server):
    (program, _) = programs("README.md")
    server = start_server()
    server.kill()
    assert run(program, server.url + "?outage_grace_ms=0&drain_timeout_seconds=0") == "accepted\n"


def test_the_program_with_asyncio_of_the_readme_gathers(url):
    (_, program) = programs("README.md")
    assert run(program, url) == "[b'hello', b'hello', b'hello']\n"


@pytest.mark.parametrize("line", [0, 1])
def test_the_two_lines_are_all_that_changes(line):
    (lines,) = re.findall(r"```python\n(from resilient_redis import.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    ours, theirs = lines.splitlines()[line].split("#")
    here = {}
    exec(ours, here)
    there = {}
    exec(theirs.strip(), there)
    assert issubclass(here["Redis"], there["Redis"])
