"""Points taken off for handing in late, renewed when a due date, a mark or a time of submission has changed.

nbgrader computes the penalty once, while it runs the notebook. Here it is computed again from the
gradebook with the same plugin (``c.AssignLatePenalties.plugin_class``), without running anything.
"""

from __future__ import annotations

from nbgrader.preprocessors import AssignLatePenalties

from grader.course.course_folder import folder, handed_in_at, open_gradebook


def renew_penalties(app, lesson: str) -> list[str]:
    """Compute the penalties of all submissions of `lesson` again, and save those that have changed.

    Returns
    -------
    list of str
        The students whose penalty has changed.
    """
    rule = AssignLatePenalties(parent=app)
    rule.init_plugin()
    changed = set()
    with open_gradebook(app) as gradebook:
        for entry in gradebook.assignment_submissions(lesson):
            handed_in = handed_in_at(app.coursedir, folder(app, "submitted", entry.student.id, lesson))
            if handed_in is not None and handed_in != entry.timestamp:
                entry.timestamp = handed_in
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
