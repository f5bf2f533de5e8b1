"""Judge the answers that a submission recorded, in the grader's process.

`mlmkit.check` in the student's kernel only records an answer. Whatever else that kernel prints
into a check cell counts for nothing: this preprocessor takes the recorded answer, asks
`grader.judge`, and puts one verdict in place of all outputs.
"""

from __future__ import annotations

import re
import traceback
from dataclasses import replace

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.bank import find
from grader.grade.verdicts import verdict_output
from grader.judge import judge
from grader.sandbox.run_notes import not_run_reason
from mlmkit.answers.kinds import MIME as ANSWER_MIME
from mlmkit.answers.kinds import Verdict, plain

CALLS_CHECK = re.compile(r"^\s*check\(", re.MULTILINE)


class TrustedChecks(NbGraderPreprocessor):
    """Replace the outputs of every check cell by the verdict on the answer that it recorded."""

    def preprocess(self, nb: NotebookNode, resources):
        """Judge all check cells of `nb`, the submission of the student named in `resources`."""
        student = resources["nbgrader"]["student"]
        for cell in nb.cells:
            if is_check(cell):
                verdict = self.verdict(nb, cell, student)
                cell.outputs = [verdict_output(verdict)]
        return nb, resources

    def verdict(self, nb: NotebookNode, cell: NotebookNode, student: str) -> Verdict:
        """Judge one check cell. An error of the grader leaves the mark open, for a person to give."""
        question = cell.metadata.nbgrader["grade_id"]
        max_points = float(cell.metadata.nbgrader["points"])
        try:
            return _judge_cell(nb, cell, question, student=student, max_points=max_points)
        except Exception:
            self.log.error("Judging %s of %s failed.\n%s", question, student, traceback.format_exc())
            says = (
                "The grader itself failed on this question. That is not your fault, and it costs you "
                "nothing: your instructor will look at your answer."
            )
            return Verdict("ungraded", 0.0, max_points, says, question=question)


def is_check(cell: NotebookNode) -> bool:
    """Tell whether `cell` is a locked, graded check: its id is in the bank, or it calls ``check``."""
    if cell.cell_type != "code" or not utils.is_grade(cell) or utils.is_solution(cell):
        return False
    return find(cell.metadata.nbgrader["grade_id"]) is not None or bool(CALLS_CHECK.search(cell.source))


def _judge_cell(nb, cell, question, *, student, max_points) -> Verdict:
    answers = recorded_answers(cell, question)
    if len(answers) > 1:
        nothing = judge(question, None, student=student, max_points=max_points)
        says = f"{len(answers)} answers to this question were recorded; only one can be graded."
        return replace(nothing, status="invalid", message=says)
    verdict = judge(question, answers[0] if answers else None, student=student, max_points=max_points)
    return _say_why(verdict, nb, cell) if verdict.status == "missing" else verdict


def _say_why(missing: Verdict, nb: NotebookNode, cell: NotebookNode) -> Verdict:
    """Give the reason why there is no answer, where the notebook tells it."""
    reason = not_run_reason(cell)
    if reason is not None:
        return replace(missing, status="not_run", message=f"{reason} Your answer could not be read.")
    reason = explain_error(_answer_cell(nb, missing.question), "Your answer cell") or explain_error(cell)
    if reason is None and not recorded_answers(cell, missing.question):
        reason = (
            "No answer was recorded here. Was `check` replaced by something else? It has to be the one of "
            "mlmkit. Restart the kernel and run all cells: each check says that it recorded an answer."
        )
    return replace(missing, message=reason) if reason else missing


def recorded_answers(cell: NotebookNode, question: str) -> list[dict]:
    """Return what `check` recorded in `cell` for `question`; everything else in its outputs is ignored."""
    found = []
    for output in cell.outputs:
        payload = output.get("data", {}).get(ANSWER_MIME)
        if isinstance(payload, dict) and payload.get("question") == question:
            found.append(payload)
    return found


def _answer_cell(nb: NotebookNode, question: str) -> NotebookNode | None:
    for cell in nb.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == f"{question}-answer":
            return cell
    return None


def explain_error(cell: NotebookNode | None, where: str = "The check") -> str | None:
    """Say in words which error ended `cell`; None when there was none."""
    errors = [output for output in (cell or {}).get("outputs", []) if output.output_type == "error"]
    if not errors:
        return None
    name, value = plain(errors[-1].ename), plain(errors[-1].evalue, limit=200)
    missing = re.match(r"name '(\w+)' is not defined", value)
    if name == "NameError" and missing:
        return (
            f"{where} stopped because `{missing[1]}` does not exist. "
            f"Was the cell that makes it run without an error, and is the name spelled the same?"
        )
    if re.search(r"\bellipsis\b", value):
        return f"{where} stopped: it uses an answer that is still three dots. Answer that question first."
    says = f"{where} stopped with an error, so there is no answer to grade. Python said: {name}"
    return f"{says}: {value}" if value else f"{says}."
