"""boto3 clients against a daemon under test."""

import threading

import boto3
from botocore.config import Config

from .daemon import SLOW

ACCOUNT = "111122223333"
REGION = "us-east-1"


def _config(**more):
    return Config(retries={"max_attempts": 0}, connect_timeout=10 * SLOW,
                  read_timeout=60 * SLOW, max_pool_connections=64, **more)


# Making clients shares boto3's default session state, which is not thread-safe.
_making = threading.Lock()


def plain(daemon, account=ACCOUNT, region=REGION, **config):
    """A client of the dev profile's plain listener: the access key id is the account."""
    with _making:
        session = boto3.session.Session()
        return session.client(
            "kms", region_name=region, endpoint_url=daemon.http,
            aws_access_key_id=account, aws_secret_access_key="anything",
            config=_config(**config))


def mutual(daemon, region=REGION, account=ACCOUNT, cert=None, key=None, signed=True):
    """A client over mutual TLS, with the client certificate the daemon's home holds."""
    from botocore import UNSIGNED
    cert = cert or daemon.ready["client_cert"]
    key = key or daemon.ready["client_key"]
    more = {"client_cert": (str(cert), str(key))}
    if not signed:
        more["signature_version"] = UNSIGNED
    with _making:
        session = boto3.session.Session()
        return session.client(
            "kms", region_name=region, endpoint_url=daemon.https,
            verify=daemon.ready["ca"], aws_access_key_id=account,
            aws_secret_access_key="anything", config=_config(**more))
