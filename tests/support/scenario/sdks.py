"""Builds the drivers that need building, and starts them all.

Builds land beside the build of the daemon (KMSD_SDK_BUILD: elsewhere), never in the tree.
A tool that is missing or too old for the pinned SDK is Unavailable, with the reason; a
build that fails is a failure.

    python3 -m support.scenario.sdks [go java rust...]     builds, and tells how long
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from ..daemon import BUILD, ROOT
from .drivers import Driver, environment

SDK = ROOT / "tests" / "sdk"
OUT = Path(os.environ.get("KMSD_SDK_BUILD", BUILD.parent / "sdk-builds"))


class Unavailable(Exception):
    """Why an SDK cannot run on this machine."""


class BuildError(AssertionError):
    """A driver that does not build, with what the tool said."""


def run(argv, cwd, **env):
    done = subprocess.run(argv, cwd=cwd, env=dict(os.environ, **env), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise BuildError(f"{' '.join(map(str, argv))}\n{done.stdout[-6000:]}")
    return done.stdout


def tool(name, asking, least):
    """A tool of at least this version: (1, 24) and its like."""
    path = shutil.which(name)
    if path is None:
        raise Unavailable(f"{name} is not installed")
    said = subprocess.run([path, *asking], capture_output=True, text=True)
    found = re.search(r"(\d+)\.(\d+)", said.stdout + said.stderr)
    version = tuple(map(int, found.groups())) if found else (0, 0)
    if version < least:
        raise Unavailable(f"{name} is {'.'.join(map(str, version))}, the pinned SDK "
                          f"needs {'.'.join(map(str, least))}")
    return path


def stamp(sources):
    """A word that changes when a file among these files and folders does."""
    digest = hashlib.sha256()
    for source in sources:
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
                digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def alone(name):
    """One process at a time: tests that run side by side need the same builds."""
    OUT.mkdir(parents=True, exist_ok=True)
    with open(OUT / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def built(name, make, *sources):
    """The folder that make(folder) filled from these sources; only once for the same."""
    out = OUT / name
    done, now = out / "made-of", stamp(sources)
    with alone(name):
        if not done.exists() or done.read_text() != now:
            out.mkdir(exist_ok=True)
            make(out)
            done.write_text(now)
    return out


def newest_modules():
    """The folder whose node_modules have the newest SDK and the consumers' packages."""
    tool("node", ["--version"], (20, 0))
    tool("npm", ["--version"], (8, 0))
    locked = [SDK / "consumers" / name for name in ("package.json", "package-lock.json")]

    def make(out):
        for path in locked:
            shutil.copy(path, out)
        run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], out)

    return built("node", make, *locked)


def js():
    node = tool("node", ["--version"], (18, 0))
    if not (SDK / "js" / "node_modules").is_dir():
        raise Unavailable("tests/sdk/js/node_modules is missing: tests/run.sh setup "
                          "installs it")
    return [node, SDK / "js" / "driver.mjs", SDK / "js"]


def js_newest():
    """The same driver on the newest SDK, which needs a newer node than Debian 12's."""
    modules = newest_modules()
    return [shutil.which("node"), SDK / "js" / "driver.mjs", modules]


def go():
    tool("go", ["env", "GOVERSION"], (1, 24))
    out = built("go", lambda out: run(
        ["go", "build", "-mod=readonly", "-o", out / "driver", "."], SDK / "go",
        GOTOOLCHAIN="local", CGO_ENABLED="0", GOFLAGS=""), SDK / "go")
    return [out / "driver"]


def jvm(name, sources, main):
    """A driver on the jars that the folder's pom.xml names."""
    java = tool("java", ["-version"], (17, 0))
    tool("javac", ["-version"], (17, 0))
    tool("mvn", ["--version"], (3, 6))
    pom = SDK / name / "pom.xml"

    def make(out):
        for old in ("jars", "classes"):
            shutil.rmtree(out / old, ignore_errors=True)
        with alone("maven"):    # its own repository of jars is for one at a time
            run(["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies",
                 "-DincludeScope=runtime", f"-DoutputDirectory={out}/jars"], out)
        run(["javac", "--release", "17", "-Xlint:all,-serial", "-Werror", "-cp",
             f"{out}/jars/*", "-d", out / "classes", *sources], out)

    out = built(name, make, pom, *sources)
    return [java, "-XX:TieredStopAtLevel=1", "-cp", f"{out}/classes:{out}/jars/*", main]


def java():
    return jvm("java", sorted((SDK / "java").glob("*.java")), "Driver")


def kotlin():
    shared = [SDK / "java" / "Lines.java", SDK / "java" / "Tls.java"]
    own = sorted((SDK / "kotlin").glob("*.java"))
    return jvm("kotlin", own + shared, "KotlinDriver")


def rust():
    wanted = re.search(r'^rust-version = "(\d+)\.(\d+)', (
        SDK / "rust" / "Cargo.toml").read_text(), re.M)
    least = tuple(map(int, wanted.groups()))
    tool("rustc", ["--version"], least)
    tool("cargo", ["--version"], least)

    def make(out):
        known = json.loads(run(["cargo", "metadata", "--locked", "--format-version", "1",
                                "-q"], SDK / "rust"))
        crate = next(p for p in known["packages"] if p["name"] == "aws-sdk-kms")
        run([sys.executable, SDK / "rust" / "generate.py",
             Path(crate["manifest_path"]).parent, out / "ops.rs"], SDK / "rust")
        run(["cargo", "build", "--locked", "-q"], SDK / "rust",
            CARGO_TARGET_DIR=str(out / "target"), KMSD_SDK_OPS=str(out / "ops.rs"))

    out = built("rust", make, SDK / "rust", ROOT / "proto")
    return [out / "target" / "debug" / "driver"]


RECIPES = {"js": js, "js-newest": js_newest, "go": go, "java": java, "kotlin": kotlin,
           "rust": rust}


def start(name, daemon, listener):
    """A running driver of an SDK on a listener of a daemon."""
    if name == "python":
        from .boto import Boto
        return Boto(daemon, listener)
    return Driver([str(part) for part in RECIPES[name]()], environment(daemon, listener))


def main():
    failed = False
    for name in sys.argv[1:] or [n for n in RECIPES if n != "js"]:
        begun = time.monotonic()
        try:
            RECIPES[name]()
            print(f"{name}: {time.monotonic() - begun:.1f} s")
        except Unavailable as why:
            print(f"{name}: skipped: {why}")
        except BuildError as why:
            print(f"{name}: FAILED\n{why}")
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main())
