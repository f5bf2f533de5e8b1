"""Simulation: draws of parameters, fake data, bootstrap, power."""

import numpy as np
import pandas as pd

from mlmkit.results import Named


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
    if int(n_sims) != n_sims or n_sims < 1:
        raise ValueError(f"n_sims is {n_sims!r}. It must be a whole number of at least 1.")
    beta, effects, sigma = fit._draw_parameters(int(n_sims), np.random.default_rng(seed))
    return Simulations(fit, beta, effects, sigma)
