"""Nothing is left out: `pytest -p support.complete` fails when a test was skipped, deselected, or allowed to fail.

A plugin of pytest, with which bindings/python/check runs the tests.
"""

import pytest

_left_out = []


def pytest_deselected(items):
    _left_out.extend(f"deselected: {item.nodeid}" for item in items)


def pytest_collectreport(report):
    if report.skipped:
        _left_out.append(f"skipped: {report.nodeid}")


def pytest_runtest_logreport(report):
    if hasattr(report, "wasxfail"):
        _left_out.append(f"allowed to fail: {report.nodeid}")
    elif report.skipped:
        _left_out.append(f"skipped: {report.nodeid}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if _left_out and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if _left_out:
        terminalreporter.section("not everything was run")
        for line in _left_out:
            terminalreporter.line(line)
