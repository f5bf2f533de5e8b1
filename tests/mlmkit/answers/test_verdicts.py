"""A verdict has points, a reason and where to read again."""

import math

import pytest

from mlmkit.answers.kinds import Mistake, Number, Verdict, verdict


def test_a_verdict_never_lacks_a_reason_or_leaves_its_range():
    with pytest.raises(ValueError, match="message"):
        Verdict("wrong", 0.0, 2.0, "")
    with pytest.raises(ValueError, match="not between"):
        Verdict("right", 3.0, 2.0, "Right.")
    with pytest.raises(ValueError, match="not between"):
        Verdict("right", math.nan, 2.0, "Right.")
    with pytest.raises(ValueError, match="Choose from"):
        Verdict("fine", 0.0, 2.0, "x")


def test_a_verdict_gives_points_the_reason_and_where_to_read():
    kind = Number(10.0, mistakes=[Mistake(100.0, says="This is the variance.", credit=0.5, name="variance")])
    about = {"max_points": 3, "question": "q", "topic": "t", "revisit": "01: x"}
    right, half, none = (verdict(kind, answer, **about) for answer in (10.0, 100.0, 5.0))
    assert (right.score, right.message) == (3.0, "Right.")
    assert (half.score, half.message, half.mistake) == (
        1.5,
        "This is the variance. Read again: 01: x.",
        "variance",
    )
    assert none.score == 0 and none.message.endswith("value. Read again: 01: x.")
    assert Verdict.from_dict(half.as_dict()) == half
