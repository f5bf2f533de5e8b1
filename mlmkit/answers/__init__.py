"""The student's side of grading: `check` records an answer; practice questions are answered at once.

Storeys, lowest first: `text` and `values` (what every answer is made of), `forms` (in which one and the same
answer comes), `encoding` (through which all kinds are reached), `kind` (what they share), a module or package
for each kind, `verdicts`, `kinds` (the list of them, and the place to import from), `practice`, `recorded`
(which questions have an answer), `check`, `regrade` (a request after the marks), `validator` and
`submitting` (nbgrader's buttons, by `server_extension`).
"""

from mlmkit.answers.check import check, check_all, hint
from mlmkit.answers.regrade import regrade

__all__ = ["check", "check_all", "hint", "regrade"]
