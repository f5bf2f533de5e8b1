"""The short way gives what a run from top to bottom gives, or it is not taken."""

import json
from dataclasses import replace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from one_kernel import printed, shown
from traitlets.config import Config

from grader.sandbox import execute, provisioner, trunk
from grader.sandbox.execute import SturdyExecute
from grader.sandbox.run_notes import way_of
from grader.sandbox.trunk import LongWayError, Trunk, trunk_of

pytestmark = [
    pytest.mark.long(28),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:nbclient"),
]
needs_bwrap = pytest.mark.needs_bwrap


def students(source, name):
    """A cell of the released lesson that is the student's."""
    return new_code_cell(source, metadata={"nbgrader": {"grade_id": name, "solution": True}})


SETUP = "import math\nimport matplotlib.pyplot as plt\nimport numpy as np\nnp.set_printoptions(precision=3)"
DRAW = "def draw(r, size):\n    return r.normal(size=size)"
LESSON = [
    new_code_cell(SETUP),
    new_code_cell(f"size, sales = 3, [3, 1, 2]\n\n\n{DRAW}"),
    students("practice = ...", "practice"),
    new_code_cell("STUDENT = ''", metadata={"tags": ["student"]}),
    new_code_cell("mine = STUDENT * 2\nprint(mine)"),
    students("first = ...", "first"),
    new_code_cell("total = sum([it for it in sales])\nif total < 0:\n    never = 1\nprint(total)\ntotal"),
    new_code_cell("def twice(x):\n    return x * 2\n\n\nlist(map(twice, sales))"),
    students("second = ...", "second"),
    new_code_cell("log = []\nlog.append(total)\nlog"),
    new_code_cell("size, rng = 2, np.random.default_rng(1)\nbest = draw(rng, size)\nbest"),
    students("last = ...", "last"),
]
IN_TRUNK = {0, 1, 6, 7, 9, 10}
PLACES = {"top": 0, "practice": 2, "student": 3, "first": 5, "second": 8, "last": 11}


def lesson():
    notebook = new_notebook(cells=[cell.copy() for cell in LESSON])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


def handed_in(**cells):
    """The lesson with other source in some cells; ``top`` is a cell before all others."""
    notebook = lesson()
    top = cells.pop("top", None)
    for name, source in cells.items():
        notebook.cells[PLACES[name]].source = source
    if top:
        notebook.cells.insert(0, new_code_cell(top))
    return notebook


def way(**cells):
    """Say why such a submission goes the long way, or which cells of the trunk need not be run in it."""
    try:
        return set(trunk_of(lesson()).plan(handed_in(**cells).cells).given)
    except LongWayError as reason:
        return str(reason)


def test_lecture_cells_are_the_trunk():
    assert trunk_of(lesson()).sources == tuple(LESSON[place].source for place in sorted(IN_TRUNK))
    assert way() == IN_TRUNK


HARMLESS = {
    "no Python": {"first": "first = = 1", "second": "second = (total +\n", "last": "last = total"},
    "no Python, and names of the lesson": {"first": "sales = [\n9\nsize = = total", "last": "last = sales"},
    "a line too far to the right": {"practice": "practice = 1\n  sales.append(9)", "last": "last = sales"},
    "a long sum": {"practice": "practice = " + " + ".join(["1"] * 40)},
    "an expression": {"first": "first = sum(sales) / len(sales) + math.sqrt(2)"},
    "a function": {
        "first": "def half(x):\n    out = []\n    out.append(x / 2)\n    return out\nfirst = half(1)"
    },
    "a loop": {"first": "mine_too = []\nfor _ in range(3):\n    mine_too.append(1)\nfirst = len(mine_too)"},
    "an error": {"first": "first = 1 / 0", "last": "last = total"},
    "own numbers at random": {"second": "own = np.random.default_rng(7)\nsecond = own.normal()"},
    "a change behind the trunk": {"last": "sales.append(9)\nlast = len(sales)"},
    "an error in a function of the lesson": {"last": "last = twice(None)"},
    "a change of a copy": {"practice": "practice = sorted(sales)\npractice.append(1)"},
    "a change of what the cell has just made": {
        "practice": "own = sales\npractice = 1",
        "first": "own = [1]\nown.append(2)",
    },
    "a change of what only a name of a library is used with": {
        "practice": "from math import sqrt\nboth = [len(sales), sqrt(4)]\nboth.append(1)",
    },
}
HARMLESS |= {
    "a name that a cell of the lesson makes anew": {
        "first": "rng = np.random.default_rng(7)\nfirst = rng.normal()"
    },
    "such a name in two answers": {
        "practice": "rng = np.random.default_rng(7)",
        "first": "first = rng.normal()",
    },
    "a name that the lesson binds again behind it": {"first": "first = size\nprint(size)"},
    "a name that the lesson will bind": {"second": "second = log"},
    "a name that only a cell of the lesson uses": {"first": "twice = 7"},
    "a function that draws": {
        "first": "def mine(r):\n    return draw(r, 1) + r.normal()\nfirst = mine(np.random.default_rng(3))",
    },
    "words for a function of the lesson": {
        "first": "first = draw(np.random.default_rng(3), **{'size': 2})",
    },
    "a loop's numbers as seeds": {
        "first": "first = [np.random.default_rng(seed).normal() for seed in range(2)]",
    },
}
FIGURE = "_, both = plt.subplots(1, 2)\n"
HARMLESS |= {
    "drawing on axes of its own": {
        "practice": f"{FIGURE}for ax, one in zip(both, [1, 2]):\n    ax.plot([one])\n"
        "    ax.xaxis.set_major_formatter('{x:.0f}')",
        "first": "_, ax = plt.subplots()\nax.yaxis.set_major_formatter('{x:.0f}')",
    },
}
# Each of them would give something else, or might.
AGAIN = {  # a name in common: that cell of the lesson is run again in its turn
    "binds what is read later": ({"first": "sum = max"}, {6, 9}),
    "binds what is bound later": ({"first": "total = 99\nfirst = total"}, {6, 9}),
    "reads what is bound later": ({"first": "first = total"}, {6, 9}),
    "reads it in a function that an object may hold": (
        {
            "practice": "def look():\n    return total\nown = dict(a=look)",
            "first": "run = own['a']\nfirst = own",
        },
        {6, 9},
    ),
    "binds a name of the lesson that is read later": ({"first": "twice = 7", "last": "last = twice(2)"}, {7}),
    "binds what is read behind both": ({"first": "size = 9", "last": "last = size\nprint(size)"}, {10}),
    "adds to it behind both": ({"first": "rng = 1", "last": "last = 1\nrng += 1"}, {10}),
    "shuffles it": ({"practice": "rng = np.random.default_rng(1)\nrng.shuffle(sales)"}, {6, 7, 9}),
    "changes what is read later": ({"practice": "sales.append(4)\npractice = len(sales)"}, {6, 7, 9}),
    "changes it under another name": ({"practice": "other = sales\nother.append(4)"}, {6, 7, 9}),
    "changes it in a container": ({"practice": "other = {'a': sales}\nother['a'][0] = 4"}, {6, 7, 9}),
    "changes it in place": ({"practice": "other = sales\nother += [4]"}, {6, 7, 9}),
    "changes it in a loop": ({"practice": "for one in [sales]:\n    one.append(5)"}, {6, 7, 9}),
    "changes it before the cell makes another": (
        {"practice": "own = sales", "first": "own.append(1)\nown = [1]"},
        {6, 7, 9},
    ),
    "makes a new one in one case only": (
        {"practice": "own = sales", "first": "if len(sales) > 9:\n    own = [1]\nown.append(1)"},
        {6, 7, 9},
    ),
    "makes a new one, then takes the old one": (
        {"first": "own = [1]\nown = sales\nown.append(1)"},
        {6, 7, 9},
    ),
    "changes it within what the cell has made": (
        {"first": "own = [sales]\nown[0].append(1)"},
        {6, 7, 9},
    ),
    "changes it within what a call has made of it": (
        {"practice": "own = list([sales])\nown[0].append(1)"},
        {6, 7, 9},
    ),
    "changes it within a copy of what holds it": (
        {"practice": "own = [sales]", "first": "other = list(own)\nother[0].append(1)"},
        {6, 7, 9},
    ),
    "changes it within a sum of lists": (
        {"practice": "own = [sales] + []", "first": "own[0].append(1)"},
        {6, 7, 9},
    ),
    "changes it by a function under a name that is another's by then": (
        {"practice": "own = [1]\nrun = lambda: own.append(1)", "first": "own = sales\nrun()"},
        {6, 7, 9},
    ),
    "changes it under a name that a library has, too": (
        {"practice": "from math import sqrt\nsqrt = sales", "first": "other = sqrt\nother.append(1)"},
        {6, 7, 9},
    ),
    "changes what its own function gave back": (
        {"practice": "def copy(x):\n    return x\npractice = copy(sales)\npractice.append(1)"},
        {6, 7, 9},
    ),
    "changes it by a class": ({"practice": "kind = list\nkind.append(sales, 4)"}, {6, 7, 9}),
    "changes it under a name that axes have, too": (
        {"practice": f"{FIGURE}for ax in both.flat:\n    pass\nax = sales\nax.append(1)"},
        {6, 7, 9},
    ),
    "changes it under such a name in a loop": (
        {"practice": f"{FIGURE}for ax in both.flat:\n    ax = sales\n    ax.append(1)"},
        {6, 7, 9},
    ),
    "changes it behind a loop that may be empty": (
        {"practice": f"ax = sales\n{FIGURE}for ax in both[:0]:\n    pass\nax.append(1)"},
        {6, 7, 9},
    ),
    "changes it in what axes hold": (
        {"practice": f"{FIGURE}both[0] = sales\nboth[0].append(1)"},
        {6, 7, 9},
    ),
    "changes it in what axes were filled with": (
        {"practice": f"{FIGURE}both.fill(sales)\nboth[0].append(1)"},
        {6, 7, 9},
    ),
    "changes it in what a method has put it into": (
        {"practice": "own = list()\nown.append(sales)", "first": "own[0].append(1)"},
        {6, 7, 9},
    ),
    "changes it through a loop over more than axes": (
        {"practice": f"{FIGURE}for one, ax in zip(both, [sales, sales]):\n    ax.append(1)"},
        {6, 7, 9},
    ),
    "changes it before the axes have its name": (
        {"practice": "both = sales", "first": f"both.append(1)\n{FIGURE}"},
        {6, 7, 9},
    ),
}
# Of these, how they are run only: what they show depends on chance, or takes other libraries.
READS = {
    "in a function": "def f():\n    return rng\nlast = f()",
    "in a function that knows another": "def f():\n    def g():\n        rng = 2\n    return rng\nlast = f()",
    "in a lambda": "last = (lambda rng=rng: rng)()",
    "in a generator": "rest = (rng for _ in sales)\nrng = 2\nlast = 1",
    "where a comprehension begins": "last = [rng for rng in rng]",
    "behind a loop that may be empty": "for rng in []:\n    pass\nlast = rng",
    "behind a branch": "if len(sales) > 9:\n    rng = 2\nlast = rng",
    "behind what fails": "try:\n    rng = int('x')\nexcept ValueError:\n    last = rng",
    "in a class": "class Odd:\n    kept = rng\nlast = Odd.kept",
    "under another writing": "class Odd:\n    kept = \U0001d42bng\nlast = Odd.kept",
    "in a text": "import pandas as pd\nlast = pd.DataFrame({'a': [1]}).query('a == @rng')",
    "in a text that is put together": "import pandas as pd\nlast = pd.eval('r' + 'ng')",
    "in a formula": "import statsmodels.formula.api as smf\nlast = smf.ols('y ~ rng', {'y': [1.0, 2, 3]})",
}
ONLY_PLANNED = {f"reads it {how}": ({"first": "rng = 1", "last": last}, {10}) for how, last in READS.items()}
ONLY_PLANNED |= {
    "shuffles it by chance": ({"first": "np.random.shuffle(sales)"}, {6, 7, 9}),
    "reads it in a formula before": ({"first": "first = 'statsmodels: a ~ total'"}, {6, 9}),
    "a name that is not known apart": ({"first": "rng = 1\nrng·2 = 2\nfirst = rng", "last": "rng"}, {10}),
}
DOUBTS = {
    "exec": {"first": "exec('sales.append(1)')"},
    "globals": {"first": "globals()['sales'] = []"},
    "a builtin in a variable": {"first": "run = eval\nrun('sales.append(1)')"},
    "history": {"last": "last = _"},
    "numbered history": {"last": "last = Out[2]"},
    "magic": {"last": "%who"},
    "shell": {"last": "!ls"},
    "file": {"first": "open('x', 'w').write('1')"},
    "module of the system": {"last": "import os\nlast = os.getpid()"},
    "other name of it": {"first": "from math import os"},
    "option": {"first": "np.set_printoptions(precision=1)"},
    "option by its object": {"first": "import pandas as pd\npd.options.display.precision = 1"},
    "style": {"first": "import matplotlib as mpl\nmpl.rcParams['lines.linewidth'] = 9"},
    "random numbers": {"first": "np.random.seed(1)"},
    "attribute of a library": {"first": "np.pi = 3"},
    "attribute of a library in a variable": {"first": "lib = np.random\nlib.normal = None"},
    "method that is not known": {"first": "sales.sort()"},
    "method in a variable": {"first": "run = sales.pop\nrun()"},
    "method by its name": {"first": "getattr(sales, 'pop')()"},
    "method of a class": {"first": "list.append(sales, 1)"},
    "method of somebody's class": {"first": "type(sales).append(sales, 1)"},
    "argument that changes": {"practice": "np.add([1], [1], out=sales)"},
    "change in a function": {"first": "def change(what):\n    what.append(1)\nchange(sales)"},
    "change in a default": {"first": "def change(what=sales):\n    what.append(1)\nchange()"},
    "change in a lambda": {"first": "run = lambda x: x.append(1)\nrun(sales)"},
    "change in a comprehension": {"first": "first = [one.append(5) for one in [sales]]"},
    "method by its name in pandas": {"first": "import pandas as pd\npd.Series(sales).agg('pop', 0)"},
    "all names of a module": {"first": "from mlmkit import *"},
    "class": {"first": "class Sneaky(list):\n    pass"},
    "decorator": {"first": "@print\ndef f():\n    pass"},
    "global": {"first": "def f():\n    global sales\n    sales = []\nf()"},
    "deletes": {"first": "del sales"},
    "function that is given": {"first": "def run(f):\n    f()\nrun(sales.clear)"},
    "an iterator": {"first": "once = zip(sales, sales)"},
    "a formula that runs code": {"first": "import statsmodels.formula.api as smf\nf = 'a ~ sales.pop(0)'"},
    "with": {"first": "with sales as own:\n    pass"},
    "with what another cell has made": {"first": "import pymc as pm\nwith pm.draw(sales):\n    pass"},
    "kernel": {"last": "get_ipython().kernel"},
    "magic in one word": {"first": "cd some folder"},
    "magic in a long cell": {"first": "first = 1\n!true\nsecond = 2"},
    "waiting": {"first": "import asyncio\nawait asyncio.sleep(0)"},
    "what Python can't compile": {"first": "first = 1\nreturn first"},
    "magic beside what is no Python": {"first": "cat = = 1", "second": "%cd /"},
    "a name of Python": {"first": "first = __builtins__"},
    "a generator under two names": {
        "practice": "one = np.random.default_rng(1)\ntwo = np.random.default_rng(one)"
    },
    "a sum that is too deep to be read": {"practice": "practice = " + " + ".join(["1"] * 60)},
    "one of Python's deepest, behind the trunk": {"last": "last = " + " + ".join(["1"] * 4000)},
    "a lesson's function under another name": {"first": "other = draw"},
    "at the top": {"top": "early = 1"},
}


@pytest.mark.parametrize("cells", HARMLESS.values(), ids=HARMLESS)
def test_what_changes_nothing_goes_the_short_way(cells):
    assert way(**cells) == IN_TRUNK


@pytest.mark.parametrize(("cells", "again"), (AGAIN | ONLY_PLANNED).values(), ids=AGAIN | ONLY_PLANNED)
def test_cells_that_a_student_meets_are_run_again(cells, again):
    assert way(**cells) == IN_TRUNK - again


@pytest.mark.parametrize("cells", DOUBTS.values(), ids=DOUBTS)
def test_doubt_goes_the_long_way(cells):
    assert isinstance(way(**cells), str)


@pytest.mark.parametrize("change", ["gone", "changed", "moved"])
def test_a_lesson_that_was_edited_goes_the_long_way(change):
    notebook = lesson()
    if change == "gone":
        del notebook.cells[6]
    elif change == "changed":
        notebook.cells[6].source += "\ntotal = 0"
    else:
        notebook.cells.insert(1, notebook.cells.pop(6))
    with pytest.raises(LongWayError, match="missing or changed"):
        trunk_of(lesson()).plan(notebook.cells)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    (root / "release").mkdir()
    (root / "work").mkdir()
    nbformat.write(lesson(), root / "release" / "lesson.ipynb")
    yield root
    provisioner.close_warm_jails()


SETTINGS = {
    "isolation": ["bubblewrap", "namespaces", "none"],
    "modules": ["ipykernel.kernelapp", "ipykernel.zmqshell", "numpy"],
}


def run(course, notebook, *, short=True, journal=None, lost=False, **settings):
    about = {"released": str(course / "release" / "lesson.ipynb"), "trunks": course / "trunks"}
    about |= {"journal": journal, "lost": lost}
    execute = SturdyExecute(config=Config({"SandboxProvisioner": SETTINGS}), short_way=short, **settings)
    resources = {"metadata": {"path": str(course / "work")}, "nbgrader": about}
    return execute.preprocess(notebook, resources)[0]


def told(notebook):
    """Everything that a notebook shows, without how it was run."""
    return [
        {"source": cell["source"], "execution_count": cell["execution_count"], "outputs": joined(cell)}
        for cell in json.loads(nbformat.writes(notebook))["cells"]
    ]


def joined(cell):
    """What a cell shows; on a busy machine, one text may come in two messages."""
    outputs = []
    for output in cell["outputs"]:
        last = outputs[-1] if outputs else {}
        if output["output_type"] == "stream" and output["name"] == last.get("name"):
            last["text"] = ["".join([*last["text"], *output["text"]])]
        elif output["output_type"] == "stream":
            outputs.append({**output, "text": ["".join(output["text"])]})
        else:
            outputs.append(output)
    return outputs


EQUAL = {**HARMLESS, **{name: cells for name, (cells, _) in AGAIN.items()}}


@needs_bwrap
@pytest.mark.parametrize("cells", EQUAL.values(), ids=EQUAL)
def test_both_ways_show_the_same(course, cells):
    short, long = (run(course, handed_in(**cells), short=way) for way in (True, False))
    assert way_of(short) is None
    assert way_of(long) == "so it is set"
    assert told(short) == told(long)


@needs_bwrap
def test_where_no_kernel_can_begin_behind_the_trunk_the_notebook_is_run_from_the_top(course, monkeypatch):
    usual = Trunk.plan
    # There is no such cell: the fork ends before it listens.
    monkeypatch.setattr(Trunk, "plan", lambda *them: replace(usual(*them), restore={"total": 99}))
    short = run(course, handed_in(first="first = total"))
    assert way_of(short) == "no kernel could begin behind the lesson's own cells"
    assert told(short) == told(run(course, handed_in(first="first = total"), short=False))


@needs_bwrap
def test_a_file_that_could_be_imported_goes_the_long_way(course):
    helper = course / "work" / "statistics.py"
    helper.write_text("mean = None")
    try:
        assert "statistics.py" in way_of(run(course, handed_in()))
    finally:
        helper.unlink()


@needs_bwrap
def test_no_student_reaches_another_or_the_trunk(course):
    spoil = "sales.append(100)\nsales.sort()\nmath.pi = 3\nlast = math.pi"
    first = run(course, handed_in(last=spoil.replace("sales.sort()\n", "")))
    second = run(course, handed_in(last="print(sales, math.pi)"))
    assert way_of(first) is way_of(second) is None
    assert printed(second.cells[11]) == "[3, 1, 2] 3.141592653589793"


@needs_bwrap
def test_random_numbers_that_all_share_differ_between_kernels(course):
    draws = {shown(run(course, handed_in(last="np.random.normal()")).cells[11]) for _ in range(2)}
    assert len(draws) == 2


@needs_bwrap
def test_a_kernel_that_dies_costs_the_lessons_cells_behind_it_too(course):
    cells = {"first": "first = [0] * 10**12", "last": "last = 1"}
    short, long = (run(course, handed_in(**cells), short=way) for way in (True, False))
    assert way_of(short) is None
    assert told(short) == told(long)


@pytest.fixture
def attempts(monkeypatch):
    """How cells of the short way were run: several by one request (True), or one by one."""
    seen = []
    usual = SturdyExecute._begin

    def begin(self, *, bundles):
        if self.short_way:
            seen.append(bundles)
        usual(self, bundles=bundles)

    monkeypatch.setattr(SturdyExecute, "_begin", begin)
    return seen


@needs_bwrap
def test_cells_that_end_are_run_by_one_request(course, attempts, monkeypatch):
    asked, alone = [], []
    by_one, by_itself = execute.ask, SturdyExecute._run
    monkeypatch.setattr(execute, "ask", lambda kc, sources: [asked.append(sources), by_one(kc, sources)][1])

    def run_by_itself(self, cell, resources, place):
        if self.short_way and place not in self._plan.given:
            alone.append(cell.source)
        by_itself(self, cell, resources, place)

    monkeypatch.setattr(SturdyExecute, "_run", run_by_itself)
    loops = "while False:\n    pass"
    run(course, handed_in(first="first = 1", second=loops, last="last = first"))
    assert asked == [["practice = ...", "STUDENT = ''", "mine = STUDENT * 2\nprint(mine)", "first = 1"]]
    assert alone == [loops, "last = first"]
    assert attempts == [True]


UNUSUAL = {
    "prints too much": "print('x' * 3000)",
    "runs too long": "for last in range(10**12):\n    pass",
    "ends the kernel": "np.lib.stride_tricks.as_strided(np.zeros(1), (10**9,)).sum()",
}


@needs_bwrap
@pytest.mark.parametrize("source", UNUSUAL.values(), ids=UNUSUAL)
def test_what_is_unusual_is_run_anew_one_by_one(course, attempts, source):
    limits, cells = {"max_stream_chars": 2000, "timeout": 2}, {"second": "print('second')", "last": source}
    short = run(course, handed_in(**cells), **limits)
    assert attempts == [True, False]
    assert way_of(short) is None
    long = run(course, handed_in(**cells), short=False, **limits)
    assert [cell["outputs"] for cell in told(short)] == [cell["outputs"] for cell in told(long)]


LIES = {
    "begins a cell too many": ("execute_input", {"code": "", "execution_count": 1}),
    "ends too early": ("status", {"execution_state": "idle"}),
}


@needs_bwrap
@pytest.mark.parametrize("message", LIES.values(), ids=LIES)
def test_a_kernel_that_lies_of_its_cells_is_run_anew(course, attempts, monkeypatch, message):
    kind, content = message
    lie = f"get_ipython().kernel.send_response(get_ipython().kernel.iopub_socket, {kind!r}, {content!r})"
    monkeypatch.setattr(trunk, "require_ordinary", lambda source: None)  # such a cell goes the long way
    notebook = handed_in(last=lie)
    notebook.cells.append(new_code_cell("print('end')"))
    done = run(course, notebook)
    assert attempts == [True, False]
    assert printed(done.cells[-1]) == "end"


@needs_bwrap
def test_what_ran_before_the_grading_process_was_lost_is_written_down(course, tmp_path, monkeypatch):
    notebook = handed_in(practice="print('practice')", first="print('first')", last="print('last')")
    journal = tmp_path / "journal"
    usual = SturdyExecute.process_message

    def killed(self, message, cell, place):
        if place == PLACES["last"] and self.short_way:
            raise KeyboardInterrupt
        return usual(self, message, cell, place)

    monkeypatch.setattr(SturdyExecute, "process_message", killed)
    with pytest.raises(KeyboardInterrupt):
        run(course, notebook, journal=journal)
    lost = told(run(course, notebook, journal=journal, lost=True))
    whole = told(run(course, notebook, short=False))
    last = PLACES["last"]
    assert [cell["outputs"] for cell in lost[:last]] == [cell["outputs"] for cell in whole[:last]]
    assert "was killed" in str(lost[last]["outputs"])


LEAVES = {
    "a thread": "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()",
    "a file": "open('left.txt', 'w').write('x')",
    "random numbers": "import random\nrandom.seed(3)",
    "an error": "1 / 0",
    "a warning": "import warnings\nwarnings.warn('old')",
}


@needs_bwrap
@pytest.mark.parametrize("source", LEAVES.values(), ids=LEAVES)
def test_a_lesson_whose_code_leaves_something_has_no_short_way(tmp_path, source):
    notebook = new_notebook(cells=[new_code_cell(source), students("a = ...", "a")])
    notebook.metadata.kernelspec = lesson().metadata.kernelspec
    for name in ("release", "work"):
        (tmp_path / name).mkdir()
    nbformat.write(notebook, tmp_path / "release" / "lesson.ipynb")
    done = run(tmp_path, notebook)
    assert way_of(done) is not None
    assert isinstance(done.cells[1].execution_count, int)


def test_what_tells_of_the_answers_is_run_behind_them():
    source = "from mlmkit import check_all\n\ncheck_all()"
    notebook = new_notebook(cells=[*lesson().cells, new_code_cell(source)])
    assert source not in trunk_of(notebook).sources
