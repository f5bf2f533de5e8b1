"""Distributions of the outcome: Gaussian, binomial, Poisson, negative binomial, each with its usual link."""

from dataclasses import dataclass

import numpy as np

from mlmkit.engine.families import FAMILIES as FAMILIES_OF_GLMER
from mlmkit.engine.negative_binomial import NegativeBinomial
from mlmkit.frame.columns import one_vector
from mlmkit.frame.formula import FormulaError
from mlmkit.frame.outcomes import binomial_outcome, poisson_outcome


@dataclass(frozen=True)
class Family:
    """A family with its usual link; what it shares with `glmer` comes from there.

    Attributes
    ----------
    name, link : str
        As R prints them: ``gaussian [identity]``.
    size : float, optional
        Of negative binomial counts, where it is known: their variance is ``mean + mean**2 / size``.
    """

    name: str
    link: str
    size: float | None = None

    @property
    def has_sigma(self):
        """Whether there is a residual standard deviation."""
        return self.name == "gaussian"

    @property
    def has_size(self):
        """Whether the counts have a size that is to be found."""
        return self.name == "negative_binomial"

    def glmers(self, sizes=None):
        """Return the family as `glmer` knows it.

        Parameters
        ----------
        sizes : ndarray, optional
            Sizes of negative binomial counts: one number, or a shape that broadcasts against the rows.
        """
        if self.has_size:
            return NegativeBinomial(1 / np.sqrt(self.size if sizes is None else sizes))
        return FAMILIES_OF_GLMER[self.name]

    def inverse_link(self, eta):
        """Turn the linear predictor into the outcome's mean (binomial: the probability)."""
        if self.has_sigma:
            return eta
        return np.exp(eta) if self.link == "log" else self.glmers().inverse_link(eta)

    def draw(self, mean, aux, weights, rng):
        """Draw outcomes given their means, shape (S, n); binomial: shares of `weights` trials.

        ``aux``, shape (S,): residual standard deviations, or sizes of negative binomial counts.
        """
        if self.has_sigma:
            return mean + aux[:, None] / np.sqrt(weights) * rng.standard_normal(mean.shape)
        return self.glmers(None if aux is None else aux[:, None]).draw(mean, weights, rng)

    def pearson(self, y, mean, trials):
        """Return the difference from the mean over its standard deviation; see `glmer`'s families."""
        return self.glmers().pearson(y, mean, trials)

    def unit_deviance(self, y, mean, trials):
        """Return each row's part of the deviance; see `glmer`'s families."""
        return self.glmers().unit_deviance(y, mean, trials)

    def log_likelihood(self, y, eta, aux, weights):
        """Log density of each outcome, shape (S, n), given the linear predictor; for ``aux`` see ``draw``."""
        if self.has_sigma:
            sd = aux[:, None] / np.sqrt(weights)
            return -0.5 * ((y - eta) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
        other = self.glmers(None if aux is None else aux[:, None])
        return other.moments(eta, other.known(y, weights)).loglik + other.saturated(y, weights)


FAMILIES = {
    "gaussian": Family("gaussian", "identity"),
    "binomial": Family("binomial", "logit"),
    "poisson": Family("poisson", "log"),
    "negative_binomial": Family("negative_binomial", "log"),
}


def outcome_reader(family):
    """Choose the function that reads the outcome for ``design``."""
    return {"gaussian": _continuous, "binomial": _binomial}.get(family.name, _counts)


def _continuous(text, data, formula):
    y = one_vector(text, data, formula)
    if not isinstance(y, np.ndarray):
        raise FormulaError(
            f"The outcome '{text}' is not a number (its type is {y.dtype}). For yes or no use "
            "stan_glmer with family='binomial'.",
            formula,
            0,
        )
    return y, None


def _binomial(text, data, formula):
    y, trials = binomial_outcome(text, data, formula)
    if (y != np.round(y)).any():
        raise FormulaError(
            f"The outcome '{text}' must be 0 or 1, yes or no, or cbind(successes, failures); it holds "
            f"{y[y != np.round(y)][0]:g}.",
            formula,
            0,
        )
    share = y / trials
    if share.min() == share.max() and share[0] in (0.0, 1.0):
        raise FormulaError(
            f"The outcome '{text}' is {share[0]:g} in all {len(y)} rows. There is nothing to explain; is it "
            "the right column, and the right cut?",
            formula,
            0,
        )
    return y, trials


def _counts(text, data, formula):
    y, trials = poisson_outcome(text, data, formula)
    if y.max() == 0:
        raise FormulaError(
            f"The outcome '{text}' is 0 in all {len(y)} rows. There is nothing to explain.", formula, 0
        )
    return y, trials
