"""Slow work beside quick work: key generation and private operations have threads of their
own, a full queue is an answer, and nobody waits for somebody else's key."""

import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from support import clients, specs
from support.refusal import shown

RATE = ("You have exceeded the rate at which you may call KMS. Reduce the frequency of your "
        "calls.")


class Crowd:
    """Calls in threads of their own; results in the order in which they ended."""

    def __init__(self):
        self.threads, self.done, self.lock = [], [], threading.Lock()

    def start(self, call, name=None):
        def run():
            try:
                outcome = shown(call())
            except (BotoCoreError, ClientError) as error:
                outcome = error
            with self.lock:
                self.done.append((name, outcome))
        thread = threading.Thread(target=run)
        self.threads.append(thread)
        thread.start()

    def wait(self):
        for thread in self.threads:
            thread.join()
        return self.done


def test_quick_calls_do_not_wait_for_key_generation(kmsd_own):
    kms = clients.plain(kmsd_own)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    crowd = Crowd()
    for n in range(6):
        crowd.start(lambda: kms.create_key(KeySpec="RSA_4096", KeyUsage=specs.SIGN), n)
    for _ in range(3):
        kms.generate_data_key(KeyId=key, KeySpec="AES_256")
        kms.disable_key(KeyId=key)
        kms.enable_key(KeyId=key)
    with crowd.lock:
        waiting = 6 - len(crowd.done)
    made = [outcome["KeyMetadata"]["Arn"] for _, outcome in crowd.wait()]
    assert waiting > 0, "six RSA-4096 keys were made before nine quick calls"
    assert len(set(made)) == 6
    for arn in made:
        assert kms.sign(KeyId=arn, Message=b"x", SigningAlgorithm=specs.RSASSA[0])


def test_a_full_queue_is_an_answer(kmsd_own):
    kms = clients.plain(kmsd_own)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    crowd = Crowd()
    for _ in range(48):
        crowd.start(lambda: kms.generate_data_key_pair(KeyId=key, KeyPairSpec="RSA_2048"))
    outcomes = [outcome for _, outcome in crowd.wait()]
    refusals = [o for o in outcomes if isinstance(o, ClientError)]
    assert refusals and len(refusals) < 48
    for refusal in refusals:
        assert refusal.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert refusal.response["Error"] == {"Code": "ThrottlingException", "Message": RATE}
    pairs = {o["PublicKey"] for o in outcomes if not isinstance(o, ClientError)}
    assert len(pairs) == 48 - len(refusals)
    # And it passes.
    assert kms.generate_data_key_pair(KeyId=key, KeyPairSpec="RSA_2048")["PublicKey"]


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P384", "ECC_NIST_P256",
                                  specs.EDWARDS])
def test_one_key_signs_for_many_at_once(kms, made, spec):
    key = made(spec, specs.SIGN)
    algorithm = specs.SPECS[spec][specs.SIGN][-1]
    crowd = Crowd()
    for n in range(24):
        crowd.start(lambda n=n: kms.sign(KeyId=key["KeyId"], Message=b"message %d" % n,
                                         SigningAlgorithm=algorithm), n)
    for n, outcome in crowd.wait():
        assert kms.verify(KeyId=key["KeyId"], Message=b"message %d" % n,
                          SigningAlgorithm=algorithm,
                          Signature=outcome["Signature"])["SignatureValid"] is True


def test_a_refused_create_makes_no_pair(kmsd_own):
    """Everything that can be said against a request is said before its key is made."""
    kms = clients.plain(kmsd_own)
    for more in ({"Policy": "nonsense"}, {"Tags": [{"TagKey": "aws:x", "TagValue": "y"}]}):
        with pytest.raises(ClientError):
            kms.create_key(KeySpec="RSA_4096", KeyUsage=specs.SIGN, **more)
    assert kms.list_keys()["Keys"] == []


def test_a_key_that_was_answered_is_there_after_a_stop(kmsd_own):
    """A stop may come while keys are being made: nobody is told of a key that is not."""
    kms = clients.plain(kmsd_own)
    crowd = Crowd()
    for n in range(3):
        crowd.start(lambda: kms.create_key(KeySpec="RSA_2048", KeyUsage=specs.SIGN), n)
    kmsd_own.stop()
    answered = {outcome["KeyMetadata"]["KeyId"] for _, outcome in crowd.wait()
                if isinstance(outcome, dict)}
    kmsd_own.start()
    kept = {k["KeyId"] for k in clients.plain(kmsd_own).list_keys()["Keys"]}
    assert answered <= kept
