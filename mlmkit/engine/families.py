"""The two outcome distributions of `glmer`, each with its canonical link."""

import numpy as np


class Binomial:
    """Successes out of trials, with the logit link.

    All functions take the linear predictor and the numbers of successes and trials by row.
    """

    name, link = "binomial", "logit"

    @staticmethod
    def moments(eta, y, trials, space=None):
        """Return loglik (without constants), mean, variance, and the variance's derivative in eta.

        They lie in `space`, shape (4, *eta.shape), if it is given: new memory costs more than the arithmetic.
        """
        loglik, mean, variance, slope = np.empty((4, *eta.shape)) if space is None else space
        tail, inverse = variance, slope  # borrowed until they are filled
        np.abs(eta, out=tail)
        np.negative(tail, out=tail)
        np.exp(tail, out=tail)
        np.maximum(eta, 0.0, out=loglik)
        loglik += np.log1p(tail, out=mean)
        loglik *= trials
        np.multiply(y, eta, out=mean)
        np.subtract(mean, loglik, out=loglik)
        np.add(tail, 1.0, out=inverse)
        np.divide(1.0, inverse, out=inverse)
        np.multiply(tail, inverse, out=variance)  # the smaller of p and 1 - p
        np.copyto(mean, inverse)
        np.copyto(mean, variance, where=eta < 0)  # p
        variance *= inverse
        variance *= trials
        np.multiply(mean, -2.0, out=slope)
        slope += 1.0
        slope *= variance
        mean *= trials
        return loglik, mean, variance, slope

    @staticmethod
    def constants(y, trials):
        """Return log-likelihood constants and the saturated log-likelihood (without them), by row."""
        from scipy.special import gammaln, xlogy

        constant = gammaln(trials + 1) - gammaln(y + 1) - gammaln(trials - y + 1)
        return constant, xlogy(y, y / trials) + xlogy(trials - y, 1 - y / trials)

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

    name, link = "poisson", "log"

    @staticmethod
    def moments(eta, y, trials, space=None):
        """Return loglik (without constants), mean, variance, and the variance's derivative in eta."""
        mean = np.exp(np.minimum(eta, 300.0))
        return y * eta - mean, mean, mean, mean

    @staticmethod
    def constants(y, trials):
        """Return log-likelihood constants and the saturated log-likelihood (without them), by row."""
        from scipy.special import gammaln, xlogy

        return -gammaln(y + 1), xlogy(y, y) - y

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


FAMILIES = {"binomial": Binomial, "poisson": Poisson}
