"""redis-py's ssl_... arguments as options of the library, and the file that holds certificates given as data.

Owns that file: it is private to the user, and goes when the object that names it goes, or when the process that made it
ends; a process forked from that one leaves it alone. Any thread. Never opens a connection, never reads a certificate
from a file.
"""

from __future__ import annotations

import atexit
import os
import ssl
import tempfile
import weakref
from typing import Any

from resilient_redis.errors import ConfigurationError
from resilient_redis.options import Options, path_text, shown

# redis-py's arguments that the library cannot honour: why, and the way out.
REFUSED = {
    "ssl_ca_path": "the library reads authorities from one file, not from a directory: put them together in a file and give"
    " ssl_ca_certs",
    "ssl_password": "the library reads no encrypted keys: store the key unencrypted, readable for the program's user alone"
    " (openssl pkey -in encrypted.pem -out key.pem), and give that as ssl_keyfile",
    "ssl_ciphers": "the library speaks the modern ciphers of TLS 1.2 and 1.3, and no others: leave it out, or narrow the list"
    " at the server (tls-ciphers, tls-ciphersuites)",
    "ssl_validate_ocsp": "the library asks no OCSP responder: use certificates that live for a short time",
    "ssl_validate_ocsp_stapled": "the library does not look at stapled OCSP answers: use certificates that live for a short time",
    "ssl_ocsp_context": "the library does not look at OCSP answers, and has no OpenSSL context: leave it out",
    "ssl_ocsp_expected_cert": "the library does not look at OCSP answers: leave it out",
    "ssl_include_verify_flags": "the flags are OpenSSL's, and the library has its own verification, which is strict about"
    " RFC 5280: leave it out",
    "ssl_exclude_verify_flags": "the flags are OpenSSL's, and the library has its own verification, which cannot be relaxed:"
    " leave it out, and renew a certificate that is refused",
}

# All of redis-py's arguments about TLS but `ssl` itself.
NAMES = frozenset(REFUSED) | {
    "ssl_keyfile",
    "ssl_certfile",
    "ssl_cert_reqs",
    "ssl_ca_certs",
    "ssl_ca_data",
    "ssl_check_hostname",
    "ssl_min_version",
}

_VERSIONS = {
    ssl.TLSVersion.MINIMUM_SUPPORTED: "1.2",
    ssl.TLSVersion.TLSv1_2: "1.2",
    ssl.TLSVersion.TLSv1_3: "1.3",
    ssl.TLSVersion.MAXIMUM_SUPPORTED: "1.3",
}

_REQUIREMENTS = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


class CertificateFile:
    """PEM text in a file of its own, for as long as this object lives. Its `path` is for the option tls_ca_file."""

    def __init__(self, text: str) -> None:
        descriptor, self.path = tempfile.mkstemp(prefix="resilient-redis-", suffix=".pem")
        _paths.add(self.path)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        weakref.finalize(self, _remove, self.path).atexit = False


def say_tls(options: Options, given: dict[str, Any], sentinel: bool) -> CertificateFile | None:
    """Says the options for a connection over TLS. `sentinel`: the address comes from Sentinel, so no name is known that a
    certificate could be for. What is returned has to live as long as the client."""
    for name, reason in REFUSED.items():
        if given.get(name):
            raise ConfigurationError(f"{name} cannot be honoured: {reason}")
    options.say("tls", "true", "the connection over TLS")
    for name, option in (("ssl_certfile", "tls_cert_file"), ("ssl_keyfile", "tls_key_file"), ("ssl_ca_certs", "tls_ca_file")):
        if given.get(name) is not None:
            options.say(option, path_text(name, given[name]), f"{name}={given[name]!r}")
    if given.get("ssl_certfile") is not None and options.get("tls_key_file") is None:
        # As with redis-py, the key then is in the same file.
        options.say("tls_key_file", path_text("ssl_certfile", given["ssl_certfile"]), "ssl_certfile")
    if given.get("ssl_min_version") is not None:
        options.say("tls_min_version", _version(given["ssl_min_version"]), shown("ssl_min_version", given["ssl_min_version"]))
    _say_verification(options, given, sentinel)
    if given.get("ssl_ca_data") is None:
        return None
    options.agree("tls_ca_file", "", "ssl_ca_data")
    file = CertificateFile(_pem(given["ssl_ca_data"]))
    options.say("tls_ca_file", file.path, "ssl_ca_data")
    return file


def _say_verification(options: Options, given: dict[str, Any], sentinel: bool) -> None:
    name, said = "ssl_cert_reqs", given.get("ssl_cert_reqs", "required")
    if said is None:
        said = ssl.CERT_NONE
    elif isinstance(said, str):
        said = _REQUIREMENTS.get(said, said)
    if said not in (ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED):
        raise ConfigurationError(f"{name}={said!r}: it takes 'none', 'optional' or 'required', or an ssl.VerifyMode")
    if said == ssl.CERT_NONE:
        # Without verification redis-py does not look at the name either.
        options.say("tls_insecure_skip_verify", "true", f"{name}={given[name]!r}")
        return
    if name in given:
        # A server always shows a certificate, so `optional` is the same as `required` for a client.
        options.agree("tls_insecure_skip_verify", "false", f"{name}={given[name]!r}")
    if options.get("tls_server_name") is not None or options.get("tls_insecure_skip_verify") == "true":
        return
    if not given.get("ssl_check_hostname", True):
        raise ConfigurationError(
            f"ssl_check_hostname={given['ssl_check_hostname']!r} cannot be honoured: a certificate that may be for any name"
            " protects from nobody. Give tls_server_name=..., the name that the server's certificate is for"
        )
    if sentinel:
        raise ConfigurationError(
            "TLS with Sentinel needs tls_server_name=...: the name that the certificates of all the servers are for. Sentinel"
            " names an address, which a certificate rarely is for"
        )


def _version(said: Any) -> str:
    try:
        return _VERSIONS[ssl.TLSVersion(int(said) if isinstance(said, str) else said)]
    except (KeyError, ValueError):
        raise ConfigurationError(
            f"ssl_min_version={said!r} cannot be honoured: the library speaks TLS 1.2 and 1.3. Give ssl.TLSVersion.TLSv1_2 or"
            " ssl.TLSVersion.TLSv1_3"
        ) from None


def _pem(data: Any) -> str:
    """The text of certificates that are given as PEM, or as DER one after the other."""
    try:
        if isinstance(data, str):
            text = data
        elif bytes(data[:5]) == b"-----":
            text = bytes(data).decode("ascii")
        else:
            text = "".join(ssl.DER_cert_to_PEM_cert(part) for part in _der_parts(bytes(data)))
        text.encode("ascii")
    except (TypeError, UnicodeError):
        text = ""
    if "-----BEGIN" not in text:
        raise ConfigurationError("ssl_ca_data: it takes certificates as PEM text, or as DER bytes")
    return text


def _der_parts(data: bytes) -> list[bytes]:
    """The certificates in `data`: each is one tag, its length, and as many bytes."""
    parts = []
    while data:
        length, head = (data[1], 2) if len(data) > 1 else (len(data), 0)
        if length > 0x80:
            head = 2 + length - 0x80
            length = int.from_bytes(data[2:head], "big")
        if data[0] != 0x30 or not head or head + length > len(data):
            raise TypeError("no DER")
        parts.append(data[: head + length])
        data = data[head + length :]
    return parts


# What this process made; a child of a fork owns nothing of it.
_paths: set[str] = set()


def _remove(path: str) -> None:
    if path in _paths:
        _paths.discard(path)
        try:
            os.unlink(path)
        except OSError:
            pass  # Somebody tidied up before.


def _remove_all() -> None:
    for path in list(_paths):
        _remove(path)


# Registered when the package is imported, so that it runs after what clients do when the program ends.
atexit.register(_remove_all)
os.register_at_fork(after_in_child=_paths.clear)
