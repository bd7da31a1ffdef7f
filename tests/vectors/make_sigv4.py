"""Makes sigv4.json from the AWS SigV4 signing test suite, a directory of its own:

    python3 tests/vectors/make_sigv4.py SUITE/v4 > tests/vectors/sigv4.json

The suite is part of aws-c-auth (tests/aws-signing-test-suite, Apache License 2.0) and comes
with the crate aws-sigv4 (version 1.6.4 was taken). Each of its cases is kept whole: the
signed request in header and in query form, and what canonical request, string to sign and
signature have to be. Cases in the older format, without a context, are left out, and so is a
session token that is added to a query after signing: for this service it is signed.
"""

import json
import sys
from pathlib import Path


def request_of(text):
    """Request line, headers (a folded value keeps its line ends) and body."""
    head, _, body = text.partition("\n\n")
    line, *rest = head.split("\n")
    method, _, target = line.partition(" ")
    target = target.removesuffix(" HTTP/1.1")
    path, _, query = target.partition("?")
    headers = []
    for one in rest:
        if one[:1] in (" ", "\t"):
            headers[-1][1] += "\n" + one
        elif one:
            headers.append(list(one.partition(":")[::2]))
    return {"method": method, "path": path, "query": query, "headers": headers,
            "body": body.rstrip("\n") if body.strip() else ""}


def cases(suite):
    for folder in sorted(p for p in suite.iterdir() if (p / "context.json").exists()):
        context = json.loads((folder / "context.json").read_text())

        def text(name):
            return (folder / name).read_text(encoding="utf-8")

        for form in ("header", "query"):
            if form == "query" and context.get("omit_session_token"):
                continue
            yield {"name": f"{folder.name}, {form}",
                   "secret": context["credentials"]["secret_access_key"],
                   "raw": not context["normalize"],
                   **request_of(text(f"{form}-signed-request.txt")),
                   "canonical": text(f"{form}-canonical-request.txt").rstrip("\n"),
                   "string": text(f"{form}-string-to-sign.txt").rstrip("\n"),
                   "signature": text(f"{form}-signature.txt").strip()}


def main():
    found = list(cases(Path(sys.argv[1])))
    print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
