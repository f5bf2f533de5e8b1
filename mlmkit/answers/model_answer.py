"""A Bayesian model as an answer: what travels is its log density at points that the question fixes.

Numbers from a posterior can't tell one prior from another that is nearly as wide; the density can, and it
has no Monte Carlo error. The points are public: they say where one looks, not what one should see.
"""

import math
from dataclasses import dataclass

from mlmkit.answers.text import MAX_TEXT, BadAnswerError, plain

MAX_VARIABLES, MAX_POINTS = 100, 100


@dataclass(frozen=True)
class ModelAnswer:
    """A model that was handed in: name of each variable to its log density at each point."""

    densities: dict


def is_model(answer):
    """Tell whether an answer is a PyMC model, or a fit that can give one."""
    return hasattr(answer, "free_RVs") or hasattr(answer, "to_pymc")


def at_points(answer, points):
    """Take a PyMC model, or a fit by `stan_glmer`, to its log densities at the points of a question.

    Raises
    ------
    BadAnswerError
        If the model has other variables than the question asks for, or can't be evaluated.
    """
    from mlmkit.bayes.log_density import log_densities

    model = answer.to_pymc() if hasattr(answer, "to_pymc") else answer
    names, asked = sorted(variable.name for variable in model.free_RVs), sorted(points[0])
    if names != asked:
        raise BadAnswerError(
            f"Your model has the variables {_listed(names)}. This question asks for {_listed(asked)}. "
            "Give them these names."
        )
    found = log_densities(model, points)
    return ModelAnswer({name: tuple(values.tolist()) for name, values in found.items()})


def encode_model(answer):
    """Write the densities as JSON values; what is not finite becomes None."""
    return {
        "model": {
            name: [value if math.isfinite(value) else None for value in values]
            for name, values in answer.densities.items()
        }
    }


def decode_model(content):
    """Read what `encode_model` wrote under "model"; it may be anything."""
    if not isinstance(content, dict) or not 0 < len(content) <= MAX_VARIABLES:
        raise BadAnswerError("The model that arrived can't be read.")
    return ModelAnswer({_name(name): _values(values) for name, values in content.items()})


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
