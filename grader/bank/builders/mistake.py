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
    within: object = None
    did: str = ""

    def says(self, sentence):
        """Add the sentence. Line breaks and indents, as of a triple-quoted string, become single spaces."""
        return Mistake(self.value, " ".join(sentence.split()), self.credit, self.name, self.within, self.did)


def wrong(value, name, *, within=None, did=""):
    """Name a mistake that earns nothing. Its sentence follows: ``.says("…")``.

    `within` is its own tolerance, in its own units; `did` says in symbols what was computed; see `Mistake`.
    """
    return Unsaid(value, name, within=within, did=did)


def half(value, name, *, within=None, did=""):
    """Name a mistake that earns half of the points. Its sentence follows: ``.says("…")``."""
    return Unsaid(value, name, 0.5, within, did)


def opening(value, one, many):
    """Choose how a sentence begins: about one number, or about many."""
    return one if isinstance(value, Real) else many
