"""For Classroom 50: count which answers of a lesson are recorded in the notebook that was pushed; judge none.

It runs on GitHub with the student's files, so it knows nothing that a student may not know: it reads the
saved notebook, runs none of it, and needs Python alone. The assignment has the lesson's name, ``01-pooling``.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

ANSWER = "application/vnd.mlmkit.answer+json"
GITHUB = ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL")
NOT_A_MARK = "Recorded, not judged: right or wrong comes after grading. The score counts recorded answers."


def main():
    """Write ``result.json``, which Classroom 50 reads, and ``release-body.md``, which the student reads."""
    lesson = os.environ["ASSIGNMENT"].replace("-", "_")
    answers = recorded(notebook_of(lesson))
    tests = [
        {"test-name": question, "passed": there, "score": int(there), "max-score": 1}
        for question, there in answers.items()
    ]
    classroom, assignment, tag, commit, release = (os.environ[name] for name in GITHUB)
    result = {
        "schema": "classroom50/result/v1",
        "classroom": classroom,
        "assignment": assignment,
        "submission": tag,
        "commit": commit,
        "release": release,
        "review": os.environ.get("REVIEW_URL") or commit,
        "datetime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "score": sum(answers.values()),
        "max-score": len(answers),
        "tests": tests,
    }
    Path("release-body.md").write_text(summary(lesson, answers), encoding="utf-8")
    Path("result.json").write_text(json.dumps(result, indent=2), encoding="utf-8")


def notebook_of(lesson):
    """Read the cells of the lesson's notebook; none where there is no notebook that can be read."""
    for path in (Path("lessons", f"{lesson}.ipynb"), Path(f"{lesson}.ipynb")):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            recorded(cells)
            return cells
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue
    return []


def recorded(cells):
    """Tell of each graded question whether its answer is recorded, of each written one whether it changed."""
    found = {}
    for cell in cells:
        about = cell.get("metadata", {}).get("nbgrader", {})
        if about.get("grade"):
            there = written(cell) if about.get("solution") else any(map(answered, cell.get("outputs", [])))
            found[str(about["grade_id"])] = there
    return found


def written(cell):
    """Tell whether a written answer is more than what stood there."""
    text = "".join(cell.get("source", "")).strip()
    return bool(text) and text != "YOUR ANSWER HERE"


def answered(output):
    """Tell whether an output of a check holds an answer."""
    payload = output.get("data", {}).get(ANSWER)
    return isinstance(payload, dict) and payload.get("answer") is not None


def summary(lesson, answers):
    """Say it in sentences."""
    missing = [question for question, there in answers.items() if not there]
    says = [f"{sum(answers.values())} of {len(answers)} answers of {lesson} are recorded."]
    if missing:
        says.append(f"Missing: {', '.join(missing)}. Run each check, save the notebook, and push again.")
    if not answers:
        says = [
            f"There is no notebook lessons/{lesson}.ipynb that can be read. Save it there, and push again."
        ]
    return " ".join([*says, NOT_A_MARK]) + "\n"


if __name__ == "__main__":
    main()
