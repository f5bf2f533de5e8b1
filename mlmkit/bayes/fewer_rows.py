"""The same Bayesian model fitted without some rows: for leaving out rows, and for cross-validation.

Everything that was chosen from all the rows stays as it was: the priors in numbers, the means at which the
intercept's prior holds. Only then is the posterior without a row the one that leave-one-out is about.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from mlmkit.bayes.drawn_solution import nudged
from mlmkit.bayes.model import BayesModel
from mlmkit.bayes.nuts import NutsOptions
from mlmkit.bayes.stan import fit_model


@dataclass
class PartOfModel(BayesModel):
    """A model of some of the rows; ``predictor_means`` are those of all the rows."""

    means: np.ndarray

    @property
    def predictor_means(self):
        """What is subtracted from each predictor before the intercept's prior holds."""
        return self.means


def fit_without(fit, rows, seed=None, times=1):
    """Fit a model again without some rows, with the same method, priors in numbers, and number of draws.

    Parameters
    ----------
    fit : BayesianFit
        The fit to all rows.
    rows : ndarray of int
        Places of the rows to leave out.
    seed : int or Generator, optional
        Makes the draws repeatable.
    times : int
        How many times as many draws as `fit` has.

    Returns
    -------
    PosteriorDraws
        With effects of all groups of `fit`. A group without a row left has effects from the distribution of
        groups, a new one for each draw.

    Raises
    ------
    ValueError
        If the model can't be drawn any more.
    """
    rng = np.random.default_rng(seed)
    keep = np.ones(fit.nobs, bool)
    keep[rows] = False
    if not keep.any():
        raise ValueError("No row is left to fit the model to.")
    model, posterior = part_of_model(fit.solution.model, keep), fit.solution.posterior
    found = fit_model(
        model,
        method=fit.method,
        draws=times * posterior.size // posterior.chains,
        chains=posterior.chains,
        seed=int(rng.integers(2**31)),
        options=NutsOptions(progress=False),
    ).solution.posterior
    effects = []
    for factor, part, known, matrix in zip(
        fit.design.factors, model.design.factors, found.effects, found.covariance, strict=True
    ):
        standard = rng.standard_normal((found.size, len(factor.levels), len(factor.names)))
        whole = np.einsum("sab,sjb->sja", np.linalg.cholesky(nudged(matrix)), standard)
        whole[:, factor.levels.get_indexer(part.levels)] = known
        effects.append(whole)
    return replace(found, effects=effects)


def part_of_model(model, keep):
    """Take the rows of a model that `keep` marks; priors and scales stay as they are.

    Parameters
    ----------
    model : BayesModel
        The model of all rows.
    keep : ndarray of bool, shape (n,)
        Which rows.

    Returns
    -------
    PartOfModel
        Its grouping factors hold only the groups that have rows.
    """
    part = {field.name: getattr(model, field.name) for field in fields(BayesModel)}
    part["design"] = _part_of_design(model.design, keep)
    scaled, weights = model.scaled, model.scaled.root_weights
    part["scaled"] = replace(
        scaled,
        arrays=[array[keep] for array in scaled.arrays],
        root_weights=None if weights is None else weights[keep],
    )
    return PartOfModel(**part, means=model.predictor_means)


def _part_of_design(design, keep):
    def some(array):
        return None if array is None else array[keep]

    def columns(whole):
        return replace(whole, arrays=[np.ascontiguousarray(array[keep]) for array in whole.arrays])

    factors = []
    for factor in design.factors:
        left, codes = np.unique(factor.codes[keep], return_inverse=True)
        terms = [replace(term, columns=columns(term.columns)) for term in factor.terms]
        factors.append(replace(factor, levels=factor.levels[left], codes=codes, terms=terms))
    kept = np.zeros(len(design.rows.whole), bool)
    kept[np.arange(len(kept)) if design.rows.kept is None else np.flatnonzero(design.rows.kept)] = keep
    return replace(
        design,
        y=design.y[keep],
        fixed=columns(design.fixed),
        factors=factors,
        weights=some(design.weights),
        offset=some(design.offset),
        trials=some(design.trials),
        rows=replace(design.rows, kept=kept),
    )
