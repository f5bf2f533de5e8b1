"""A fit as ArviZ sees it: a DataTree with groups of draws."""

import numpy as np

from mlmkit.bayes.extra import needs
from mlmkit.bayes.hyper import log_density
from mlmkit.bayes.priors import Decov
from mlmkit.bayes.rowwise import log_likelihood, too_large
from mlmkit.frame.columns import INTERCEPT

RESERVED = {"sample", "chain", "draw", "term", "row"}


def to_datatree(fit):
    """Lay a fit out for ArviZ 1.

    Parameters
    ----------
    fit : StanFit
        The fit.

    Returns
    -------
    xarray.DataTree
        ``posterior``: ``fixef`` (by term), ``b_zipcode`` (by group and term), ``sigma``,
        ``Sigma_zipcode``; ``log_likelihood`` (left out where it wouldn't fit into memory) and
        ``observed_data`` (by row);
        ``log_prior`` of the parameters that have priors of their own.
    """
    with needs("idata", "ArviZ"):
        from arviz_base import from_dict

    draws, model, chains = fit.solution.posterior, fit.design, fit.solution.posterior.chains

    def by_chain(array):
        return array.reshape(chains, -1, *array.shape[1:])

    posterior = {"fixef": by_chain(draws.beta)}
    dims, coords = {"fixef": ["term"]}, {"term": list(model.fixed.names), "row": np.arange(model.n)}
    for factor, effects, matrix in zip(model.factors, draws.effects, draws.covariance, strict=True):
        label = f"{factor.label}_group" if factor.label in RESERVED else factor.label
        coords |= {label: list(map(str, factor.levels)), f"{label}_term": factor.names}
        coords[f"{label}_term2"] = factor.names
        posterior[f"b_{label}"], dims[f"b_{label}"] = by_chain(effects), [label, f"{label}_term"]
        posterior[f"Sigma_{label}"] = by_chain(matrix)
        dims[f"Sigma_{label}"] = [f"{label}_term", f"{label}_term2"]
        posterior[f"sd_{label}"] = by_chain(np.sqrt(np.einsum("saa->sa", matrix)))
        dims[f"sd_{label}"] = [f"{label}_term"]
    if fit.solution.model.has_sigma:
        posterior["sigma"] = by_chain(draws.sigma)
    outcome = model.formula.response
    dims[outcome] = ["row"]
    groups = {
        "posterior": posterior,
        "log_prior": {f"{name} prior": by_chain(value) for name, value in log_prior(fit).items()},
        "observed_data": {outcome: model.y},
    }
    if not too_large(fit, model.n):
        groups["log_likelihood"] = {outcome: by_chain(log_likelihood(fit))}
    return from_dict(groups, dims=dims, coords=coords)


def log_prior(fit):
    """Compute the log prior density of every draw of intercept, slopes, sigma and decov's parts.

    The group effects are left out: their distribution is a part of the model that the data inform, not a
    prior that one chooses.

    Returns
    -------
    dict of ndarray, shape (S,)
        By parameter, each up to a constant.
    """
    draws, priors, names = fit.solution.posterior, fit.priors, list(fit.design.fixed.names)
    slopes = {name: draws.beta[:, names.index(name)] for name in fit.solution.model.slopes}
    found = {}
    if priors.intercept is not None:
        centred = draws.beta[:, names.index(INTERCEPT)]
        for value, mean in zip(slopes.values(), fit.solution.model.predictor_means, strict=True):
            centred = centred + value * mean
        found[INTERCEPT] = log_density(priors.intercept, centred)
    for (name, value), prior in zip(slopes.items(), priors.coefs, strict=True):
        found[name] = log_density(prior, value)
    if priors.aux is not None:
        found["sigma"] = log_density(priors.aux, draws.sigma)
    for factor, matrix in zip(fit.design.factors, draws.covariance, strict=True):
        for term in factor.terms:
            where = slice(term.first, term.first + term.size)
            found[f"Sigma_{term.label}"] = _log_between(
                matrix[:, where, where], priors.covariance, draws.sigma
            )
    return found


def _log_between(matrix, prior, sigma):
    """Compute the log density of what the prior is about, for covariance matrices (S, q, q).

    That is decov's tau, shares and correlations, or the standard deviations themselves and the correlations.
    """
    variances = np.einsum("saa->sa", matrix)
    sd = np.sqrt(variances)
    if isinstance(prior, Decov):
        tau = np.sqrt(variances.mean(axis=1)) / (1.0 if sigma is None else sigma)
        value = (prior.shape - 1) * np.log(tau) - tau / prior.scale
        if matrix.shape[1] > 1:
            shares = variances / variances.sum(axis=1, keepdims=True)
            value += (prior.concentration - 1) * np.log(shares).sum(axis=1)
    else:
        value = log_density(prior.prior, sd).sum(axis=1)
    if matrix.shape[1] > 1:
        _, log_det = np.linalg.slogdet(matrix / (sd[:, :, None] * sd[:, None, :]))
        value += (prior.regularization - 1) * log_det
    return value
