"""Coefficients that the data don't bound: complete and quasi-complete separation, in words."""

import numpy as np

from mlmkit.frame.columns import INTERCEPT

FAR = 12.0  # a coefficient or a standard deviation this large, per standard deviation of its column
UNBOUNDED = 100.0  # a standard error this large means that nothing in the data bounds the coefficient
KNOWN = 0.2  # a coefficient whose standard error is less than this share of it is far, but known
WHAT_TO_TRY = (
    "Merge rare levels, leave the predictor out, or use a prior that bounds the coefficient (stan_glmer; "
    "Gelman and Hill 2007, section 5.8)."
)


def separated_terms(names, inner_beta, inner_variance):
    """List the fixed effects that run away.

    Parameters
    ----------
    names : list of str
        The terms.
    inner_beta, inner_variance : ndarray, shape (p,)
        Estimates and variances for centred and scaled columns.

    Returns
    -------
    list of str
        The intercept stands in it only when it is alone: with another term it runs away too.
    """
    error, size = np.sqrt(inner_variance), np.abs(inner_beta)
    away = (size > FAR) & (error > KNOWN * size) | (error > UNBOUNDED)
    found = [name for name, gone in zip(names, away, strict=True) if gone]
    return [name for name in found if name != INTERCEPT] or found


def runaway_factors(found, inner_lambdas):
    """List the grouping factors of a `GeneralizedSolution` whose standard deviation runs away."""
    pairs = zip(found.design.factors, inner_lambdas, strict=True)
    far = [factor for factor, lam in pairs if np.sqrt((lam**2).sum(axis=1)).max() > FAR]
    return [factor for factor in far if _constant_groups(found, factor)]


def separation_messages(found):
    """Say what runs away in a `GeneralizedSolution`, why, and what to try; an empty list if nothing does."""
    terms, factors = found.separated
    sentences = []
    if terms and terms != [INTERCEPT]:
        many = len(terms) > 1
        verb = "run" if many else "runs"
        where = [text for text in (_constant_side(found, name) for name in terms) if text]
        reason = " ".join(where) or (
            f"{'These predictors tell' if many else 'It tells'} the outcomes apart without error"
            f"{' within groups' if factors else ''}."
        )
        sentences.append(
            f"Separation: the coefficient{'s' * many} of {', '.join(terms)} {verb} away to infinity. "
            f"{reason} {WHAT_TO_TRY}"
        )
    for factor in factors:
        same = _constant_groups(found, factor)
        sentences.append(
            f"Separation: the standard deviation between the groups of {factor.label} runs away. "
            f"In {same} of {len(factor.levels)} groups every outcome is the same, so nothing bounds their "
            "effects. Use larger groups, or a prior that bounds the standard deviation (stan_glmer)."
        )
    if terms == [INTERCEPT] and not factors:
        sentences.append(
            f"Separation: the intercept runs away to infinity, since the outcome hardly varies: "
            f"{_rare(found)}. Use more data, or a prior that bounds it (stan_glmer)."
        )
    return sentences


def _constant_side(found, name):
    """Say at which value of a predictor with two values the outcome never varies; None if it does."""
    array = np.asarray(found.design.fixed.arrays[found.design.fixed.names.index(name)])
    values = np.unique(array[:1000])
    if len(values) > 2 or not np.isin(array, values).all():
        return None
    for value in values[::-1]:
        rows = array == value
        inside = np.unique(found.outcome[rows])
        if len(inside) == 1:
            return f"In all {int(rows.sum())} rows with {name} = {value:g} the outcome is {inside[0]:g}."
    return None


def _constant_groups(found, factor):
    """Count the groups in which the outcome is all zero (or, for shares, all one)."""
    groups = len(factor.levels)
    low, high = np.full(groups, np.inf), np.full(groups, -np.inf)
    np.minimum.at(low, factor.codes, found.outcome)
    np.maximum.at(high, factor.codes, found.outcome)
    return int(((low == high) & ((low == 0) | (found.family.name == "binomial") & (low == 1))).sum())


def _rare(found):
    counts = found.design.y.sum(), found.design.trials.sum() - found.design.y.sum()
    if found.family.name == "poisson":
        return f"all counts together are {counts[0]:g} in {found.design.n} rows"
    return f"{counts[0]:g} successes and {counts[1]:g} failures"
