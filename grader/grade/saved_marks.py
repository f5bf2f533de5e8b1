"""The marks that the grader gives: how they go into the gradebook, and what is there."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbgrader import utils
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.course.course_folder import open_gradebook
from grader.grade.verdicts import read_verdict


class SaveGrades(NbGraderPreprocessor):
    """nbgrader's ``SaveAutoGrades`` in one transaction: the gradebook has all marks of a notebook, or none.

    Two things differ. A check that the grader could not judge waits for a person, instead of counting 0.
    And a mark given by hand stays final when the same answer is graded again; when the answer has changed
    since, or the grader now judges it otherwise, the mark stays too, but asks for another look.
    """

    def preprocess(self, nb, resources):
        """Save the marks and comments of all cells of `nb`."""
        about = resources["nbgrader"]
        before = _cells_by_id(Path(about["graded_before"])) if "graded_before" in about else {}
        with Gradebook(about["db_url"]) as gradebook:
            notebook = gradebook.find_submission_notebook(
                about["notebook"], about["assignment"], about["student"]
            )
            grades, comments = _rows_of(gradebook, Grade, notebook), _rows_of(gradebook, Comment, notebook)
            for cell in nb.cells:
                name = cell.metadata.get("nbgrader", {}).get("grade_id")
                if utils.is_grade(cell):
                    self._save_mark(cell, grades[name], same_answer(nb.cells, before, name))
                if utils.is_solution(cell) or utils.is_task(cell):
                    comments[name].auto_comment = "No response." if _is_blank(cell) else None
            gradebook.db.commit()
        return nb, resources

    def _save_mark(self, cell, grade, same: bool) -> None:
        verdict = read_verdict(cell)
        by_person = verdict is not None and verdict.status == "ungraded"
        grade.auto_score = None if by_person else utils.determine_grade(cell, self.log)[0]
        if grade.manual_score is None:
            grade.needs_manual_grade = grade.auto_score is None
        else:
            grade.needs_manual_grade = grade.needs_manual_grade or not same


def auto_marks(app, lesson: str, student: str | None = None) -> dict[str, dict[str, float | None]]:
    """Return the marks that the grader gave, by student and question; None where a person gives them.

    Parameters
    ----------
    app : nbgrader.apps.baseapp.NbGrader
    lesson : str
    student : str, optional
        Only this one; default: everybody.
    """
    with open_gradebook(app) as gradebook:
        rows = (
            gradebook.db.query(SubmittedAssignment.student_id, BaseCell.name, Grade.auto_score)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .filter(Assignment.name == lesson)
        )
        if student is not None:
            rows = rows.filter(SubmittedAssignment.student_id == student)
        marks = {}
        for who, question, score in rows:
            marks.setdefault(who, {})[question] = score
    return marks


def waits_for_person(grade: Grade) -> bool:
    """Tell whether a question has no mark yet. A mark that only asks for another look is a mark."""
    return grade.needs_manual_grade and grade.manual_score is None


def same_answer(cells: list, before: dict, name: str) -> bool:
    """Tell whether a question has the same answer and the same verdict as when it was graded before."""
    now = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in cells}
    return all(_essence(now.get(part)) == _essence(before.get(part)) for part in (name, f"{name}-answer"))


def _essence(cell) -> tuple | None:
    if cell is None:
        return None
    verdict = read_verdict(cell) if cell.cell_type == "code" else None
    return cell.source, verdict and (verdict.score, verdict.status, verdict.message)


def _is_blank(cell) -> bool:
    checksum = cell.metadata.nbgrader.get("checksum")
    return checksum == utils.compute_checksum(cell) and not utils.is_task(cell)


def _cells_by_id(path: Path) -> dict:
    try:
        nb = nbformat.read(path, as_version=4)
    except Exception:  # there is none, or another program damaged it
        return {}
    return {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in nb.cells}


def _rows_of(gradebook: Gradebook, table, notebook) -> dict:
    """Return the grades or comments of one submitted notebook by the name of their cell."""
    rows = gradebook.db.query(BaseCell.name, table).join(table, table.cell_id == BaseCell.id)
    return dict(rows.filter(table.notebook_id == notebook.id).all())
