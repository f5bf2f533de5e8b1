"""Simulation draws as an answer, judged by their Monte Carlo error."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from mlmkit.answers.draws.checks import LEAST_SHARE, check_draws, columns_of
from mlmkit.answers.draws.judging import FIRM, LOOSE, gaps, off_words, share_below
from mlmkit.answers.draws.packing import decode_draws, encode_draws
from mlmkit.answers.draws.statistics import (
    JUDGED,
    KURTOSIS,
    LOWEST,
    MEAN,
    SD,
    SIZE,
    probability_of,
    quantile_names,
    rows_of,
    sample_rows,
    table_of,
)
from mlmkit.answers.draws.summary import PROBABILITIES, SINGLE, DrawsAnswer, DrawsSummary
from mlmkit.answers.encoding import decode, encode
from mlmkit.answers.forms import compare_labels, relabelled
from mlmkit.answers.kind import Kind
from mlmkit.answers.text import BadAnswerError, a_few, count_of, in_unit, plain

NONE_BY_CHANCE = 25  # draws expected below a value: then none of them is below it once in 10^11 times
APART = 1.6  # tolerances; then a mistake is taken for the right answer less than once in 500 times


@dataclass(frozen=True, eq=False)
class Draws(Kind):
    """Simulation draws of one quantity, or of one per group (a data frame, a column per group).

    Parameters
    ----------
    mean, sd : float, or Series or dict by group
        Expected mean and standard deviation of the draws. Give both or neither.
    quantiles : dict, optional
        Probability to expected quantile: ``{0.025: 1.2, 0.5: 3.0}``; values as for `mean`.
    at_least : int
        Number of draws that the question asks for.
    mistakes : sequence of Mistake
        Their values say what other draws look like: a dict such as ``{"mean": 3.0, "sd": 1.2}``, with
        ``"quantiles"`` if they matter, or draws themselves (array, or data frame). A mean or an sd that is
        left out is as in the right answer. With ``"lowest"`` the mistake is also known by the draws that are
        missing below that value, even where mean and spread are nearly right.
    unit, group : str, optional
        Unit, and what a column is. Default for `group`: the name of the index of `mean`.
    rel : float
        Forgiven besides Monte Carlo error, as a share of the sd: two routes to one distribution, say with
        sigma estimated or drawn, differ by something.
    kurtosis : float, or Series or dict by group
        Fourth standardised moment, 3 for a normal distribution: how well an sd can be estimated.
    size : float, or Series or dict by group
        Effective number of draws behind the expected values, if they were simulated too.

    Notes
    -----
    A statistic is right if it is off by at most ``c sqrt(1/n + 1/size) + rel`` times the standard deviation
    of a single draw's share in it: the sd for the mean, ``sd sqrt((kurtosis - 1) / 4)`` for the sd. A
    quantile is judged by the share of draws below the expected one, with ``sqrt(p (1 - p))``; that needs no
    density and holds for skewed and for discrete draws. n is the student's effective sample size. c is 4 for
    mean and median, 5 for the others, and 5 for all where there is a column per group.

    Standard errors come from the expected distribution, so a wrong spread earns no wide tolerance. Draws
    that are worth fewer than a quarter of `at_least` independent ones are refused, and so are those whose
    parts disagree (R-hat above 1.01): a bad chain earns no wide tolerance either.

    Measured, right answers refused: none of 10,000 (normal, 1,000 draws; the same with 4,000), none of
    2,000 (nine groups), none of 1,000 (chains of 4,000 with autocorrelation 0.6). Against a sample of
    40,000 by `like`: none of 2,000 for gamma(2), Poisson(3) and a lognormal of log-sd 0.5; 3 in 1,000 for t
    with 5 degrees of freedom and a lognormal of log-sd 1, 8 in 1,000 for t with 3. Judge such tails by
    quantiles alone.

    Wrong answers refused: an sd that is 20 % off always by 1,000 draws, one that is 15 % off 82 times of
    100; 8 % off 90 times of 100 by 4,000 draws. For a new house in a new zip code on the data of 15
    students, with 1,000 and with 4,000 draws: residual sd forgotten 95 and 100 of 100, sd of the zip codes
    forgotten 90 and 98 of 100, se for sd always. So ask for 4,000.

    Examples
    --------
    >>> import numpy as np
    >>> from mlmkit.answers.kinds import Mistake, decode, encode
    >>> new_house = Draws(mean=500.0, sd=50.0, mistakes=[
    ...     Mistake({"sd": 30.0}, says="These are means of zip codes: houses differ from their zip code's.")
    ... ])
    >>> draws = np.random.default_rng(1).normal(500.0, 50.0, size=1000)
    >>> new_house.grade(decode(encode(draws))).status
    'right'
    """

    mean: object = None
    sd: object = None
    quantiles: dict = field(default_factory=dict)
    at_least: int = 1000
    mistakes: tuple = field(default=())
    unit: str = ""
    group: str = ""
    rel: float = 0.01
    kurtosis: object = 3.0
    size: object = math.inf

    name: ClassVar[str] = "draws"
    form: ClassVar[str] = "draws"

    @classmethod
    def encode(cls, answer, shape):
        """Take a long column of numbers, or a long data frame of numbers."""
        summaries = encode_draws(answer)
        return None if summaries is None else {cls.form: summaries}

    @classmethod
    def decode(cls, content):
        """Read the summary of each column."""
        return decode_draws(content)

    @classmethod
    def wanted(cls, shape):
        """Say what is asked for: how many draws, of what."""
        unit = in_unit(shape.get("unit"))
        if not shape.get("group"):
            return f"at least {shape['at_least']:,} simulation draws of one quantity{unit}"
        count = f" ({count_of(shape['count'], 'column')})" if shape.get("count") else ""
        return (
            f"simulation draws{unit}, a data frame with a column per {shape['group']}{count} "
            f"and at least {shape['at_least']:,} rows"
        )

    @classmethod
    def read(cls, answer, shape):
        """Read enough finite draws: label to `DrawsSummary`, and the label is "" for one quantity."""
        columns = columns_of(answer)
        if columns is None:
            hint = "Don't summarise them: hand in the draws themselves." * isinstance(answer, float | dict)
            raise BadAnswerError(f"{cls.mismatch(answer, shape)} {hint}".strip())
        if shape.get("group"):
            if list(columns) == [SINGLE]:
                raise cls.mismatch(answer, shape)
            columns = relabelled(
                _named(columns, shape.get("labels") or []), shape.get("labels") or [], "column"
            )
            compare_labels(list(columns), shape, cls.wanted(shape))
        elif len(columns) != 1:
            raise cls.mismatch(answer, shape)
        else:
            columns = {SINGLE: next(iter(columns.values()))}
        for label, summary in columns.items():
            check_draws(summary, shape["at_least"], f" for {plain(label, 30)}" if label else "")
        return columns

    def __post_init__(self):
        if not (self.at_least >= 100 and int(self.at_least) == self.at_least):
            raise ValueError(f"at_least is a whole number of draws, 100 or more, not {self.at_least}.")
        if not (math.isfinite(self.rel) and self.rel >= 0):
            raise ValueError("Tolerances are finite and not negative.")
        if (self.mean is None) != (self.sd is None) or (self.mean is None and not self.quantiles):
            raise ValueError("Draws needs a mean and an sd, or quantiles, or both.")
        given = {MEAN: self.mean, SD: self.sd, "quantiles": self.quantiles}
        given |= {KURTOSIS: self.kurtosis, SIZE: self.size}
        rows = rows_of({name: value for name, value in given.items() if value is not None})
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "value", table_of(rows))
        by_group = list(rows) != [SINGLE]
        if self.group and not by_group:
            raise ValueError(f"Draws by {self.group} need a mean per {self.group}: a Series or a dict.")
        if by_group and not self.group:
            name = getattr(getattr(self.mean, "index", None), "name", None)
            object.__setattr__(self, "group", str(name or "group"))
        self._check_value()
        for mistake in self.mistakes:
            self._check_mistake(mistake)

    def _check_mistake(self, mistake):
        try:
            self._known(mistake.value)
        except BadAnswerError:  # not finite on this data: it is left out
            return

    @classmethod
    def like(cls, draws, *, quantiles=JUDGED, **more):
        """Expect what a precise sample of draws shows; its own Monte Carlo error counts.

        Parameters
        ----------
        draws : array, Series, or data frame with a column per group
            Take ten times as many as the question asks for: with as many, tolerances are 40 % wider.
        quantiles : sequence of float
            Probabilities of the quantiles that are judged.
        **more
            As for `Draws`: `at_least`, `mistakes`, `unit`, `group`, `rel`.

        Returns
        -------
        Draws
        """
        if isinstance(draws, pd.DataFrame) and len(draws.columns) > 1:
            more.setdefault("group", str(draws.columns.name or "group"))
        return cls._of_table(table_of(sample_rows(draws, quantiles)), **more)

    @classmethod
    def _of_table(cls, table, **more):
        single = list(table.index) == [SINGLE]
        columns = {name: table[name].iloc[0] if single else table[name] for name in table}
        quantiles = {probability_of(name): columns.pop(name) for name in quantile_names(table.columns)}
        return cls(quantiles=quantiles, **columns, **more)

    def shape(self):
        """Describe the form: how many draws, of one quantity or by group."""
        shape = {"kind": self.name, "unit": self.unit, "group": self.group, "at_least": int(self.at_least)}
        if self.group:
            shape |= {"labels": list(self.value.index), "count": len(self.value)}
        return shape

    def to_entries(self):
        """Write this kind as plain JSON values."""
        return {
            "value": encode(self.value),
            "mistakes": self._mistake_entries(),
            "at_least": int(self.at_least),
            "unit": self.unit,
            "group": self.group,
            "rel": self.rel,
        }

    @classmethod
    def from_entries(cls, entries):
        """Make a kind from what `to_entries` wrote."""
        entries = {**entries, "mistakes": cls._mistakes_of(entries)}
        return cls._of_table(cls._unpacked(entries.pop("value")), **entries)

    def _packed(self, value):
        return encode(table_of(self._known(value)))

    @classmethod
    def _unpacked(cls, packed):
        return decode(packed).frame()

    def answer_with(self, value):
        """Return draws, as few as the question allows, that look exactly as `value` says."""
        rows = self._known(value)
        return DrawsAnswer({label: self._summary(row, self._rows[label]) for label, row in rows.items()})

    def _summary(self, row, right):
        """Make up draws with these statistics; between the stated quantiles they lie on straight lines."""
        row = dict(row)
        if MEAN in row:  # quantiles that aren't stated: the right ones, moved and stretched
            stretch = row[SD] / (right[SD] or 1.0)
            for name in quantile_names(right):
                row.setdefault(name, row[MEAN] + stretch * (right[name] - right[MEAN]))
        stated = sorted((probability_of(name), row[name]) for name in quantile_names(row))
        middle, sd = (row[MEAN], row[SD]) if MEAN in row else (stated[0][1], stated[-1][1] - stated[0][1])
        values = [value for _, value in stated]
        ends = min([middle - 6 * sd, *values]), max([middle + 6 * sd, *values])
        quantiles = np.interp(PROBABILITIES, [0.0, *(p for p, _ in stated), 1.0], [ends[0], *values, ends[1]])
        quantiles = np.maximum(quantiles, row.get(LOWEST, -math.inf))
        quantiles = tuple(np.maximum.accumulate(quantiles).tolist())
        size = float(self.at_least)
        return DrawsSummary(size, 0, float(middle), float(sd), size, math.nan, quantiles)

    def is_usable(self, mistake):
        """Tell whether a mistake differs from the right answer: in its statistics, or by missing draws."""
        try:
            rows = self._known(mistake.value)
        except BadAnswerError:  # not finite on this data
            return False
        if all(LOWEST in row for row in rows.values()):
            right = self.answer_with(self.value).columns
            shares = [share_below(right[label].quantiles, row[LOWEST]) for label, row in rows.items()]
            if min(shares) * self.at_least * LEAST_SHARE >= NONE_BY_CHANCE:
                return True
        return self.told_apart(mistake.value, self.value)

    def hides(self, earlier, later):
        """Tell whether draws of one mistake can be taken for another's; see `Kind.hides`."""
        if any(LOWEST in row for one in (earlier, later) for row in self._known(one.value).values()):
            return False
        return super().hides(earlier, later)

    def _sure(self, given):
        """List the mistakes whose statistics fit, and whose draws are missing where right ones would be."""
        return [one for one in self.usable_mistakes if self._misses(given, self._wrong[id(one)])]

    def _misses(self, given, rows):
        missing = all(
            LOWEST in row and given[label].quantiles[0] >= row[LOWEST] for label, row in rows.items()
        )
        return missing and self._distance(given, rows) <= 1

    def apart(self, mistake):
        """Return how far draws like those of a mistake are from the right answer, in tolerances."""
        given = self.read(self.answer_with(mistake.value), self.shape())
        return self._distance(given, self._known(self.value))

    def told_apart(self, value, other):
        """Tell whether as few draws as allowed that look like `value` are hardly ever taken for `other`."""
        try:
            given = self.read(self.answer_with(value), self.shape())
            return self._distance(given, self._known(other)) > APART
        except BadAnswerError:  # a mistake that is not finite on this data
            return False

    def _normal(self, value):
        """Return statistics by group; a mean or sd that a mistake doesn't state is as in the right answer."""
        rows = rows_of(value)
        if list(rows) == [SINGLE]:
            rows = dict.fromkeys(self._rows, rows[SINGLE])
        if rows.keys() != self._rows.keys():
            raise ValueError(f"A value has the labels {a_few(list(rows))}, not those of the question.")
        known = (MEAN, SD, KURTOSIS)
        return {
            label: {SIZE: math.inf, **{name: right[name] for name in known if name in right}, **rows[label]}
            for label, right in self._rows.items()
        }

    def _distance(self, given, value):
        if any(given[label].quantiles[0] < row.get(LOWEST, -math.inf) for label, row in value.items()):
            return math.inf  # draws below the value under which none should lie
        return max(abs(gap) for label, row in value.items() for gap in self._gaps(given[label], row).values())

    def _gaps(self, summary, row):
        """Return the signed distance of each statistic, in tolerances."""
        return gaps(summary, row, rel=self.rel, middle=LOOSE if self.group else FIRM)

    def _explain(self, given):
        off = {}
        for label, row in self._rows.items():
            if given[label].sd == 0:
                return "All your draws are the same number. Each needs a random number of its own."
            for name, gap in self._gaps(given[label], row).items():
                if abs(gap) > 1:
                    off.setdefault((name, gap > 0), []).append(label)
        means = [key for key in off if key[0] == MEAN]
        spreads = [key for key in off if key[0] == SD]
        parts = [off_words(key, off[key], len(self._rows)) for key in means + spreads]
        if not parts:
            names = sorted({name for name, _ in off}, key=probability_of)
            fit = "Their mean and spread fit, but the shape does not." if self.mean is not None else ""
            parts = [f"{fit} Look at their quantiles {a_few(names)}.".strip()]
        return " ".join(["These draws are not from the expected distribution.", *parts])


def _named(columns, labels):
    """Name the columns of an array without labels, where the order of groups can only be one: sorted."""
    places = [str(place) for place in range(len(labels))]
    if labels == sorted(labels) and list(columns) == places:
        return dict(zip(labels, columns.values(), strict=True))
    return columns
