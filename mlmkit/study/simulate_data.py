"""Fake data from stated parameters."""

import numpy as np
import pandas as pd

from mlmkit.engine.families import FAMILIES
from mlmkit.frame.columns import linear_predictor
from mlmkit.frame.design import design
from mlmkit.frame.formula import NAME, FormulaError, parse


def simulate_data(formula, data, *, fixef, sd, sigma=None, corr=0.0, family="gaussian", seed=None):
    """Make fake data: draw an outcome for given predictors and groups from stated parameters.

    Parameters
    ----------
    formula : str
        The model, such as ``"y ~ x + (1 + x | g)"``; its outcome is the new column's name.
    data : DataFrame
        Predictors and groups, one row an observation.
    fixef : dict, Series or list of float
        Fixed effects by term; a list in the order of the terms.
    sd : float, dict or list
        Standard deviations between groups: a number for a single scalar term, a list for a single term
        with several columns, or a dict from grouping factor (``g``; ``g.1`` for a second term) to those.
    sigma : float, optional
        Residual standard deviation; needed for the Gaussian family only.
    corr : float or dict
        Correlation of the effects of each term (for every pair), or a dict by grouping factor.
    family : {"gaussian", "binomial", "poisson"}
        Distribution of the outcome (logit and log links).
    seed : int or Generator, optional
        Makes the draw repeatable.

    Returns
    -------
    DataFrame
        A copy of `data` with the outcome. The effects that were drawn are in ``attrs["ranef"]``.

    Raises
    ------
    ValueError
        If parameters are missing, too many, or impossible.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from mlmkit import lmer, simulate_data
    >>> rows = pd.DataFrame({"g": np.repeat(np.arange(30), 20)})
    >>> fake = simulate_data("y ~ (1 | g)", rows, fixef=[10.0], sd=2.0, sigma=1.0, seed=1)
    >>> abs(lmer("y ~ (1 | g)", fake).fixef["(Intercept)"] - 10) < 1
    np.True_
    """
    plan = Plan(formula, data, fixef, sd, sigma, corr, family)
    y, effects = plan.draw(np.random.default_rng(seed))
    made = data.assign(**{plan.outcome: y})
    made.attrs["ranef"] = effects
    return made


class Plan:
    """A model with its parameters, ready to draw outcomes.

    Parameters
    ----------
    formula, data, fixef, sd, sigma, corr, family
        As for `simulate_data`.
    """

    def __init__(self, formula, data, fixef, sd, sigma, corr, family):
        parsed = parse(formula)
        if not NAME.fullmatch(parsed.response):
            raise FormulaError(
                f"The outcome '{parsed.response}' must be a plain name for the new column.", formula
            )
        if family != "gaussian" and family not in FAMILIES:
            valid = ", ".join(map(repr, ["gaussian", *FAMILIES]))
            raise ValueError(f"family is {family!r}. Valid choices: {valid}.")
        if family == "gaussian" and (sigma is None or not sigma > 0):
            raise ValueError(
                f"sigma is {sigma!r}. A Gaussian outcome needs a residual standard deviation above 0."
            )
        self.outcome, self.family, self.sigma = parsed.response.strip("`"), family, sigma
        self.model = design(parsed, data.assign(**{self.outcome: 0.0}), na_action="raise")
        self.beta = self._fixed(fixef)
        self.roots = self._roots(sd, corr)

    def _fixed(self, fixef):
        names = list(self.model.fixed.names)
        if hasattr(fixef, "items"):
            given = dict(fixef)
            if set(given) != set(names):
                raise ValueError(
                    f"fixef names {', '.join(map(str, given))}; the model has {', '.join(names)}."
                )
            return np.array([float(given[name]) for name in names])
        values = np.atleast_1d(np.asarray(fixef, dtype=float))
        if values.shape != (len(names),):
            raise ValueError(
                f"fixef has {values.size} values; the model needs {len(names)}: {', '.join(names)}."
            )
        return values

    def _roots(self, sd, corr):
        terms = {term.label: term for factor in self.model.factors for term in factor.terms}
        if not hasattr(sd, "items"):
            if len(terms) > 1:
                raise ValueError(f"The model has several terms; give sd as a dict by {', '.join(terms)}.")
            sd = {next(iter(terms)): sd}
        if set(sd) != set(terms):
            raise ValueError(f"sd names {', '.join(map(str, sd))}; the model has {', '.join(terms)}.")
        roots = []
        for factor in self.model.factors:
            root = np.zeros((len(factor.names),) * 2)
            for term in factor.terms:
                rho = corr.get(term.label, 0.0) if hasattr(corr, "get") else corr
                where = slice(term.first, term.first + term.size)
                root[where, where] = self._root(term, sd[term.label], rho)
            roots.append(root)
        return roots

    @staticmethod
    def _root(term, sd, rho):
        if hasattr(sd, "items"):
            if set(sd) != set(term.columns.names):
                raise ValueError(
                    f"sd of {term.label} names {', '.join(sd)}; needed: {', '.join(term.columns.names)}."
                )
            sd = [sd[name] for name in term.columns.names]
        sd = np.atleast_1d(np.asarray(sd, dtype=float))
        if sd.shape != (term.size,) or not (sd >= 0).all():
            raise ValueError(
                f"sd of {term.label} must be {term.size} numbers of at least 0, "
                f"for {', '.join(term.columns.names)}."
            )
        matrix = np.full((term.size, term.size), float(rho))
        np.fill_diagonal(matrix, 1.0)
        values, vectors = np.linalg.eigh(matrix)
        if not values[0] > -1e-9:
            raise ValueError(
                f"A correlation of {rho} between {term.size} effects of {term.label} is impossible."
            )
        return sd[:, None] * (vectors * np.sqrt(np.maximum(values, 0.0)))

    def draw(self, rng):
        """Draw an outcome.

        Parameters
        ----------
        rng : Generator
            Source of randomness.

        Returns
        -------
        y : ndarray, shape (n,)
            The outcome.
        effects : dict of DataFrame
            The group effects drawn, by grouping factor.
        """
        model = self.model
        eta = linear_predictor(model.fixed.arrays, self.beta, model.n)
        if model.offset is not None:
            eta = eta + model.offset
        effects = {}
        for factor, root in zip(model.factors, self.roots, strict=True):
            drawn = rng.standard_normal((len(factor.levels), len(root))) @ root.T
            eta = eta + sum(array * drawn[factor.codes, k] for k, array in enumerate(factor.arrays))
            effects[factor.label] = pd.DataFrame(drawn, index=factor.levels, columns=factor.names)
        if self.family == "gaussian":
            return eta + self.sigma * rng.standard_normal(model.n), effects
        family = FAMILIES[self.family]
        return family.draw(family.inverse_link(eta), np.ones(model.n), rng), effects
