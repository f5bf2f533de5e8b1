"""What students make from their sales: the means, and fits by several routes."""

import warnings
from functools import cached_property

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.optimize import minimize_scalar

from mlmkit import lmer

G, ONE = "zipcode", "(Intercept)"
MODEL = "price ~ (1 | zipcode)"


class Work:
    """A student's sales, and what is computed from them more than once.

    Parameters
    ----------
    homes : DataFrame
    seed : int
        Of this student's draws.
    """

    def __init__(self, homes, seed=0):
        self.homes, self.seed = homes, seed
        self.price, self.n = homes["price"], len(homes)
        self.prices = homes.groupby(G, observed=True)["price"]
        self.means, self.sizes = self.prices.mean(), self.prices.size()
        self._fits = {}

    def part(self, homes):
        """Return the same for some of the sales."""
        return Work(homes, self.seed)

    @cached_property
    def ten(self):
        """The first ten sales of each zip code."""
        return self.part(self.homes.groupby(G, observed=True).head(10))

    @cached_property
    def uneven(self):
        """Take 4 sales of the first zip code, 8 of the second, and so on."""
        groups = [
            rows.iloc[: 4 * (place + 1)]
            for place, (_, rows) in enumerate(self.homes.groupby(G, observed=True))
        ]
        return self.part(pd.concat(groups))

    def rng(self, more=0):
        """Return a generator of random numbers of this student's own."""
        return np.random.default_rng([self.seed, more])

    def lmer(self, formula=MODEL, reml=True, **columns):
        """Fit with `lmer`, once."""
        key = (formula, reml, *columns)
        if key not in self._fits:
            self._fits[key] = lmer(formula, self.homes.assign(**columns), REML=reml)
        return self._fits[key]

    @property
    def fit(self):
        """The varying-intercept model by REML."""
        return self.lmer()

    @property
    def ml(self):
        """The same by maximum likelihood."""
        return self.lmer(reml=False)

    @property
    def mu(self):
        """The fixed intercept."""
        return self.fit.fixef[ONE]

    @property
    def se(self):
        """Its standard error."""
        return self.fit.se_fixef[ONE]

    @property
    def between(self):
        """The standard deviation between zip codes."""
        return self.fit.varcorr[G].sd[ONE]

    @property
    def within(self):
        """The standard deviation within zip codes."""
        return self.fit.sigma

    @property
    def coef(self):
        """Each zip code's estimated mean."""
        return self.fit.coef[G][ONE]

    @property
    def ranef(self):
        """Each zip code's effect."""
        return self.fit.ranef[G][ONE]

    @cached_property
    def by_numpy(self):
        """Return mu, between and within by REML, from sums by group."""
        return one_way(self.price.to_numpy(), self.homes[G].to_numpy())

    @cached_property
    def by_statsmodels(self):
        """Fit the same model with statsmodels; it may warn, and stop early."""
        from statsmodels.regression.mixed_linear_model import MixedLM

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return MixedLM(
                self.price.to_numpy(), np.ones((self.n, 1)), groups=self.homes[G].astype(str).to_numpy()
            ).fit()


def one_way(y, groups, reml=True):
    """Fit a varying intercept by hand: the profiled deviance is a function of one ratio of variances.

    Returns
    -------
    tuple of float
        Mean of the groups, standard deviation between and within them.

    Examples
    --------
    >>> y, groups = np.array([1.0, 3.0, 5.0, 7.0, 11.0, 9.0]), np.array(list("aabbcc"))
    >>> mu, between, within = one_way(y, groups)
    >>> round(mu, 6), round(within**2, 4), round(between**2, 4)  # (mean square - 2) / 2
    (6.0, 2.0, 15.0)
    """
    table = pd.Series(y).groupby(np.asarray(groups, dtype=str)).agg(["size", "mean", "var"])
    n, means, total = table["size"], table["mean"], len(y) - reml
    inside = ((n - 1) * table["var"].fillna(0)).sum()

    def at(log_ratio):
        spread = 1 + n * np.exp(log_ratio)
        mu = (n * means / spread).sum() / (n / spread).sum()
        squares = inside + (n * (means - mu) ** 2 / spread).sum()
        deviance = total * np.log(squares / total) + np.log(spread).sum()
        return deviance + reml * np.log((n / spread).sum()), mu, squares / total

    best = minimize_scalar(lambda x: at(x)[0], bounds=(-12, 12), method="bounded", options={"xatol": 1e-10})
    _, mu, variance = at(best.x)
    return float(mu), float(np.sqrt(variance * np.exp(best.x))), float(np.sqrt(variance))


def axes(xlabel="", ylabel=""):
    """Make empty axes without a window."""
    ax = Figure().subplots()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return ax


def table(rows, index, columns):
    """Make a data frame from rows."""
    return pd.DataFrame(rows, index, columns)


def letters(right, **others):
    """Yield the answers to a question with four options, as students type the letters."""
    yield "right", [right, right.upper(), f" {right} ", f"{right})", f"({right})", f"{right}."]
    for letter, name in others.items():
        yield name, [letter, letter.upper(), f"{letter})"]
    yield "no accusation", ["", "e", "x", "none", "ab", 1, 2.0, True]
