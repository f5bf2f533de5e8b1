"""Save the marks, and leave a mark open where the grader itself failed."""

from __future__ import annotations

from nbgrader.preprocessors import SaveAutoGrades

from grader.plugins.verdicts import read_verdict


class SaveGrades(SaveAutoGrades):
    """nbgrader's ``SaveAutoGrades``, but an ungraded check becomes "needs manual grading", not 0."""

    def _add_score(self, cell, resources):
        super()._add_score(cell, resources)
        verdict = read_verdict(cell)
        if verdict is None or verdict.status != "ungraded":
            return
        grade = self.gradebook.find_grade(
            cell.metadata["nbgrader"]["grade_id"], self.notebook_id, self.assignment_id, self.student_id
        )
        grade.auto_score = None
        grade.needs_manual_grade = True
        self.gradebook.db.commit()
