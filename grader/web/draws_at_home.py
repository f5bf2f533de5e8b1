"""Fit the model of the lessons whose draws the tab can't make itself, and write its draws for the tab."""

from datetime import date

from grader.web.stored_draws import key_of, packed
from mlmkit import load_seattle, stan_glmer
from mlmkit.bayes.nuts import NutsOptions

SEED, DRAWS, CHAINS = 1, 1000, 4


def fit_of_lesson_08():
    """Fit the model of lesson 08, *The same question, Bayesian*, as the lesson does."""
    sales = load_seattle()
    sales["million"] = (sales["price"] > 1_000_000).astype(int)
    return stan_glmer(
        "million ~ (1 | zipcode)", sales, family="binomial", draws=DRAWS, chains=CHAINS, seed=SEED
    )


def draws_at_home(fit=None) -> bytes:
    """Write the draws of the lesson's fit, as ``stored_draws.py`` reads them; it takes seconds.

    Parameters
    ----------
    fit : StanFit, optional
        Default: the lesson's, fitted anew.
    """
    fit = fit or fit_of_lesson_08()
    key = key_of(fit.solution.model, DRAWS, CHAINS, SEED, NutsOptions())
    return packed(key, fit.solution.posterior, SEED, date.today().isoformat())
