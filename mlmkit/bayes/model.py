"""A Bayesian model before it is fitted: formula, data, family and priors in numbers."""

from dataclasses import dataclass

import numpy as np

from mlmkit.bayes.likelihoods import FAMILIES, Family, outcome_reader
from mlmkit.bayes.priors import Priors, resolve
from mlmkit.bayes.separating import check_flat
from mlmkit.engine.onefactor import OneFactor, group_sums
from mlmkit.engine.rank import drop_dependent
from mlmkit.engine.scaling import scale_columns
from mlmkit.engine.theta import pattern
from mlmkit.frame.columns import INTERCEPT
from mlmkit.frame.design import Design, design


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
    problem : OneFactor or None
        Per-group sums, for Gaussian models with one grouping factor.
    scaled : Scaled
        The columns, scaled.
    function : str
        ``stan_lmer`` or ``stan_glmer``, for the print-out.
    """

    design: Design
    family: Family
    priors: Priors
    given_priors: dict
    problem: OneFactor | None
    scaled: object
    function: str

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

    def why_not_exact(self):
        """Say in a sentence why the model can't be drawn exactly; an empty string if it can."""
        if self.family.name != "gaussian":
            return f"the {self.family.name} family doesn't integrate out"
        if len(self.design.factors) > 1:
            return f"it has {len(self.design.factors)} grouping factors"
        if len(self.design.factors[0].names) > 2:
            return f"{len(self.design.factors[0].names)} terms vary between the groups (exact: up to two)"
        if not self.priors.conjugate:
            return "a prior of the fixed effects is neither normal nor flat"
        return ""


def build_model(formula, data, family, given_priors, *, function, na_action="drop", contrasts=None):
    """Read formula and data and fill in the priors.

    Parameters
    ----------
    formula : str
        lme4's language.
    data : DataFrame
        One row an observation.
    family : str
        ``"gaussian"``, ``"binomial"`` or ``"poisson"``.
    given_priors : dict
        ``prior``, ``prior_intercept``, ``prior_aux``, ``prior_covariance``.
    function : str
        Name of the function that the user called.
    na_action, contrasts
        See ``lmer``.

    Returns
    -------
    BayesModel
        Ready for a sampler.
    """
    if not isinstance(family, str) or family not in FAMILIES:
        only_there = " glmer fits negative binomial counts." if family == "negative_binomial" else ""
        raise ValueError(
            f"family is {family!r}. Valid choices: {', '.join(map(repr, FAMILIES))}.{only_there}"
        )
    family = FAMILIES[family]
    reader = outcome_reader(family)
    model = design(formula, data, na_action=na_action, outcome=reader, contrasts=contrasts)
    _check(model, family)
    y = model.y if model.offset is None or not family.has_sigma else model.y - model.offset
    scaled = scale_columns(model.fixed, model.factors, y, None, family.has_sigma)
    factor = model.factors[0]
    by_group, total = group_sums(scaled, factor.codes, scaled.z[0], len(factor.levels))
    if drop_dependent(model, scaled, total):
        by_group, total = group_sums(scaled, factor.codes, scaled.z[0], len(factor.levels))
    problem = None
    if family.has_sigma and len(model.factors) == 1:
        columns = [*scaled.x, len(scaled.arrays) - 1]
        A, B = by_group[:, :, scaled.z[0]], by_group[:, :, columns]
        problem = OneFactor(A, B, total[np.ix_(columns, columns)], model.n, pattern(factor.terms), True)
    fixed = zip(model.fixed.names, model.fixed.arrays, strict=True)
    priors = resolve(
        given_priors,
        y_mean=float(np.mean(y)),
        y_sd=float(np.std(y, ddof=1)),
        x_sds={name: float(np.std(array, ddof=1)) for name, array in fixed if name != INTERCEPT},
        intercept=INTERCEPT in model.fixed.names,
        gaussian=family.has_sigma,
    )
    made = BayesModel(model, family, priors, given_priors, problem, scaled, function)
    check_flat(made)
    return made


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
