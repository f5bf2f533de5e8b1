"""Simulation draws as an answer, judged by their Monte Carlo error. Import `Draws` from `mlmkit.kinds`."""

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mlmkit._kind import Kind, unpacked
from mlmkit.draws_answer import PROBABILITIES, SINGLE, DrawsAnswer, DrawsSummary
from mlmkit.encoding import BadAnswerError, decode, encode, label_text
from mlmkit.shapes import a_few, read_draws

MEAN, SD, KURTOSIS, SIZE = "mean", "sd", "kurtosis", "size"
JUDGED = (0.025, 0.5, 0.975)  # quantiles that are taken from a sample
FIRM, LOOSE = 4.0, 5.0  # standard errors that a right answer may be off by
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
        left out is as in the right answer.
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

    Sizes and standard errors come from the expected distribution: a bad chain earns no wide tolerance, and
    one that is worth fewer than a quarter of `at_least` independent draws is refused.

    Examples
    --------
    >>> import numpy as np
    >>> from mlmkit.encoding import decode, encode
    >>> from mlmkit.kinds import Mistake
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

    def __post_init__(self):
        if not (self.at_least >= 100 and int(self.at_least) == self.at_least):
            raise ValueError(f"at_least is a whole number of draws, 100 or more, not {self.at_least}.")
        if not (math.isfinite(self.rel) and self.rel >= 0):
            raise ValueError("Tolerances are finite and not negative.")
        if (self.mean is None) != (self.sd is None) or (self.mean is None and not self.quantiles):
            raise ValueError("Draws needs a mean and an sd, or quantiles, or both.")
        given = {MEAN: self.mean, SD: self.sd, "quantiles": self.quantiles}
        given |= {KURTOSIS: self.kurtosis, SIZE: self.size}
        table = _table({name: value for name, value in given.items() if value is not None})
        object.__setattr__(self, "value", table)
        if not self.group and list(table.index) != [SINGLE]:
            name = getattr(getattr(self.mean, "index", None), "name", None)
            object.__setattr__(self, "group", str(name or "group"))
        self._check_value()
        for mistake in self.mistakes:
            self._check_mistake(mistake)

    def _check_mistake(self, mistake):
        try:
            self._normal(mistake.value)
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
        if (
            "group" not in more
            and getattr(draws, "ndim", 1) == 2
            and getattr(draws, "columns", None) is not None
        ):
            more["group"] = str(draws.columns.name or "group") if len(draws.columns) > 1 else ""
        return cls._of_table(_sample_table(draws, quantiles), **more)

    @classmethod
    def _of_table(cls, table, **more):
        single = list(table.index) == [SINGLE]
        columns = {name: table[name].iloc[0] if single else table[name] for name in table}
        quantiles = {_probability(name): columns.pop(name) for name in list(columns) if name.endswith("%")}
        return cls(quantiles=quantiles, **columns, **more)

    def shape(self):
        """Describe the form: how many draws, of one quantity or by group."""
        shape = {"kind": "draws", "unit": self.unit, "group": self.group, "at_least": int(self.at_least)}
        if self.group:
            shape |= {"labels": list(self.value.index), "count": len(self.value)}
        return shape

    def to_entries(self):
        """Write this kind as plain JSON values."""
        return {
            "value": encode(self.value),
            "mistakes": self._mistake_entries(lambda value: encode(self._normal(value))),
            "at_least": int(self.at_least),
            "unit": self.unit,
            "group": self.group,
            "rel": self.rel,
        }

    @classmethod
    def from_entries(cls, entries):
        """Make a kind from what `to_entries` wrote."""
        from mlmkit._kind import Mistake

        entries = dict(entries)
        mistakes = [Mistake(**{**one, "value": unpacked(one["value"])}) for one in entries.pop("mistakes")]
        return cls._of_table(unpacked(entries.pop("value")), mistakes=mistakes, **entries)

    def answer_with(self, value):
        """Return draws, as few as the question allows, that look exactly as `value` says."""
        table = self._normal(value)
        return DrawsAnswer({label: self._summary(table.loc[label]) for label in table.index})

    def _summary(self, row):
        """Make up draws with these statistics: quantiles that aren't stated lie on straight lines."""
        stated = sorted((_probability(name), row[name]) for name in row.index if name.endswith("%"))
        middle, sd = (row[MEAN], row[SD]) if MEAN in row else (stated[0][1], stated[-1][1] - stated[0][1])
        values = [value for _, value in stated]
        ends = min([middle - 6 * sd, *values]), max([middle + 6 * sd, *values])
        quantiles = np.interp(PROBABILITIES, [0.0, *(p for p, _ in stated), 1.0], [ends[0], *values, ends[1]])
        quantiles = tuple(np.maximum.accumulate(quantiles).tolist())
        return DrawsSummary(self.at_least, 0, float(middle), float(sd), float(self.at_least), quantiles)

    def told_apart(self, value, other):
        """Tell whether as few draws as allowed that look like `value` are hardly ever taken for `other`."""
        try:
            given = read_draws(self.answer_with(value), self.shape())
            return self._distance(given, self._normal(other)) > APART
        except BadAnswerError:  # a mistake that is not finite on this data
            return False

    def _normal(self, value):
        """Return a table of statistics by group; what a mistake doesn't state is as in the right answer."""
        table = _table(value)
        if list(table.index) == [SINGLE] and self.group:
            table = table.loc[[SINGLE] * len(self.value)].set_axis(self.value.index)
        if set(table.index) != set(self.value.index):
            raise ValueError(f"A value has the labels {a_few(list(table.index))}, not those of the question.")
        table = table.loc[self.value.index]
        missing = [name for name in (MEAN, SD, KURTOSIS) if name in self.value and name not in table]
        return table.assign(
            **{name: self.value[name] for name in missing}, **{SIZE: table.get(SIZE, math.inf)}
        )

    def _distance(self, given, value):
        gaps = [
            abs(gap) for label in value.index for gap in self._gaps(given[label], value.loc[label]).values()
        ]
        return max(gaps)

    def _gaps(self, summary, row):
        """Return the signed distance of each statistic, in tolerances."""
        error = math.sqrt(1 / summary.ess + 1 / row[SIZE])
        middle = LOOSE if self.group else FIRM
        gaps = {}
        if MEAN in row:
            gaps[MEAN] = _ratio(summary.mean - row[MEAN], row[SD] * (middle * error + self.rel))
            spread = row[SD] * math.sqrt(max(row[KURTOSIS] - 1, 0.0) / 4)
            gaps[SD] = _ratio(summary.sd - row[SD], LOOSE * error * spread + self.rel * row[SD])
        for name in row.index[[name.endswith("%") for name in row.index]]:
            p = _probability(name)
            times = middle if p == 0.5 else LOOSE
            gap = _share_gap(summary.quantiles, row[name], p)
            # More of the draws below the expected quantile: the draws' own quantile is too low.
            gaps[name] = -_ratio(gap, math.sqrt(p * (1 - p)) * (times * error + self.rel))
        return gaps

    def _explain(self, given):
        off = {}
        for label, row in self.value.iterrows():
            if given[label].sd == 0:
                return (
                    "All your draws are the same number. Each simulated value needs a random draw of its own."
                )
            for name, gap in self._gaps(given[label], row).items():
                if abs(gap) > 1:
                    off.setdefault((name, gap > 0), []).append(label)
        means = [key for key in off if key[0] == MEAN]
        spreads = [key for key in off if key[0] == SD]
        parts = [_off_words(key, off[key], len(self.value)) for key in means + spreads]
        if not parts:
            names = sorted({name for name, _ in off}, key=_probability)
            parts = [
                f"Their mean and spread fit, but the shape does not: look at the quantiles {a_few(names)}."
            ]
            if MEAN not in self.value:
                parts = [f"Look at the quantiles of your draws: {a_few(names)}."]
        return " ".join(["These draws are not from the expected distribution.", *parts])


def _off_words(key, labels, count):
    name, high = key
    where = "" if count == 1 else " in every column" if len(labels) == count else f" for {a_few(labels)}"
    if name == MEAN:
        return f"Their mean is too {'high' if high else 'low'}{where}."
    return f"They spread too {'much' if high else 'little'}{where}: look at their standard deviation."


def _ratio(gap, tolerance):
    if gap == 0:
        return 0.0
    return gap / tolerance if tolerance > 0 else math.copysign(math.inf, gap)


def _share_gap(quantiles, value, p):
    """Return how far the share of draws below `value` is from p; 0 where a jump of the draws covers p."""
    first = int(np.searchsorted(quantiles, value, side="left"))
    behind = int(np.searchsorted(quantiles, value, side="right"))
    if behind - first > 1:  # many draws are equal to it: the share lies between two ends
        low, high = PROBABILITIES[max(first - 1, 0)], PROBABILITIES[min(behind, len(PROBABILITIES) - 1)]
        return max(low - p, 0.0) - max(p - high, 0.0)
    return float(np.interp(value, quantiles, PROBABILITIES, left=0.0, right=1.0)) - p


# ---------------------------------------------------------------- what an author writes


def _probability(name):
    return round(float(name.removesuffix("%")) / 100, 8)


def _quantile_name(probability):
    if not 0 < probability < 1:
        raise ValueError(f"The probability of a quantile is between 0 and 1, not {probability}.")
    return f"{100 * probability:.6g}%"


def _is_statistic(name):
    return name in (MEAN, SD, KURTOSIS, SIZE, "quantiles") or (isinstance(name, str) and name.endswith("%"))


def _table(value):
    """Turn statistics or a sample into a data frame: a row per group, columns mean, sd, 2.5% and so on."""
    if isinstance(value, Draws):
        return value.value
    if isinstance(value, dict) and all(map(_is_statistic, value)):
        table = _statistics_table(value)
    elif isinstance(value, pd.DataFrame) and all(map(_is_statistic, value.columns)):
        table = value.set_axis([label_text(label) for label in value.index]).astype(float)
    else:
        table = _sample_table(value, JUDGED)
    if not np.all(np.isfinite(table.drop(columns=SIZE, errors="ignore"))):
        raise BadAnswerError("A statistic of the expected draws is not finite.")
    if SD in table and (table[SD] < 0).any():
        raise ValueError("A standard deviation is negative.")
    return table


def _statistics_table(value):
    value = dict(value)
    quantiles = {_quantile_name(p): numbers for p, numbers in value.pop("quantiles", {}).items()}
    columns = {name: decode(encode(numbers)) for name, numbers in {**value, **quantiles}.items()}
    groups = next((list(column) for column in columns.values() if isinstance(column, dict)), [SINGLE])
    for name, column in columns.items():
        if isinstance(column, dict) and set(column) != set(groups):
            raise ValueError(f"The {name} of the draws has other labels than the first statistic.")
        if not isinstance(column, float | dict):
            raise ValueError(f"The {name} of the draws is a number, or a Series by group.")
    rows = {
        name: [column[group] if isinstance(column, dict) else column for group in groups]
        for name, column in columns.items()
    }
    return pd.DataFrame(rows, index=groups, dtype=float)


def _sample_table(draws, probabilities):
    frame = (
        draws if isinstance(draws, pd.DataFrame) else pd.DataFrame({SINGLE: np.asarray(draws, dtype=float)})
    )
    answer = decode(encode(frame))
    if not isinstance(answer, DrawsAnswer):
        raise ValueError("A sample of draws needs hundreds of numbers, in an array or a column per group.")
    rows = {}
    for place, (label, summary) in enumerate(answer.columns.items()):
        values = frame.iloc[:, place].to_numpy(dtype=float)
        if summary.not_finite:
            raise BadAnswerError("Some of the expected draws are not finite.")
        rows[label] = {MEAN: summary.mean, SD: summary.sd}
        rows[label] |= {_quantile_name(p): float(np.quantile(values, p)) for p in probabilities}
        rows[label] |= {KURTOSIS: _kurtosis(values), SIZE: summary.ess}
    return pd.DataFrame.from_dict(rows, orient="index")


def _kurtosis(values):
    deviations = values - values.mean()
    variance = np.mean(deviations**2)
    return float(np.mean(deviations**4) / variance**2) if variance > 0 else 1.0
