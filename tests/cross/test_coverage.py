"""The matrix has every cell, and the tools that check it check themselves."""

import hashlib

import pytest

from support import specs

from cross import edwards, matrix, sm2
from cross.outside import TOOLS


def cells(cases):
    return {(c.spec, c.algorithm, c.kind, c.direction, c.key) for c in cases}


def test_every_algorithm_and_message_type_is_there_in_every_direction():
    for spec, usages in specs.SPECS.items():
        for usage, algorithms in usages.items():
            for algorithm in algorithms:
                if algorithm == "SYMMETRIC_DEFAULT":
                    continue
                cases = {specs.SIGN: matrix.SIGNATURES, specs.CRYPT: matrix.CIPHERTEXTS,
                         specs.AGREE: matrix.SECRETS, specs.MAC: matrix.MACS}[usage]
                kinds = specs.message_types(algorithm) if usage == specs.SIGN else [""]
                directions = ["both"] if usage == specs.AGREE else ["out", "in"]
                for kind in kinds:
                    for direction in directions:
                        have = {c for c in cells(cases) if c[:4] == (spec, algorithm, kind,
                                                                     direction)}
                        if spec in specs.ML_DSA and direction == "in":
                            assert not have and matrix.EXCLUDED["brought ML-DSA"]
                        else:
                            assert have, (spec, algorithm, kind, direction)


def test_two_tools_are_on_the_other_side_of_nearly_every_cell():
    alone = set()
    for cases in (matrix.SIGNATURES, matrix.CIPHERTEXTS, matrix.SECRETS, matrix.MACS):
        for cell in cells(cases):
            tools = {c.tool for c in cases if (c.spec, c.algorithm, c.kind, c.direction,
                                               c.key) == cell}
            if len(tools) < 2:
                alone.add(cell[:2])
    assert alone == {("SM2", "ECDH")}


def test_nothing_is_left_out_for_another_reason_than_the_library():
    reasons = {c.lacks() for cases in (matrix.SIGNATURES, matrix.CIPHERTEXTS, matrix.SECRETS,
                                       matrix.MACS) for c in cases} - {None}
    assert all("needs" in reason or "before version" in reason for reason in reasons), reasons
    if specs.openssl() >= (3, 5) and TOOLS["openssl"].version >= (3, 5):
        assert not reasons


# RFC 8032 section 7.3.
PH_SEED = bytes.fromhex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42")
PH_PUBLIC = bytes.fromhex("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf")
PH_SIGNATURE = bytes.fromhex(
    "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d0"
    "62adf5aaa10b8c61e636062aaad11c2a26083406")


def test_the_ed25519ph_of_these_tests_is_that_of_rfc_8032():
    assert edwards.public(PH_SEED) == PH_PUBLIC
    assert edwards.sign(PH_SEED, b"abc") == PH_SIGNATURE
    assert edwards.verify(PH_PUBLIC, b"abc", PH_SIGNATURE)
    assert not edwards.verify(PH_PUBLIC, b"abd", PH_SIGNATURE)


def test_the_sm2_of_these_tests_is_that_of_the_program():
    """Part 5 of the standard has a known answer; the program a second opinion."""
    d = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
    q = sm2.times(d, sm2.G)
    assert q[0] == 0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020
    assert q[1] == 0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13
    assert sm2.digest(q, b"message digest").hex() == \
        "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
    signature = sm2.der(0x30, sm2.der_integer(
        0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3) + sm2.der_integer(
        0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA))
    assert sm2.verify(q, sm2.digest(q, b"message digest"), signature)
    private = TOOLS["openssl"].generate("SM2")
    public = TOOLS["openssl"].public_of(private)
    mine = TOOLS["plain"].sign(private, "SM2DSA", "RAW", b"x")
    assert TOOLS["openssl"].verify(public, "SM2DSA", "RAW", b"x", mine)
    blob = TOOLS["plain"].encrypt(public, "SM2PKE", b"hello")
    assert TOOLS["openssl"].decrypt(private, "SM2PKE", blob) == b"hello"


@pytest.mark.parametrize("name", ["sha256", "sm3"])
def test_the_hashes_are_there(name):
    assert hashlib.new(name, b"").digest()
