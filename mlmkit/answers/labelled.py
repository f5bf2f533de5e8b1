"""Numbers with labels: what answers by group and tables share."""

import math

from mlmkit.answers.kind import Kind
from mlmkit.answers.text import a_few, count_of
from mlmkit.answers.tolerance import CLOSE, NEARLY, SHARE, gap


class Labelled(Kind):
    """Numbers with labels: all must be close, and the labels must agree."""

    def _distance(self, given, value):
        if given.keys() != value.keys():
            return math.inf
        floor = _floor(value)
        return max(self._one_distance(label, given[label], value[label], floor) for label in value)

    def _difference(self, given, value):
        if given.keys() != value.keys():
            return math.inf
        return max(gap(given[label], number, abs(number)) for label, number in value.items())

    def _one_distance(self, label, given, value, floor):
        # A group effect may be nearly 0 by chance: then "relative" means relative to the larger ones.
        fixed = self.abs[label] if isinstance(self.abs, dict) else self.abs
        return gap(given, value, fixed + self.rel * max(abs(value), floor))

    def _explain(self, given):
        value = self._normal(self.value)
        floor = _floor(value)
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
