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


# One session for all: it reads the service's model once, where a session a client takes ten
# times as long. Making clients shares its state, which is not thread-safe.
_session = boto3.session.Session()
_making = threading.Lock()


def client(url, access_key_id, region=REGION, config=None, **more):
    """A client of whatever listens at url, with these credentials."""
    with _making:
        return _session.client(
            "kms", region_name=region, endpoint_url=url, aws_access_key_id=access_key_id,
            aws_secret_access_key="anything", config=config or _config(), **more)


def plain(daemon, account=ACCOUNT, region=REGION, **config):
    """A client of the dev profile's plain listener: the access key id is the account."""
    return client(daemon.http, account, region, _config(**config))


def mutual(daemon, region=REGION, account=ACCOUNT, cert=None, key=None, signed=True):
    """A client over mutual TLS, with the client certificate the daemon's home holds."""
    from botocore import UNSIGNED
    cert = cert or daemon.ready["client_cert"]
    key = key or daemon.ready["client_key"]
    more = {"client_cert": (str(cert), str(key))}
    if not signed:
        more["signature_version"] = UNSIGNED
    return client(daemon.https, account, region, _config(**more),
                  verify=daemon.ready["ca"])
