"""Fixtures of the front-door tests: real daemons, unmodified SDKs.

Daemons are shared where a test only needs one that works (each test makes keys of its
own), and private where it moves the clock, restarts or breaks something.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import clients, identities  # noqa: E402
from support.callers import cast  # noqa: E402
from support.daemon import KMSCTL, KMSD, Kmsd, kmsctl  # noqa: E402



@pytest.fixture(scope="session", autouse=True)
def programs():
    for program in (KMSD, KMSCTL):
        if not program.exists():
            pytest.exit(f"{program} is not built: run tests/run.sh build, or set KMSD_BUILD")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of the log of every daemon it used."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        seen = set()
        for value in getattr(item, "funcargs", {}).values():
            daemons = getattr(value, "daemons", None) or [value]
            for daemon in daemons:
                if isinstance(daemon, Kmsd) and id(daemon) not in seen:
                    seen.add(id(daemon))
                    tail = "\n".join(daemon.log().splitlines()[-40:])
                    report.sections.append(("log of kmsd", tail))


class Workshop:
    """Makes daemons and directories for one test and clears them all away after it."""

    def __init__(self):
        self.daemons, self.directories = [], []

    def directory(self):
        path = Path(tempfile.mkdtemp(prefix="kmsd-data-"))
        self.directories.append(path)
        return path

    def dev(self, keep=False, start=True, **kw):
        """A dev daemon; keep=True gives it a data directory that outlives a restart."""
        if keep and "data" not in kw:
            kw["data"] = self.directory() / "data"
        daemon = Kmsd(**kw)
        self.daemons.append(daemon)
        return daemon.start() if start else daemon

    def server(self, start=True, **kw):
        """A server installation made by kmsctl init, on a free port; whoever has a
        certificate may do everything, as kmsctl init allows its one client."""
        data = self.directory() / "data"
        kmsctl("init", "--data", data, "--listen", "127.0.0.1:0")
        identities.allow_everybody(data)
        daemon = Kmsd(config=data / "kmsd.yaml", **kw)
        daemon.server_data = data
        self.daemons.append(daemon)
        return daemon.start() if start else daemon

    def close(self):
        problems = []
        for daemon in self.daemons:
            try:
                daemon.close()
            except AssertionError as problem:
                problems.append(str(problem))
        for path in self.directories:
            shutil.rmtree(path, ignore_errors=True)
        assert not problems, "\n".join(problems)


@pytest.fixture
def workshop():
    made = Workshop()
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_workshop():
    made = Workshop()
    yield made
    made.close()


@pytest.fixture(scope="session")
def kmsd_dev(shared_workshop):
    """The dev daemon of the session. Do not move its clock, restart or stop it."""
    return shared_workshop.dev(keep=True)


@pytest.fixture
def kmsd_own(workshop):
    """A dev daemon of this test alone, with data that outlives restarts."""
    return workshop.dev(keep=True)


@pytest.fixture(scope="session")
def kmsd_server(shared_workshop):
    """The server-profile daemon of the session, made by kmsctl init."""
    return shared_workshop.server()


@pytest.fixture(scope="session")
def kms(kmsd_dev):
    """boto3 on the dev daemon's plain listener, account 111122223333, us-east-1."""
    return clients.plain(kmsd_dev)


@pytest.fixture(scope="session")
def kms_as(kmsd_dev):
    """A factory of clients for other accounts and Regions."""
    return lambda account=clients.ACCOUNT, region=clients.REGION: clients.plain(
        kmsd_dev, account, region)


@pytest.fixture(scope="session")
def kms_mtls(kmsd_server):
    """boto3 over mutual TLS on the server-profile daemon."""
    return clients.mutual(kmsd_server)


@pytest.fixture
def key_id(kms):
    """A fresh symmetric key of the shared dev daemon."""
    return kms.create_key()["KeyMetadata"]["KeyId"]


@pytest.fixture
def key_mtls(kms_mtls):
    """A fresh symmetric key of the shared server daemon."""
    return kms_mtls.create_key()["KeyMetadata"]["KeyId"]


@pytest.fixture(scope="session")
def made(kms):
    """made(spec, usage): the metadata of a key of the shared dev daemon, made once.

    Tests that change a key make one of their own.
    """
    known = {}

    def get(spec, usage):
        if (spec, usage) not in known:
            known[spec, usage] = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
        return known[spec, usage]
    return get


@pytest.fixture(scope="session")
def lenient(kmsd_dev):
    """The same client as kms without botocore's own checks of requests."""
    return clients.plain(kmsd_dev, parameter_validation=False)


@pytest.fixture(scope="session")
def callers(shared_workshop):
    """A dev daemon with the users, roles and accounts of support/callers.py."""
    return cast(shared_workshop)


@pytest.fixture
def key(callers):
    """ARN of a fresh key of that daemon, with the default policy."""
    return callers["admin"].create_key()["KeyMetadata"]["Arn"]
