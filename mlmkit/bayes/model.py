"""A Bayesian model before it is fitted: formula, data, family and priors in numbers."""

from dataclasses import dataclass

import numpy as np

from mlmkit.bayes.likelihoods import FAMILIES, Family, outcome_reader
from mlmkit.bayes.priors import Decov, Priors, resolve
from mlmkit.bayes.separating import check_flat
from mlmkit.engine.onefactor import group_sums
from mlmkit.engine.rank import drop_dependent
from mlmkit.engine.scaling import scale_columns
from mlmkit.frame.cached_frame import as_frame
from mlmkit.frame.columns import INTERCEPT
from mlmkit.frame.design import Design, design
from mlmkit.frame.formula import FormulaError

MOST_EFFECTS = 300  # that are solved for together; each draw needs a Cholesky root of this size


@dataclass
class BayesModel:
    """Everything that a sampler needs to know.

    Attributes
    ----------
    design : Design
        Formula and data.
    family : Family
        Distribution of the outcome.
    priors : Priors
        In numbers.
    given_priors : dict
        As the user gave them.
    scaled : Scaled
        The columns, scaled.
    function : str
        ``stan_lmer``, ``stan_glmer`` or ``stan_glm``, for the print-out.
    sigma_known : bool
        Whether each row's residual standard deviation was given.
    """

    design: Design
    family: Family
    priors: Priors
    given_priors: dict
    scaled: object
    function: str
    sigma_known: bool

    @property
    def has_intercept(self):
        """Whether the fixed effects hold an intercept."""
        return INTERCEPT in self.design.fixed.names

    @property
    def slopes(self):
        """Names of the fixed effects besides the intercept."""
        return [name for name in self.design.fixed.names if name != INTERCEPT]

    @property
    def predictor_means(self):
        """What is subtracted from each predictor: its mean, or 0 in a model without intercept."""
        if not self.has_intercept:
            return np.zeros(len(self.slopes))
        fixed = dict(zip(self.design.fixed.names, self.design.fixed.arrays, strict=True))
        return np.array([fixed[name].mean() for name in self.slopes])

    @property
    def has_sigma(self):
        """Whether there is a residual standard deviation that is to be found."""
        return self.family.has_sigma and not self.sigma_known

    @property
    def has_compiled_density(self):
        """Whether ``kernel`` knows this model; others are compiled by PyMC, which takes a while."""
        return (
            bool(self.design.factors)
            and isinstance(self.priors.covariance, Decov)
            and not (self.sigma_known or self.family.has_size)
        )

    def why_not_exact(self):
        """Say in a sentence why the model can't be drawn exactly; an empty string if it can."""
        if self.family.name != "gaussian":
            return f"the {self.family.name} family doesn't integrate out"
        if not self.priors.conjugate:
            return "a prior of the fixed effects is neither normal nor flat"
        sizes = sorted(len(factor.levels) * len(factor.names) for factor in self.design.factors)
        if sum(sizes[:-1]) > MOST_EFFECTS:
            return (
                f"beside its largest grouping factor it has {sum(sizes[:-1])} effects (exact: up to "
                f"{MOST_EFFECTS})"
            )
        return ""


def build_model(
    formula,
    data,
    family,
    given_priors,
    *,
    function,
    na_action="drop",
    contrasts=None,
    weights=None,
    sigma=None,
    bars=True,
):
    """Read formula and data and fill in the priors.

    Parameters
    ----------
    formula : str
        lme4's language.
    data : DataFrame
        One row an observation.
    family : str
        ``"gaussian"``, ``"binomial"``, ``"poisson"`` or ``"negative_binomial"``.
    given_priors : dict
        ``prior``, ``prior_intercept``, ``prior_aux``, ``prior_covariance``.
    function : str
        Name of the function that the user called.
    na_action, contrasts, weights
        See ``lmer``.
    sigma : str or array, optional
        Known residual standard deviations; see ``stan_glmer``.
    bars : bool
        Whether the formula has random-effects terms.

    Returns
    -------
    BayesModel
        Ready for a sampler.
    """
    if not isinstance(family, str) or family not in FAMILIES:
        raise ValueError(f"family is {family!r}. Valid choices: {', '.join(map(repr, FAMILIES))}.")
    family = FAMILIES[family]
    if not family.has_sigma and (weights is not None or sigma is not None):
        name = "weights" if weights is not None else "sigma"
        raise ValueError(f"{name} is for Gaussian models; a {family.name} model has no residual variance.")
    if sigma is not None:
        weights = _precisions(sigma, weights, data)
    model = design(
        formula,
        data,
        na_action=na_action,
        outcome=outcome_reader(family),
        contrasts=contrasts,
        weights=weights,
        bars=bars,
    )
    if not bars and model.factors:
        raise FormulaError(
            "stan_glm is for models without random-effects terms, and this formula has one. Use stan_glmer.",
            model.formula.text,
        )
    _check(model, family)
    y = model.y if model.offset is None or not family.has_sigma else model.y - model.offset
    scaled = scale_columns(model.fixed, model.factors, y, model.weights, family.has_sigma)
    if model.factors:
        factor = model.factors[0]
        _, total = group_sums(scaled, factor.codes, scaled.z[0], len(factor.levels))
    else:
        W = scaled.matrix()
        total = W @ W.T
    drop_dependent(model, scaled, total)
    fixed = zip(model.fixed.names, model.fixed.arrays, strict=True)
    priors = resolve(
        given_priors,
        y_mean=float(np.mean(y)),
        y_sd=float(np.std(y, ddof=1)),
        x_sds={name: float(np.std(array, ddof=1)) for name, array in fixed if name != INTERCEPT},
        intercept=INTERCEPT in model.fixed.names,
        gaussian=family.has_sigma,
        has_size=family.has_size,
        groups=bool(model.factors),
        sigma_known=sigma is not None,
    )
    made = BayesModel(model, family, priors, given_priors, scaled, function, sigma is not None)
    check_flat(made)
    return made


def _precisions(sigma, weights, data):
    """Turn known residual standard deviations into weights: one over their squares."""
    if weights is not None:
        raise ValueError("sigma and weights both say how sure each row is. Give one of them.")
    if isinstance(sigma, str):
        frame = as_frame(data)
        values = frame[sigma].to_numpy() if sigma in frame.columns else None
        if values is None:
            raise ValueError(f"sigma is {sigma!r}, and the data has no such column.")
        given = f"1 / `{sigma}`^2"
    else:
        values, given = np.asarray(sigma), None
    try:
        values = values.astype(float)
    except (TypeError, ValueError):
        values = np.array([np.nan])
    if not (values.ndim == 1 and np.isfinite(values).all() and (values > 0).all()):
        raise ValueError(
            "sigma is a column's name, or one positive number for each row: the known residual standard "
            "deviations, such as the standard errors of published estimates. None may be missing."
        )
    return given if given is not None else 1 / values**2


def _check(model, family):
    if model.n < 2:
        raise ValueError(
            "The data has only one row. A model of groups needs several rows in each of several groups."
        )
    if family.has_sigma and model.y.min() == model.y.max():
        raise ValueError(
            f"The outcome '{model.formula.response}' has the same value ({model.y[0]:g}) in all {model.n} "
            "rows. There is nothing to explain; is it the right column?"
        )
    if family.has_sigma and model.offset is not None and np.ptp(model.y - model.offset) == 0:
        raise ValueError(
            f"The outcome '{model.formula.response}' minus its offset is the same in all {model.n} rows. "
            "There is nothing to explain; is the offset the outcome itself?"
        )
