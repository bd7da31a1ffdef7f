"""The scenario by the SDKs for Python and JavaScript, and the scenario itself."""

import pytest

from support.scenario import match, suite, values, walk

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


# An expectation, an output that meets it and one that does not.
EXPECTATIONS = [
    ({"A": 1}, {"A": 1, "B": 2}, {"A": 2}),
    ({"A": {"B": True}}, {"A": {"B": True}}, {"A": {}}),
    ({"A": {"$absent": True}}, {}, {"A": False}),
    ({"A": {"$present": True}}, {"A": False}, {}),
    ({"A": []}, {"A": []}, {"A": [1]}),
    ({"A": "${one.two}"}, {"A": "named"}, {"A": "${one.two}"}),
    ({"A": {"$text": "x"}}, {"A": values.blob(b"x")}, {"A": values.blob(b"y")}),
    ({"A": {"$kind": "blob"}}, {"A": values.blob(b"")}, {"A": "x"}),
    ({"A": {"$length": 3}}, {"A": values.blob(b"abc")}, {"A": "abcd"}),
    ({"A": {"$match": "x${one.two}."}}, {"A": "xnamed!"}, {"A": "xnamed"}),
    ({"A": {"$not": "x"}}, {"A": "y"}, {"A": "x"}),
    ({"A": {"$has": [{"B": 1}]}}, {"A": [{"B": 2}, {"B": 1}]}, {"A": [{"B": 2}]}),
    ({"A": {"$has_not": [{"B": 1}]}}, {"A": [{"B": 2}]}, {"A": [{"B": 1}]}),
    ({"A": {"$json": {"B": 1}}}, {"A": '{"B": 1}'}, {"A": '{"B": 2}'}),
    ({"A": {"$all": [{"$length": 1}, {"$has": ["x"]}]}}, {"A": ["x"]}, {"A": ["x", "x"]}),
]


@pytest.mark.parametrize("wanted, met, missed", EXPECTATIONS)
def test_an_expectation_can_fail(wanted, met, missed):
    names = {"one": {"two": "named"}}
    assert not match.differences(wanted, met, names)
    assert match.differences(wanted, missed, names)
    assert match.differences(wanted, {"A": None}, names) or wanted["A"] in (
        {"$present": True}, {"$not": "x"})


def test_a_time_is_near_or_not_when_the_step_is_made():
    """Made here and not when pytest collects: a long run begins minutes before this test."""
    near, far = values.MAKERS["$time"](1), values.MAKERS["$time"](600)
    assert not match.differences({"A": {"$in_s": 0}}, {"A": near}, {})
    assert match.differences({"A": {"$in_s": 0}}, {"A": far}, {})
