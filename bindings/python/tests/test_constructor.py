"""What type checkers and people are shown of the constructors is what they take."""

import ast
import inspect
from pathlib import Path

import redis

import resilient_redis
from resilient_redis.settings import constructor_signature

SHOWN = Path(resilient_redis.__file__).parent / "constructor.py"


def shown(name):
    """The parameters that constructor.py shows of a class: by position, and by keyword only."""
    classes = [node for node in ast.walk(ast.parse(SHOWN.read_text())) if isinstance(node, ast.ClassDef) and node.name == name]
    (init,) = [node for node in classes[0].body if isinstance(node, ast.FunctionDef)]
    return [each.arg for each in init.args.args[1:]], [each.arg for each in init.args.kwonlyargs]


def taken(asynchronous):
    """The same of what the constructor takes."""
    parameters = constructor_signature(asynchronous).parameters.values()
    positional = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    return positional, [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]


def test_type_checkers_are_shown_what_the_constructors_take():
    for name, asynchronous in (("Constructor", False), ("AsyncConstructor", True)):
        positional, by_keyword = shown(name)
        here_positional, here_by_keyword = taken(asynchronous)
        if redis.__version__.startswith("8."):
            assert (positional, by_keyword) == (here_positional, here_by_keyword)
        else:  # an older redis-py takes less
            assert set(here_positional) | set(here_by_keyword) <= set(positional) | set(by_keyword)


def test_people_are_shown_the_parameters_with_their_defaults():
    parameters = inspect.signature(resilient_redis.ResilientRedisClient).parameters
    assert list(parameters) == list(constructor_signature(False).parameters)
    assert parameters["port"].default == 6379
    assert (parameters["reconnect_tries"].default, parameters["buffer_max_commands"].default) == (10, 10000)
