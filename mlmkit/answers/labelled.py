"""Numbers with labels: what answers by group and tables share."""

import math

from mlmkit.answers.kind import Kind
from mlmkit.answers.text import BadAnswerError, a_few, count_of
from mlmkit.answers.tolerance import (
    CLOSE,
    NEARLY,
    NOT_BY_CHANCE,
    ROUNDED,
    SHARE,
    gap,
    is_rounded,
    same_digits,
)


class Labelled(Kind):
    """Numbers with labels: all must be close, and the labels must agree."""

    def _distance(self, given, value):
        if given.keys() != value.keys():
            return math.inf
        floor = _floor(value)
        return max(self._one_distance(label, given[label], value[label], floor) for label in value)

    def _mistake_distance(self, given, mistake):
        value, room = self._wrong[id(mistake)], self._room(mistake)
        return max(gap(given[label], number, room[label]) for label, number in value.items())

    def _room(self, mistake):
        """How far each number may be from a mistake's: the same share of it as of the right answer."""
        value, right = self._known(mistake.value), self._right
        if mistake.within is not None:
            each = (
                mistake.within if isinstance(mistake.within, dict) else dict.fromkeys(value, mistake.within)
            )
            return {label: each[label] for label in value}
        largest = _floor(right)
        scale, floor = _floor(value) / largest if largest else 1.0, _floor(value)
        return {
            label: self.rel * max(abs(number), floor) + scale * self._fixed(label)
            for label, number in value.items()
        }

    def _fixed(self, label):
        return self.abs[label] if isinstance(self.abs, dict) else self.abs

    def apart_by_tolerance(self, mistake):
        """Tell whether no answer lies within both tolerances, the mistake's and the right answer's."""
        try:
            other = self._known(mistake.value)
        except BadAnswerError:  # a mistake that is not finite on this data
            return False
        right, room = self._right, self._room(mistake)
        floor = _floor(right)
        return any(
            abs(number - other[label]) > self._fixed(label) + self.rel * max(abs(number), floor) + room[label]
            for label, number in right.items()
        )

    def apart_by_digits(self, value, other):
        """Tell whether two answers come from two computations."""
        try:
            value, other = self._known(value), self._known(other)
        except BadAnswerError:
            return False
        floor = _floor(other)
        gaps = (gap(value[label], number, max(abs(number), floor)) for label, number in other.items())
        return max(gaps) > NOT_BY_CHANCE

    def _is_surely(self, given, value):
        floor = _floor(value)
        return all(
            same_digits(given[label], number, max(abs(number), floor)) for label, number in value.items()
        )

    def _one_distance(self, label, given, value, floor):
        # A group effect may be nearly 0 by chance: then "relative" means relative to the larger ones.
        return gap(given, value, self._fixed(label) + self.rel * max(abs(value), floor))

    def _rounded(self, given):
        return all(is_rounded(given[label], number) for label, number in self._right.items())

    def _near(self, given):
        """As `Kind._near`; but where rounding the right answer explains it too, nobody is accused."""
        return [] if self._rounded(given) else super()._near(given)

    def _explain(self, given):
        value, floor = self._right, _floor(self._right)
        if self._rounded(given):
            return CLOSE if super()._near(given) else ROUNDED
        shares = [gap(given[label], number, max(abs(number), floor)) for label, number in value.items()]
        if self._distance(given, value) <= NEARLY and max(shares) <= SHARE:
            return CLOSE
        wrong = [label for label in value if self._one_distance(label, given[label], value[label], floor) > 1]
        if len(wrong) == len(value):
            return f"None of the {count_of(len(value), 'value')} is the expected one."
        labels = [label if isinstance(label, str) else " ".join(label) for label in wrong]
        return f"As expected: {len(value) - len(wrong)} of {len(value)} values. Look at {a_few(labels)}."


def _floor(value):
    return 0.1 * max(abs(number) for number in value.values())
