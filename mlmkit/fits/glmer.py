"""Generalised linear mixed models: binary outcomes, shares and counts."""

import re

import numpy as np

from mlmkit.engine.blocks import GroupBlocks
from mlmkit.engine.elsewhere import look_elsewhere
from mlmkit.engine.families import FAMILIES
from mlmkit.engine.laplace import Laplace
from mlmkit.engine.optimize import minimise
from mlmkit.engine.quadrature import Quadrature
from mlmkit.engine.rank import drop_dependent
from mlmkit.engine.scaling import scale_columns
from mlmkit.engine.theta import canonical, pattern
from mlmkit.fits.generalized import GeneralizedFit
from mlmkit.frame.columns import one_vector
from mlmkit.frame.design import design
from mlmkit.frame.formula import FormulaError

FEW_GROUPS, FEW_ROWS = 50, 5_000  # up to here a second search is cheap, and may find more
CBIND = re.compile(r"cbind\((.+),(.+)\)$")


def glmer(formula, data, *, family="binomial", nAGQ=1, weights=None, offset=None, na_action="drop"):
    """Fit a generalised linear mixed model, with the logit or the log link.

    Parameters
    ----------
    formula : str
        lme4's language. A binomial outcome is 0 or 1, True or False, a factor with two levels (the second one
        is success), an expression such as ``price > 1e6``, or ``cbind(successes, failures)``.
    data : pandas.DataFrame
        One row an observation.
    family : {"binomial", "poisson"}
        The distribution of the outcome.
    nAGQ : int
        Nodes of adaptive Gauss-Hermite quadrature: 1 is the Laplace approximation; more are possible
        for a single scalar term such as ``(1 | g)``.
    weights : str or array, optional
        Binomial: number of trials by row, when the outcome is a share.
    offset : str or array, optional
        A known part of the linear predictor, for example the log of an exposure.
    na_action : {"drop", "raise"}
        What to do with missing values.

    Returns
    -------
    GeneralizedFit
        With the names that `lmer`'s fits have. Coefficients are log odds or log rates.

    Raises
    ------
    FormulaError, ValueError
        A sentence that says what was wrong and what to do.

    Notes
    -----
    The deviance is that of lme4 (Bates et al. 2015), minimised over theta and beta together with exact
    gradients; standard errors come from its Hessian, as lme4's do. With ``nAGQ > 1`` the log-likelihood is
    relative to the saturated model, as in lme4.

    Examples
    --------
    >>> from mlmkit import glmer, load_seattle
    >>> fit = glmer("price > 1e6 ~ scale_sqft + (1 | zipcode)", load_seattle(), family="binomial")
    >>> fit.fixef.round(2).to_dict()
    {'(Intercept)': -6.93, 'scale_sqft': 3.42}
    """
    if family not in FAMILIES:
        raise ValueError(f"family is {family!r}. Valid choices: {', '.join(map(repr, FAMILIES))}.")
    if isinstance(nAGQ, bool) or int(nAGQ) != nAGQ or not 1 <= nAGQ <= 100:
        raise ValueError(f"nAGQ is {nAGQ!r}. It must be a whole number from 1 to 100.")
    outcome = binomial_outcome if family == "binomial" else poisson_outcome
    model = design(formula, data, weights=weights, offset=offset, na_action=na_action, outcome=outcome)
    if weights is not None:
        _use_trials(model, family)
    return fit_design(model, FAMILIES[family], int(nAGQ))


def binomial_outcome(text, data, formula):
    """Read a binomial outcome; return successes and trials by row."""
    pair = CBIND.match(text.strip())
    if pair:
        wins, losses = (_counts(part.strip(), data, formula) for part in pair.groups())
        if not (wins + losses > 0).all():
            raise ValueError(f"In '{text}' some rows have no trials at all. Drop them.")
        return wins, wins + losses
    y = one_vector(text, data, formula)
    if not isinstance(y, np.ndarray):
        levels = sorted(y.dropna().unique(), key=str)
        if hasattr(y.dtype, "categories"):
            levels = [level for level in y.dtype.categories if (y == level).any()]
        if len(levels) != 2:
            raise FormulaError(
                f"The outcome '{text}' has {len(levels)} different values; a binomial outcome has two.",
                formula,
            )
        y = (y == levels[1]).to_numpy().astype(float)
    if not ((y >= 0) & (y <= 1)).all():
        raise FormulaError(
            f"The outcome '{text}' must be 0 or 1 (or a share, with numbers of trials as weights); "
            f"it goes from {y.min():g} to {y.max():g}. For counts use cbind(successes, failures).",
            formula,
        )
    return y, np.ones(len(y))


def poisson_outcome(text, data, formula):
    """Read counts; the second value stands in for trials."""
    y = _counts(text, data, formula)
    return y, np.ones(len(y))


def _counts(text, data, formula):
    y = one_vector(text, data, formula)
    if not isinstance(y, np.ndarray) or not ((y >= 0) & (y == np.floor(y))).all():
        raise FormulaError(f"'{text}' must hold counts: whole numbers of at least 0.", formula)
    return y


def _use_trials(model, family):
    """Turn shares with weights into successes and trials."""
    if family != "binomial":
        raise ValueError("weights of glmer are numbers of trials; a Poisson model has none. Use an offset.")
    model.trials, model.weights = model.trials * model.weights, None
    model.y = model.y * model.trials
    if np.abs(model.y - np.round(model.y)).max() > 1e-6:
        raise ValueError("share times trials must be a whole number of successes in every row.")
    model.y = np.round(model.y)


def fit_design(model, family, nAGQ=1):
    """Fit a generalised model whose columns are built already.

    Parameters
    ----------
    model : Design
        From ``design``.
    family : Binomial or Poisson
        Outcome distribution.
    nAGQ : int
        Quadrature nodes.

    Returns
    -------
    GeneralizedFit
        As from `glmer`.
    """
    share = model.y / model.trials if family.name == "binomial" else model.y
    edges = (0.0, 1.0) if family.name == "binomial" else (0.0,)
    if share.min() == share.max() and share[0] in edges:
        raise ValueError(
            f"The outcome '{model.formula.response}' is {share[0]:g} in all {model.n} rows. "
            "There is nothing to explain; is it the right column?"
        )
    scalar = len(model.factors) == 1 and len(model.factors[0].names) == 1
    if nAGQ > 1 and not scalar:
        raise ValueError(
            "nAGQ above 1 needs a single scalar random effect such as (1 | g). Use nAGQ=1, the Laplace "
            "approximation, for this formula."
        )
    problem, scaled = _problem(model, family, nAGQ)
    patterns = [pattern(factor.terms) for factor in model.factors]
    blocks = [factor.terms for factor in model.factors]
    n_theta = problem.n_theta

    def tidy_signs(phi):
        return np.concatenate([canonical(phi[:n_theta], patterns, blocks), phi[n_theta:]])

    theta = np.concatenate([(rows == columns) * 0.7 for rows, columns in patterns])
    optimum = minimise(problem, np.concatenate([theta, _without_groups(problem)]), canonical=tidy_signs)
    fit = GeneralizedFit(model, scaled, problem, optimum, nAGQ)
    few = min(len(factor.levels) for factor in model.factors) < FEW_GROUPS and model.n <= FEW_ROWS
    if few and not any(fit._separated):
        other = look_elsewhere(problem, optimum, patterns, tidy_signs)
        if other is not optimum:
            return GeneralizedFit(model, scaled, problem, other, nAGQ)
    return fit


def _problem(model, family, nAGQ):
    """Scale and sort the columns; set up the deviance."""
    scaled = scale_columns(model.fixed, model.factors, model.y, scale_y=False)
    columns = scaled.matrix()
    while drop_dependent(model, scaled, columns @ columns.T):
        columns = scaled.matrix()
    offset = np.zeros(model.n) if model.offset is None else model.offset
    y, trials = model.y, model.trials
    terms = [factor.terms for factor in model.factors]
    codes = [np.asarray(factor.codes, dtype=np.intp) for factor in model.factors]
    groups = [len(factor.levels) for factor in model.factors]
    if len(codes) == 1:
        small = codes[0].astype(np.uint16) if groups[0] < 65_536 else codes[0]  # sorted by radix: much faster
        order = np.argsort(small, kind="stable")
        columns, y, trials, offset = columns[:, order], y[order], trials[order], offset[order]
        blocks = GroupBlocks(columns[scaled.z[0]], codes[0][order], groups[0])
    else:
        from mlmkit.engine.crossed_blocks import CrossedBlocks

        labels = [factor.label for factor in model.factors]
        blocks = CrossedBlocks([columns[z] for z in scaled.z], codes, groups, labels)
    rest = (family, y, trials, offset, columns[scaled.x], blocks, terms)
    return (Laplace(*rest) if nAGQ == 1 else Quadrature(nAGQ, *rest)), scaled


def _without_groups(problem):
    """Fit the regression without random effects by a few steps of scoring, as a start."""
    X, beta = problem.X, np.zeros(len(problem.X))
    for _ in range(8):
        eta = np.clip(problem.offset + beta @ X, -8, 8)
        _, mean, W, _ = problem.family.moments(eta, problem.y, problem.trials)
        cross = (X * W) @ X.T + 1e-6 * len(W) * np.eye(len(X))
        step = np.linalg.solve(cross, X @ (problem.y - mean))
        beta = np.clip(beta + np.clip(step, -2, 2), -8, 8)
        if np.abs(step).max() < 0.1:
            break
    return beta
