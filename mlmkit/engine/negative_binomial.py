"""Counts that vary more than Poisson counts: the negative binomial distribution with the log link.

Variance = mean + mean^2 / size (Venables and Ripley 2002, section 7.4; R's ``dnbinom(size=)``). The search
moves t = size^(-1/2). The deviance is even in t and needs no bound, as with the columns of Lambda; t = 0 is
the Poisson distribution. With a = t^2 = 1 / size, all is written so that no digits are lost for small a.
"""

import numpy as np

from mlmkit.engine.families import Moments, Poisson, means_of_counts, stirling_error, stirling_rest

SMALLEST = 1e-30  # stands in for a = 0: no count can tell the two apart


class NegativeBinomial:
    """Counts, with the log link, and a size that is estimated; ``trials`` is ignored.

    Parameters
    ----------
    root : float or ndarray
        size^(-1/2); its sign is ignored. Several, such as draws of it, broadcast against the rows.
    """

    name, link, extra = "negative_binomial", "log", 1
    known = staticmethod(Poisson.known)
    inverse_link = staticmethod(Poisson.inverse_link)

    def __init__(self, root=0.0):
        self.root, self.a = root, np.maximum(np.square(root), SMALLEST)

    @property
    def size(self):
        """The size: the larger it is, the nearer to Poisson counts."""
        return 1.0 / self.a

    def moments(self, eta, known, space=None):
        """Compute the `Moments`."""
        (y, log_y, _), a = known, self.a
        mean, excess = means_of_counts(eta, known)
        spread, whole = 1 + a * mean, 1 + a * y
        loglik = y * (eta - log_y) - (y + self.size) * np.log1p(a * excess / whole)
        weight = mean / spread
        slope = weight / spread
        return Moments(loglik, -excess / spread, slope * whole, weight, slope)

    def by_root(self, eta, known):
        """Differentiate in t, by row: the log-likelihood (saturated model's included), `rest` and `weight`.

        Returns
        -------
        tuple of ndarray
            Three arrays of eta's shape.
        """
        (y, _, _), a, size = known, self.a, self.size
        mean, excess = means_of_counts(eta, known)
        weight, v = mean / (1 + a * mean), a * excess / (1 + a * y)
        relative = size**2 * (log1p_less(v) + v * v / (1 + v))
        saturated = -0.5 * y / (1 + a * y) - size**2 * (_error_slope(y + size) - _error_slope(size))
        by_a = relative + saturated, excess * weight / (1 + a * mean), -(weight**2)
        return tuple(2 * self.root * part for part in by_a)

    def saturated(self, y, trials):
        """Return the saturated model's log-likelihood by row."""
        grown = stirling_error(y + self.size) - stirling_error(self.size)
        return grown - 0.5 * np.log1p(self.a * y) - stirling_rest(y)

    def draw(self, mean, trials, rng):
        """Draw counts: Poisson counts whose means vary by a gamma distribution."""
        if np.all(self.a > 1e-12):
            mean = mean * rng.gamma(self.size, self.a, np.shape(mean))
        return rng.poisson(mean)

    def pearson(self, count, mean, trials):
        """Divide residuals by the counts' standard deviations."""
        return (count - mean) / np.sqrt(mean * (1 + self.a * mean))

    def unit_deviance(self, count, mean, trials):
        """Return each row's part of the deviance."""
        from scipy.special import xlogy

        more = np.log1p(self.a * (count - mean) / (1 + self.a * mean))
        return 2 * (xlogy(count, count / mean) - (count + self.size) * more)

    def latent_variance(self, eta):
        """Return the residual variance on the log scale (Nakagawa and others 2017), at the mean rate."""
        return float(np.log1p(1 / np.exp(eta).mean() + self.a))


def log1p_less(x):
    """Compute log(1 + x) - x, without loss of digits for small x."""
    small = np.where(np.abs(x) < 0.05, x, 0.0)
    total = np.zeros_like(small)
    for power in range(12, 1, -1):
        total = (-1.0) ** (power + 1) / power + total * small
    return np.where(np.abs(x) < 0.05, total * small**2, np.log1p(x) - x)


def _error_slope(z):
    """Differentiate `stirling_error`."""
    from scipy.special import digamma

    small, square = np.minimum(z, 16.0), np.square(np.maximum(z, 16.0))
    direct = digamma(small) - np.log(small) + 0.5 / small
    series = -(1 / 12 - (1 / 120 - (1 / 252 - 1 / 240 / square) / square) / square) / square
    return np.where(z < 16, direct, series)
