"""Separation: predictors, or groups, that tell all failures from all successes of a binary outcome."""

import numpy as np

ENOUGH = 1e-6


def separation(model):
    """Say in sentences where a binomial outcome sets no limit to a coefficient.

    Parameters
    ----------
    model : BayesModel
        The model.

    Returns
    -------
    list of str
        Empty where nothing separates the outcomes, and for other families.
    """
    if model.family.name != "binomial":
        return []
    found = []
    names, complete = separating(model)
    if names:
        where = "" if complete else ", where it doesn't leave them open"
        found.append(
            f"Separation: {', '.join(names)} tell{'s' * (len(names) == 1)} successes from failures without a "
            f"mistake{where}. The data set no upper limit to such coefficients, only the prior does: choose "
            "it with care (prior_sensitivity() shows its pull), or leave the predictor out."
        )
    for factor in model.design.factors:
        successes = np.bincount(factor.codes, model.design.y)
        trials = np.bincount(factor.codes, _trials(model))
        if ((successes == 0) | (successes == trials)).all():
            found.append(
                f"Separation: within each group of '{factor.label}' all outcomes are the same. The data set "
                "no upper limit to the differences between groups, only the prior does: see prior_summary()."
            )
    return found


def check_flat(model):
    """Refuse a flat prior where the data set no limit to a coefficient: there is no posterior then."""
    fixed = [*model.priors.coefs, *([model.priors.intercept] if model.priors.intercept else [])]
    if model.family.name != "binomial" or all(prior.family != "flat" for prior in fixed):
        return
    names, _ = separating(model)
    if names:
        raise ValueError(
            f"{', '.join(names)} tell{'s' * (len(names) == 1)} successes from failures without a mistake "
            "(separation), so the data set no upper limit to the coefficients, and with a flat prior there "
            "is no posterior. Use a proper prior, such as normal(0, 2.5)."
        )


def separating(model):
    """Look for a combination of predictors that is never wrong about a binary outcome.

    A. Albert and J. A. Anderson (1984), "On the existence of maximum likelihood estimates in logistic
    regression models", Biometrika 71, 1-10: there is none if the largest sum of margins is zero. The sum is
    found by linear programming.

    Returns
    -------
    names : list of str
        The predictors that it needs; empty if there is none.
    complete : bool
        Whether it is right with room to spare in every row.
    """
    if not model.slopes:
        return [], False
    fixed = dict(zip(model.design.fixed.names, model.design.fixed.arrays, strict=True))
    columns = [np.asarray(fixed[name]) for name in model.slopes]
    columns = [(x - x.mean() * model.has_intercept) / (x.std() or 1.0) for x in columns]
    X = np.column_stack([*columns, *([np.ones(model.design.n)] * model.has_intercept)])
    y, trials = model.design.y, _trials(model)
    signed = np.concatenate([X[y > 0], -X[y < trials]])  # margins that must not be negative
    from scipy.optimize import linprog

    best = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1))
    if best.status != 0 or -best.fun < ENOUGH:
        return [], False
    room = linprog(np.zeros(X.shape[1]), A_ub=-signed, b_ub=-np.ones(len(signed)), bounds=(None, None))
    names = [name for name, b in zip(model.slopes, best.x, strict=False) if abs(b) > ENOUGH]
    return names, room.status == 0


def _trials(model):
    return np.ones(model.design.n) if model.design.trials is None else model.design.trials
