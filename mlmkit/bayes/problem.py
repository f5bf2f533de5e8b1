"""A model as the compiled density wants it: standardised, rows alike put together, parameters in a line."""

from dataclasses import dataclass

import numpy as np

from mlmkit.bayes.form import choose_forms
from mlmkit.bayes.kernel import (
    BINOMIAL,
    EXPONENTIAL,
    FLAT,
    GAUSSIAN,
    NONCENTRED,
    NORMAL,
    OWN_EFFECT,
    OWN_INTERCEPT,
    POISSON,
    STUDENT_T,
    log_density,
    root_of_term,
)
from mlmkit.frame.columns import INTERCEPT

FAMILY = {"gaussian": GAUSSIAN, "binomial": BINOMIAL, "poisson": POISSON}
PRIOR = {"flat": FLAT, "normal": NORMAL, "student_t": STUDENT_T, "exponential": EXPONENTIAL}


@dataclass
class Problem:
    """One model in numbers.

    Attributes
    ----------
    model : BayesModel
        What it was made from.
    arguments : tuple
        All that ``kernel.log_density`` wants to know besides the parameters.
    size : int
        Number of parameters, d.
    shift, unit : float
        Of the outcome: (y - shift) / unit is what the density sees; 0 and 1 but for Gaussian models.
    x_scales : ndarray, shape (p,)
        What each predictor, minus its mean, was divided by.
    """

    model: object
    arguments: tuple
    size: int
    shift: float
    unit: float
    x_scales: np.ndarray

    @property
    def terms(self):
        """For each random-effects term: factor, Term, columns, groups, where its numbers begin, form."""
        listed = [(factor, term) for factor in self.model.design.factors for term in factor.terms]
        table = self.arguments[7]
        return [(*pair, *map(int, row[[1, 3, 4, 5, 6]])) for pair, row in zip(listed, table, strict=True)]

    def density(self, u):
        """Return log density and gradient at u, shape (d,)."""
        grad = np.empty(self.size)
        return log_density(u, grad, *self.arguments), grad

    def start(self, seed):
        """Choose a random point to start a chain from, with shares that suit the columns' sizes."""
        u = np.random.default_rng(seed).uniform(-1, 1, self.size)
        for _, term, q, _, at, _, _ in self.terms:
            sizes = [np.sqrt(np.mean(np.square(array))) or 1.0 for array in term.columns.arrays]
            logits = -2 * np.log(sizes)
            u[at + 1 : at + q] += (logits - logits.mean())[: q - 1]
        return u


def make_problem(model):
    """Put a model's data and priors into numbers for the compiled density.

    Parameters
    ----------
    model : BayesModel
        Formula, data, priors.

    Returns
    -------
    Problem
        Ready for a sampler.
    """
    shift, unit, y = _standard_outcome(model)
    X, x_scales = _standard_predictors(model)
    factors = model.design.factors
    Z = np.array([array for factor in factors for array in factor.arrays])
    cells, X, Z, codes, within = _cells(model, y, X, Z)
    intercept, p, gaussian = model.has_intercept, len(model.slopes), model.family.has_sigma
    layout = np.array([intercept, p, intercept + p if gaussian else -1])
    terms, size = _terms(factors, choose_forms(model, "auto"), intercept, intercept + p + gaussian)
    covariance = model.priors.covariance
    decov = np.array(
        [covariance.regularization, covariance.concentration, covariance.shape, covariance.scale]
    )
    fixed = _fixed_priors(model, shift, unit, x_scales)
    arguments = (FAMILY[model.family.name], cells, X, Z, codes, within, layout, terms, fixed, decov)
    return Problem(model, arguments, size, shift, unit, x_scales)


def _standard_outcome(model):
    """Return shift, unit, and the outcome in these; an offset of a Gaussian model is taken off at once."""
    y, offset = model.design.y, model.design.offset
    if not model.family.has_sigma:
        return 0.0, 1.0, y
    y = y if offset is None else y - offset
    shift, unit = (y.mean() if model.has_intercept else 0.0), y.std() or 1.0
    return shift, unit, (y - shift) / unit


def _standard_predictors(model):
    fixed = dict(zip(model.design.fixed.names, model.design.fixed.arrays, strict=True))
    X = np.array([fixed[name] for name in model.slopes]).reshape(len(model.slopes), model.design.n)
    scales = np.array([column.std() or 1.0 for column in X])
    return (X - model.predictor_means[:, None]) / scales[:, None], scales


def _cells(model, y, X, Z):
    """Put rows together whose predictors, groups and offset are the same: their outcomes' sums suffice."""
    design = model.design
    offset = np.zeros(design.n)
    if design.offset is not None and not model.family.has_sigma:
        offset = design.offset
    codes = np.array([factor.codes for factor in design.factors])
    columns = [*codes, offset, *X, *Z]
    order = np.lexsort(columns[::-1])
    new = np.ones(design.n, bool)
    new[1:] = np.any([column[order][1:] != column[order][:-1] for column in columns], axis=0)
    cell = np.empty(design.n, np.int64)
    cell[order] = np.cumsum(new) - 1
    weight = design.trials if model.family.name == "binomial" else design.weights
    weight = np.ones(design.n) if weight is None else weight
    gaussian = model.family.has_sigma
    weights, totals = np.bincount(cell, weight), np.bincount(cell, y * weight if gaussian else y)
    means = totals / weights
    within = np.array([design.n, np.sum(weight * (y - means[cell]) ** 2) if gaussian else 0.0])
    first = order[new]
    cells = np.array([weights, totals, offset[first], means])
    return (
        cells,
        np.ascontiguousarray(X[:, first]),
        np.ascontiguousarray(Z[:, first], dtype=float),
        np.ascontiguousarray(codes[:, first].astype(np.int64)),
        within,
    )


def _terms(factors, forms, intercept, place):
    """Lay the hyperparameters of all terms and then their effects out in a line; return the table and d."""
    rows, column, about_zero = [], 0, not intercept
    for number, (factor, form) in enumerate(zip(factors, forms, strict=True)):
        for term in factor.terms:
            own = NONCENTRED
            if form == "mixed" and term.first == 0:
                own, about_zero = OWN_EFFECT if about_zero else OWN_INTERCEPT, True
            rows.append([number, term.size, column, len(factor.levels), place, 0, own])
            column += term.size
            place += 1 + (term.size - 1) + term.size * (term.size - 1) // 2
    for row in rows:
        row[5] = place
        place += row[1] * row[3]
    return np.array(rows), place


def _fixed_priors(model, shift, unit, x_scales):
    """Tabulate kind, location, scale and df of each prior, in standardised units."""
    priors, rows = model.priors, []

    def add(prior, moved, scale):
        location = (prior.location - moved) * scale
        size = prior.scale * scale if prior.family != "flat" else 1.0
        rows.append([PRIOR[prior.family], location, size, prior.df or 1.0])

    if priors.intercept is not None:
        add(priors.intercept, shift, 1 / unit)
    for prior, scale in zip(priors.coefs, x_scales, strict=True):
        add(prior, 0.0, scale / unit)
    if priors.aux is not None:
        add(priors.aux, 0.0, 1 / unit)
    return np.array(rows, dtype=float).reshape(len(rows), 4)


def unpack(problem, u):
    """Turn draws of the line of parameters into the model's own, in the data's units.

    Parameters
    ----------
    problem : Problem
        The model.
    u : ndarray, shape (S, d)
        Draws.

    Returns
    -------
    beta : ndarray, shape (S, p)
        Fixed effects, in the design's order.
    effects : list of ndarray, each (S, J, q)
        Group effects by factor.
    sigma : ndarray, shape (S,), or None
        Residual standard deviations.
    covariance : list of ndarray, each (S, q, q)
        Of the group effects.
    """
    model, unit = problem.model, problem.unit
    intercept, p, at_sigma = map(int, problem.arguments[6])
    slopes = u[:, intercept : intercept + p] * (unit / problem.x_scales)
    beta = slopes
    if intercept:
        first = problem.shift + unit * u[:, 0] - slopes @ model.predictor_means
        beta = np.column_stack([first, slopes])
        order = [INTERCEPT, *model.slopes]
        beta = beta[:, [order.index(name) for name in model.design.fixed.names]]
    sigma = unit * np.exp(u[:, at_sigma]) if at_sigma >= 0 else None
    effects = {factor.label: [] for factor in model.design.factors}
    covariance = {
        factor.label: np.zeros((len(u), len(factor.names), len(factor.names)))
        for factor in model.design.factors
    }
    for factor, term, q, groups, at, first, own in problem.terms:
        root = term_root(u[:, at : at + q * (q + 1) // 2], q, 1.0 if sigma is None else sigma)
        z = u[:, first : first + groups * q].reshape(len(u), groups, q).copy()
        if own != NONCENTRED:
            middle = u[:, [0]] if own == OWN_INTERCEPT else 0.0
            z[:, :, 0] = unit * (z[:, :, 0] - middle) / root[:, 0, 0, None]
        effects[factor.label].append(z @ root.transpose(0, 2, 1))
        where = slice(term.first, term.first + q)
        covariance[factor.label][:, where, where] = root @ root.transpose(0, 2, 1)
    joined = [np.concatenate(parts, axis=2) for parts in effects.values()]
    return beta, joined, sigma, list(covariance.values())


def term_root(numbers, q, sigma):
    """Compute the Cholesky roots, shape (S, q, q), of a term's covariance from its q (q + 1) / 2 numbers."""
    sizes, roots = np.exp(numbers[:, 0]) * sigma, np.zeros((len(numbers), q, q))
    for row, size, root in zip(np.ascontiguousarray(numbers), sizes, roots, strict=True):
        root_of_term(row, 0, q, size, root)
    return roots
