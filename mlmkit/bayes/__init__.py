"""Bayesian fits in rstanarm's language: the only part of mlmkit that knows PyMC and ArviZ."""

from mlmkit.bayes.compare import compare, compare_fits, loo, prior_sensitivity
from mlmkit.bayes.priors import Decov, Prior, cauchy, decov, exponential, flat, normal, student_t
from mlmkit.bayes.stan import stan_glm, stan_glmer, stan_lmer

__all__ = [
    "Decov",
    "Prior",
    "cauchy",
    "compare",
    "compare_fits",
    "decov",
    "exponential",
    "flat",
    "loo",
    "normal",
    "prior_sensitivity",
    "stan_glm",
    "stan_glmer",
    "stan_lmer",
    "student_t",
]
