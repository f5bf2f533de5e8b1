"""A Bayesian model as an answer, judged by its log density. `mlmkit.answers.kinds` offers `Model`."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from mlmkit.answers.kind import Kind, Mistake
from mlmkit.answers.model_answer import ModelAnswer, at_points, is_model
from mlmkit.answers.shapes import a_few


@dataclass(frozen=True, eq=False)
class Model(Kind):
    """A PyMC model, or a fit by `stan_glmer`, compared as a model: by differences of its log density.

    Two models are the same when their log densities differ by the same amount at every point. So it doesn't
    matter how a prior is written, or which constant is left out; and priors that give nearly the same
    posterior are told apart.

    Parameters
    ----------
    value : pymc.Model or dict
        The right model; or its log densities, name of the variable to one number a point.
    points : sequence of dict
        Two or more: name of each variable to a number (for all elements) or a list. In the data's units,
        inside of the support, near and far from where the posterior lies. The same for every student.
    mistakes : sequence of Mistake
        Their values are other models with the same variables.
    rel : float
        Tolerance, as a share of the largest log density: for rounding, nothing else.

    Examples
    --------
    >>> import pymc as pm
    >>> def model(prior):
    ...     with pm.Model() as made:
    ...         prior("tau")
    ...     return made
    >>> kind = Model(
    ...     model(lambda name: pm.HalfNormal(name, 2.0)),
    ...     points=[{"tau": 0.1}, {"tau": 1.0}, {"tau": 9.0}],
    ...     mistakes=[Mistake(model(lambda name: pm.HalfCauchy(name, 2.0)), says="A half-Cauchy prior.")],
    ... )
    >>> kind.grade(kind.answer_with(model(lambda name: pm.TruncatedNormal(name, 0.0, 2.0, lower=0)))).status
    'right'
    >>> kind.grade(kind.answer_with(model(lambda name: pm.HalfCauchy(name, 2.0)))).says
    'A half-Cauchy prior.'
    """

    value: object
    points: tuple
    mistakes: tuple = field(default=())
    rel: float = 1e-8

    def __post_init__(self):
        object.__setattr__(self, "points", tuple(self.points))
        if len(self.points) < 2 or any(set(point) != set(self.points[0]) for point in self.points):
            raise ValueError("A Model needs two points or more, all for the same variables.")
        object.__setattr__(self, "value", self._normal(self.value))
        if not all(map(math.isfinite, _total(self.value))):
            raise ValueError("A point lies outside of the support of the expected model.")
        self._check_value()
        known = [replace(mistake, value=self._normal(mistake.value)) for mistake in self.mistakes]
        object.__setattr__(self, "mistakes", tuple(known))

    def shape(self):
        """Describe the form: where the density is looked at."""
        return {"kind": "model", "points": [dict(point) for point in self.points]}

    def answer_with(self, value):
        """Return the decoded answer of a student who hands in this model."""
        return ModelAnswer(self._normal(value))

    def to_entries(self):
        """Write this kind as plain JSON values."""
        mistakes = self._mistake_entries(lambda value: _packed(self._normal(value)))
        points = self.shape()["points"]
        return {"value": _packed(self.value), "points": points, "mistakes": mistakes, "rel": self.rel}

    @classmethod
    def from_entries(cls, entries):
        """Make a kind from what `to_entries` wrote."""
        return cls(**{**entries, "mistakes": [Mistake(**mistake) for mistake in entries["mistakes"]]})

    def _normal(self, value):
        densities = at_points(value, self.points).densities if is_model(value) else value
        return {name: tuple(map(_number, values)) for name, values in densities.items()}

    def _distance(self, given, value):
        if any(len(values) != len(self.points) for values in given.values()):
            return math.inf
        return self._gap(_total(given), _total(value))

    def _gap(self, given, value):
        """Compare the differences to the first point."""
        given, value = np.array(given), np.array(value)
        if not (np.all(np.isfinite(given)) and np.all(np.isfinite(value))):
            return math.inf
        gap = np.max(np.abs((given - given[0]) - (value - value[0])))
        return float(gap / (self.rel * max(1.0, np.max(np.abs(value)))))

    def _explain(self, given):
        shared = [name for name in self.value if name in given]
        off = [name for name in shared if self._gap(given[name], self.value[name]) > 1]
        if not off:
            return "This is another model than the one that the question describes."
        return f"This is another model than the one that the question describes. Look at {a_few(off)}."


def _total(densities):
    """Add up the densities at each point."""
    points = zip(*densities.values(), strict=True)
    return [math.fsum(point) if all(map(math.isfinite, point)) else -math.inf for point in points]


def _number(density):
    return -math.inf if density is None else float(density)


def _packed(densities):
    return {name: [x if math.isfinite(x) else None for x in values] for name, values in densities.items()}
