"""What the tests of single lessons share: judge an answer as if a student had handed it in."""

from grader.judge import judge
from mlmkit import data_fingerprint, homes_for
from mlmkit.answers.encoding import encode

STUDENTS = ["ada", "grace", "emmy"]


def judged(id, answer, student):
    """Judge an answer that was computed from the student's own sales, for 2 points."""
    payload = {"question": id, "answer": encode(answer), "data": data_fingerprint(homes_for(student))}
    return judge(id, payload, student=student, max_points=2)
