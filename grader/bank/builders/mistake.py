"""How a mistake is written: its value, its name in the class report, and the sentence for the student."""

from dataclasses import dataclass
from numbers import Real

from grader.bank import Mistake


@dataclass(frozen=True, eq=False)
class Unsaid:
    """Recognise a mistake that lacks its sentence."""

    value: object
    name: str
    credit: float = 0.0
    exact: bool = False

    def says(self, sentence):
        """Add the sentence. Line breaks and indents, as of a triple-quoted string, become single spaces."""
        return Mistake(self.value, " ".join(sentence.split()), self.credit, self.name, self.exact)


def wrong(value, name):
    """Name a mistake that earns nothing. Its sentence follows: ``.says("…")``."""
    return Unsaid(value, name)


def half(value, name, *, exact=False):
    """Name a mistake that earns half of the points. Its sentence follows: ``.says("…")``."""
    return Unsaid(value, name, 0.5, exact)


def opening(value, one, many):
    """Choose how a sentence begins: about one number, or about many."""
    return one if isinstance(value, Real) else many
