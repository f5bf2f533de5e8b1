"""How marks go into the gradebook and come back out of it for the feedback page."""

from __future__ import annotations

from nbgrader.preprocessors import GetGrades, SaveAutoGrades

from grader.plugins.verdicts import read_verdict


class SaveGrades(SaveAutoGrades):
    """nbgrader's ``SaveAutoGrades``, but an ungraded check becomes "needs manual grading", not 0."""

    def _add_score(self, cell, resources):
        super()._add_score(cell, resources)
        verdict = read_verdict(cell)
        if verdict is None or verdict.status != "ungraded":
            return
        grade = _find_grade(self, cell)
        grade.auto_score = None
        grade.needs_manual_grade = True
        self.gradebook.db.commit()


class GetMarks(GetGrades):
    """nbgrader's ``GetGrades``; each graded cell also learns whether it still waits for a person."""

    def _get_score(self, cell, resources):
        super()._get_score(cell, resources)
        cell.metadata.nbgrader["waiting"] = _find_grade(self, cell).needs_manual_grade


def _find_grade(preprocessor, cell):
    return preprocessor.gradebook.find_grade(
        cell.metadata["nbgrader"]["grade_id"],
        preprocessor.notebook_id,
        preprocessor.assignment_id,
        preprocessor.student_id,
    )
