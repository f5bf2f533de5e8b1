"""Small functions of a Bayesian fit's predictions, in rstanarm's sense."""

import numpy as np
import pandas as pd

from mlmkit.bayes.rowwise import log_likelihood, too_large
from mlmkit.bayes.summaries import central_interval


def log_lik(fit):
    """Build the table of ``BayesianFit.log_lik``."""
    problem = too_large(fit, fit.nobs)
    if problem:
        raise ValueError(problem)
    return pd.DataFrame(log_likelihood(fit), columns=fit.design.index)


def predictive_interval(fit, prob, **options):
    """Build the table of ``BayesianFit.predictive_interval``."""
    drawn = fit.posterior_predict(**options)
    return central_interval(drawn.to_numpy(), drawn.columns, prob)


def bayes_R2(fit):
    """Build the draws of ``BayesianFit.bayes_R2``."""
    mean, trials = fit.posterior_epred().to_numpy(), fit.design.trials
    if fit.family == "gaussian":
        rest = fit.solution.posterior.sigma**2
    elif fit.family == "binomial":
        mean = mean * trials
        rest = np.mean(mean * (1 - mean / trials), axis=1)
    else:
        raise ValueError(
            f"bayes_R2 is for Gaussian and binomial models, as in rstanarm, and this one is {fit.family}: "
            "which share of a count's variance can be explained depends on the counts themselves."
        )
    explained = np.var(mean, axis=1, ddof=1)
    return pd.Series(explained / (explained + rest), name="R2")
