"""The matrix, generated from the table of specs: every spec, algorithm, message type and
direction, with every tool that can be on the other side.

    out       kmsd signs, encrypts or authenticates; outside checks or opens
    in        outside signs, encrypts or authenticates; kmsd checks or opens

A key is `made` by kmsd, where outside has its public half only, or `brought`: made outside
and imported, where both sides have all of it.
"""

from dataclasses import dataclass

from support import specs

from .outside import TOOLS

# What nobody can do, and why.
EXCLUDED = {
    "brought ML-DSA": "keys of ML-DSA cannot be imported, so nobody outside has one",
}


@dataclass(frozen=True)
class Case:
    spec: str
    algorithm: str
    kind: str        # message type; "" where there is none
    direction: str
    key: str
    tool: str

    def __str__(self):
        return "-".join(filter(None, (self.spec, self.algorithm, self.kind, self.direction,
                                      self.key, self.tool)))

    def lacks(self):
        """Why this cannot be done here, or None."""
        return specs.lacks(self.spec) or TOOLS[self.tool].cannot(self.spec, self.algorithm)


def _tools(spec, algorithm):
    """Tools that can do it in some version; what a version lacks is told when it is run."""
    for tool in TOOLS.values():
        why = tool.cannot(spec, algorithm)
        if why is None or "version" in why:
            yield tool.name


def _cases(usage, ways):
    for spec, usages in specs.SPECS.items():
        for algorithm in usages.get(usage, []):
            if algorithm == "SYMMETRIC_DEFAULT":
                continue
            kinds = specs.message_types(algorithm) if usage == specs.SIGN else [""]
            for kind in kinds:
                for direction, key in ways:
                    if spec in specs.ML_DSA and key == "brought":
                        continue
                    for tool in _tools(spec, algorithm):
                        yield Case(spec, algorithm, kind, direction, key, tool)


SIGNATURES = list(_cases(specs.SIGN, [("out", "made"), ("out", "brought"),
                                      ("in", "brought")]))
CIPHERTEXTS = list(_cases(specs.CRYPT, [("in", "made"), ("out", "brought"),
                                        ("in", "brought")]))
# Both sides come to the same secret: there is no direction.
SECRETS = list(_cases(specs.AGREE, [("both", "made"), ("both", "brought")]))
MACS = list(_cases(specs.MAC, [("out", "brought"), ("in", "brought")]))
PAIRS = [(spec, tool) for spec in [*specs.PAIRS, "SM2"] for tool in TOOLS
         if (tool == "plain") == (spec == "SM2") or tool == "openssl"]
