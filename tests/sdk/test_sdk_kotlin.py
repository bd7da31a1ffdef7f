"""The scenario by the AWS SDK for Kotlin, unmodified, on both listeners."""

import pytest

from support.scenario import suite

# The first test builds the driver.
pytestmark = pytest.mark.timeout(1800)
sdk = suite.walker("kotlin")


@pytest.mark.parametrize("group", suite.GROUPS)
def test_the_sdk_walks(sdk, group):
    suite.run(sdk, group)
