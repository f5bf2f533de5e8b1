"""A Bayesian model as an answer, judged by its log density.

What travels is the density at points that the question fixes. Numbers from a posterior can't tell one prior
from another that is nearly as wide; the density can, and it has no Monte Carlo error. The points are public:
they say where one looks, not what one should see.
"""

import math
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from mlmkit.answers.kind import Kind
from mlmkit.answers.text import MAX_TEXT, BadAnswerError, a_few, plain

MAX_VARIABLES, MAX_POINTS = 100, 100


@dataclass(frozen=True)
class ModelAnswer:
    """A model that was handed in: name of each variable to its log density at each point."""

    densities: dict

    def described(self):
        """Say what it is."""
        return "a Bayesian model"


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
    >>> from mlmkit.answers.kinds import Mistake
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

    name: ClassVar[str] = "model"
    form: ClassVar[str] = "model"

    @classmethod
    def encode(cls, answer, shape):
        """Take a PyMC model, or a fit that can give one, where the question says at which points to look."""
        if not shape or shape.get("kind") != cls.name or not is_model(answer):
            return None
        return {cls.form: _json_values(log_densities_at(answer, shape["points"]))}

    @classmethod
    def decode(cls, content):
        """Read the log densities by variable."""
        if not isinstance(content, dict) or not 0 < len(content) <= MAX_VARIABLES:
            raise BadAnswerError("The model that arrived can't be read.")
        return ModelAnswer({_name(name): _values(values) for name, values in content.items()})

    @classmethod
    def wanted(cls, shape):
        """Say what is asked for: a model, and the names of its variables."""
        names = a_few(sorted(shape["points"][0]), 8)
        return f"a PyMC model, or a fit by stan_glmer, with the variables {names}"

    @classmethod
    def read(cls, answer, shape):
        """Read a model's log densities, one a point, as a dict of variable to densities."""
        if not isinstance(answer, ModelAnswer):
            raise cls.mismatch(answer, shape)
        if any(len(values) != len(shape["points"]) for values in answer.densities.values()):
            raise BadAnswerError("The model that arrived can't be read. Run the check cell again and save.")
        return answer.densities

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
        return {"kind": self.name, "points": [dict(point) for point in self.points]}

    def answer_with(self, value):
        """Return the decoded answer of a student who hands in this model."""
        return ModelAnswer(self._normal(value))

    def to_entries(self):
        """Write this kind as plain JSON values."""
        return {**super().to_entries(), "points": self.shape()["points"]}

    def _packed(self, value):
        return _json_values(self._normal(value))

    @classmethod
    def _unpacked(cls, packed):
        return packed

    def _normal(self, value):
        densities = log_densities_at(value, self.points) if is_model(value) else value
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


def _json_values(densities):
    """Write densities as JSON values; what is not finite becomes None."""
    return {name: [x if math.isfinite(x) else None for x in values] for name, values in densities.items()}


# ---------------------------------------------------------------- densities, in the student's kernel


def is_model(answer):
    """Tell whether an answer is a PyMC model, or a fit that can give one."""
    return hasattr(answer, "free_RVs") or hasattr(answer, "to_pymc")


def log_densities_at(answer, points):
    """Evaluate a PyMC model, or that of a fit by `stan_glmer`, at the points of a question.

    Returns
    -------
    dict of str to tuple of float
        Name of each variable to its log density at each point.

    Raises
    ------
    BadAnswerError
        If the model has other variables than the question asks for, or PyMC is missing.
    """
    try:
        from mlmkit.bayes.log_density import log_densities

        model = answer.to_pymc() if hasattr(answer, "to_pymc") else answer
        names, asked = sorted(variable.name for variable in model.free_RVs), sorted(points[0])
        if names != asked:
            raise BadAnswerError(
                f"Your model has the variables {_listed(names)}. This question asks for {_listed(asked)}. "
                "Give them these names."
            )
        found = log_densities(model, points)
    except ModuleNotFoundError as error:
        raise BadAnswerError(
            f"This question looks at the density of your model. That needs PyMC, and {plain(error.name)} is "
            'not installed here. Install it with: pip install "mlmkit[bayes]"'
        ) from error
    return {name: tuple(values.tolist()) for name, values in found.items()}


# ---------------------------------------------------------------- densities that arrived


def _name(name):
    if not isinstance(name, str) or len(name) > MAX_TEXT:
        raise BadAnswerError("The model that arrived has variables that can't be read.")
    return name


def _values(values):
    if not isinstance(values, list) or len(values) > MAX_POINTS:
        raise BadAnswerError("The model that arrived can't be read.")
    if any(isinstance(x, bool) or not isinstance(x, int | float | None) for x in values):
        raise BadAnswerError("The model that arrived holds something that is not a number.")
    try:
        return tuple(-math.inf if x is None or not math.isfinite(x) else float(x) for x in values)
    except OverflowError:
        raise BadAnswerError("The model that arrived holds a number that is too large.") from None


def _listed(names, limit=8):
    shown = ", ".join(plain(name, 30) for name in names[:limit])
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "") or "none"
