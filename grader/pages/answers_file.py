"""All answers of a class to a lesson, as CSV and JSON beside its report: for one's own analysis."""

from __future__ import annotations

import json

from grader.marks.gradebook import Class, Submission
from grader.marks.spreadsheets import csv_text, number_cell, text_cell
from grader.pages.question_rows import QuestionRow

COLUMNS = ("student", "question", "number", "points", "max", "verdict", "mistake")


def answer_records(group: Class, rows: list[QuestionRow]) -> list[dict]:
    """List every student's every question, also of those who have no marks: their points are None.

    ``verdict`` is the verdict's status; for a question without one ``by_hand`` or ``waiting``; and for a
    student without marks what became of the submission: ``absent``, ``not_graded`` or ``failed``.
    """
    return [
        {
            "student": item.student,
            "question": row.question.id,
            "number": row.asked.number,
            "points": item.marks.get(row.question.id) if _is_marked(item, row) else None,
            "max": row.question.max_points,
            "verdict": _verdict(item, row.question.id),
            "mistake": item.verdicts[row.question.id].mistake if row.question.id in item.verdicts else None,
        }
        for item in group.submissions
        for row in rows
    ]


def answers_csv(records: list[dict]) -> str:
    """Write the records as CSV, safe to open in a spreadsheet."""
    body = (
        [
            number_cell(value) if isinstance(value, float) else text_cell(value or "")
            for value in record.values()
        ]
        for record in records
    )
    return csv_text([COLUMNS, *body])


def answers_json(group: Class, rows: list[QuestionRow], records: list[dict]) -> str:
    """Write the records as JSON, with what is known of each question."""
    questions = [
        {
            "question": row.question.id,
            "number": row.asked.number,
            "wording": row.asked.wording,
            "topic": row.question.topic,
            "revisit": row.question.revisit,
            "max": row.question.max_points,
            "share_of_points": row.share,
            "right_counted": None if row.right is None else row.right.counted,
            "right": None if row.right is None else row.right.share,
            "right_low": None if row.right is None else row.right.low,
            "right_high": None if row.right is None else row.right.high,
            "discrimination": row.discrimination,
        }
        for row in rows
    ]
    whole = {"lesson": group.lesson, "title": group.title, "questions": questions, "answers": records}
    return json.dumps(whole, indent=1) + "\n"


def _is_marked(item: Submission, row: QuestionRow) -> bool:
    return item.status in ("graded", "unreadable") and row.question.id not in item.waiting


def _verdict(item: Submission, question: str) -> str:
    if item.status not in ("graded", "unreadable"):
        return item.status
    if question in item.verdicts:
        return item.verdicts[question].status
    return "waiting" if question in item.waiting else "by_hand"
