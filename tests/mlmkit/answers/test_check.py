"""`check` in a real kernel: it records every answer, says what is wrong with its form, and never fails."""

import html
import json
import re

import nbformat
import pytest
from nbclient import NotebookClient

from mlmkit.answers.kinds import MIME, Choice, Mistake, to_key
from mlmkit.data import data_fingerprint, homes_for, radon_for, zipcodes_for

MEAN, ZIPCODES = homes_for("alice")["price"].mean(), zipcodes_for("alice")
KEY = {
    "lesson": "01_test",
    "graded": {
        "l01-mean": {"own_data": "homes", "shape": {"kind": "number", "unit": "USD"}},
        "l01-means": {"own_data": "homes", "shape": {"kind": "by_group", "group": "zipcode", "count": 9}},
        "l01-draws": {
            "own_data": "homes",
            "shape": {"kind": "draws", "group": "zipcode", "count": 9, "at_least": 1000, "unit": ""},
        },
        "l01-radon": {
            "own_data": "my_radon",
            "shape": {"kind": "by_group", "group": "county", "count": 20, "unit": ""},
        },
        "l01-plot": {"own_data": None, "shape": {"kind": "figure", "mark": "points"}},
        "l01-formula": {"own_data": None, "shape": {"kind": "formula"}},
    },
    "practice": {
        "p01-larger": {
            "answer": to_key(Choice("b", mistakes=[Mistake("a", says="That one is smaller.")])),
            "revisit": "01: Sizes",
            "hints": ["Draw both."],
        }
    },
}

# What the student runs, by name. The first runs before the student's data are loaded.
CELLS = {
    "too early": 'check("l01-mean", 5.0)',
    "load": (
        'homes = homes_for("alice"); by = homes.groupby("zipcode", observed=True)["price"]\n'
        'mean = homes["price"].mean()'
    ),
    "number": 'check("l01-mean", mean)',
    "not answered": 'check("l01-mean", ...)',
    "nothing": 'check("l01-mean")',
    "nan": 'check("l01-mean", float("nan"))',
    "series for number": 'check("l01-mean", by.mean())',
    "by group": 'check("l01-means", by.mean())',
    "number for groups": 'check("l01-means", mean)',
    "one group missing": 'check("l01-means", by.mean().iloc[1:])',
    "formula": 'check("l01-formula", "y ~ (1 | g)")',
    "broken formula": 'check("l01-formula", "y ~ (1 | g")',
    "draws": (
        "import numpy as np, pandas as pd; means = by.mean(); rng = np.random.default_rng(1)\n"
        "draws = pd.DataFrame(rng.normal(means, 1, (4000, 9)), columns=means.index)\n"
        'check("l01-draws", draws)'
    ),
    "means for draws": 'check("l01-draws", means)',
    "figure": (
        'import matplotlib.pyplot as plt; ax = plt.subplots()[1]; ax.scatter(by.size(), means, label="_")\n'
        'ax.set_xlabel("sales")\nplt.close("all")\ncheck("l01-plot", ax)'
    ),
    "empty figure": 'empty = plt.subplots()[1]; plt.close("all"); check("l01-plot", empty)',
    "right practice": 'check("p01-larger", " B ")',
    "mistaken practice": 'check("p01-larger", "a")',
    "wrong practice": 'check("p01-larger", "c")',
    "radon too early": 'check("l01-radon", by.mean())',
    "radon": (
        'radon = radon_for("alice"); by_county = radon.groupby("county", observed=True)["log_radon"].mean()\n'
        'check("l01-radon", by_county)'
    ),
    "homes after radon": 'check("l01-mean", mean)',
    "unknown": 'check("l01-meen", 1.0)',
    "not an id": "check(mean, 1.0)",
    "an object": 'check("l01-mean", homes_for)',
    "a hostile object": (
        "class Bad(float):\n    def __float__(self): raise RuntimeError('no')\n"
        "    __format__ = __repr__ = __str__ = __float__\ncheck('l01-mean', Bad())"
    ),
    "markup": 'check("p01-larger", "<img src=x onerror=alert(1)>")',
    "three million": 'import numpy as np; check("l01-mean", np.zeros(3_000_000))',
    "no key": (
        'import os; os.makedirs("empty", exist_ok=True)\n'
        'os.chdir("empty"); check("l01-mean", mean); os.chdir("..")'
    ),
    "broken key": 'open("02_x.practice.json", "w").write("{"); check("l01-mean", mean)',
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Run all cells in one kernel, in a folder with the key file; cell name to its outputs."""
    folder = tmp_path_factory.mktemp("lesson")
    (folder / "01_test.practice.json").write_text(json.dumps(KEY))
    sources = ["from mlmkit import check, homes_for, radon_for", *CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return dict(zip(CELLS, [cell.outputs for cell in notebook.cells[1:]], strict=True))


@pytest.mark.long(10)
def test_every_check_gives_exactly_one_output_and_nothing_on_stderr(outputs):
    for name, shown in outputs.items():
        assert [output.output_type for output in shown] == ["display_data"] * (name != "load"), name


@pytest.mark.long(10)
def test_the_answer_is_recorded_with_the_data_that_it_came_from(outputs):
    homes = homes_for("alice")
    (shown,) = outputs["number"]
    assert shown.data[MIME] == {
        "question": "l01-mean",
        "answer": pytest.approx(homes["price"].mean()),
        "data": data_fingerprint(homes),
    }
    assert outputs["too early"][0].data[MIME]["data"] is None
    both = f"{data_fingerprint(homes)}; {data_fingerprint(radon_for('alice'))}"
    assert {outputs[name][0].data[MIME]["data"] for name in ("radon", "homes after radon")} == {both}
    assert outputs["not answered"][0].data[MIME]["answer"] is None
    assert outputs["nothing"][0].data[MIME]["answer"] is None
    assert outputs["nan"][0].data[MIME]["answer"] == {"number": "nan"}
    assert len(outputs["by group"][0].data[MIME]["answer"]["by_group"]) == 9
    assert set(outputs["draws"][0].data[MIME]["answer"]["draws"]) == set(ZIPCODES)
    assert len(outputs["figure"][0].data[MIME]["answer"]["figure"]["axes"][0]["marks"][0]["x"]) == 9
    assert outputs["no key"][0].data[MIME]["answer"] == pytest.approx(homes["price"].mean())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("too early", "your own data are not loaded"),
        ("number", f"recorded {MEAN:,.2f}: one number (in USD)"),
        ("not answered", "not answered yet"),
        ("nothing", "not answered yet"),
        ("nan", "NaN, not a number"),
        ("series for number", "asks for one number (in USD). Your answer is nine numbers with labels"),
        ("by group", "recorded: one number per zipcode (nine numbers)"),
        (
            "number for groups",
            "asks for one number per zipcode (nine numbers). Your answer is a single number",
        ),
        ("one group missing", f"missing: {ZIPCODES[0]}"),
        ("formula", 'recorded "y ~ (1 | g)": a model formula'),
        ("broken formula", "never closed"),
        ("draws", "recorded: simulation draws, a data frame with a column per zipcode (nine columns) and at"),
        ("means for draws", "Don't summarise them"),
        ("figure", 'recorded (the x axis says "sales", the y axis nothing): a figure'),
        ("empty figure", "The figure is empty"),
        ("right practice", "Right."),
        ("mistaken practice", "That one is smaller. Read again: 01: Sizes. Hint 1 of 1: Draw both."),
        ("wrong practice", "Read again: 01: Sizes. Hint 1 of 1: Draw both."),
        ("radon too early", "your own data are not loaded"),
        ("radon", "recorded: one number per county (20 numbers)"),
        ("homes after radon", f"recorded {MEAN:,.2f}"),
        ("unknown", "no question with this id. Did you mean l01-mean"),
        ("not an id", "no question with this id"),
        ("an object", "of type function"),
        ("a hostile object", "can't be read"),
        ("three million", "3,000,000 values"),
        ("no key", "recorded. Its form could not be checked"),
        ("broken key", "recorded."),
    ],
)
@pytest.mark.long(10)
def test_the_student_reads_what_is_wrong_and_what_was_expected(outputs, name, says):
    text = outputs[name][0].data["text/plain"]
    assert says in text
    page = outputs[name][0].data["text/html"]
    assert html.unescape(re.sub("<[^>]+>", "", page)) == text


@pytest.mark.long(10)
def test_what_a_student_typed_is_text_in_the_page(outputs):
    assert "<img" not in outputs["markup"][0].data["text/html"]
    assert "&lt;img" in outputs["markup"][0].data["text/html"]


def test_outside_of_a_notebook_check_prints_its_sentence(capsys):
    from mlmkit import check

    check("l01-mean", ...)
    printed = capsys.readouterr()
    assert printed.out.startswith("l01-mean: not answered yet") and not printed.err
