"""Multi-Region keys in a daemon whose clock stands still."""

from . import clients
from .clocked import START, arn_of
from .importing import bring, imported, parameters
from .refusal import refused, shown

HERE, THERE, ELSEWHERE = "us-east-1", "eu-west-1", "ap-southeast-2"


def member(key, region):
    return {"Arn": arn_of(key, region), "Region": region}


class World:
    """A daemon of its own, frozen at START, with a client in each of three Regions."""

    def __init__(self, daemon):
        self.daemon = daemon
        daemon.clock(freeze=True)
        daemon.clock(set=START)
        self.kms = {r: clients.plain(daemon, region=r) for r in (HERE, THERE, ELSEWHERE)}
        self.here, self.there, self.elsewhere = self.kms.values()

    def go(self, seconds):
        self.daemon.clock(set=START + seconds)

    def settle(self):
        self.daemon.clock(advance_s=0)

    def primary(self, **more):
        return self.here.create_key(MultiRegion=True, **more)["KeyMetadata"]["KeyId"]

    def replicate(self, key, *regions, source=HERE, **more):
        for region in regions or (THERE,):
            self.kms[source].replicate_key(KeyId=key, ReplicaRegion=region, **more)
        self.settle()
        return key

    def family(self, *regions, **more):
        return self.replicate(self.primary(**more), *regions)

    def metadata(self, key, region=HERE):
        return self.kms[region].describe_key(KeyId=key)["KeyMetadata"]

    def state(self, key, region=HERE):
        return self.metadata(key, region)["KeyState"]

    def status(self, key, region=HERE):
        return shown(self.kms[region].get_key_rotation_status(KeyId=key))

    def materials(self, key, region=HERE):
        entries = self.kms[region].list_key_rotations(
            KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
        for entry in entries:
            assert entry.pop("KeyId") == arn_of(key, region)
        return entries

    def gone(self, key, region):
        with refused("NotFoundException", f"Key '{arn_of(key, region)}' does not exist"):
            self.kms[region].describe_key(KeyId=key)


class Imported:
    """A family with imported material in the primary; each member imports for itself."""

    def __init__(self, world, plain, *regions):
        self.world = world
        self.key, params, _ = imported(world.here, plain, MultiRegion=True)
        world.replicate(self.key, *regions)
        self.params = {HERE: params}

    def take(self, plain, region=HERE, **more):
        if region not in self.params:
            self.params[region] = parameters(self.world.kms[region], self.key)
        return bring(self.world.kms[region], self.key, plain, self.params[region],
                     **more)["KeyMaterialId"]

    def states(self, region=HERE):
        return [(e["KeyMaterialState"], e["ImportState"])
                for e in self.world.materials(self.key, region)]
