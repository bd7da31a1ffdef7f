"""What random worlds are made of: few people, keys and values, so that they meet."""

ACCOUNTS = ["111122223333", "444455556666"]
KEYS = ["1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-0123456789abcdef0123456789abcdef"]
REGIONS = ["us-east-1", "eu-central-1"]
OPERATIONS = ["Encrypt", "Decrypt", "GenerateDataKey", "ReEncryptFrom", "DescribeKey",
              "CreateGrant", "PutKeyPolicy", "Sign"]
GRANTED = ["Encrypt", "Decrypt", "GenerateDataKey", "ReEncryptFrom", "DescribeKey",
           "CreateGrant", "RetireGrant", "Sign"]
IAM_ONLY = ["CreateKey", "ListKeys", "GenerateRandom"]


def arn(account, service, rest):
    return f"arn:aws:{service}::{account}:{rest}"


def user(account, name, unique):
    return {"kind": "user", "account": account, "arn": arn(account, "iam", "user/" + name),
            "unique_id": unique}


def session(account, role, name, unique, provider=None):
    who = {"kind": "role", "account": account, "unique_id": unique,
           "arn": arn(account, "sts", f"assumed-role/{role.split('/')[-1]}/{name}"),
           "parent_arn": arn(account, "iam", "role/" + role)}
    if provider:
        who["provider"] = provider
    return who


def people():
    for account, mark in zip(ACCOUNTS, "AB"):
        yield user(account, "alice", f"AIDAALICEALICE{mark}QQ")
        yield user(account, "ops/bob", f"AIDABOBBOBBOB{mark}QQQ")
        yield session(account, "app", "web", f"AROAAPPAPPAPP{mark}QQQ")
        yield session(account, "svc/app", "i-1", f"AROASVCSVCSVC{mark}QQQ",
                      "accounts.google.com")
        yield {"kind": "federated", "account": account, "unique_id": f"AIDAALICEALICE{mark}QQ",
               "arn": arn(account, "sts", "federated-user/carol"),
               "parent_arn": arn(account, "iam", "user/alice")}
        yield {"kind": "root", "account": account, "arn": arn(account, "iam", "root")}
    yield {"kind": "service", "account": "", "arn": "s3.amazonaws.com"}


PEOPLE = list(people())

STRINGS = {
    "kms:ViaService": ["s3.us-east-1.amazonaws.com", "ec2.us-east-1.amazonaws.com"],
    "kms:CallerAccount": ACCOUNTS,
    "kms:KeySpec": ["SYMMETRIC_DEFAULT", "RSA_2048"],
    "kms:EncryptionContext:tenant": ["42", "Tenant-É", "", "a*b", "×é", "÷É", "€"],
    "kms:RequestAlias": ["alias/prod", "alias/Prod", "alias/${x}"],
    "aws:PrincipalTag/team": ["red", "Red", "blue?", "42", "a:b"],
    "aws:ResourceTag/team": ["red", "blue", "RED"],
    "aws:username": ["alice", "bob"],
    "kms:GranteePrincipal": [p["arn"] for p in PEOPLE[:4]],
}
MULTI = {
    "kms:EncryptionContextKeys": ["tenant", "Tenant", "app", "zone"],
    "kms:ResourceAliases": ["alias/prod", "alias/test"],
    "kms:GrantOperations": GRANTED,
    "aws:TagKeys": ["", "team", "cost"],
}
ARNS = {"aws:PrincipalArn": [p["arn"] for p in PEOPLE[:-1]],
        "aws:SourceArn": ["arn:aws:s3:::bucket/a:b", "arn:aws:sns:us-east-1:111122223333:t",
                          "arn:aws:sns"]}
NUMBERS = {"kms:RotationPeriodInDays": ["365", "90", "90.0", "0365", "-1", "-2", "90.5"],
           "kms:ScheduleKeyDeletionPendingWindowInDays": ["7", "30", "x"],
           "aws:MultiFactorAuthAge": ["100", "900719925474099267", "900719925474099268"]}
DATES = {"aws:CurrentTime": ["2026-10-01T12:00:00Z", "2026-10-01", "2026-10-01T14:00:00+02:00",
                             "1790856000", "1790856000.5", "2026", "2026-02-30", "soon",
                             "2026-10-01T12:00:00.5Z", "2026-10-01T12:00:00.50Z"],
         "kms:ValidTo": ["1790856000", "2026-10-01T12:00:00.001Z", "2026-10",
                         "1767225600", "2026"]}
BOOLS = {"aws:SecureTransport": ["true", "false"], "kms:MultiRegion": ["True", "false"],
         "kms:GrantIsForAWSResource": ["true", "yes"]}
ADDRESSES = {"aws:SourceIp": ["203.0.113.7", "10.1.2.3", "2001:db8::5", "::ffff:10.1.2.3",
                              "10.1.2.03", "10.1.2.3/8", "unknown"]}
NETWORKS = ["203.0.113.0/24", "203.0.113.7", "10.0.0.0/8", "0.0.0.0/0", "2001:DB8::/32",
            "::/0", "::ffff:10.0.0.0/104", "10.1.2.3/31", "203.0.113.7/32"]
LETTERS = {"kms:EncryptionContext:city": ["€", "É", "é", "×", "÷", "e", "tenant", "app"]}
BYTES = {"kms:RecipientAttestation:ImageSha384": ["abc", "abd"]}
POOLS = [STRINGS, LETTERS, STRINGS, MULTI, ARNS, NUMBERS, DATES, BOOLS, ADDRESSES, BYTES]
TESTS = {
    "String": ["Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like",
               "NotLike"],
    "Arn": ["Equals", "NotEquals", "Like", "NotLike"],
    "Numeric": ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan",
                "GreaterThanEquals"],
}
VARIABLES = ["${aws:PrincipalTag/team}", "${aws:username, 'alice'}", "${*}", "${?}", "${$}",
             "${aws:principaltag/TEAM , 'red'}", "${kms:EncryptionContextKeys}", "${no:such}"]
