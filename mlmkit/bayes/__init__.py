"""Bayesian fits in rstanarm's language: the only part of mlmkit that knows PyMC and ArviZ."""

from mlmkit.bayes.compare import compare
from mlmkit.bayes.folds import kfold
from mlmkit.bayes.leave_one_out import loo, loo_pit
from mlmkit.bayes.priors import Decov, Prior, cauchy, decov, exponential, flat, normal, student_t
from mlmkit.bayes.sensitivity import prior_sensitivity
from mlmkit.bayes.side_by_side import compare_fits
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
    "kfold",
    "loo",
    "loo_pit",
    "normal",
    "prior_sensitivity",
    "stan_glm",
    "stan_glmer",
    "stan_lmer",
    "student_t",
]
