"""Priors in rstanarm's vocabulary: ``normal``, ``student_t``, ``cauchy``, ``exponential``, ``decov``.

A prior here is a description. ``resolve`` turns the descriptions of a model into numbers: it fills
in rstanarm's defaults and adjusts scales to the data where that was asked for.
"""

import math
from dataclasses import dataclass, replace
from numbers import Real

import numpy as np

from mlmkit.bayes.options import true_or_false
from mlmkit.frame.columns import INTERCEPT


@dataclass(frozen=True)
class Prior:
    """One prior distribution.

    Attributes
    ----------
    family : str
        ``"normal"``, ``"student_t"``, ``"exponential"`` or ``"flat"``.
    location, scale : float or tuple of float
        In units of the parameter, or relative to the data if `autoscale`. For the exponential
        distribution `scale` is 1 / rate.
    df : float
        Degrees of freedom, for ``"student_t"``.
    autoscale : bool
        Whether the scale is to be multiplied by sd(y) (Gaussian models) and, for slopes, divided by sd(x).
    """

    family: str
    location: object = 0.0
    scale: object = None
    df: float | None = None
    autoscale: bool = False

    def __str__(self):
        if self.family == "flat":
            return "flat"
        if self.family == "exponential":
            return f"exponential(rate = {_short(1 / self.scale)})"
        start = f"df = {_short(self.df)}, " if self.df else ""
        return f"{self.family}({start}location = {_short(self.location)}, scale = {_short(self.scale)})"


@dataclass(frozen=True)
class Decov:
    """Prior of a covariance matrix between groups; see `decov`."""

    regularization: float = 1.0
    concentration: float = 1.0
    shape: float = 1.0
    scale: float = 1.0

    def __str__(self):
        return (
            f"decov(reg. = {_short(self.regularization)}, conc. = {_short(self.concentration)}, "
            f"shape = {_short(self.shape)}, scale = {_short(self.scale)})"
        )


@dataclass(frozen=True)
class GroupSds:
    """Prior of the standard deviations between groups themselves, in units of the outcome.

    Attributes
    ----------
    prior : Prior
        Of each standard deviation: the half above zero.
    regularization : float
        Of the correlations (LKJ).
    """

    prior: Prior
    regularization: float = 1.0


def lkj_strengths(regularization, q):
    """List the exponents of 1 - r^2 of all partial correlations of a q x q matrix, row by row.

    D. Lewandowski, D. Kurowicka and H. Joe (2009), "Generating random correlation matrices based on vines and
    extended onion method", Journal of Multivariate Analysis 100(9), section 2.4. Each (r + 1) / 2 has a
    Beta(a, a) distribution with this a; with the Jacobian of r = tanh(u / 2), a is the exponent.

    Returns
    -------
    ndarray, shape (q (q - 1) / 2,)
    """
    return np.array([regularization + (q - 2 - column) / 2 for row in range(q) for column in range(row)])


def normal(location=0.0, scale=None, autoscale: bool = False) -> Prior:
    """Describe a normal prior.

    Parameters
    ----------
    location, scale : float or list of float
        Mean and standard deviation; a list gives each coefficient its own. The default scale is 2.5.
    autoscale : bool
        Adjust the scale to the data: times sd(y) in Gaussian models, divided by sd(x) for slopes.

    Returns
    -------
    Prior
        For ``prior`` and ``prior_intercept`` (for ``prior_aux``, the half above zero).

    Examples
    --------
    >>> from mlmkit import normal
    >>> print(normal(0, 100_000))
    normal(location = 0, scale = 1e+05)
    """
    return Prior("normal", _numbers("location", location), _scale(scale, 2.5), None, _autoscale(autoscale))


def student_t(df: float = 1.0, location=0.0, scale=None, autoscale: bool = False) -> Prior:
    """Describe a Student-t prior: like the normal, with heavier tails the smaller ``df``.

    Examples
    --------
    >>> from mlmkit import student_t
    >>> print(student_t(4, 0, 2.5))
    student_t(df = 4, location = 0, scale = 2.5)
    """
    location, scale = _numbers("location", location), _scale(scale, 2.5)
    return Prior("student_t", location, scale, _positive("df", df), _autoscale(autoscale))


def cauchy(location=0.0, scale=None, autoscale: bool = False) -> Prior:
    """Describe a Cauchy prior: Student's t with one degree of freedom. As ``prior_aux``: half-Cauchy.

    Examples
    --------
    >>> from mlmkit import cauchy
    >>> print(cauchy(0, 5))
    student_t(df = 1, location = 0, scale = 5)
    """
    return student_t(1.0, location, scale, autoscale)


def exponential(rate: float = 1.0, autoscale: bool = False) -> Prior:
    """Describe an exponential prior for a residual standard deviation, with mean 1 / rate.

    Parameters
    ----------
    rate : float
        One over the mean.
    autoscale : bool
        Multiply the mean by sd(y).

    Examples
    --------
    >>> from mlmkit import exponential
    >>> print(exponential(rate=2))
    exponential(rate = 2)
    """
    return Prior("exponential", 0.0, 1.0 / _positive("rate", rate), None, _autoscale(autoscale))


def flat() -> Prior:
    """Describe a flat (improper) prior: every value is as likely as every other one. In R: ``NULL``.

    Returns
    -------
    Prior
        For ``prior``, ``prior_intercept`` and ``prior_aux``.

    Examples
    --------
    >>> from mlmkit import flat
    >>> print(flat())
    flat
    """
    return Prior("flat", 0.0, math.inf)


def decov(
    regularization: float = 1.0, concentration: float = 1.0, shape: float = 1.0, scale: float = 1.0
) -> Decov:
    """Describe a prior of the covariance matrix of group effects, taken apart into parts one can imagine.

    Parameters
    ----------
    regularization : float
        Of the correlations (LKJ): 1 is uniform, larger values pull them towards zero.
    concentration : float
        How evenly the terms share the variance (Dirichlet): 1 leaves it open, larger means even shares.
    shape, scale : float
        Of the overall size tau, which has a Gamma(shape, scale) prior. With one varying term, the
        standard deviation between groups is tau (times sigma in Gaussian models).

    Returns
    -------
    Decov
        For ``prior_covariance``.

    Notes
    -----
    With q terms the variances are ``share_k * q * (tau * sigma)**2``: their mean is (tau sigma)^2. See
    the vignette "Estimating generalized linear models with group-specific terms" of rstanarm.

    Examples
    --------
    >>> from mlmkit import decov
    >>> print(decov(scale=0.5))
    decov(reg. = 1, conc. = 1, shape = 1, scale = 0.5)
    """
    given = {"regularization": regularization, "concentration": concentration, "shape": shape, "scale": scale}
    return Decov(**{name: _positive(name, value) for name, value in given.items()})


@dataclass(frozen=True)
class Priors:
    """All priors of a model in numbers, as used.

    Attributes
    ----------
    intercept : Prior or None
        Of the intercept at centred predictors; None for a model without intercept.
    coefs : tuple of Prior
        One for each other fixed effect.
    aux : Prior or None
        Of sigma, or of the size of negative binomial counts; None where sigma is known, and for binomial and
        Poisson models.
    covariance : Decov or GroupSds or None
        Of the group effects; None for a model without groups.
    adjusted : dict
        Name of the parameter -> the scale before it was adjusted to the data.
    """

    intercept: Prior | None
    coefs: tuple
    aux: Prior | None
    covariance: Decov | GroupSds | None
    adjusted: dict

    @property
    def conjugate(self):
        """True if the fixed effects' priors are normal or flat, so that they integrate out."""
        fixed = (*self.coefs, *([self.intercept] if self.intercept else []))
        return all(prior.family in ("normal", "flat") for prior in fixed)


CHOICES = {
    "prior": "normal, student_t, cauchy, flat",
    "prior_intercept": "normal, student_t, cauchy, flat",
    "prior_aux": "exponential, normal, student_t, cauchy (the half above zero), flat",
    "prior_covariance": "decov; or, for the sd between groups itself, normal, student_t, cauchy (the half "
    "above zero), exponential",
}


def resolve(
    given, *, y_mean, y_sd, x_sds, intercept, gaussian, has_size=False, groups=True, sigma_known=False
):
    """Turn the priors that a user gave into numbers.

    Parameters
    ----------
    given : dict
        ``prior``, ``prior_intercept``, ``prior_aux``, ``prior_covariance``, each a
        prior, or None for rstanarm's default.
    y_mean, y_sd : float
        Of the outcome.
    x_sds : dict of str to float
        Standard deviation of each predictor, without the intercept; 0 for a constant.
    intercept : bool
        Whether the model has one.
    gaussian : bool
        Whether the outcome is continuous, so that scales follow sd(y).
    has_size : bool
        Whether the outcome is a negative binomial count.
    groups : bool
        Whether the model has grouping factors.
    sigma_known : bool
        Whether the residual standard deviations are given.

    Returns
    -------
    Priors
        Ready for a sampler.

    Raises
    ------
    TypeError, ValueError
        If an argument isn't a prior that fits there.
    """
    _check_kinds(given)
    y_scale = y_sd if gaussian else 1.0
    adjusted = {}

    def scaled(name, prior, unit):
        if not prior.autoscale or prior.family == "flat" or unit == 1.0:
            return replace(prior, autoscale=False)
        adjusted[name] = prior.scale
        return replace(prior, scale=max(prior.scale * unit, 1e-12), autoscale=False)

    start = normal(y_mean if gaussian else 0.0, 2.5, autoscale=True)
    centre = scaled(INTERCEPT, _given_or(given["prior_intercept"], start), y_scale) if intercept else None
    slopes = _one_each(_given_or(given["prior"], normal(0, 2.5, autoscale=True)), list(x_sds))
    coefs = tuple(
        scaled(name, prior, y_scale / (sd or 1.0))
        for (name, sd), prior in zip(x_sds.items(), slopes, strict=True)
    )
    aux = None
    if has_size or (gaussian and not sigma_known):
        aux = scaled("sigma", _given_or(given["prior_aux"], exponential(1, autoscale=True)), y_scale)
    elif given["prior_aux"] is not None:
        none = "here it is given" if sigma_known else "binomial and Poisson models have none"
        raise ValueError(
            f"prior_aux is about sigma (or the size of negative binomial counts), and {none}. Leave it out."
        )
    covariance = None
    if groups:
        covariance = _between(given["prior_covariance"], sigma_known, lambda one: scaled("sd", one, y_scale))
    elif given["prior_covariance"] is not None:
        raise ValueError("prior_covariance is about group effects, and this model has none. Leave it out.")
    return Priors(centre, coefs, aux, covariance, adjusted)


def _between(prior, sigma_known, scaled):
    """Turn what was given for the covariances between groups into a prior in numbers."""
    if sigma_known and isinstance(prior, Decov):
        raise ValueError(
            "decov measures the sd between groups in residual standard deviations, and here each row has "
            "its own. Give a prior of the sd between groups itself, such as prior_covariance=cauchy(0, 5)."
        )
    if prior is None:
        prior = exponential(1, autoscale=True) if sigma_known else decov()
    return prior if isinstance(prior, Decov) else GroupSds(scaled(prior))


def _given_or(value, default):
    return default if value is None else value


def _one_each(prior, names):
    """Give every coefficient its own prior; a list of locations or scales must have one for each."""
    for part in ("location", "scale"):
        value = getattr(prior, part)
        if isinstance(value, tuple) and len(value) != len(names):
            raise ValueError(
                f"prior has {len(value)} values of {part}, and the model has {len(names)} coefficients "
                f"besides the intercept ({', '.join(names) or 'none'}). Give one value, or one for each."
            )

    def pick(value, k):
        return value[k] if isinstance(value, tuple) else value

    return [
        replace(prior, location=pick(prior.location, k), scale=pick(prior.scale, k))
        for k in range(len(names))
    ]


def _check_kinds(given):
    for name, value in given.items():
        if value is None:
            continue
        right = isinstance(value, Prior)
        if name == "prior_covariance":
            right = isinstance(value, Decov) or (right and value.family != "flat")
        elif right and name != "prior_aux":
            right = value.family != "exponential"
        if not right:
            shown = value.family if isinstance(value, Prior) else repr(value)
            if callable(value) and hasattr(value, "__name__"):
                shown = f"the function {value.__name__} itself"
            raise TypeError(
                f"{name} can't be {shown}. It takes: {CHOICES[name]}. For example {name}={_example(name)}."
            )
        several = [part for part in ("location", "scale") if isinstance(getattr(value, part, 0), tuple)]
        if several and name != "prior":
            raise ValueError(f"{name} is about one parameter, so its {several[0]} is one number.")


def _example(name):
    return {
        "prior": "normal(0, 2.5)",
        "prior_intercept": "normal(0, 10)",
        "prior_aux": "exponential(1)",
        "prior_covariance": "decov(scale=0.5)",
    }[name]


def _numbers(name, value):
    if isinstance(value, Real) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ValueError(f"The {name} of a prior must be a finite number, not {value}.")
        return float(value)
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise TypeError(f"The {name} of a prior must be a number (or a list of numbers), not {value!r}.")
    return tuple(_numbers(name, one) for one in value)


def _scale(value, default):
    if value is None:
        return default
    value = _numbers("scale", value)
    if any(one <= 0 for one in (value if isinstance(value, tuple) else (value,))):
        raise ValueError(f"The scale of a prior must be positive, not {value}. It is a standard deviation.")
    return value


def _autoscale(value):
    true_or_false("autoscale", value)
    return bool(value)


def _positive(name, value):
    value = _numbers(name, value)
    if isinstance(value, tuple) or value <= 0:
        raise ValueError(f"{name} must be one positive number, not {value}.")
    return value


def _short(value):
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_short, value)) + "]"
    return f"{value:.2g}" if value else "0"
