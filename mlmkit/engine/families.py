"""The outcome distributions of `glmer`, each with its link.

A family sees the rows of a fit through ``known``, what it made once of outcomes and trials, and gives its
`Moments` at a linear predictor. Log-likelihoods are relative to the saturated model, row by row: the
logarithms of large counts' probabilities would lose the digits that a search needs.
"""

from typing import NamedTuple

import numpy as np

LARGE_COUNT = 1_000.0  # from here the difference between a count and its mean needs care


class Moments(NamedTuple):
    """What a family says of each row at a linear predictor eta, arrays of eta's shape.

    Attributes
    ----------
    loglik : ndarray
        Log-likelihood less that of the saturated model.
    rest : ndarray
        Its derivative in eta; outcome minus mean where the link is canonical.
    curvature, weight : ndarray
        Its negative second derivative, and that one's expectation; the same where the link is canonical.
    slope : ndarray
        The weight's derivative in eta.
    """

    loglik: np.ndarray
    rest: np.ndarray
    curvature: np.ndarray
    weight: np.ndarray
    slope: np.ndarray


class Binomial:
    """Successes out of trials, with the logit link."""

    name, link, extra = "binomial", "logit", 0

    @staticmethod
    def known(y, trials):
        """Prepare what `moments` needs: successes, trials, and each row's best log-likelihood.

        The last is None where every row is one trial: there it is zero.
        """
        from scipy.special import xlogy

        if (trials == 1).all():
            return y, trials, None
        return y, trials, xlogy(y, y / trials) + xlogy(trials - y, 1 - y / trials)

    @staticmethod
    def moments(eta, known, space=None):
        """Compute the `Moments`.

        They lie in `space`, shape (4, *eta.shape), if it is given: new memory costs more than the arithmetic.
        """
        y, trials, saturated = known
        loglik, rest, weight, slope = np.empty((4, *eta.shape)) if space is None else space
        tail, inverse = weight, slope  # borrowed until they are filled
        np.abs(eta, out=tail)
        np.negative(tail, out=tail)
        np.exp(tail, out=tail)
        np.add(tail, 1.0, out=inverse)
        np.maximum(eta, 0.0, out=loglik)
        # The first one is faster; times many trials it would not be exact enough.
        loglik += np.log(inverse, out=rest) if saturated is None else np.log1p(tail, out=rest)
        loglik *= trials
        np.multiply(y, eta, out=rest)
        np.subtract(rest, loglik, out=loglik)
        if saturated is not None:
            loglik -= saturated
        np.divide(1.0, inverse, out=inverse)
        np.multiply(tail, inverse, out=weight)  # the smaller of p and 1 - p
        np.copyto(rest, inverse)
        np.copyto(rest, weight, where=eta < 0)  # p
        weight *= inverse
        weight *= trials
        np.multiply(rest, -2.0, out=slope)
        slope += 1.0
        slope *= weight
        rest *= trials
        np.subtract(y, rest, out=rest)
        return Moments(loglik, rest, weight, weight, slope)

    @staticmethod
    def first_eta(y, trials):
        """Guess each row's linear predictor from its outcome alone."""
        return np.log((y + 0.5) / (trials - y + 0.5))

    @staticmethod
    def saturated(y, trials):
        """Return the saturated model's log-likelihood by row."""
        if (trials == 1).all():
            return np.zeros(len(y))
        return stirling_rest(trials) - stirling_rest(y) - stirling_rest(trials - y)

    @staticmethod
    def inverse_link(eta):
        """Turn log odds into probabilities."""
        from scipy.special import expit

        return expit(eta)

    @staticmethod
    def draw(mean, trials, rng):
        """Draw shares of successes."""
        return rng.binomial(trials.astype(int), mean) / trials

    @staticmethod
    def pearson(share, mean, trials):
        """Divide residuals of shares by the shares' standard deviations."""
        return (share - mean) / np.sqrt(mean * (1 - mean) / trials)

    @staticmethod
    def unit_deviance(share, mean, trials):
        """Return each row's part of the deviance."""
        from scipy.special import xlogy

        missed = 1 - share
        return 2 * trials * (xlogy(share, share / mean) + xlogy(missed, missed / (1 - mean)))

    @staticmethod
    def latent_variance(eta):
        """Return the residual variance on the scale of the log odds."""
        return np.pi**2 / 3


class Poisson:
    """Counts, with the log link; ``trials`` is ignored."""

    name, link, extra = "poisson", "log", 0

    @staticmethod
    def known(y, trials):
        """Prepare what `moments` needs of the counts: themselves, their logarithms, where they are large."""
        return y, np.log(np.maximum(y, 1.0)), np.flatnonzero(y >= LARGE_COUNT)

    @staticmethod
    def moments(eta, known, space=None):
        """Compute the `Moments`."""
        y, log_y, _ = known
        mean, excess = means_of_counts(eta, known)
        return Moments(y * (eta - log_y) - excess, -excess, mean, mean, mean)

    @staticmethod
    def first_eta(y, trials):
        """Guess each row's linear predictor from its outcome alone."""
        return np.log(y + 0.1)

    @staticmethod
    def saturated(y, trials):
        """Return the saturated model's log-likelihood by row."""
        return -stirling_rest(y)

    @staticmethod
    def inverse_link(eta):
        """Turn log means into means."""
        return np.exp(eta)

    @staticmethod
    def draw(mean, trials, rng):
        """Draw counts."""
        return rng.poisson(mean)

    @staticmethod
    def pearson(count, mean, trials):
        """Divide residuals by the counts' standard deviations."""
        return (count - mean) / np.sqrt(mean)

    @staticmethod
    def unit_deviance(count, mean, trials):
        """Return each row's part of the deviance."""
        from scipy.special import xlogy

        return 2 * (xlogy(count, count / mean) - (count - mean))

    @staticmethod
    def latent_variance(eta):
        """Return the residual variance on the log scale (Nakagawa and others 2017), at the mean rate."""
        return float(np.log1p(1 / np.exp(eta).mean()))


def means_of_counts(eta, known):
    """Return exp(eta), and exp(eta) less the counts without loss of digits where both are large.

    Parameters
    ----------
    eta : ndarray, shape (..., n)
        Logarithms of the means.
    known : tuple
        Counts, their logarithms (of zero: 0), and the places of large ones.

    Returns
    -------
    mean, excess : ndarray, shape (..., n)
        Means, and means minus counts.
    """
    y, log_y, large = known
    mean = np.exp(np.minimum(eta, 300.0))
    excess = mean - y
    if len(large):
        away = np.minimum(eta[..., large], 300.0) - log_y[large]
        excess[..., large] = y[large] * np.expm1(away)
    return mean, excess


def stirling_rest(count):
    """Compute log(count!) - (count log(count) - count), what Stirling's formula leaves, to the last digits.

    Parameters
    ----------
    count : ndarray
        Numbers that are 0, or at least 1.

    Returns
    -------
    ndarray
        About log(2 pi count) / 2.
    """
    known = np.maximum(count, 1.0)
    return np.where(count > 0, 0.5 * np.log(2 * np.pi * known) + stirling_error(known), 0.0)


def stirling_error(z):
    """Compute log Gamma(z) - ((z - 1/2) log z - z + log(2 pi) / 2), for z above 0.

    The series is Abramowitz and Stegun (1964), 6.1.41; what it leaves out is below 1e-13.
    """
    from scipy.special import gammaln

    small, square = np.minimum(z, 16.0), np.square(np.maximum(z, 16.0))
    direct = gammaln(small) + small - (small - 0.5) * np.log(small) - 0.5 * np.log(2 * np.pi)
    series = 1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / square) / square) / square
    return np.where(z < 16, direct, series / np.maximum(z, 16.0))


FAMILIES = {"binomial": Binomial, "poisson": Poisson}  # and, of `glmer` alone, NegativeBinomial
