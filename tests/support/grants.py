"""What the tests of grants share."""

ACCOUNT, OTHER = "111122223333", "444455556666"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
BOB = f"arn:aws:iam::{ACCOUNT}:user/path/to/bob"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def grant(kms, key, grantee=ALICE, operations=("Decrypt",), **more):
    return kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=list(operations),
                            **more)


def grants_of(kms, key, **filters):
    pages = kms.get_paginator("list_grants").paginate(KeyId=key, **filters)
    return [g for page in pages for g in page["Grants"]]
