"""Distributions of the outcome: Gaussian, binomial, Poisson, each with its usual link."""

from dataclasses import dataclass

import numpy as np

from mlmkit._columns import one_vector
from mlmkit.formula import FormulaError


@dataclass(frozen=True)
class Family:
    """A family with its canonical link.

    Attributes
    ----------
    name, link : str
        As R prints them: ``gaussian [identity]``.
    """

    name: str
    link: str

    @property
    def has_sigma(self):
        """Whether there is a residual standard deviation."""
        return self.name == "gaussian"

    def inverse_link(self, eta):
        """Turn the linear predictor into the outcome's mean (binomial: the probability)."""
        if self.name == "gaussian":
            return eta
        if self.name == "poisson":
            return np.exp(eta)
        return 1 / (1 + np.exp(-eta))

    def draw(self, mean, sigma, trials, rng):
        """Draw outcomes given their means, shape (S, n); ``trials`` is for binomial models."""
        if self.name == "gaussian":
            return mean + sigma[:, None] * rng.standard_normal(mean.shape)
        if self.name == "poisson":
            return rng.poisson(mean).astype(float)
        return rng.binomial(np.asarray(trials, dtype=int), mean).astype(float)

    def log_likelihood(self, y, eta, sigma, trials):
        """Log density of each outcome, shape (S, n), given the linear predictor."""
        from scipy.special import gammaln, xlogy

        if self.name == "gaussian":
            z = (y - eta) / sigma[:, None]
            return -0.5 * z**2 - np.log(sigma)[:, None] - 0.5 * np.log(2 * np.pi)
        if self.name == "poisson":
            return y * eta - np.exp(eta) - gammaln(y + 1)
        choose = gammaln(trials + 1) - gammaln(y + 1) - gammaln(trials - y + 1)
        return choose + xlogy(y, 1.0) + y * eta - trials * np.logaddexp(0, eta)


FAMILIES = {
    "gaussian": Family("gaussian", "identity"),
    "binomial": Family("binomial", "logit"),
    "poisson": Family("poisson", "log"),
}


def outcome_reader(family):
    """Choose the function that reads the outcome for ``design``."""
    readers = {"gaussian": _continuous, "binomial": _binomial, "poisson": _count}
    return readers[family.name]


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
    """Read yes/no as 0/1 with one trial each, or ``cbind(successes, failures)``."""
    inside = text.strip()
    if inside.startswith("cbind(") and inside.endswith(")"):
        pieces = [piece.strip() for piece in inside[len("cbind(") : -1].split(",")]
        if len(pieces) != 2:
            raise FormulaError("cbind takes two columns: cbind(successes, failures).", formula, 0)
        successes, failures = (_whole(one_vector(piece, data, formula), piece, formula) for piece in pieces)
        trials = successes + failures
        if (trials == 0).any():
            raise FormulaError(
                f"{int((trials == 0).sum())} rows of '{text}' have no trial. Drop them.", formula, 0
            )
        return successes, trials
    y = one_vector(text, data, formula)
    if not isinstance(y, np.ndarray):
        levels = (
            list(y.cat.remove_unused_categories().cat.categories) if hasattr(y, "cat") else sorted(set(y))
        )
        if len(levels) > 2:
            raise FormulaError(
                f"A binomial outcome has two values, and '{text}' has {len(levels)}. Make it yes or no, "
                f"for example '{text} == {levels[0]!r}'.",
                formula,
                0,
            )
        y = (y == levels[-1]).to_numpy(dtype=float)
    if not np.isin(y, (0.0, 1.0)).all():
        odd = y[~np.isin(y, (0.0, 1.0))][0]
        raise FormulaError(
            f"A binomial outcome is 0 or 1 (or yes/no, or cbind(successes, failures)), and '{text}' "
            f"holds {odd:g}.",
            formula,
            0,
        )
    if y.min() == y.max():
        raise FormulaError(
            f"The outcome '{text}' is {y[0]:g} in all {len(y)} rows. There is nothing to explain; is it the "
            "right column, and the right cut?",
            formula,
            0,
        )
    return y, np.ones(len(y))


def _count(text, data, formula):
    y = _whole(one_vector(text, data, formula), text, formula)
    if y.max() == 0:
        raise FormulaError(
            f"The outcome '{text}' is 0 in all {len(y)} rows. There is nothing to explain.", formula, 0
        )
    return y, None


def _whole(y, text, formula):
    """Check that these are counts: whole numbers of at least 0."""
    if not isinstance(y, np.ndarray):
        raise FormulaError(f"'{text}' must hold counts, and its type is {y.dtype}.", formula, 0)
    bad = y[(y < 0) | (y != np.round(y))]
    if len(bad):
        raise FormulaError(
            f"'{text}' must hold counts (0, 1, 2, …), and {len(bad)} rows hold something else, such as "
            f"{bad[0]:g}. Use family='gaussian' for continuous outcomes.",
            formula,
            0,
        )
    return y
