"""The student's side of grading: `check` records an answer; practice questions are answered at once."""

from mlmkit.answers.check import check

__all__ = ["check"]
