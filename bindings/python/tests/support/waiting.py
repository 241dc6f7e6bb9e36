"""Waiting for a state: the only way in which a test lets time pass.

Runs on the caller's thread. Never returns before the condition held, never waits longer than the caller allows, and says what
it waited for when that was in vain.
"""

import time

# How long anything may take that will surely happen.
SOON = 20.0
# The pause between two looks: short enough not to slow a test, long enough not to starve what it waits for.
STEP = 0.002


def wait_until(condition, what="", within=SOON):
    """Returns what `condition` gives as soon as that is true; an AssertionError says `what` if it is not within seconds."""
    deadline = time.monotonic() + within
    while True:
        is_over = time.monotonic() > deadline
        value = condition()
        if value:
            return value
        assert not is_over, f"waited {within} s in vain until {what or condition}"
        time.sleep(STEP)
