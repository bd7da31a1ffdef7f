"""Random worlds: a caller, an act, and the documents and grants that bear on it.

Everything is drawn from a small universe, and drawn close to what the act is about, so
that most texts nearly match. A world is JSON; documents are texts, some of them broken.
"""

import copy
import json
import random

from universe import (ACCOUNTS, ADDRESSES, ARNS, BOOLS, BYTES, DATES, GRANTED, IAM_ONLY, KEYS,
                      LETTERS, MULTI, NETWORKS, NUMBERS, OPERATIONS, PEOPLE, POOLS, REGIONS, TESTS,
                      VARIABLES, arn)


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def chance(self, p):
        return self.r.random() < p

    def pick(self, items):
        return self.r.choice(items)

    def some(self, items, least=0):
        return self.r.sample(items, self.r.randint(least, min(3, len(items))))

    def maybe_list(self, values):
        return values[0] if len(values) == 1 and self.chance(0.5) else values

    # --- texts that nearly match ---------------------------------------------------------

    def recase(self, text):
        return "".join(c.swapcase() if self.chance(0.3) else c for c in text)

    def wild(self, text):
        """text with a run of it, or one character, made a wildcard."""
        if not text:
            return "*"
        at = self.r.randrange(len(text))
        end = min(len(text), at + self.r.choice([0, 1, 1, 4, 30]))
        return text[:at] + self.pick(["*", "*", "?", "**", "*?"]) + text[end:]

    def near(self, text):
        how = self.r.random()
        if how < 0.40:
            return text
        if how < 0.44 and len(text) == 1:
            return self.pick(["?", "??", text.swapcase(), "${kms:EncryptionContextKeys}"])
        if how < 0.75:
            return self.wild(text)
        if how < 0.80:
            return self.wild(self.wild(text))
        if how < 0.86:
            return self.recase(text)
        if how < 0.94:
            at = self.r.randint(0, len(text))
            return text[:at] + self.pick(VARIABLES) + text[at + self.r.randint(0, 5):]
        if how < 0.98 and text:     # a variable in the place of a character or two
            at = self.r.randrange(len(text))
            default = text[at:at + self.r.choice([1, 2])].replace("'", "")
            return f"{text[:at]}${{no:such, '{default}'}}{text[at + len(default):]}"
        return text + self.pick(["x", " ", "é", "/", ":", "\u212a"])

    # --- the act ---------------------------------------------------------------------------

    def context(self):
        out = {}
        for pool in POOLS[2:] + [LETTERS]:
            for key, values in pool.items():
                if self.chance(0.5):
                    n = self.r.choice([1, 1, 2, 3]) if pool is MULTI else 1
                    out[key] = self.r.sample(values, min(n, len(values)))
        return out

    def pairs(self):
        return {k: self.pick(["1", "2"]) for k in self.some(["a", "A", "b"])}

    def constraint(self):
        out = {}
        if self.chance(0.3):
            out["equals"] = self.pairs()
        if self.chance(0.3):
            out["subset"] = self.pairs()
        if self.chance(0.05):
            out["source_arn"] = self.pick(ARNS["aws:SourceArn"])
        return out

    def grantee(self, who):
        if self.chance(0.75):
            return self.pick(self.names(who))
        return self.pick(self.names(self.pick(PEOPLE)))

    def grant(self, world):
        operations = set(self.some(GRANTED, 1))
        if self.chance(0.8):
            operations.add(world["action"][4:])
        out = {"grantee": self.grantee(world["principal"]),
               "issuing_account": self.pick(ACCOUNTS),
               "operations": sorted(operations & set(GRANTED)), **self.constraint()}
        if self.chance(0.5):
            out["retiring"] = self.grantee(world["principal"])
        return out

    # --- documents ---------------------------------------------------------------------------

    def names(self, who):
        """The texts that mean who, in every grade."""
        out = [who["arn"]]
        if who["kind"] != "service":
            out += [who["account"], arn(who["account"], "iam", "root")]
        out += [who[k] for k in ("parent_arn", "unique_id") if who.get(k)]
        return out

    def principal_entry(self, who):
        if who["kind"] == "service":
            return {"Service": who["arn"]}
        names = self.some(self.names(who), 1)
        if self.chance(0.1):
            names.append(self.pick(self.names(self.pick(PEOPLE[:-1]))))
        out = {"AWS": self.maybe_list(names)}
        if self.chance(0.1):
            out["Service"] = "s3.amazonaws.com"
        if self.chance(0.1):
            out["Federated"] = ["accounts.google.com"]
        return out

    def principal(self, who):
        how = self.r.random()
        if how < 0.1:
            return self.pick(["*", {"AWS": "*"}])
        if how < 0.75:
            return self.principal_entry(who)
        return self.principal_entry(self.pick(PEOPLE))

    def actions(self, action):
        def one():
            how = self.r.random()
            if how < 0.25:
                return "kms:*"
            if how < 0.30:
                return "*"
            if how < 0.65:
                return action
            if how < 0.80:
                name = self.wild(action[4:])
                return "kms:" + self.recase(name)
            return "kms:" + self.pick(OPERATIONS + IAM_ONLY)
        return self.maybe_list([one() for _ in range(self.pick([1, 1, 2]))])

    def resources(self, kind, resource):
        def one():
            how = self.r.random()
            if how < 0.5:
                return "*"
            if resource == "*" or how > 0.95:
                return "arn:aws:kms:us-east-1:111122223333:key/" + self.pick(KEYS)
            if how < 0.6 and (kind != "session" or self.chance(0.1)):
                fields = resource.split(":")[:self.r.randint(3, 5)]
                return ":".join(fields) + self.pick(["", ":*", "*" if fields[3:] else ""])
            head, tail = resource[:12], resource[12:]
            return head + self.near(tail)
        return self.maybe_list([one() for _ in range(self.pick([1, 1, 2]))])

    def operator(self, pool):
        if pool is ARNS:
            name = "Arn" + self.pick(TESTS["Arn"])
        elif pool is NUMBERS:
            name = "Numeric" + self.pick(TESTS["Numeric"])
        elif pool is DATES:
            name = "Date" + self.pick(TESTS["Numeric"])
        elif pool is BOOLS:
            name = "Bool"
        elif pool is ADDRESSES:
            name = self.pick(["IpAddress", "NotIpAddress"])
        elif pool is BYTES:
            name = "BinaryEquals"
        else:
            name = "String" + self.pick(TESTS["String"])
        if self.chance(0.08):
            return self.pick(["Null"] * 20 + ["NullIfExists", "ForAnyValue:Null"])
        if self.chance(0.15):
            name += "IfExists"
        if self.chance(0.6 if pool is MULTI else 0.05):
            name = self.pick(["ForAllValues:", "ForAnyValue:"]) + name
        return self.recase(name) if self.chance(0.05) else name

    def listed(self, pool, name, key, context):
        given = context.get(key, [])
        source = list(given) if given and self.chance(0.6) else pool[key]
        if "Null" in name:
            return self.pick(["true", "false", True, False, ["true", "false"]])
        if pool is ADDRESSES:
            values = self.some(NETWORKS, 1)
        elif pool is BYTES:
            values = self.some(["YWJj", "YWJk", ""], 1)
        elif pool in (NUMBERS, DATES, BOOLS):
            good = [v for v in pool[key] if v not in ("x", "soon", "2026-02-30", "yes")]
            values = self.some(good, 1)
            if pool is NUMBERS and self.chance(0.2):
                values = [7, 365]
        elif pool is ARNS:
            values = [self.near(v) for v in self.some(source, 1)]
            values = [v if v.count(":") > 4 else "*" for v in values]
        else:
            values = [self.near(v) for v in self.some(source, 1)]
        return self.maybe_list(values) if not self.chance(0.02) else []

    def condition(self, context):
        out = {}
        for _ in range(self.pick([1, 1, 2, 3])):
            pool = self.pick(POOLS)
            key = self.pick(list(pool))
            name = self.operator(pool)
            values = self.listed(pool, name, key, context)
            out.setdefault(name, {})[self.recase(key) if self.chance(0.2) else key] = values
        if self.chance(0.03):      # an operator upon keys of another type
            pool = self.pick(POOLS[5:])
            key = self.pick(list(self.pick(POOLS)))
            out.setdefault(self.operator(pool), {})[key] = self.pick(
                [[], "true", "1", "2026-10-01", "10.0.0.0/8", "YWJj"])
        return out

    def statement(self, kind, world):
        deny = self.chance(0.22)
        out = {"Effect": "Deny" if deny else "Allow"}
        if self.chance(0.3):
            out["Sid"] = self.pick(["S"] * 30 + ["a b"]) + str(self.r.randrange(40))
        if kind == "key":
            name = "NotPrincipal" if self.chance(0.3 if deny else 0.005) else "Principal"
            out[name] = self.principal(world["principal"])
        out["NotAction" if self.chance(0.08) else "Action"] = self.actions(world["action"])
        out["NotResource" if self.chance(0.08) else "Resource"] = self.resources(
            kind, world["resource"])
        if kind == "key" and self.chance(0.02):
            out.pop(self.pick(["Action", "Resource"]), None)
        if self.chance(0.7 if deny else 0.45):
            out["Condition"] = self.condition(world["context"])
        return out

    def document(self, kind, world):
        statements = [self.statement(kind, world) for _ in range(self.pick([1, 1, 2, 2, 3]))]
        out = {"Statement": statements}
        if self.chance(0.85):
            out["Version"] = "2012-10-17"
        if kind == "key" and self.chance(0.3):
            out["Id"] = "key-default-1"
        text = json.dumps(out, ensure_ascii=self.chance(0.5))
        return self.broken(out, text) if self.chance(0.03) else text

    def broken(self, value, text):
        """The document with one thing wrong, or perhaps not."""
        how = self.r.random()
        if how < 0.3:
            at = self.r.randrange(len(text))
            return text[:at] + self.pick(["", "\"", "x", "}", ",", "é", "\\u0000", "${"]) \
                + text[at + self.r.randint(0, 2):]
        value = copy.deepcopy(value)
        part = self.pick([value, value["Statement"][0]])
        name = self.pick(list(part))
        if how < 0.5:
            del part[name]
        elif how < 0.8:
            part[name] = self.pick([None, 1, 1.5, True, [], {}, "*", "", "x", ["x", 1], [[]],
                                    {"AWS": []}, {"AWS": "x"}, {"AWS": ["*", "a*"]}, "a:b",
                                    {"CanonicalUser": "79a59d"}, ["kms:é"], "k*:Encrypt",
                                    {"AWS": "arn:aws:iam::111122223333:group/g"},
                                    {"StringFoo": {}}, {"NullIfExists": {"a:b": "true"}},
                                    {"Bool": {"a:b": "1"}}, {"StringLike": {"ab": "c"}},
                                    {"StringLike": {"a:b": "${c"}},
                                    {"DateLessThan": {"a:b": "2026-13"}}])
        else:
            part[self.pick(["Extra", "NotPrincipal", "NotAction", "sid", "Principal"])] = "*"
        return json.dumps(value)

    # --- the world -------------------------------------------------------------------------------

    def lab(self):
        """One statement, and nothing that keeps its condition or principal from deciding."""
        who = copy.deepcopy(self.pick(PEOPLE[:-1]))
        owner = who["account"]
        resource = f"arn:aws:kms:us-east-1:{owner}:key/{KEYS[0]}"
        out = {"principal": who, "context": self.context(), "key_account": owner,
               "identity": [], "session": [], "grants": [], "action": "kms:Sign",
               "resource": resource + (":x:y" if self.chance(0.2) else "")}
        allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        tried = dict(allow, Condition=self.condition(out["context"]))
        if self.chance(0.2):
            tried["Resource"] = self.resources("key", out["resource"])
        statements = [tried]
        if self.chance(0.3):
            tried["Effect"] = "Deny"
            statements.append(allow)
            if self.chance(0.3):
                del tried["Principal"], tried["Condition"]
                tried["NotPrincipal"] = {"AWS": self.some(self.names(who), 1) + [who["arn"]]}
                if self.chance(0.2):
                    tried["NotPrincipal"]["Federated"] = "accounts.google.com"
        out["key_policy"] = json.dumps({"Version": "2012-10-17", "Statement": statements})
        return out

    def world(self):
        return self.lab() if self.chance(0.4) else self.full()

    def full(self):
        who = copy.deepcopy(self.pick(PEOPLE))
        if who["kind"] == "role" and self.chance(0.3):
            who.pop("unique_id")
        owner = who["account"] if self.chance(0.7) and who["account"] else self.pick(ACCOUNTS)
        out = {"principal": who, "context": self.context(), "key_account": owner,
               "identity": [], "session": [], "grants": []}
        if self.chance(0.05):
            out.update(action="kms:" + self.pick(IAM_ONLY), resource="*", key_account=None)
        else:
            out["action"] = "kms:" + self.pick(OPERATIONS)
            out["resource"] = (f"arn:aws:kms:{self.pick(REGIONS)}:{owner}:key/"
                               + self.pick(KEYS) + (":x:y" if self.chance(0.03) else ""))
        if self.chance(0.03) and out["key_account"]:
            out.update(action="kms:RetireGrant", retire=True)
        if self.chance(0.6):
            out["encryption_context"] = self.pairs()
        if out["action"] == "kms:CreateGrant":
            out["child"] = {"operations": self.some(GRANTED, 1), **self.constraint()}
        if out["key_account"]:
            out["key_policy"] = self.document("key", out)
            out["grants"] = [self.grant(out) for _ in range(self.pick([0, 0, 0, 1, 1, 2]))]
        if out.get("retire") and not out["grants"]:
            out["grants"] = [self.grant(out)]
        out["identity"] = [self.document("identity", out)
                           for _ in range(self.pick([0, 1, 1, 2]))]
        if self.chance(0.2):
            out["boundary"] = self.document("identity", out)
        if self.chance(0.2) and who["kind"] in ("role", "federated"):
            out["session"] = [self.document("session", out)
                              for _ in range(self.pick([1, 1, 2]))]
        return out


def make(seed, number):
    return Maker(f"{seed}/{number}").world()
