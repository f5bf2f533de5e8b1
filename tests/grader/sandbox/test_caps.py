"""What a kernel may send: floods cost the grader little, and the cells beside them nothing."""

import resource

import pytest
from one_kernel import run, shown

from grader.sandbox.client import LARGEST_MESSAGE

pytestmark = [
    pytest.mark.long(40),
    pytest.mark.machine,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
SEND = """
kernel = get_ipython().kernel
def send(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent(), ident=kind.encode())
"""
BLOCK = "'x' * 2**20"
CUT = "This cell printed too much. Its output is cut here."
WHOLE = "This notebook printed too much. Its output is cut here."


def peak():
    """Return the most memory that this process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.fixture
def memory(tmp_path):
    """Start what is started once, then fail if the grader's memory grows by more than 250 MB."""
    run("1", folder=tmp_path)
    before = peak()
    yield
    assert peak() - before < 250


def test_messages_of_widgets_are_not_kept(tmp_path, memory):
    flood = (
        f"for k in range(400): send('comm_msg', {{'comm_id': 'a', 'data': {{'state': {{str(k): {BLOCK}}}}}}})"
    )
    notebook = run(SEND + flood, "1 + 1", folder=tmp_path)
    assert "widgets" not in notebook.metadata
    assert shown(notebook.cells[1]) == "2"


@pytest.mark.parametrize("kind", ["comm_msg", "display_data"])
def test_one_huge_message_never_reaches_memory(tmp_path, memory, kind):
    contents = {
        "comm_msg": "{'comm_id': 'a', 'data': {'state': {'a': huge}}}",
        "display_data": "{'data': {'text/plain': huge}, 'metadata': {}}",
    }
    huge = f"huge = 'x' * {8 * LARGEST_MESSAGE}\n"
    notebook = run("'kept'", f"{SEND}{huge}send('{kind}', {contents[kind]})", "1 + 1", folder=tmp_path)
    kept, cut, after = map(shown, notebook.cells)
    assert (kept, after) == ("'kept'", "2")
    assert cut == "This cell printed too much. Its output could not be read."


def test_texts_of_errors_are_cut(tmp_path):
    names = "raise type('E' * 10**6, (Exception,), {})('y' * 10**6)"
    silent = "get_ipython()._showtraceback = lambda *texts: None\nraise Exception('z' * 10**6)"
    for cell in run(names, silent, folder=tmp_path).cells:
        (error,) = [output for output in cell.outputs if output.output_type == "error"]
        assert len(error.ename) <= 200
        assert len(error.evalue) <= 5_000
        assert sum(map(len, error.traceback)) < 60_000


def test_the_end_of_a_long_traceback_is_kept(tmp_path):
    deep = "def f(n):\n    return g(n)\ndef g(n):\n" + "    # a line\n" * 30 + "    return f(n)\nf(0)"
    (cell,) = run(deep, folder=tmp_path).cells
    (error,) = [output for output in cell.outputs if output.output_type == "error"]
    assert "RecursionError" in error.traceback[-1]


def test_one_name_of_many_displays_multiplies_nothing(tmp_path):
    many = "for k in range(100): display({'text/plain': 'x'}, raw=True, display_id='a')"
    update = (
        "from IPython.display import update_display\n"
        f"update_display({{'text/plain': {BLOCK}}}, raw=True, display_id='a')"
    )
    first, second = run(many, update, folder=tmp_path).cells
    assert all(output.data["text/plain"] == "x" for output in first.outputs)
    assert shown(second) == CUT


def test_an_update_of_one_display_still_arrives(tmp_path):
    show = "handle = display('before', display_id='a')"
    first, _ = run(show, "handle.update('after')", folder=tmp_path).cells
    assert shown(first) == "'after'"


def test_all_cells_together_have_a_limit_too(tmp_path):
    block = f"display({{'text/plain': {BLOCK}}}, raw=True)"
    limits = {"max_notebook_chars": 3_500_000}
    cells = run(*[block] * 5, "1 + 1", folder=tmp_path, execute=limits).cells
    assert [WHOLE in shown(cell) or CUT in shown(cell) for cell in cells] == [False] * 3 + [True] * 2 + [
        False
    ]
    assert shown(cells[-1]) == "2"  # a small answer has room


def test_many_small_displays_are_many(tmp_path):
    (cell,) = run(
        "for k in range(300): display(k)", folder=tmp_path, execute={"max_display_chars": 50_000}
    ).cells
    assert len(cell.outputs) == 51
    assert shown(cell).endswith(CUT)


def test_a_number_of_a_cell_that_is_none_is_dropped(tmp_path):
    (cell,) = run(SEND + "send('execute_input', {'execution_count': 'x' * 10**6})", folder=tmp_path).cells
    assert cell.execution_count in (None, 1)
