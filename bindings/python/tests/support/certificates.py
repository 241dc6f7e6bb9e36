"""An authority of this test, and the certificates that come from it, made by openssl.

Owns nothing but the files that it writes into the caller's folder. Every key is new: nothing here vouches for anything outside
of the test that made it.
"""

import subprocess

DAYS = "3650"


class Authority:
    """Who vouches for certificates; `file` is its own, which is to be trusted."""

    def __init__(self, folder):
        self._folder = folder
        self.file = folder / "ca.crt"
        self._key = folder / "ca.key"
        usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self._new_key_and("-x509", "-days", DAYS, "-keyout", self._key, "-out", self.file, "-subj", "/CN=test authority", *usage)

    def issue(self, name, *names):
        """A certificate and its key, as files `name`.crt and `name`.key, for names as openssl has them (DNS:..., IP:...)."""
        certificate, key, request = (self._folder / f"{name}.{suffix}" for suffix in ("crt", "key", "csr"))
        self._new_key_and("-keyout", key, "-out", request, "-subj", f"/CN={name}")
        extensions = self._folder / f"{name}.ext"
        lines = [
            f"subjectAltName={','.join(names)}",
            "extendedKeyUsage=serverAuth,clientAuth",
            "basicConstraints=critical,CA:false",
            "authorityKeyIdentifier=keyid",
            "subjectKeyIdentifier=hash",
        ]
        extensions.write_text("\n".join(lines), encoding="ascii")
        _openssl(
            *("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key, "-CAcreateserial", "-days", DAYS),
            *("-extfile", extensions, "-out", certificate),
        )
        return certificate, key

    @staticmethod
    def _new_key_and(*args):
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", *args)


def _openssl(*args):
    made = subprocess.run(["openssl", *args], capture_output=True, text=True, timeout=60, check=False)
    assert made.returncode == 0, f"openssl {args}: {made.stderr}"
