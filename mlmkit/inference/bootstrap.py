"""The parametric bootstrap, and refitting to a new outcome."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mlmkit.inference.ask import ask
from mlmkit.inference.profile import SIZE
from mlmkit.inference.simulations import Seed, simulate_outcomes


def parameter_values(fit):
    """Collect a fit's parameters in one Series: variances, correlations, sigma or size, fixed effects."""
    values = {}
    for label, block in fit.varcorr.items():
        names, corr = list(block.sd.index), block.corr.to_numpy()
        values |= {f"sd__{name}|{label}": sd for name, sd in block.sd.items()}
        for i in range(len(names)):
            values |= {f"cor__{names[j]}.{names[i]}|{label}": corr[i, j] for j in range(i)}
    if fit.solution.scale is not None:
        values["sigma"] = fit.sigma
    if fit.solution.size is not None:
        values[SIZE] = fit.solution.size
    return pd.Series({**values, **fit.fixef.to_dict()}, name="estimate")


def bootstrap(
    fit,
    statistic: Callable[..., float | ArrayLike | pd.Series] | None = None,
    n_sims: int = 1000,
    seed: Seed = None,
) -> pd.DataFrame:
    """Refit a model to data simulated from it: the parametric bootstrap.

    Parameters
    ----------
    fit : fit of lmer or glmer
        The model.
    statistic : callable, optional
        ``statistic(fit)`` returns a number, a list of numbers or a Series. By default all parameters, named
        as in `confint`.
    n_sims : int
        Number of simulated data sets.
    seed : int or Generator, optional
        Makes the draws repeatable.

    Returns
    -------
    DataFrame
        A row a data set, a column a statistic. ``attrs["failed"]`` counts the data sets that could not be
        fitted; their rows are left out.

    Examples
    --------
    >>> from mlmkit import bootstrap, lmer, load_seattle
    >>> draws = bootstrap(lmer("price ~ (1 | zipcode)", load_seattle()), n_sims=20, seed=1)
    >>> list(draws.columns)
    ['sd__(Intercept)|zipcode', 'sigma', '(Intercept)']
    """
    again, outcomes = ask(fit, "refit", "bootstrap"), simulate_outcomes(fit, n_sims, seed)
    statistic = statistic or parameter_values
    rows, failed = [], 0
    for name in outcomes:
        try:
            found = statistic(again(outcomes[name].to_numpy()))
        except (ValueError, np.linalg.LinAlgError):
            failed += 1
            continue
        rows.append(_named(found))
    table = pd.DataFrame(rows).reset_index(drop=True)
    table.attrs["failed"] = failed
    return table


def _named(found):
    """Give what a statistic returned the names of columns."""
    if isinstance(found, pd.Series):
        return found
    values = np.atleast_1d(np.asarray(found, dtype=float))
    if values.ndim > 1:
        raise TypeError(
            f"statistic must return a number, a list or a Series, not an array of {values.ndim} axes."
        )
    names = ["statistic"] if len(values) == 1 else [f"statistic{k}" for k in range(1, len(values) + 1)]
    return pd.Series(values, index=names)


def refit(fit, y):
    """Fit the same model to another outcome, as R's ``refit``.

    Parameters
    ----------
    fit : fit of lmer or glmer
        The model.
    y : array, shape (n,)
        The new outcome, for the rows that the fit used (binomial: counts of successes).

    Returns
    -------
    fit
        Of the same kind, by the same criterion.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, refit
    >>> sales = load_seattle()
    >>> fit = lmer("price ~ (1 | zipcode)", sales)
    >>> round(refit(fit, sales["price"] / 1000).sigma, 1)
    460.9
    """
    return ask(fit, "refit")(y)
