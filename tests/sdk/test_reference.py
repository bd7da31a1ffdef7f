"""The operation reference: complete, as the model says, with examples that were run.

KMSD_REFERENCE names the folder to make it in; tests/run.sh reference says so, and the
reference stays there.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support import clients
from support.daemon import ROOT
from support.examples import Examples, Recorder
from support.scenario.walk import MODEL, implemented

KMSGEN = ROOT / "proto" / "gen" / "kmsgen.py"
SOURCES = sorted(map(str, (ROOT / "lib" / "ops").glob("*.c")))


class Reference:
    def __init__(self, folder, served, examples):
        self.folder, self.served, self.examples = folder, served, examples
        self.pages = {p.name: p.read_text() for p in sorted(folder.glob("*.md"))}

    def page(self, operation):
        return self.pages[f"{MODEL.ops[operation].c_name}.md"]

    def section(self, operation, name):
        """What stands under a heading of the second order."""
        found = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", self.page(operation),
                          re.M | re.S)
        return found[1] if found else ""

    def rows(self, operation, name):
        """The cells of the tables of a section by what their first cell names."""
        lines = re.findall(r"^\| `(\w+)` \| (.*) \|$", self.section(operation, name), re.M)
        return {first: rest.split(" | ") for first, rest in lines}


@pytest.fixture(scope="module")
def reference(shared_workshop, tmp_path_factory):
    folder = Path(os.environ.get("KMSD_REFERENCE") or
                  tmp_path_factory.mktemp("reference"))
    for old in (*folder.glob("*.md"), *folder.glob("examples/*.json")):
        old.unlink()
    daemon = shared_workshop.dev()
    kms = clients.plain(daemon)
    recorder = Recorder(kms)
    Examples(kms, "orders").walk()
    recorder.write(folder / "examples")
    subprocess.run([sys.executable, KMSGEN, "pages", folder, "--examples",
                    folder / "examples", *SOURCES], check=True)
    return Reference(folder, implemented(daemon.http_port), recorder.first)


@pytest.fixture(scope="module")
def botocore_model(kms):
    return kms.meta.service_model


def test_every_operation_that_is_served_has_an_example_that_was_run(reference):
    assert set(reference.examples) == reference.served
    for operation in reference.served:
        assert f"TrentService.{operation}\n" in reference.section(operation, "Example")


def test_the_index_tells_of_every_operation_whether_it_is_served(reference):
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| (served|not served) \|",
                      reference.pages["README.md"], re.M)
    assert [name for name, _, _ in rows] == sorted(MODEL.ops)
    assert {name for name, _, state in rows if state == "served"} == reference.served
    for name, file, state in rows:
        assert MODEL.ops[name].c_name == file
        assert f"| state | {state}" in reference.page(name)


@pytest.mark.parametrize("operation", sorted(MODEL.ops))
def test_a_page_has_the_members_and_errors_of_the_public_model(reference, botocore_model,
                                                               operation):
    if operation not in botocore_model.operation_names:
        pytest.skip("this botocore has no such operation")
    public = botocore_model.operation_model(operation)
    asked, told = public.input_shape, public.output_shape
    rows = reference.rows(operation, "Request")
    assert list(rows) == list(asked.members)
    required = {name for name, cells in rows.items() if "required" in cells[1]}
    assert required == set(asked.required_members)
    assert list(reference.rows(operation, "Answer")) == list(told.members if told else ())
    assert (set(reference.rows(operation, "Errors")) ==
            {error.name for error in public.error_shapes})
    for flag in ("DryRun", "GrantTokens"):
        takes = "yes" if flag in asked.members else "no"
        assert f"| `{flag}` | {takes} |" in reference.page(operation)


@pytest.mark.parametrize("operation", sorted(MODEL.ops))
def test_a_page_has_the_rules_of_each_key(reference, operation):
    op, page = MODEL.ops[operation], reference.page(operation)
    assert op.doc in page
    found = re.findall(r"^## Key.*?(?=^## )", page, re.M | re.S)
    assert len(found) == len(op.keys)
    for rule, section in zip(op.keys, found):
        assert f"| permission | `{rule.action}` |" in section
        passing = re.search(r"^\| states that pass \| (.*) \|$", section, re.M)[1]
        assert passing == "any" or re.findall(r"`(\w+)`", passing) == rule.states
        assert f"`{rule.source.name}`" in section


def test_examples_show_members_of_their_page_and_no_long_bytes(reference):
    for operation, example in reference.examples.items():
        assert set(example["request"]) <= set(reference.rows(operation, "Request"))
        assert set(example["reply"] or ()) <= set(reference.rows(operation, "Answer"))
        for block in re.findall(r"```json\n(.*?)```", reference.section(
                operation, "Example"), re.S):
            json.loads(block)
            assert not re.search(r'"[A-Za-z0-9+/=]{65,}"', block), operation


def test_links_lead_somewhere(reference):
    for name, page in reference.pages.items():
        for file, heading in re.findall(r"\]\((\w+\.md)(?:#([\w-]+))?\)", page):
            assert file in reference.pages, f"{name}: {file}"
            headings = re.findall(r"^#+ (.*)$", reference.pages[file], re.M)
            assert not heading or heading in (
                h.lower().replace(" ", "-") for h in headings), f"{name}: {file}#{heading}"
