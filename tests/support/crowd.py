"""A key with very many grants, and a daemon whose callers have nothing but grants."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

from . import identities
from .callers import EVERYTHING, root, user
from .wire import Wire

NAMED = "admin"


def name_of(n):
    return f"grantee-{n}"


def tenant(n):
    return {"tenant": str(n)}


class Crowd:
    """daemon(args) starts one. Of the account only its admin may do anything by IAM; who is
    in callers has a credential of its own name; others: of other accounts, name -> ARN,
    with all permissions that IAM can give; refused: with all of them denied."""

    def __init__(self, daemon, folder, callers, others=None, refused=None):
        refused = refused or {}
        others = {**(others or {}), **refused}
        path = identities.write(
            folder / "identities.yaml",
            {"everything": EVERYTHING, "nothing": identities.document(
                identities.deny("kms:*"))},
            users=[{"arn": arn, "policies": ["everything"] + (
                ["nothing"] if arn in refused.values() else [])}
                   for arn in (user(NAMED), *others.values())],
            accounts=[{"arn": root()}],
            credentials=[{"access_key_id": who, "principal": arn} for who, arn in
                         {NAMED: user(NAMED), **{c: user(c) for c in callers},
                          **others}.items()])
        self.daemon = daemon(["--identities", str(path)])
        self.wire = Wire(self.daemon)

    def key(self):
        return self.wire.make("CreateKey", {})["KeyMetadata"]["Arn"]

    def grant(self, key, grantees, tenants=False, connections=32):
        """A grant to Encrypt for each of these names, in whatever order they come about;
        their ids in the order of the names. tenants: each for one of its own."""
        local = threading.local()

        def one(n, who):
            if not hasattr(local, "wire"):
                local.wire = Wire(self.daemon)
            more = {"Constraints": {"EncryptionContextSubset": tenant(n)}} if tenants else {}
            return local.wire.make("CreateGrant", {
                "KeyId": key, "GranteePrincipal": user(who), "Operations": ["Encrypt"],
                **more})["GrantId"]

        with ThreadPoolExecutor(connections) as pool:
            return list(pool.map(one, itertools.count(), grantees))

    def encrypts(self, who, key, **more):
        """What is answered to an Encrypt by who."""
        return self.wire.ask(who, "Encrypt", {"KeyId": key, "Plaintext": "eA==", **more})

    def pages(self, key, limit):
        """Every page of ListGrants."""
        more, marker = True, {}
        while more:
            page = self.wire.make("ListGrants", {"KeyId": key, "Limit": limit, **marker})
            yield page["Grants"]
            more = page["Truncated"]
            marker = {"Marker": page.get("NextMarker")}
