"""What runs on GitHub records and judges nothing; what it writes is what `collect --from` reads."""

import ast
import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from grader.author import handout
from grader.intake.people_files import Person
from grader.intake.platform_files import handed_out

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "course" / "classroom50" / "autograder.py"
PAGE = (SCRIPT.parent / "README.md").read_text(encoding="utf-8")
# As its documentation of "Advanced Autograding" lists them: what the runner gives, and what it wants back.
GIVEN = {
    "CLASSROOM": "stats",
    "ASSIGNMENT": "01-pooling",
    "SUBMISSION_TAG": "submit/2026-10-01T10-00-00Z-a1b2c3d",
    "COMMIT_URL": "https://example.org/commit/1",
    "RELEASE_URL": "https://example.org/releases/1",
}
WANTED = {
    "schema": str,
    "classroom": str,
    "assignment": str,
    "submission": str,
    "commit": str,
    "release": str,
    "review": str,
    "datetime": str,
    "score": int,
    "max-score": int,
    "tests": list,
}


def run(place):
    """Run the script as the runner does: in the student's files, with a Python that knows nothing of us."""
    subprocess.run(
        [sys.executable, "-I", "-S", SCRIPT], cwd=place, env=os.environ | GIVEN, check=True, timeout=60
    )
    return json.loads((place / "result.json").read_text()), (place / "release-body.md").read_text()


@pytest.fixture
def work(tmp_path):
    """The lesson as students get it, with two answers recorded and one blank check run."""
    place = tmp_path / "stats-01-pooling-mjones" / "lessons"
    place.mkdir(parents=True)
    lesson = json.loads((ROOT / "lessons" / "01_pooling.ipynb").read_text(encoding="utf-8"))
    for cell in lesson["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in ("l01-mean-price", "l01-fixef", "l01-interval"):
            answer = None if name == "l01-interval" else 1.0
            payload = {"question": name, "answer": answer, "data": None}
            data = {"application/vnd.mlmkit.answer+json": payload}
            cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
        if name == "l01-report":
            cell["source"] = ["The zip codes differ."]
    (place / "01_pooling.ipynb").write_text(json.dumps(lesson))
    return place.parent


def test_it_counts_what_is_recorded(work):
    result, says = run(work)
    assert {name: type(value) for name, value in result.items()} == WANTED
    there = [test["test-name"] for test in result["tests"] if test["passed"]]
    assert there == ["l01-mean-price", "l01-fixef", "l01-report"]
    assert (result["score"], result["max-score"]) == (3, 11)
    assert says.startswith("3 of 11 answers of 01_pooling are recorded. Missing: l01-group-means,")
    assert "not judged" in says


@pytest.mark.parametrize(
    "content", [None, "", "[]", '{"cells": 1}', "{", '{"cells": [1]}', '{"cells": [{"metadata": []}]}']
)
def test_a_notebook_that_can_not_be_read_is_a_sentence(tmp_path, content):
    if content is not None:
        (tmp_path / "01_pooling.ipynb").write_text(content)
    result, says = run(tmp_path)
    assert (result["score"], result["max-score"], result["tests"]) == (0, 0, [])
    assert says.startswith("There is no notebook lessons/01_pooling.ipynb that can be read.")


def test_collect_reads_what_it_wrote(work):
    result, _ = run(work)
    # The runner adds the owner, in small letters as in the repository's name, and the time of the push.
    stamped = {**result, "owner": "mjones", "datetime": "2026-10-01T10:00:00Z"}
    (work / "result.json").write_text(json.dumps(stamped))
    people = {"MJones": Person("MJones")}
    (found,) = handed_out(work.parent, "01_pooling", people)
    assert found.student == "MJones"
    assert found.time == datetime(2026, 10, 1, 10)
    assert list(found.files) == ["01_pooling.ipynb"]


def test_without_its_record_a_repository_is_known_by_its_name(work):
    (work / ".classroom50.yaml").write_text("classroom: stats\n")
    people = {"MJones": Person("MJones"), "jones": Person("jones")}
    (found,) = handed_out(work.parent, "01_pooling", people)
    assert found.student == "MJones"
    assert found.time is None


def test_it_needs_python_alone_and_knows_no_answer():
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    used = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    used |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in used} <= sys.stdlib_module_names


def test_the_page_types_commands_that_exist(tmp_path):
    from grader.__main__ import parser

    typed = re.findall(r"python -m grader ([^`\n]+)", PAGE)
    assert len(typed) >= 5
    for line in typed:
        parser().parse_args(line.split())
    assert handout.NAME in PAGE
