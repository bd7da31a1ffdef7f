"""A daemon whose clock stands still, and imported keys in it over time."""

from datetime import datetime, timezone

from . import clients
from .refusal import refused, shown

DAY = 24 * 60 * 60
START = 1893456000  # a whole second, so that dates compare exactly


def date(seconds):
    return datetime.fromtimestamp(START + seconds, timezone.utc)


def arn_of(key, region=clients.REGION):
    return f"arn:aws:kms:{region}:{clients.ACCOUNT}:key/{key}"


class Clocked:
    """A daemon of its own whose clock stands at START and moves when it is told to."""

    def __init__(self, daemon):
        self.daemon = daemon
        daemon.clock(freeze=True)
        daemon.clock(set=START)
        self.kms = clients.plain(daemon)

    def go(self, seconds):
        self.daemon.clock(set=START + seconds)

    def settle(self):
        """Whatever is due at this moment has been done."""
        self.daemon.clock(advance_s=0)

    def metadata(self, key):
        return self.kms.describe_key(KeyId=key)["KeyMetadata"]

    def state(self, key):
        return self.metadata(key)["KeyState"]

    def materials(self, key):
        """Every material as ListKeyRotations shows it, without the key."""
        entries = self.kms.list_key_rotations(
            KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
        for entry in entries:
            assert entry.pop("KeyId") == arn_of(key)
        return entries

    def rotate(self, key):
        assert shown(self.kms.rotate_key_on_demand(KeyId=key)) == {"KeyId": arn_of(key)}
        self.settle()

    def pending_import(self, key):
        """Nothing cryptographic works, in the service's words."""
        text = f"{arn_of(key)} is pending import."
        assert self.state(key) == "PendingImport"
        assert self.metadata(key)["Enabled"] is False
        with refused("KMSInvalidStateException", text):
            self.kms.encrypt(KeyId=key, Plaintext=b"x")
        with refused("KMSInvalidStateException", text):
            self.kms.rotate_key_on_demand(KeyId=key)
