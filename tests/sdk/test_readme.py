"""Every code block of the README, run as a reader would paste it.

Only what names this reader's machine is changed: the ports (free ones instead of 8443 and
8080) and /var/lib/kmsd. A block that nobody runs here fails the last test.
"""

import os
import re
import subprocess
import sys

import pytest

from support.daemon import KMSCTL, KMSD, ROOT, SLOW, Kmsd

BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", (ROOT / "README.md").read_text(),
                    re.M | re.S)
# Blocks that another stage of the tests runs, word for word.
ELSEWHERE = {"deploy/quickstart.sh\n": "test_quickstart.py", "tests/run.sh\n": "this run"}
RUN_HERE = []


def block(language, words):
    """The one block of a language that holds these words."""
    found = [text for lang, text in BLOCKS if lang == language and words in text]
    assert len(found) == 1, f"{len(found)} {language} blocks with {words!r}"
    RUN_HERE.append(found[0])
    return found[0]


@pytest.fixture(scope="module")
def place(shared_workshop, tmp_path_factory):
    """A directory as deploy/quickstart.sh leaves it, with its daemon running."""
    here = tmp_path_factory.mktemp("readme")
    programs = here / "build-quickstart" / "daemon"
    for program in (KMSD, KMSCTL):
        (programs / program.name).mkdir(parents=True)
        (programs / program.name / program.name).symlink_to(program)
    daemon = shared_workshop.dev(data=here / "kmsd-data")
    daemon.here = here
    return daemon


def adapted(daemon, text):
    return (text.replace("localhost:8443", f"localhost:{daemon.https_port}")
            .replace("127.0.0.1:8080", f"127.0.0.1:{daemon.http_port}"))


def shell(text, cwd, **more):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=cwd,
                          capture_output=True, text=True, timeout=60 * SLOW,
                          env={k: v for k, v in os.environ.items()
                               if not k.startswith("KMSCTL")} | more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_envelope_in_python(place):
    text = adapted(place, block("python", "generate_data_key"))
    done = subprocess.run([sys.executable, "-c", text], cwd=place.here, timeout=60 * SLOW,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_same_in_the_shell(place):
    said = shell(block("sh", "kmsctl api"), place.here,
                 KMSCTL_ENDPOINT=place.https).splitlines()
    assert said[0].strip() == "32"      # the bytes of the data key
    assert any("Decrypt" in line for line in said)


def test_the_clock_of_the_dev_profile(place):
    said = shell(adapted(place, block("sh", "/_kmsd/test/clock")), place.here)
    assert said.startswith('{"now":')


def test_a_service_installation(tmp_path):
    text = block("sh", "kmsctl init").replace("/var/lib/kmsd", str(tmp_path / "kmsd"))
    made, served = text.strip().splitlines()
    assert made.startswith("kmsctl init ") and served.startswith("kmsd --config ")
    shell(f"PATH={KMSCTL.parent}:$PATH {made} --listen 127.0.0.1:0", tmp_path)
    daemon = Kmsd(config=served.split()[-1]).start()
    try:
        assert daemon.https.startswith("https://")
    finally:
        daemon.stop()
        daemon.close()


def test_no_block_of_the_readme_is_left_out():
    left = [text for _, text in BLOCKS if text not in RUN_HERE and text not in ELSEWHERE]
    assert left == []
