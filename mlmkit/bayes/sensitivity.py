"""How much a posterior leans on its prior: power scaling."""

import warnings

import numpy as np
import pandas as pd

from mlmkit.bayes.arviz_tree import log_prior, posterior_variables
from mlmkit.bayes.extra import needs
from mlmkit.bayes.fit import BayesianFit
from mlmkit.bayes.leave_one_out import need_posterior
from mlmkit.bayes.rowwise import log_likelihoods, row_blocks


def prior_sensitivity(fit: BayesianFit, threshold: float = 0.05) -> pd.DataFrame:
    """Measure how much the posterior would move if the prior, or the likelihood, were a little stronger.

    Parameters
    ----------
    fit : BayesianFit
        The fit.
    threshold : float
        From where on a parameter counts as sensitive.

    Returns
    -------
    DataFrame
        A row a parameter: ``prior``, ``likelihood`` and a ``diagnosis`` in words.

    Notes
    -----
    Power scaling: N. Kallioinen, T. Paananen, P.-C. Bürkner and A. Vehtari (2024), "Detecting and
    diagnosing prior and likelihood sensitivity with power-scaling", Statistics and Computing 34, 57. All
    priors are scaled together; the distribution of the group effects is a part of the model and stays.

    Examples
    --------
    >>> from mlmkit import load_seattle, prior_sensitivity, stan_glmer
    >>> fit = stan_glmer("price ~ (1 | zipcode)", load_seattle(), seed=1)
    >>> list(prior_sensitivity(fit).columns)
    ['prior', 'likelihood', 'diagnosis']
    """
    need_posterior(fit, "prior_sensitivity")
    with needs("prior_sensitivity()", "ArviZ"):
        import xarray as xr
        from arviz_base import dataset_to_dataframe, dict_to_dataset
        from arviz_stats import psense

    draws = fit.solution.posterior
    values, dims, coords = posterior_variables(draws, fit.solution.model)
    wanted = {name: value for name, value in values.items() if name.split("_")[0] in ("fixef", "sigma", "sd")}
    densities = {"log_prior": log_prior(fit), "log_likelihood": {"all rows": _log_likelihood(fit)}}
    groups = {"posterior": dict_to_dataset(wanted, dims=dims, coords=coords)}
    for name, parts in densities.items():
        by_chain = {part: value.reshape(draws.chains, -1) for part, value in parts.items()}
        groups[name] = dict_to_dataset(by_chain)
    tree, columns = xr.DataTree.from_dict(groups), {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in ("prior", "likelihood"):
            found = psense(tree, group=part).expand_dims(component=[part])
            columns[part] = dataset_to_dataframe(found, sample_dims=["component"]).iloc[0]
    table = pd.DataFrame(columns)
    table["diagnosis"] = [_diagnosis(row.prior, row.likelihood, threshold) for row in table.itertuples()]
    return table


def _log_likelihood(fit):
    """Sum the log density of all rows for each draw: psense needs no more."""
    draws = fit.solution.posterior
    return np.concatenate([log_likelihoods(fit, draws.pick(block)).sum(axis=0) for block in row_blocks(fit)])


def _diagnosis(prior, likelihood, threshold):
    if np.isnan(prior) or np.isnan(likelihood):
        return "could not be computed"
    if prior < threshold:
        return "-"
    if likelihood < threshold:
        return "the prior decides, the data say little"
    return "prior and data both matter: do they agree?"
