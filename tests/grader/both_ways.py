"""What a graded class tells, to compare the short way (the lecture run once for all) with the long one."""

import json
import re
from typing import NamedTuple

import nbformat

from grader.course.course_folder import open_course
from grader.grade.saved_marks import auto_marks
from grader.grade.verdicts import read_verdicts
from grader.sandbox.run_notes import way_of


class Graded(NamedTuple):
    """Of a graded class: the marks, what each student's notebook tells, and how many took the short way."""

    marks: dict
    told: dict
    short: int


def graded(root, lesson):
    """Look at a class that was graded."""
    notebooks = {
        path.parts[-3]: nbformat.read(path, as_version=4)
        for path in sorted((root / "autograded").glob(f"*/{lesson}/{lesson}.ipynb"))
    }
    short = sum(way_of(notebook) is None for notebook in notebooks.values())
    seen = {student: told(notebook) for student, notebook in notebooks.items()}
    return Graded(auto_marks(open_course(root), lesson), seen, short)


def differences(short, full):
    """List what two gradings of a class tell differently: student, the beginning of a cell, what it shows."""
    differ = list(short.told.keys() ^ full.told.keys())
    for student in short.told.keys() & full.told.keys():
        (cells, sentences), (others, full_sentences) = short.told[student], full.told[student]
        differ += [
            (student, one[0][:60], str(one[1:])[:300], str(other[1:])[:300])
            for one, other in zip(cells, others, strict=True)
            if one != other
        ]
        differ += [] if sentences == full_sentences else [(student, sentences, full_sentences)]
    return differ


def told(notebook):
    """What a notebook shows, without how and when it was run; one text may come in two messages."""
    cells = []
    # Each styled table has a name of its own, and lies in a place of its own.
    text = re.sub(r"\bT_[0-9a-f]{5}| at 0x[0-9a-f]+", "", nbformat.writes(notebook))
    for cell in json.loads(text)["cells"]:
        outputs = []
        for output in cell.get("outputs", []):
            last = outputs[-1] if outputs else {}
            text = "".join(output.get("text", []))
            if output["output_type"] == "stream" and output["name"] == last.get("name"):
                last["text"] += text
            else:
                outputs.append({**output, "text": text})
        cells.append((cell["source"], cell.get("execution_count"), outputs))
    return cells, {name: verdict.message for name, verdict in read_verdicts(notebook).items()}
