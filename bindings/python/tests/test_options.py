"""The library's options by their own names, and what is said twice. Nothing here connects to anything."""

import re

import pytest
from redis.maint_notifications import MaintNotificationsConfig
from support.said import PACKAGE, arguments, options, refused

from resilient_redis.errors import ConfigurationError
from resilient_redis.options import OPTIONS


def documented():
    """The options of docs/CONFIGURATION.md: name -> kind of value."""
    page = (PACKAGE.parent.parent / "docs" / "CONFIGURATION.md").read_text()
    kinds = {}
    for name, values in re.findall(r"^\| `([a-z_]+)` \| (.+?) \| .+? \| .+ \|$", page, re.MULTILINE):
        if values == "`true` or `false`":
            kinds[name] = "boolean"
        elif "KiB" in values:
            kinds[name] = "size"
        else:
            kinds[name] = "number" if re.match(r"-?\d+ (\(|to \d)", values) else "text"
    return kinds


def test_every_documented_option_is_a_parameter_of_its_kind():
    found = documented()
    assert len(found) > 50
    assert {**found, "lib_name": "text", "lib_version": "text"} == OPTIONS


def test_options_take_python_values_and_text():
    assert options(
        buffer_commands=False, retry_unsafe="no", tcp_nodelay=0, outage_grace_ms=0, reconnect_tries=-1, max_in_flight="5",
        buffer_max_age_ms=1e3, buffer_max_bytes=4096, max_reply_bytes="64MiB", delivery="at_most_once",
        reads_during_outage="fail", buffer_overflow="block", server_role="any",
    ) == {
        "buffer_commands": "false", "retry_unsafe": "false", "tcp_nodelay": "false", "outage_grace_ms": "0",
        "reconnect_tries": "-1", "max_in_flight": "5", "buffer_max_age_ms": "1000", "buffer_max_bytes": "4096",
        "max_reply_bytes": "64MiB", "delivery": "at_most_once", "reads_during_outage": "fail", "buffer_overflow": "block",
        "server_role": "any",
    }


def test_an_option_that_is_none_is_not_said():
    assert options(delivery=None, outage_grace_ms=None, drain_timeout_seconds=None, tls=None) == {}


@pytest.mark.parametrize(
    "said, match",
    [
        ({"buffer_commands": "maybe"}, "buffer_commands='maybe'"),
        ({"buffer_commands": 2}, "buffer_commands=2"),
        ({"outage_grace_ms": True}, "outage_grace_ms=True"),
        ({"outage_grace_ms": 1.5}, "outage_grace_ms=1.5"),
        ({"buffer_max_bytes": [1]}, "buffer_max_bytes=.*64MiB"),
        ({"delivery": True}, "delivery=True"),
        ({"delivery": object}, "delivery=.*a str"),
    ],
)
def test_an_option_of_another_kind_of_value_is_refused_by_its_name(said, match):
    refused(match, **said)


@pytest.mark.parametrize(
    "said",
    [
        {"socket_timeout": 3, "command_timeout_ms": 500},
        {"socket_connect_timeout": 3, "connect_timeout_ms": 500},
        {"health_check_interval": 3, "health_check_interval_ms": 500},
        {"max_connections": 3, "private_max_connections": 5},
        {"socket_keepalive": False, "tcp_keepalive_ms": 5000},
        {"socket_keepalive": True, "tcp_keepalive_ms": 0},
        {"reconnect_interval_seconds": 3, "reconnect_interval_ms": 500},
        {"ssl": True, "tls": False},
        {"ssl": False, "tls": True},
        {"ssl": True, "ssl_ca_certs": "/a", "tls_ca_file": "/b"},
        {"ssl": True, "ssl_cert_reqs": "none", "tls_insecure_skip_verify": False},
        {"ssl": True, "ssl_cert_reqs": "required", "tls_insecure_skip_verify": True},
        {"protocol": 3, "maint_notifications_config": MaintNotificationsConfig(), "maintenance_notifications": False},
    ],
    ids=lambda said: "-".join(said),
)
def test_one_thing_said_in_two_ways_is_refused_and_both_are_named(said):
    with pytest.raises(ConfigurationError) as caught:
        arguments(**said)
    for name in list(said)[-2:]:
        assert name in str(caught.value)


def test_one_thing_said_twice_alike_is_fine():
    assert options(socket_timeout=3, command_timeout_ms=3000) == {"command_timeout_ms": "3000"}
    assert options(ssl=True, tls=True) == {"tls": "true"}
    assert options(buffer_commands="YES", socket_keepalive=False, tcp_keepalive_ms=0) == {
        "buffer_commands": "true",
        "tcp_keepalive_ms": "0",
    }
