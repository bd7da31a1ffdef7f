"""kmsctl against a daemon under test: run it, have it refused, look at what it made."""

import os
import stat
from pathlib import Path

from cryptography import x509

from .daemon import kmsctl


def refused(*args, status=1, **kw):
    """Run what has to fail; its words. Nothing goes to standard output."""
    done = kmsctl(*args, check=False, **kw)
    assert done.returncode == status, done
    assert done.stdout == ""
    assert done.stderr.startswith("kmsctl: ")
    return done.stderr


def connection(daemon):
    """Options that reach a daemon over mutual TLS with its own client certificate."""
    return ["--data", daemon.data_dir, "--endpoint", daemon.https]


def api(daemon, *args, **kw):
    return kmsctl("api", *args, *connection(daemon), **kw)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def uri_of(path):
    """The URI subject alternative name of a certificate."""
    cert = x509.load_pem_x509_certificate(Path(path).read_bytes())
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)
