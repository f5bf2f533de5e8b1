"""Limits count processor time: a busy machine costs nothing, waiting without end is still ended."""

import time

import pytest
from one_kernel import run, shown

from grader.sandbox.client import LARGEST_MESSAGE
from grader.sandbox.processor_time import Allowance
from grader.sandbox.run_notes import not_run_reason
from grader.sandbox.rungs import RUNGS

pytestmark = [
    pytest.mark.long(35),
    pytest.mark.machine,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
LIGHT = {"modules": ["ipykernel.kernelapp", "ipykernel.zmqshell"]}  # these cells need no other
COMPUTES = "import time\nend = time.process_time() + 60\nwhile time.process_time() < end: pass"
COMPUTES_IN_A_CHILD = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {COMPUTES!r}])"
# Stopped, a kernel has no processor at all: the busiest of machines.
IS_STOPPED = "import subprocess\nsubprocess.Popen('kill -STOP $PPID; sleep 3; kill -CONT $PPID', shell=True)"


def test_a_kernel_that_gets_no_processor_for_a_while_loses_nothing(tmp_path):
    source = f"{IS_STOPPED}\nimport time\ntime.sleep(0.5)\n'done'"
    done, after = run(source, "2", folder=tmp_path, execute={"timeout": 1}, **LIGHT).cells
    assert (shown(done), shown(after)) == ("'done'", "2")


@pytest.mark.parametrize("rung", ["bubblewrap", "namespaces", "Landlock", "none"])
@pytest.mark.parametrize("source", [COMPUTES, COMPUTES_IN_A_CHILD], ids=["itself", "in a child"])
def test_who_computes_is_ended_by_processor_time(tmp_path, source, rung):
    if why := RUNGS[rung]():
        pytest.skip(why)
    start = time.monotonic()
    limits = {"timeout": 1, "patience": 100}
    hangs, after = run(source, "2", folder=tmp_path, execute=limits, isolation=[rung], **LIGHT).cells
    assert "This cell was interrupted after 1 s: it ran too long." in shown(hangs)
    assert shown(after) == "2"
    assert time.monotonic() - start < 60


def test_who_waits_is_ended_by_the_clock(tmp_path):
    limits = {"timeout": 1, "patience": 3}
    waits, after = run("import time\ntime.sleep(60)", "2", folder=tmp_path, execute=limits, **LIGHT).cells
    assert "This cell was interrupted after 3 s: it ran too long." in shown(waits)
    assert shown(after) == "2"


def test_a_notebook_has_its_allowance_too(tmp_path):
    limits = {"timeout": 100, "notebook_timeout": 1, "patience": 100}
    hangs, after = run(COMPUTES, "2", folder=tmp_path, execute=limits, **LIGHT).cells
    assert "it ran too long" in shown(hangs)
    assert not_run_reason(after) == "The notebook ran longer than 1 seconds in all and was stopped."


def test_a_reply_that_is_too_large_costs_its_cell_and_no_time(tmp_path):
    start = time.monotonic()
    huge = f"raise type('x' * {2 * LARGEST_MESSAGE}, (Exception,), {{}})"
    cut, after = run(huge, "2", folder=tmp_path, execute={"timeout": 100}, **LIGHT).cells
    assert shown(cut) == "This cell printed too much. Its output could not be read."
    assert shown(after) == "2"
    assert time.monotonic() - start < 50


class Meter:
    """A processor that has worked so many seconds."""

    seconds = 0.0

    def used(self):
        return self.seconds


def test_an_allowance_is_over_when_clock_and_processor_say_so(monkeypatch):
    now, meter = [0.0], Meter()
    monkeypatch.setattr("grader.sandbox.processor_time.monotonic", lambda: now[0])
    allowance = Allowance(10, 5, meter)
    for clock, worked, over in [
        (0, 0, False),  # the meter is read for the first time
        (9, 18, False),
        (11, 9, False),
        (11, 10, True),
        (49, 9, False),
        (50, 0, True),
    ]:
        now[0], meter.seconds = clock, worked
        assert allowance.is_over() == over, (clock, worked)
    meter.seconds = float("inf")  # nobody tells: then the clock counts
    now[0] = 10.5
    assert allowance.is_over()
    assert not Allowance(None, 5, meter).is_over()
