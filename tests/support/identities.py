"""identities.yaml for daemons under test."""

import json
from pathlib import Path

from .clients import ACCOUNT


def allow_everybody(data, account=ACCOUNT):
    """Whoever belongs to the account and has no entry of its own may do everything."""
    path = Path(data) / "identities.yaml"
    path.write_text(path.read_text() + "accounts:\n"
                    f"  - arn: arn:aws:iam::{account}:root\n"
                    "    policies: [administrator]\n")


def document(*statements, version="2012-10-17"):
    """A policy document of these statements."""
    return json.dumps({"Version": version, "Statement": list(statements)})


def allow(*actions, resource="*", **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def deny(*actions, resource="*", **more):
    return {"Effect": "Deny", "Action": list(actions), "Resource": resource, **more}


def write(path, policies=None, **lists):
    """The file, from Python values: YAML is a superset of JSON."""
    whole = {"policies": [{"name": n, "document": d} for n, d in (policies or {}).items()]}
    whole.update(lists)
    path = Path(path)
    path.write_text(json.dumps(whole, indent=1))
    path.chmod(0o600)
    return path
