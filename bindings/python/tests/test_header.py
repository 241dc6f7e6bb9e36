"""The header, the extension and its stubs say the same: what is made from the header is up to date, and nothing is forgotten.

Reads files of the checkout; of the package only the extension is looked at.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

from resilient_redis import _native, errors

PACKAGE = Path(__file__).resolve().parent.parent
HEADER = PACKAGE.parent.parent / "include" / "resilient_redis.h"

# What the extension does not call, and why.
NOT_CALLED = {
    "rr_error_new": "failures are made by the library alone",
    "rr_config_from_url": "URLs are read as redis-py reads them, and become options",
    "rr_config_from_environment": "the environment is not redis-py's way: a program reads what it wants",
    "rr_config_set_event_callback": "no Python runs on the library's threads: events are taken",
    "rr_config_set_log_callback": "no Python runs on the library's threads: events are logged by the thread that takes them",
    "rr_log_level_name": "there are no log lines, see rr_config_set_log_callback",
    "rr_client_open": "every client is made from a config",
    "rr_command": "the packed form needs no array of pointers",
    "rr_command_with": "the packed form needs no array of pointers",
    "rr_command_packed": "the form with options serves",
    "rr_reply_type": "replies are read in the view",
    "rr_reply_integer": "replies are read in the view",
    "rr_reply_double": "replies are read in the view",
    "rr_reply_string": "replies are read in the view",
    "rr_reply_length": "replies are read in the view",
    "rr_reply_element": "replies are read in the view",
    "rr_pipeline_append": "the packed form needs no array of pointers",
    "rr_pipeline_append_script": "redis-py queues EVALSHA as a command",
    "rr_pipeline_length": "the commands are counted in Python",
    "rr_pipeline_clear": "a pipeline of C lives for one execution",
    "rr_script_run": "the packed form needs no array of pointers",
    "rr_transaction_command": "the packed form needs no array of pointers",
    "rr_transaction_queue": "the packed form needs no array of pointers",
    "rr_transaction_queue_script": "redis-py queues EVALSHA as a command",
    "rr_transaction_run": "redis-py's transaction() is the same loop in Python, where no callback is needed",
    "rr_submit": "completions are taken from a queue",
    "rr_submit_to": "the packed form needs no array of pointers",
    "rr_submit_pipeline": "completions are taken from a queue",
    "rr_subscribe": "messages are taken from a subscription",
    "rr_outcome_name": "the numbers have their names in Python",
    "rr_state_name": "the numbers have their names in Python",
    "rr_type_name": "the numbers have their names in Python",
}


def code_of(path):
    """A file in C without its comments and with its texts empty: both name functions without using them."""
    source = path.read_text(encoding="utf-8")
    parts = r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'"""
    return re.sub(parts, lambda part: " " if part[0].startswith("/") else '""', source, flags=re.DOTALL)


def functions_of_the_header():
    names = set(re.findall(r"\b(rr_[a-z0-9_]+)\(", code_of(HEADER)))
    assert len(names) > 130
    return names


def functions_the_extension_uses():
    code = "\n".join(code_of(path) for path in [*PACKAGE.glob("native/*.c"), *PACKAGE.glob("native/*.h")])
    return functions_of_the_header() & set(re.findall(r"\brr_[a-z0-9_]+\b", code))


def test_what_is_made_from_the_header_is_up_to_date():
    checked = subprocess.run(
        [sys.executable, PACKAGE / "generate", "--check"], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_function_of_the_header_is_called_or_left_out_for_a_reason():
    there, called = functions_of_the_header(), functions_the_extension_uses()
    assert there - called - NOT_CALLED.keys() == set(), "not called, and nothing says why"


def test_what_is_left_out_is_in_the_header_and_is_not_called():
    assert NOT_CALLED.keys() - functions_of_the_header() == set(), "not in the header"
    assert NOT_CALLED.keys() & functions_the_extension_uses() == set(), "called, and listed as not"
    assert [name for name, reason in NOT_CALLED.items() if not reason] == []


def public(names):
    return {name for name in names if not name.startswith("_")}


def named_in(body):
    """The functions, classes and constants of a stub's module or class; not what it only calls types."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) != "TypeAlias":
            yield node.target.id


def test_the_stubs_name_what_the_extension_has():
    stubs = ast.parse((PACKAGE / "src" / "resilient_redis" / "_native.pyi").read_text(encoding="utf-8"))
    assert public(named_in(stubs.body)) == public(vars(_native))
    classes = [node for node in stubs.body if isinstance(node, ast.ClassDef)]
    assert classes
    for node in classes:
        assert public(named_in(node.body)) == public(vars(getattr(_native, node.name))), node.name


def test_the_stubs_have_the_numbers_of_the_extension():
    text = (PACKAGE / "src" / "resilient_redis" / "_native.pyi").read_text(encoding="utf-8")
    numbers = {name: int(number) for name, number in re.findall(r"^(RR_\w+): Final = (-?\d+)$", text, flags=re.MULTILINE)}
    assert numbers == {name: value for name, value in vars(_native).items() if name.startswith("RR_")}


def test_no_advice_of_the_library_names_a_function_of_c():
    """What its messages name has another name in Python."""
    advice = []
    for path in sorted((PACKAGE.parent.parent / "src").rglob("*.rs")):
        if path.parent.name not in ("ffi", "config"):
            code = re.sub(r"^ *//.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
            advice += re.findall(r'"([^"\n]*\brr_[a-z][^"\n]*)"', code)
    assert len(advice) > 10
    assert [text for text in advice if "rr_" in errors._in_python(text)] == []


def test_no_format_means_something_else_in_another_version_of_python():
    for path in sorted(PACKAGE.glob("native/*.c")):
        formats = re.findall(r'(?:ParseTuple|BuildValue|CallFunction)\([^"]*"([^"]*)"', path.read_text(encoding="utf-8"))
        assert [each for each in formats if "#" in each] == [], path


def test_no_macro_counts_references_otherwise_in_another_version_of_python():
    for path in sorted(PACKAGE.glob("native/*.c")):
        assert "Py_RETURN_" not in path.read_text(encoding="utf-8"), path
