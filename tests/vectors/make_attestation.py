#!/usr/bin/env python3
"""Attestation documents at rest, for unit tests and the fuzz target's corpus.

    python3 tests/vectors/make_attestation.py

writes tests/vectors/attestation.txt, tests/fuzz/corpus/attest/ and the constants of
tests/fuzz/attest_known.h. Documents are made by tests/support/nitro.py, which shares no
code with kmsd. Keys are new each time; the time they are made for is fixed.
"""

import hashlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from cryptography.hazmat.primitives import serialization  # noqa: E402

from support import nitro  # noqa: E402

NOW = 1_800_000_000


def texts(h, enclave):
    fields = h.fields(enclave)
    tpm = nitro.Open((k if k != "pcrs" else "nitrotpm_pcrs", v) for k, v in fields.items())
    return {
        "enclave": h.document(enclave),
        "definite": h.document(payload=nitro.cbor(dict(fields))),
        "tagged": h.document(enclave, tagged=True),
        "tpm": h.document(payload=nitro.cbor(tpm)),
    }


def others(h, enclave):
    """Not good, each in its own way."""
    good = h.document(enclave)
    return {
        "cut": good[:-1],
        "flipped": good[:900] + bytes([good[900] ^ 1]) + good[901:],
        "twice": h.document(payload=b"\xbf" + nitro.cbor(h.fields(enclave))[1:-1] +
                            nitro.cbor("nonce") + b"\xf6\xff"),
        "many_registers": h.document(enclave, pcrs={i: b"x" * 32 for i in range(33)}),
        "no_fields": h.document(payload=b"\xbf\xff"),
        "nested": h.document(payload=b"\x9f" * 64),
        "open_array": b"\x9f" + good[1:] + b"\xff",
        "stranger": nitro.Nitro(now=NOW).document(enclave),
    }


def main():
    h, enclave = nitro.Nitro(now=NOW), nitro.Enclave()
    good = texts(h, enclave)
    key = enclave.key.private_bytes(nitro.DER, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption())
    with open(HERE / "attestation.txt", "w", encoding="ascii") as out:
        out.write("# Documents for crypto/attest.h, made by make_attestation.py: valid for a "
                  "month\n# around 1800000000. key is the enclave's, PKCS#8.\n")
        for name, document in good.items():
            out.write(f"\n# {name}\nroot {h.root.pem.hex()}\nkey {key.hex()}\n"
                      f"spki {enclave.spki.hex()}\ndocument {document.hex()}\n")
    corpus = HERE.parent / "fuzz" / "corpus" / "attest"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, document in {**good, **others(h, enclave)}.items():
        (corpus / name).write_bytes(document)
    pem = "".join(f'    "{line}\\n"\n' for line in h.root.pem.decode().splitlines())
    known = "".join(f'    "{hashlib.sha256(payload).hexdigest()}",\n' for payload in sorted({
        nitro.cbor(h.fields(enclave)), nitro.cbor(dict(h.fields(enclave))),
        nitro.cbor(nitro.Open((k if k != "pcrs" else "nitrotpm_pcrs", v)
                              for k, v in h.fields(enclave).items()))}))
    (HERE.parent / "fuzz" / "attest_known.h").write_text(
        "/* Made by tests/vectors/make_attestation.py: the root of the corpus, and the "
        "SHA-256 of\n   every payload that was signed under it. */\n"
        "#ifndef KMS_FUZZ_ATTEST_KNOWN_H\n#define KMS_FUZZ_ATTEST_KNOWN_H\n\n"
        f"static const char known_root[] =\n{pem.rstrip()};\n\n"
        f"static const char *const known_payloads[] = {{\n{known}}};\n\n#endif\n",
        encoding="ascii")


if __name__ == "__main__":
    main()
