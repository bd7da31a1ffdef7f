"""What a client sees when the service says no: the code and the exact words."""

from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(code, message=None):
    """The block has to end in this error; "" are no words at all, None are any."""
    with pytest.raises(ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Error"]["Code"] == code
    if message is not None:
        assert answer["Error"].get("Message", "") == message


def shown(answer):
    """The members of an answer."""
    return {k: v for k, v in answer.items() if k != "ResponseMetadata"}
