"""From an answer and a question to a verdict.

``judging``          one answer: `judge`
``references``       what is right for a student's own data
``reference_cache``  the same, kept on disk
``ahead``            the same, for a class, before it is graded
``depends``          the list of what an expected answer and a mark depend on
"""

from grader.judge.judging import BankError, judge

__all__ = ["BankError", "judge"]
