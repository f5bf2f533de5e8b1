"""A kind of answer is one module and one line of the list: a kind made up here goes the whole way."""

import json
import math
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from mlmkit import check
from mlmkit.answers import encoding
from mlmkit.answers.kinds import BadAnswerError, Kind, Mistake, decode, encode, from_key, to_key, verdict


@dataclass(frozen=True)
class Colour:
    """What a student of the made-up kind hands in, and what arrives."""

    red: float
    green: float
    blue: float

    def described(self):
        return "a colour"


@dataclass(frozen=True, eq=False)
class ColourKind(Kind):
    value: Colour
    mistakes: tuple = field(default=())

    name: ClassVar[str] = "colour"
    form: ClassVar[str] = "rgb"

    @classmethod
    def encode(cls, answer, shape):
        return {cls.form: [answer.red, answer.green, answer.blue]} if isinstance(answer, Colour) else None

    @classmethod
    def decode(cls, content):
        if not isinstance(content, list) or len(content) != 3:
            raise BadAnswerError("The colour that arrived can't be read.")
        return Colour(*content)

    @classmethod
    def wanted(cls, shape):
        return f"a colour in {shape['space']}"

    @classmethod
    def read(cls, answer, shape):
        if not isinstance(answer, Colour):
            raise cls.mismatch(answer, shape)
        return answer

    @classmethod
    def echo(cls, value):
        return f" {value.red}/{value.green}/{value.blue}"

    def __post_init__(self):
        self._check_value()

    def shape(self):
        return {"kind": self.name, "space": "RGB"}

    def _normal(self, value):
        return self.read(value, self.shape())

    def _distance(self, given, value):
        return 0.0 if given == value else math.inf


RED, BLUE, GREY = Colour(1, 0, 0), Colour(0, 0, 1), Colour(0.5, 0.5, 0.5)
KIND = ColourKind(RED, mistakes=[Mistake(BLUE, says="This is the cold end.", credit=0.5, name="cold end")])


@pytest.fixture
def registered(monkeypatch):
    """Add the made-up kind to the list of kinds, as its line in `mlmkit.answers.kinds` would."""
    monkeypatch.setattr(encoding, "KINDS", [*encoding.KINDS])
    encoding.register(ColourKind)


def sent(answer):
    """Take an answer through JSON, as the notebook does."""
    return json.loads(json.dumps(encode(answer)))


@pytest.mark.usefixtures("registered")
def test_a_new_kind_is_recorded_read_and_judged():
    assert sent(RED) == {"rgb": [1, 0, 0]} and decode(sent(RED)) == RED
    about = {"max_points": 2, "revisit": "01: Colours"}
    right, half, wrong = (verdict(KIND, sent(colour), **about) for colour in (RED, BLUE, GREY))
    assert (right.status, right.score) == ("right", 2.0)
    assert (half.mistake, half.score) == ("cold end", 1.0)
    assert (wrong.status, wrong.score) == ("wrong", 0.0) and wrong.message.endswith("01: Colours.")
    other = verdict(KIND, sent("red"), **about)
    assert other.status == "invalid"
    assert other.message == 'This question asks for a colour in RGB. Your answer is the text "red".'
    assert verdict(KIND, {"rgb": [1]}, **about).message == "The colour that arrived can't be read."
    assert encoding.kind_of({"kind": "number"}) is not ColourKind


@pytest.mark.usefixtures("registered")
def test_another_kind_describes_what_the_new_one_recorded():
    from mlmkit.answers.kinds import Number

    assert "one number. Your answer is a colour." in verdict(Number(1.0), sent(RED), max_points=1).message


@pytest.mark.usefixtures("registered")
def test_a_new_kind_survives_its_key():
    key = json.loads(json.dumps(to_key(KIND)))
    assert key["kind"] == "colour" and key["value"] == {"rgb": [1, 0, 0]}
    again = from_key(key)
    assert to_key(again) == to_key(KIND) and again.grade(BLUE).mistake == "cold end"


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("question", "answer", "says"),
    [
        ("practised", RED, "practised: Right."),
        ("practised", BLUE, "practised: This is the cold end. Read again: 01: Colours."),
        ("graded", GREY, "graded: recorded 0.5/0.5/0.5: a colour in RGB. It will be graded when"),
        ("graded", 3.0, "recorded, but it can't be right yet. This question asks for a colour in RGB."),
    ],
)
def test_check_knows_a_new_kind(tmp_path, monkeypatch, capsys, question, answer, says):
    key = {
        "practice": {"practised": {"answer": to_key(KIND), "revisit": "01: Colours", "hints": []}},
        "graded": {"graded": {"shape": KIND.shape(), "own_data": False}},
    }
    (tmp_path / "01_x.practice.json").write_text(json.dumps(key))
    monkeypatch.chdir(tmp_path)
    check(question, answer)
    assert says in capsys.readouterr().out


def test_without_its_line_in_the_list_the_kind_is_unknown():
    with pytest.raises(BadAnswerError, match="of type Colour, which can't be handed in"):
        encode(RED)
    with pytest.raises(BadAnswerError, match="form that can't be read"):
        decode({"rgb": [1, 0, 0]})
    with pytest.raises(ValueError, match=r"no kind of answer 'colour'\. Choose from .*number"):
        from_key({"kind": "colour"})


def test_names_and_forms_of_the_kinds_are_unique():
    names = [kind.name for kind in encoding.KINDS]
    forms = [kind.form for kind in encoding.KINDS if kind.form]
    assert len(set(names)) == len(names) == 8 and all(names)
    assert len(set(forms)) == len(forms)
    assert not {"list", "unreadable", "number"} & set(forms)
