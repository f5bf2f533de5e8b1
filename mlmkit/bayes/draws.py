"""Posterior draws as arrays, and as the table that rstanarm's users know."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

SIZE = "reciprocal_dispersion"  # rstanarm's name of the size of negative binomial counts
MAD = 1.4826  # makes the median absolute deviation of a normal distribution its standard deviation


@dataclass
class PosteriorDraws:
    """Draws from a posterior in the data's units; chains one after the other.

    Attributes
    ----------
    method : str
        ``"exact"`` or ``"nuts"``.
    chains : int
        Number of chains; S is a multiple of it.
    beta : ndarray, shape (S, p)
        Fixed effects.
    effects : list of ndarray, each (S, J, q)
        Group effects, one array a grouping factor.
    sigma : ndarray, shape (S,), or None
        Residual standard deviation (of a row with weight 1; where it is known, 1).
    covariance : list of ndarray, each (S, q, q)
        Covariance matrices of the group effects.
    report : dict
        What the sampler says about itself.
    sizes : ndarray, shape (S,), or None
        Sizes of negative binomial counts (rstanarm: reciprocal_dispersion).
    """

    method: str
    chains: int
    beta: np.ndarray
    effects: list
    sigma: np.ndarray | None
    covariance: list
    report: dict = field(default_factory=dict)
    sizes: np.ndarray | None = None

    @property
    def size(self):
        """Number of draws, S."""
        return len(self.beta)

    @property
    def aux(self):
        """The parameter that the outcome's distribution has beside its mean: sigma, or the size of counts."""
        return self.sigma if self.sizes is None else self.sizes

    def pick(self, rows):
        """Return the same with some of the draws."""
        return PosteriorDraws(
            self.method,
            1,
            self.beta[rows],
            [effects[rows] for effects in self.effects],
            None if self.sigma is None else self.sigma[rows],
            [matrix[rows] for matrix in self.covariance],
            self.report,
            None if self.sizes is None else self.sizes[rows],
        )


def effect_name(term, label, level):
    """Name a group effect as rstanarm does, which puts ``_`` for blanks in the names of groups.

    Examples
    --------
    >>> effect_name("(Intercept)", "zipcode", "98010")
    'b[(Intercept) zipcode:98010]'
    """
    return f"b[{term} {label}:{str(level).replace(' ', '_')}]"


def covariance_entries(factor):
    """List (name, row, column) of the covariances between a factor's effects, as rstanarm names them."""
    entries = []
    for term in factor.terms:
        names = term.columns.names
        for column in range(term.size):
            for row in range(column, term.size):
                name = f"Sigma[{term.label}:{names[row]},{names[column]}]"
                entries.append((name, term.first + row, term.first + column))
    return entries


def draws_table(draws, model, sigma_known=False):
    """Lay draws out as a data frame: a row a draw, a column a parameter.

    Parameters
    ----------
    draws : PosteriorDraws
        The draws.
    model : Design
        For the names.
    sigma_known : bool
        Whether sigma was given, so that it is no parameter.

    Returns
    -------
    DataFrame
        Columns in rstanarm's order: fixed effects, ``b[…]``, ``sigma`` or ``reciprocal_dispersion``,
        ``Sigma[…]``.
    """
    blocks, names = [draws.beta], list(model.fixed.names)
    for factor, effects in zip(model.factors, draws.effects, strict=True):
        blocks.append(effects.reshape(draws.size, -1))
        names += [effect_name(term, factor.label, level) for level in factor.levels for term in factor.names]
    if draws.aux is not None and not sigma_known:
        blocks.append(draws.aux[:, None])
        names.append("sigma" if draws.sizes is None else SIZE)
    for factor, matrix in zip(model.factors, draws.covariance, strict=True):
        entries = covariance_entries(factor)
        blocks.append(np.stack([matrix[:, row, column] for _, row, column in entries], axis=1))
        names += [name for name, _, _ in entries]
    return pd.DataFrame(np.concatenate(blocks, axis=1), columns=names)


def mad_sd(draws):
    """Compute the scaled median absolute deviation over the first axis.

    Examples
    --------
    >>> float(mad_sd([1.0, 2.0, 3.0, 4.0, 100.0]))
    1.4826
    """
    draws = np.asarray(draws)
    return MAD * np.median(np.abs(draws - np.median(draws, axis=0)), axis=0)
