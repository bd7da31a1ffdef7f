"""The scenario by the SDKs for Python and JavaScript, and the scenario itself."""

import pytest

from support.scenario import suite, walk

# The custom key stores, and what the model got after the service's 54 operations.
LATER = {"ConnectCustomKeyStore", "CreateCustomKeyStore", "DeleteCustomKeyStore",
         "DescribeCustomKeyStores", "DisconnectCustomKeyStore", "UpdateCustomKeyStore",
         "Encapsulate", "Decapsulate"}

sdk = suite.walker("python", "js", "js-newest")


@pytest.mark.parametrize("group", suite.GROUPS)
def test_the_sdk_walks(sdk, group):
    suite.run(sdk, group)


@pytest.mark.parametrize("group", suite.GROUPS)
def test_a_group_is_well_formed(group):
    assert not walk.lacks(suite.BY_NAME[group])


def test_every_operation_succeeds_somewhere():
    done = {step["op"] for group in suite.BY_NAME.values() for step in group["steps"]
            if "op" in step and "error" not in step}
    assert set(walk.MODEL.ops) - LATER - done == set()
