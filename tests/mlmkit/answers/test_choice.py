"""A choice: one of the letters, however it is typed."""

import json

import pytest

from mlmkit.answers.kinds import Choice, Mistake, decode, encode, from_key, to_key


def grade(kind, answer):
    return kind.grade(decode(encode(answer)))


@pytest.mark.parametrize("answer", ["b", " B ", "(b)", "b)", "B.", ["b"], "'b'"])
def test_capitals_blanks_and_brackets_do_not_matter_in_a_choice(answer):
    assert grade(Choice("b"), answer).status == "right"


def test_other_choices_are_mistakes_wrong_or_invalid():
    kind = Choice("b", mistakes=[Mistake("a", says="That is the mean of houses.")])
    assert grade(kind, "A").says == "That is the mean of houses."
    assert grade(kind, "c").status == "wrong"
    assert grade(kind, "e").status == "invalid" and '"a", "b", "c", "d"' in grade(kind, "e").says
    assert grade(kind, 2).status == "invalid"
    with pytest.raises(ValueError, match="one of the letters"):
        Choice("e")


def test_the_kind_survives_its_key():
    for kind in (Choice("b"), Choice("x", options="xyz", mistakes=[Mistake("y", says="No.")])):
        again = from_key(json.loads(json.dumps(to_key(kind))))
        assert again.grade(decode(encode(kind.value))).status == "right"
        assert to_key(again) == to_key(kind)
