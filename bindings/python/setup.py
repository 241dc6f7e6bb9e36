"""Builds the package with what is native in it: the extension in C, and the library that it is linked to.

In a checkout the library is built by cargo and comes along inside of the package. With RESILIENT_REDIS_PREFIX an installed
library is used instead, in its place; a source distribution, which does not carry the Rust sources, needs that. Everything
else about the package is in pyproject.toml. Nothing here is part of the package once it is installed.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist
from setuptools.errors import PlatformError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PREFIX = os.environ.get("RESILIENT_REDIS_PREFIX", "")
PACKAGE = "resilient_redis"
LIBRARIES = "libresilient_redis.so*"
# The oldest Python whose stable ABI the extension keeps to.
LIMITED_API, WHEEL_TAG = "0x03090000", "cp39"

WITHOUT_SOURCES = """the Rust sources of the library are not here: this is not inside of a checkout of resilient-redis.
Either install a wheel, or from a checkout (pip install ./bindings/python there);
or install the library (make install in a checkout) and say where: RESILIENT_REDIS_PREFIX=/usr/local pip install ..."""


def is_checkout():
    """Is this the folder bindings/python of a checkout?"""
    cargo = ROOT / "Cargo.toml"
    return cargo.is_file() and 'name = "resilient-redis"' in cargo.read_text(encoding="utf-8")


def version():
    """The library's version; a source distribution has it in its own metadata."""
    if is_checkout():
        file, pattern = ROOT / "Cargo.toml", r'^version = "(.*)"$'
    else:
        file, pattern = HERE / "PKG-INFO", r"^Version: (.*)$"
    if not file.is_file():
        raise SystemExit(f"error: {WITHOUT_SOURCES}")
    return re.search(pattern, file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1]


def refuse_what_cannot_work():
    """Says at once what would end in messages of compilers and linkers, or in a package that does not work."""
    if sys.platform != "linux":
        raise PlatformError(f"resilient-redis is for Linux, and this is {sys.platform}")
    if platform.python_implementation() != "CPython":
        raise PlatformError(f"resilient-redis is for CPython, and this is {platform.python_implementation()}")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise PlatformError("resilient-redis needs the stable ABI, which a free-threaded Python does not have yet")
    if not any((Path(sysconfig.get_path(kind)) / "Python.h").is_file() for kind in ("include", "platinclude")):
        raise PlatformError(
            f"Python's headers are missing (no Python.h in {sysconfig.get_path('include')}): "
            "Debian has them in the package python3-dev"
        )
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        raise PlatformError(
            f"a C compiler is needed, and {compiler} is not there: install one (Debian: gcc libc6-dev), or name it in CC"
        )


def forget_libraries(folder):
    """Takes away the libraries in a folder."""
    for former in folder.glob(LIBRARIES):
        former.unlink()


class Built:
    """The library as cargo builds it in this checkout. It goes into the package, under the name that it is asked for by."""

    def __init__(self):
        if not is_checkout():
            raise PlatformError(WITHOUT_SOURCES)
        self.include = ROOT / "include"
        self.file = self._build()
        self.folder = self.file.parent
        soname = subprocess.run([ROOT / "packaging" / "soname", version()], check=True, capture_output=True, text=True)
        self.name = soname.stdout.strip()
        # The extension looks for it beside itself.
        self.rpath = "$ORIGIN"

    def _build(self):
        cargo = os.environ.get("CARGO") or "cargo"
        if shutil.which(cargo) is None:
            raise PlatformError(
                f"the library is built by Rust's {cargo}, which is not on PATH: install Rust from https://rustup.rs, "
                "or install the library and set RESILIENT_REDIS_PREFIX"
            )
        command = [cargo, "build", "--release", "--lib", "--message-format=json-render-diagnostics"]
        # In the checkout, so that its toolchain and its settings count.
        built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        if built.returncode != 0:
            raise PlatformError(f"cargo could not build the library: its messages are above ({' '.join(command)})")
        for line in reversed(built.stdout.splitlines()):
            message = json.loads(line)
            if message.get("reason") == "compiler-artifact" and message["target"]["name"] == PACKAGE:
                return next(Path(file) for file in message["filenames"] if file.endswith(".so"))
        raise PlatformError(f"cargo does not say where it has put the library ({' '.join(command)})")

    def put_into(self, folder):
        """A copy without what only a debugger reads, in place of whatever library is there."""
        forget_libraries(folder)
        copy = folder / self.name
        shutil.copyfile(self.file, copy)
        copy.chmod(0o755)
        strip = shutil.which("strip")
        if strip is not None:
            subprocess.run([strip, "--strip-unneeded", copy], check=True)


class Installed:
    """A library that is installed below RESILIENT_REDIS_PREFIX. It stays there, and the extension looks for it there."""

    def __init__(self):
        prefix = Path(PREFIX)
        if not prefix.is_absolute():
            raise PlatformError(f"RESILIENT_REDIS_PREFIX={PREFIX}: it has to be an absolute path, such as /usr/local")
        self.include = prefix / "include"
        header = self.include / "resilient_redis.h"
        if not header.is_file():
            raise PlatformError(f"RESILIENT_REDIS_PREFIX={PREFIX}: there is no {header}")
        self._check_version(header)
        folders = [prefix / "lib", prefix / "lib64", prefix / "lib" / (sysconfig.get_config_var("MULTIARCH") or "")]
        found = [folder for folder in folders if (folder / "libresilient_redis.so").exists()]
        if not found:
            looked = ", ".join(dict.fromkeys(map(str, folders)))
            raise PlatformError(f"RESILIENT_REDIS_PREFIX={PREFIX}: there is no libresilient_redis.so in {looked}")
        self.folder = found[0]
        self.rpath = str(self.folder)

    @staticmethod
    def put_into(folder):
        """It does not go along: none that a former build has left may be found instead."""
        forget_libraries(folder)

    @staticmethod
    def _check_version(header):
        parts = dict(re.findall(r"^#define RR_VERSION_(\w+) (\d+)$", header.read_text(encoding="utf-8"), flags=re.MULTILINE))
        there = tuple(int(parts[name]) for name in ("MAJOR", "MINOR", "PATCH"))
        wanted = tuple(map(int, version().split(".")))
        # As the library's name says: 0.1.x with 0.1, 1.x with 1.
        same = 2 if wanted[0] == 0 else 1
        if there < wanted or there[:same] != wanted[:same]:
            raise PlatformError(
                f"RESILIENT_REDIS_PREFIX={PREFIX}: resilient-redis {version()} needs a library of that version or a later "
                f"compatible one, and the one there is {'.'.join(map(str, there))}"
            )


class BuildAll(build):
    """Starts from an empty folder, so that no file of a former build comes along."""

    def run(self):
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


class BuildExtension(build_ext):
    """Has the library there before the extension is linked to it."""

    library = None

    def finalize_options(self):
        super().finalize_options()
        # What there is may be of another header, or linked to another library.
        self.force = True

    def run(self):
        refuse_what_cannot_work()
        self.library = Installed() if PREFIX else Built()
        super().run()

    def build_extensions(self):
        # Where Python was built is nothing to look for libraries in: the extension needs none of Python's.
        pythons = (sysconfig.get_config_var("LDSHARED") or "").split()
        self.compiler.linker_so = [
            part for part in self.compiler.linker_so if not (part.startswith("-Wl,-rpath") and part in pythons)
        ]
        for extension in self.extensions:
            extension.include_dirs.append(str(self.library.include))
            extension.library_dirs.append(str(self.library.folder))
            extension.libraries.append(PACKAGE)
            # With the old kind of tag LD_LIBRARY_PATH does not bring in another library than the one that was built with.
            extension.extra_link_args += ["-Wl,--disable-new-dtags", f"-Wl,-rpath,{self.library.rpath}"]
        super().build_extensions()
        self.library.put_into(Path(self.build_lib) / PACKAGE)

    def copy_extensions_to_source(self):
        super().copy_extensions_to_source()
        self.library.put_into(Path(self.get_finalized_command("build_py").get_package_dir(PACKAGE)))

    def get_outputs(self):
        there = Path(self.build_lib) / PACKAGE
        return super().get_outputs() + [str(path) for path in there.glob(LIBRARIES)]


class SourceDistribution(sdist):
    """Forgets what former ones held."""

    def run(self):
        for manifest in HERE.glob("src/*.egg-info/SOURCES.txt"):
            manifest.unlink()
        super().run()


NATIVE = [str(path.relative_to(HERE)) for path in sorted((HERE / "native").glob("*"))]

setup(
    version=version(),
    ext_modules=[
        Extension(
            f"{PACKAGE}._native",
            sources=[path for path in NATIVE if path.endswith(".c")],
            depends=[path for path in NATIVE if not path.endswith(".c")],
            define_macros=[("Py_LIMITED_API", LIMITED_API)],
            py_limited_api=True,
            extra_compile_args=["-std=c11", "-Wall", "-Wextra", "-fvisibility=hidden"],
        )
    ],
    cmdclass={"build": BuildAll, "build_ext": BuildExtension, "sdist": SourceDistribution},
    options={"bdist_wheel": {"py_limited_api": WHEEL_TAG}},
)
