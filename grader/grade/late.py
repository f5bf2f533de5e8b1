"""Points taken off for handing in late, renewed when a due date, a mark or a time of submission has changed.

nbgrader computes the penalty once, while it runs the notebook. Here it is computed again from the
gradebook with the same plugin (``c.AssignLatePenalties.plugin_class``), without running anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from nbgrader.plugins import BasePlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets import Float

from grader.course.course_folder import folder, handed_in_at, open_gradebook
from grader.grade.due_dates import extensions


def renew_penalties(app, lesson: str) -> list[str]:
    """Compute the penalties of all submissions of `lesson` again, and save those that have changed.

    Returns
    -------
    list of str
        The students whose penalty has changed.
    """
    rule = AssignLatePenalties(parent=app)
    rule.init_plugin()
    changed, longer = set(), extensions(app)
    with open_gradebook(app) as gradebook:
        for entry in gradebook.assignment_submissions(lesson):
            handed_in = handed_in_at(app.coursedir, folder(app, "submitted", entry.student.id, lesson))
            if handed_in is not None and handed_in != entry.timestamp:
                entry.timestamp = handed_in
            if (lesson, entry.student.id) in longer:
                entry.extension = longer[lesson, entry.student.id]
            for notebook in entry.notebooks:
                penalty = _penalty(rule, entry, notebook)
                if penalty != notebook.late_submission_penalty:
                    notebook.late_submission_penalty = penalty
                    changed.add(entry.student.id)
        gradebook.db.commit()
    return sorted(changed)


def _penalty(rule: AssignLatePenalties, entry, notebook) -> float | None:
    """Return the penalty as nbgrader's preprocessor would; None for none."""
    # An extension without a due date makes nbgrader's own property raise.
    if entry.assignment.duedate is None or entry.total_seconds_late <= 0:
        return None
    penalty = rule.plugin_inst.late_submission_penalty(
        entry.student.id, notebook.score, entry.total_seconds_late
    )
    return None if penalty is None else rule._check_late_penalty(notebook, penalty)


class PerDay(BasePlugin):
    """A rule: each day that has begun after the due date costs a share of the points.

    In ``nbgrader_config.py``: ``c.AssignLatePenalties.plugin_class = "grader.grade.late.PerDay"``.
    """

    share = Float(0.1, help="Share of the points that each day costs.").tag(config=True)
    grace_minutes = Float(0.0, help="Minutes after the due date that cost nothing.").tag(config=True)

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """Return the points to take off.

        >>> PerDay().late_submission_penalty("ana", 20.0, total_seconds_late=3600)
        2.0
        """
        late = total_seconds_late - 60 * self.grace_minutes
        return min(score, score * self.share * max(0, math.ceil(late / 86_400)))


@dataclass(frozen=True)
class Lateness:
    """Who handed in late, and what it cost them: hours late and points taken off, by student."""

    hours: dict[str, float]
    points: dict[str, float]

    def __str__(self):
        if not self.hours:
            return ""
        count = len(self.hours)
        head = f"{count} {'was' if count == 1 else 'were'} handed in late: {', '.join(self.hours)}."
        if not any(self.points.values()):
            return (
                f"{head} No points are taken off: nbgrader_config.py has no rule for it "
                '(c.AssignLatePenalties.plugin_class = "grader.grade.late.PerDay" is one).'
            )
        taken = ", ".join(f"{student} {points:.4g}" for student, points in self.points.items() if points)
        return f"{head} Points taken off: {taken}."


def lateness(app, lesson: str) -> Lateness:
    """Say who was late, after `renew_penalties`."""
    hours, points = {}, {}
    with open_gradebook(app) as gradebook:
        for entry in sorted(gradebook.assignment_submissions(lesson), key=lambda entry: entry.student.id):
            if entry.assignment.duedate is None or entry.total_seconds_late <= 0:
                continue
            hours[entry.student.id] = entry.total_seconds_late / 3600
            points[entry.student.id] = sum(part.late_submission_penalty or 0 for part in entry.notebooks)
    return Lateness(hours, points)
