"""Words of AccessDeniedException."""

MERGED = ("because the resource does not exist in this Region, no resource-based policies allow "
          "access, or a resource-based policy explicitly denies access")


def user(name, account=None):
    """The ARN of a user; of the dev profile's plain callers the account names itself."""
    return f"arn:aws:iam::{account or name}:user/{name}"


def denied(caller, action, where):
    """User: ... is not authorized to perform: kms:... and what follows."""
    return f"User: {caller} is not authorized to perform: kms:{action} {where}"


def veiled(caller, action, what="this resource"):
    """The text that does not tell whether there is such a key."""
    return denied(caller, action, f"on {what} {MERGED}")


def veiled_ciphertext(caller, action="Decrypt"):
    return veiled(caller, action, "the resource associated with this ciphertext")
