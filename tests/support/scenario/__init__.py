"""One scenario for every SDK: tests/sdk/scenario.json, walked through a driver.

A driver is a small program around an unmodified SDK that performs one operation a line
(drivers.py). What is asked, what has to come back and what later steps need of it is in
the scenario alone, so a new step is one edit for all languages.

The file is a list of groups. Groups know nothing of each other; each makes its own keys.

    {"group": "tags", "why": "one line about what it proves", "steps": [STEP...]}

A STEP is one call of an operation, or of a function of local.py ("do" for "op"), which
stands for what happens outside the service: wrapping material, verifying a signature.

    op, do     what is called
    in         its input (values.py)
    as         the name that later steps have for its output
    out        what the output has to be (match.py)
    error      instead: the code, or {"code", "message"}
    region     "other": asked in another Region
    pages      true: by the SDK's own pager; the output is {"pages": [...]}
    within_s   repeated until it is as expected: for what the service does in its own time
    skip_on    {"code", "message"}: a refusal that says why this installation cannot
    why        a word for the reader
"""
