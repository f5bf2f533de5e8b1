"""Simulation from a fit: draws of parameters, new outcomes, the parametric bootstrap."""

from dataclasses import replace

import numpy as np
import pandas as pd

from mlmkit.fits.estimates import Named
from mlmkit.inference.predict import linear


class Simulations:
    """Draws of a fit's parameters, as `sim` returns them.

    Attributes
    ----------
    fixef : DataFrame
        A row a draw, a column a term.
    ranef, coef : dict of DataFrame
        By grouping factor; a row a draw, columns ``(term, group)``. ``sims.coef["zipcode"]["(Intercept)"]``
        is a DataFrame with a column for each zip code.
    sigma : Series
        Residual standard deviations; None for models without one.
    """

    def __init__(self, fit, beta, effects, sigma):
        self._beta, self._b, self._sigma = beta, effects, sigma
        self.fixef = pd.DataFrame(beta, columns=list(fit._model.fixed.names))
        self.sigma = None if sigma is None else pd.Series(sigma, name="sigma")
        self.ranef, self.coef = Named(), Named()
        for factor, drawn in zip(fit._model.factors, effects, strict=True):
            self.ranef[factor.label] = _wide(drawn, factor.names, factor.levels)
            names = fit.coef[factor.label].columns
            whole = np.zeros((len(beta), len(factor.levels), len(names)))
            for k, name in enumerate(names):
                if name in self.fixef.columns:
                    whole[:, :, k] += beta[:, [self.fixef.columns.get_loc(name)]]
                if name in factor.names:
                    whole[:, :, k] += drawn[:, :, factor.names.index(name)]
            self.coef[factor.label] = _wide(whole, names, factor.levels)

    def __len__(self):
        return len(self._beta)

    def __repr__(self):
        groups = ", ".join(self.ranef)
        return f"{len(self)} draws of fixef, sigma, and of ranef and coef for {groups}"


def _wide(drawn, names, levels):
    columns = pd.MultiIndex.from_product([list(names), levels], names=["term", levels.name])
    return pd.DataFrame(np.swapaxes(drawn, 1, 2).reshape(len(drawn), -1), columns=columns)


def sim(fit, n_sims=1000, seed=None):
    """Draw fixed effects, random effects and sigma from their approximate posterior.

    Parameters
    ----------
    fit : fit of lmer or glmer
        The model.
    n_sims : int
        Number of draws.
    seed : int or Generator, optional
        Makes the draws repeatable.

    Returns
    -------
    Simulations
        With ``fixef``, ``ranef``, ``coef`` and ``sigma``.

    Notes
    -----
    As Gelman and Hill (2007), section 7.2 and 12.4: sigma is drawn from its scaled inverse chi-squared
    distribution; then fixed and random effects jointly from their normal distribution, the
    relative covariance parameters theta held at their estimate. The joint covariance is
    sigma^2 [[Lambda'Z'Z Lambda + I, Lambda'Z'X], [X'Z Lambda, X'X]]^-1 for (u, beta), b = Lambda u
    (Bates et al. 2015, equation 28). ``arm::sim`` 1.13 transposes Lambda and leaves out the
    fill-reducing permutation of lme4's Cholesky factor, so its draws of random effects are wrong
    for correlated slopes, ``||`` and nested factors; these draws are not.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, sim
    >>> draws = sim(lmer("price ~ (1 | zipcode)", load_seattle()), n_sims=500, seed=1)
    >>> draws.coef["zipcode"]["(Intercept)"].shape
    (500, 9)
    """
    beta, effects, sigma = fit._draw_parameters(_whole(n_sims, "n_sims"), np.random.default_rng(seed))
    return Simulations(fit, beta, effects, sigma)


def simulate_outcomes(fit, n_sims=1, seed=None):
    """Draw new outcomes for the rows of a fit: new group effects, new residuals, parameters held.

    Parameters
    ----------
    fit : fit of lmer or glmer
        The model.
    n_sims : int
        Number of data sets.
    seed : int or Generator, optional
        Makes the draws repeatable.

    Returns
    -------
    DataFrame
        A row for each row of the data, a column a data set; binomial outcomes as counts of successes.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle
    >>> lmer("price ~ (1 | zipcode)", load_seattle()).simulate(2, seed=1).shape
    (869, 2)
    """
    rng, model = np.random.default_rng(seed), fit._model
    eta = linear(model.fixed.arrays, fit._beta, model.n)
    if model.offset is not None:
        eta = eta + model.offset
    scale = 1.0 if fit._scale is None else fit._scale
    columns = []
    for _ in range(_whole(n_sims, "n_sims")):
        total = eta.copy()
        for factor, root in zip(model.factors, fit._lambdas, strict=True):
            effects = scale * rng.standard_normal((len(factor.levels), len(root))) @ root.T
            total += sum(array * effects[factor.codes, k] for k, array in enumerate(factor.arrays))
        mean = fit._inverse_link(total)[None, :]
        drawn = fit._draw_outcome(mean, np.array([scale]), rng)[0]
        columns.append(drawn if model.trials is None else np.round(drawn * model.trials))
    return pd.DataFrame(np.array(columns).T, index=model.index)


def parameter_values(fit):
    """Collect a fit's parameters in one Series: standard deviations, correlations, sigma, fixed effects."""
    values = {}
    for label, block in fit.varcorr.items():
        names, corr = list(block.sd.index), block.corr.to_numpy()
        values |= {f"sd__{name}|{label}": sd for name, sd in block.sd.items()}
        for i in range(len(names)):
            values |= {f"cor__{names[j]}.{names[i]}|{label}": corr[i, j] for j in range(i)}
    if fit._scale is not None:
        values["sigma"] = fit.sigma
    return pd.Series({**values, **fit.fixef.to_dict()}, name="estimate")


def bootstrap(fit, statistic=None, n_sims=1000, seed=None):
    """Refit a model to data simulated from it: the parametric bootstrap.

    Parameters
    ----------
    fit : fit of lmer or glmer
        The model.
    statistic : callable, optional
        ``statistic(fit)`` returns a number or a Series. By default all parameters, named as in `confint`.
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
    statistic = statistic or parameter_values
    outcomes = simulate_outcomes(fit, n_sims, seed)
    rows, failed = [], 0
    for name in outcomes:
        try:
            found = statistic(refit(fit, outcomes[name].to_numpy()))
        except (ValueError, np.linalg.LinAlgError):
            failed += 1
            continue
        rows.append(found if isinstance(found, pd.Series) else pd.Series({"statistic": float(found)}))
    table = pd.DataFrame(rows).reset_index(drop=True)
    table.attrs["failed"] = failed
    return table


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
    y = np.asarray(y, dtype=float)
    if y.shape != (fit.nobs,):
        raise ValueError(f"The new outcome has shape {y.shape}; the fit used {fit.nobs} rows.")
    model = replace(fit._model, y=y, messages=[])
    if fit._scale is None:
        from mlmkit.fits import glmer as glmm

        return glmm.fit_design(model, fit._problem.family, fit.nAGQ)
    from mlmkit.fits import lmer as lmm

    return lmm.fit_design(model, REML=fit.reml)


def _whole(number, name):
    if isinstance(number, bool) or int(number) != number or number < 1:
        raise ValueError(f"{name} is {number!r}. It must be a whole number of at least 1.")
    return int(number)
