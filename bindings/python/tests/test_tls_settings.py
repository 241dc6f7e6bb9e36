"""What redis-py's ssl_... arguments become, and how long a file with certificates given as data lives."""

import gc
import os
import ssl
import stat
import subprocess
import sys

import pytest
import redis
from support.said import both, module

from resilient_redis.errors import ConfigurationError
from resilient_redis.settings import Settings
from resilient_redis.tls_settings import REFUSED

# A certificate to the eye of who does not look inside: a DER sequence of 300 bytes.
DER = b"\x30\x82\x01\x2c" + bytes(range(250)) + bytes(50)
PEM = ssl.DER_cert_to_PEM_cert(DER)


def tls_options(asynchronous=False, **kwargs):
    """What is said about TLS."""
    found = Settings.from_arguments(asynchronous, (), {"ssl": True, **kwargs}).options
    return {name: text for name, text in found.items() if name.startswith("tls")}


def refused(match, asynchronous=False, **kwargs):
    with pytest.raises(ConfigurationError, match=match):
        tls_options(asynchronous, **kwargs)


@both
def test_ssl_is_tls_in_every_spelling(asynchronous):
    expected = {"tls": "true"}
    assert tls_options(asynchronous) == expected
    assert tls_options(asynchronous, tls=True) == expected
    made = Settings.from_arguments(asynchronous, (), {"tls": "yes"})
    assert made.options["tls"] == "true"
    assert made.connection_class is module(asynchronous).SSLConnection
    assert Settings.from_url(asynchronous, "rediss://h").options["tls"] == "true"
    encrypted = module(asynchronous).SSLConnection
    assert Settings.from_url(asynchronous, "redis://h", connection_class=encrypted).options["tls"] == "true"
    assert "tls" not in Settings.from_arguments(asynchronous, (), {"tls": False}).options


@both
def test_files_become_options(asynchronous):
    assert tls_options(asynchronous, ssl_ca_certs="/ca", ssl_certfile="/cert", ssl_keyfile="/key") == {
        "tls": "true",
        "tls_ca_file": "/ca",
        "tls_cert_file": "/cert",
        "tls_key_file": "/key",
    }
    found = Settings.from_url(asynchronous, "rediss://h?ssl_ca_certs=/ca&tls_server_name=n").options
    assert (found["tls_ca_file"], found["tls_server_name"]) == ("/ca", "n")


def test_without_a_key_file_the_key_is_looked_for_beside_the_certificate():
    assert tls_options(ssl_certfile="/both") == {"tls": "true", "tls_cert_file": "/both", "tls_key_file": "/both"}
    assert tls_options(ssl_certfile="/cert", tls_key_file="/key")["tls_key_file"] == "/key"


def test_a_path_that_is_empty_or_none_at_all_is_refused():
    refused("ssl_ca_certs is empty", ssl_ca_certs="")
    refused("ssl_certfile=1", ssl_certfile=1)


@both
def test_verification_is_left_out_only_if_the_program_says_so(asynchronous):
    for none in ("none", None, ssl.CERT_NONE):
        assert tls_options(asynchronous, ssl_cert_reqs=none) == {"tls": "true", "tls_insecure_skip_verify": "true"}
        assert "tls_insecure_skip_verify" in tls_options(asynchronous, ssl_cert_reqs=none, ssl_check_hostname=False)
    for verified in ("required", "optional", ssl.CERT_REQUIRED, ssl.CERT_OPTIONAL):
        assert tls_options(asynchronous, ssl_cert_reqs=verified) == {"tls": "true"}
    assert "tls_insecure_skip_verify" in Settings.from_url(asynchronous, "rediss://h?ssl_cert_reqs=none").options
    refused("ssl_cert_reqs='maybe'.*'none', 'optional' or 'required'", asynchronous, ssl_cert_reqs="maybe")


def test_a_pool_keeps_that_it_does_not_verify():
    pool = redis.Redis(ssl=True, ssl_cert_reqs=None).connection_pool
    assert Settings.from_pool(pool).options["tls_insecure_skip_verify"] == "true"


@both
def test_a_certificate_for_any_name_is_refused_and_a_name_is_the_way_out(asynchronous):
    refused("ssl_check_hostname=False.*tls_server_name", asynchronous, ssl_check_hostname=False)
    with pytest.raises(ConfigurationError, match="tls_server_name"):
        Settings.from_url(asynchronous, "rediss://h?ssl_check_hostname=no")
    named = tls_options(asynchronous, ssl_check_hostname=False, tls_server_name="n")
    assert named == {"tls": "true", "tls_server_name": "n"}


@both
def test_the_oldest_version_is_1_2_or_1_3(asynchronous):
    for said, text in (
        (ssl.TLSVersion.TLSv1_2, "1.2"),
        (ssl.TLSVersion.TLSv1_3, "1.3"),
        (ssl.TLSVersion.MINIMUM_SUPPORTED, "1.2"),
        (ssl.TLSVersion.MAXIMUM_SUPPORTED, "1.3"),
        (int(ssl.TLSVersion.TLSv1_3), "1.3"),
    ):
        assert tls_options(asynchronous, ssl_min_version=said)["tls_min_version"] == text
    url = f"rediss://h?ssl_min_version={int(ssl.TLSVersion.TLSv1_2)}"
    assert Settings.from_url(asynchronous, url).options["tls_min_version"] == "1.2"
    refused("ssl_min_version.*TLSv1_2", asynchronous, ssl_min_version=ssl.TLSVersion.TLSv1_1)
    refused("ssl_min_version=1 ", asynchronous, ssl_min_version=1)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_the_library_cannot_do_is_refused_with_a_way_out(name):
    refused(f"{name} cannot be honoured: .*(leave it out|give|use|put)", **{name: ["x"] if "flags" in name else "x"})


def test_what_the_library_cannot_do_is_fine_when_it_is_not_asked_for():
    nothing = {name: None for name in REFUSED if not name.startswith("ssl_validate")}
    assert tls_options(**nothing, ssl_validate_ocsp=False, ssl_validate_ocsp_stapled=False) == {"tls": "true"}


@both
def test_certificates_without_ssl_are_refused_unless_ssl_is_switched_off(asynchronous):
    def without(**kwargs):
        return Settings.from_arguments(asynchronous, (), kwargs).options

    for name, value in (("ssl_ca_certs", "/ca"), ("ssl_cert_reqs", "none"), ("ssl_ciphers", "x")):
        with pytest.raises(ConfigurationError, match=f"{name}.*ssl=True.*ssl=False"):
            without(**{name: value})
        assert not any(option.startswith("tls") for option in without(ssl=False, **{name: value}))
    assert not any(option.startswith("tls") for option in without(ssl_cert_reqs="required", ssl_ca_certs=None))


# Certificates as data


@both
def test_certificates_as_data_are_in_a_private_file_that_goes_with_the_settings(asynchronous):
    settings = Settings.from_arguments(asynchronous, (), {"ssl": True, "ssl_ca_data": PEM + PEM})
    path = settings.options["tls_ca_file"]
    with open(path, encoding="ascii") as file:
        assert file.read() == PEM + PEM
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert settings.connection_kwargs["ssl_ca_data"] == PEM + PEM
    del settings
    gc.collect()
    assert not os.path.exists(path)


def content(data):
    settings = Settings.from_arguments(False, (), {"ssl": True, "ssl_ca_data": data})
    with open(settings.options["tls_ca_file"], encoding="ascii") as file:
        return file.read()


def test_certificates_as_data_may_be_pem_or_der_one_after_the_other():
    assert content(PEM.encode()) == PEM
    assert content(DER) == PEM
    assert content(DER + DER) == PEM + PEM
    short = b"\x30\x03abc"
    assert content(short + DER) == ssl.DER_cert_to_PEM_cert(short) + PEM


@pytest.mark.parametrize(
    "data",
    ["", "x", "-----BEGIN \xe4", b"", b"\x30", b"\x30\x05abc", b"\x31\x03abc", DER[:-1], DER + b"\x30", b"\x30\x89", 7],
)
def test_data_that_is_no_certificate_is_refused(data):
    refused("ssl_ca_data: it takes certificates", ssl_ca_data=data)


def test_a_file_and_data_together_are_refused():
    refused("ssl_ca_certs='/ca' and ssl_ca_data", ssl_ca_certs="/ca", ssl_ca_data=PEM)
    refused("tls_ca_file='/ca' and ssl_ca_data", tls_ca_file="/ca", ssl_ca_data=PEM)


def program(text):
    """What a program says that makes settings with certificates as data."""
    text = "import gc, os, sys\nfrom resilient_redis.settings import Settings\n" + (
        f"settings = Settings.from_arguments(False, (), dict(ssl=True, ssl_ca_data={PEM!r}))\n"
        "path = settings.options['tls_ca_file']\n" + text
    )
    done = subprocess.run([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_the_file_goes_when_the_program_ends():
    path = program("assert os.path.exists(path)\nprint(path)")
    assert path.endswith(".pem")
    assert not os.path.exists(path)


def test_a_forked_child_leaves_the_file_and_tidies_up_its_own():
    path = program(
        f"""
if os.fork() == 0:
    own = Settings.from_arguments(False, (), dict(ssl=True, ssl_ca_data={PEM!r}))
    print(own.options['tls_ca_file'])
    del settings
    gc.collect()
    sys.exit(0)
_, status = os.wait()
assert status == 0 and os.path.exists(path)
"""
    )
    assert path.endswith(".pem")
    assert not os.path.exists(path)
