"""A lost kernel costs the cells that did not run, and nothing else. Real kernels."""

from tempfile import TemporaryDirectory

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from grader.sandbox.execute import SturdyExecute
from grader.sandbox.run_notes import not_run_reason
from grader.sandbox.rungs import RUNGS

pytestmark = [
    pytest.mark.long(35),
    pytest.mark.machine,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]

IGNORES_INTERRUPTS = """
import time
while True:
    try:
        time.sleep(0.1)
    except BaseException:
        pass
"""


def run(*sources, isolation=tuple(RUNGS), **limits):
    """Execute cells with these sources and return them."""
    config = Config({"SandboxProvisioner": {"isolation": list(isolation)}})
    cells = [source if hasattr(source, "cell_type") else new_code_cell(source) for source in sources]
    notebook = new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    with TemporaryDirectory() as folder:
        execute = SturdyExecute(config=config, **limits)
        executed, _ = execute.preprocess(notebook, {"metadata": {"path": folder}})
    return executed.cells


def shown(cell):
    """Everything that a cell shows, as text."""
    parts = []
    for output in cell.outputs:
        parts.append(
            output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue", "")
        )
    return "\n".join(parts)


def test_an_error_does_not_stop_the_cells_after_it():
    first, second, third = run("x = 1\nx", "1 / 0", "x + 1")
    assert shown(first) == "1"
    assert shown(second) == "division by zero"
    assert shown(third) == "2"
    assert [not_run_reason(cell) for cell in (first, second, third)] == [None, None, None]


def test_a_dead_kernel_keeps_what_ran_and_says_what_did_not():
    before, text, deadly, after = run(
        "print('kept')", new_markdown_cell("text"), "# why not\nimport os; os._exit(1)", "1 + 1"
    )
    assert shown(before) == "kept\n"
    assert "outputs" not in text
    assert shown(deadly) == "The notebook stopped in this cell (code cell 2): the kernel died."
    reason = 'The notebook stopped in code cell 2 (it begins with "import os; os._exit(1)"): the kernel died.'
    assert not_run_reason(after) == reason
    assert shown(after) == f"{reason} This cell was not run."


def kills_itself_first(count, folder):
    """Write a cell whose kernel is killed by somebody else, so many times."""
    return f"""
from pathlib import Path
import os, signal
marks = Path({str(folder)!r})
if len(list(marks.iterdir())) < {count}:
    (marks / str(len(list(marks.iterdir())))).touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("kills", "runs_on"), [(1, True), (2, False)])
def test_a_kernel_that_was_killed_gets_one_more_attempt(tmp_path, kills, runs_on):
    cell = kills_itself_first(kills, tmp_path)
    before, deadly, after = run("'kept'", cell, "1 + 1", isolation=["none"])
    assert shown(before) == "'kept'"
    stopped = "The notebook stopped in this cell (code cell 2): the kernel died."
    assert shown(deadly) == ("" if runs_on else stopped)
    assert (shown(after) == "2") == runs_on
    assert len(list(tmp_path.iterdir())) == kills


def test_a_cell_that_hangs_is_interrupted_and_the_next_one_runs():
    hangs, after = run("while True: pass", "1 + 1", timeout=1)
    assert "This cell was interrupted after 1 s: it ran too long." in shown(hangs)
    assert shown(after) == "2"


def test_a_cell_that_ignores_the_interrupt_ends_the_notebook():
    before, hangs, after = run("'kept'", IGNORES_INTERRUPTS, "1 + 1", timeout=1, iopub_timeout=1)
    assert shown(before) == "'kept'"
    assert "it ran too long and could not be interrupted" in shown(hangs)
    assert "code cell 2" in not_run_reason(after)


def test_the_time_of_the_whole_notebook_is_limited():
    first, second = run("import time; time.sleep(60)", "1 + 1", notebook_timeout=1)
    assert "interrupted" in shown(first)
    assert not_run_reason(second) == "The notebook ran longer than 1 seconds in all and was stopped."


def test_a_flood_of_output_is_cut_and_the_next_cell_runs():
    floods, after = run("for i in range(2000): print('x' * 1000)", "1 + 1", max_stream_chars=5000, timeout=60)
    text = shown(floods)
    assert text.startswith("xxx")
    assert len(text) < 6000
    assert text.endswith("This cell printed too much. Its output is cut here.")
    assert shown(after) == "2"


def test_large_displays_are_cut_too():
    (cell,) = run(
        "for i in range(5): display({'text/plain': 'y' * 1000}, raw=True)",
        max_display_chars=2500,
    )
    assert [output.output_type for output in cell.outputs].count("display_data") == 3  # two, and the notice
    assert "cut here" in shown(cell)


def test_outputs_saved_in_the_file_are_dropped_even_where_nothing_is_run():
    saved = new_output("execute_result", data={"text/plain": "2.0"}, execution_count=1)
    empty = new_code_cell("", outputs=[saved])
    skipped = new_code_cell("'fresh'", outputs=[saved], metadata={"tags": ["skip-execution"]})
    claims = new_code_cell("1", outputs=[saved], metadata={"mlmkit": {"not_run": "my dog"}})
    empty, skipped, claims = run(empty, skipped, claims)
    assert empty.outputs == []
    assert shown(skipped) == "'fresh'"
    assert not_run_reason(claims) is None


def test_output_that_no_kernel_of_good_faith_sends_costs_only_its_cell():
    _, after = run(
        "kernel = get_ipython().kernel\n"
        "kernel.session.send(kernel.iopub_socket, 'stream', {'nothing': 1}, parent=kernel.get_parent())",
        "1 + 1",
    )
    assert shown(after) == "2"


def test_a_kernel_that_cannot_start_is_the_graders_fault_and_raises():
    notebook = new_notebook(cells=[new_code_cell("1")])
    notebook.metadata.kernelspec = {"name": "no-such-kernel", "display_name": "?", "language": "python"}
    with pytest.raises(Exception, match="no-such-kernel"):
        SturdyExecute().preprocess(notebook, {"metadata": {"path": "."}})
