"""A fit as ArviZ sees it: a DataTree with groups of draws."""

import numpy as np

from mlmkit.bayes.draws import SIZE
from mlmkit.bayes.extra import needs
from mlmkit.bayes.hyper import log_density
from mlmkit.bayes.priors import Decov
from mlmkit.bayes.rowwise import log_likelihood, too_large
from mlmkit.frame.columns import INTERCEPT

RESERVED = {"sample", "chain", "draw", "term", "row"}
PRIOR_DRAWS = 1000
# What samplers call their figures, and what ArviZ calls them.
STATISTICS = {
    "diverging": "diverging",
    "energy": "energy",
    "logp": "lp",
    "depth": "tree_depth",
    "n_steps": "n_steps",
    "step_size": "step_size",
    "mean_tree_accept": "acceptance_rate",
}


def to_datatree(fit):
    """Lay a fit out for ArviZ 1.

    Parameters
    ----------
    fit : BayesianFit
        The fit.

    Returns
    -------
    xarray.DataTree
        ``posterior``: ``fixef`` (by term), ``b_zipcode`` (by group and term), ``sigma`` or
        ``reciprocal_dispersion``, ``Sigma_zipcode``, ``sd_zipcode``; ``prior`` has the same. ``log_prior`` of
        the parameters that have priors of their own.
        ``log_likelihood``, ``posterior_predictive``, ``prior_predictive``, ``observed_data`` and
        ``constant_data`` by row: the first three are computed when they are looked at, and left out where
        they wouldn't fit into memory. ``sample_stats``: what NUTS says of each draw; for exact draws the
        figures of the importance weights, as attributes. A fit to the prior has no posterior.
    """
    with needs("idata", "ArviZ"):
        import xarray as xr
        from arviz_base import dict_to_dataset

    draws, design, seen = fit.solution.posterior, fit.design, fit.method != "prior"
    prior = _prior(fit) if seen else fit

    def parameters(some):
        values, dims, coords = posterior_variables(some, fit.solution.model)
        return dict_to_dataset(values, dims=dims, coords=coords)

    kind = float if fit.solution.model.family.has_sigma else int  # ArviZ draws counts in another way

    def by_row(function, some, kind=float):
        if some is None or too_large(fit, fit.nobs, some.size):
            return None
        shape = (some.chains, some.size // some.chains, fit.nobs)
        lazy = _lazy(lambda: function().reshape(shape).astype(kind, copy=False), shape, kind)
        return xr.Dataset({outcome_name(design): (("chain", "draw", "row"), lazy)}, _places(shape))

    groups = {}
    if seen:
        groups["posterior"] = parameters(draws)
        groups["posterior_predictive"] = by_row(lambda: _outcomes(fit, 1), draws, kind)
        groups["log_likelihood"] = by_row(lambda: log_likelihood(fit), draws)
        groups["log_prior"] = dict_to_dataset(
            {f"{name} prior": _by_chain(value, draws) for name, value in log_prior(fit).items()}
        )
        groups["sample_stats"] = _sample_stats(draws)
    if prior is not None:
        groups["prior"] = parameters(prior.solution.posterior)
        groups["prior_predictive"] = by_row(lambda: _outcomes(prior, 2), prior.solution.posterior, kind)
    rows = {"row": np.arange(design.n)}
    groups["observed_data"] = xr.Dataset({outcome_name(design): ("row", design.y.astype(kind))}, rows)
    groups["constant_data"] = xr.Dataset({name: ("row", x) for name, x in _constant(design).items()}, rows)
    return xr.DataTree.from_dict({name: group for name, group in groups.items() if group is not None})


def outcome_name(design):
    """Name the outcome, as the groups by row do."""
    return design.formula.response


def posterior_variables(draws, model):
    """Return draws by the names that ArviZ is given, their dimensions, and these dimensions' labels."""
    design = model.design
    posterior = {"fixef": _by_chain(draws.beta, draws)}
    dims, coords = {"fixef": ["term"]}, {"term": list(design.fixed.names)}
    for factor, effects, matrix in zip(design.factors, draws.effects, draws.covariance, strict=True):
        label = f"{factor.label}_group" if factor.label in RESERVED else factor.label
        coords |= {label: list(map(str, factor.levels)), f"{label}_term": factor.names}
        coords[f"{label}_term2"] = factor.names
        posterior[f"b_{label}"], dims[f"b_{label}"] = _by_chain(effects, draws), [label, f"{label}_term"]
        posterior[f"Sigma_{label}"] = _by_chain(matrix, draws)
        dims[f"Sigma_{label}"] = [f"{label}_term", f"{label}_term2"]
        posterior[f"sd_{label}"] = _by_chain(np.sqrt(np.einsum("saa->sa", matrix)), draws)
        dims[f"sd_{label}"] = [f"{label}_term"]
    if model.has_sigma:
        posterior["sigma"] = _by_chain(draws.sigma, draws)
    if draws.sizes is not None:
        posterior[SIZE] = _by_chain(draws.sizes, draws)
    return posterior, dims, coords


def _by_chain(array, draws):
    return array.reshape(draws.chains, -1, *array.shape[1:])


def _places(shape):
    return {name: np.arange(size) for name, size in zip(("chain", "draw", "row"), shape, strict=True)}


def _prior(fit):
    """Return the fit with draws from its prior; None where nothing can be drawn from it (a flat prior)."""
    try:
        return fit.prior_only(PRIOR_DRAWS, seed=1)
    except ValueError:
        return None


def _outcomes(fit, seed):
    """Draw outcomes, shape (S, n); counts of successes for binomial models, as they were given."""
    drawn = fit.posterior_predict(seed=seed).to_numpy()
    return drawn if fit.design.trials is None else np.rint(drawn * fit.design.trials)


def _constant(design):
    """Collect what is known of each row: predictors, groups, trials, offset, weights."""
    found = {
        name: np.broadcast_to(array, design.n)
        for name, array in zip(design.fixed.names, design.fixed.arrays, strict=True)
        if name != INTERCEPT
    }
    for factor in design.factors:
        found[factor.label] = np.array(list(map(str, factor.levels)))[factor.codes]
    known = {"trials": design.trials, "offset": design.offset, "weights": design.weights}
    found |= {name: array for name, array in known.items() if array is not None}
    return {f"{name}_column" if name in RESERVED else name: array for name, array in found.items()}


def _sample_stats(draws):
    """Lay out what the sampler said: by draw (NUTS), or of all draws together (exact: attributes)."""
    from arviz_base import dict_to_dataset

    kept = draws.report.get("sample_stats", {})
    found = dict_to_dataset({STATISTICS[name]: value for name, value in kept.items()})
    found.attrs |= {name: value for name, value in draws.report.items() if np.isscalar(value)}
    return found


def _lazy(compute, shape, kind):
    """Return an array for xarray that is computed when somebody looks at it, once."""
    from functools import cached_property

    from xarray.backends import BackendArray
    from xarray.core import indexing

    class Lazy(BackendArray):
        def __init__(self):
            self.shape, self.dtype = shape, np.dtype(kind)

        @cached_property
        def whole(self):
            return compute()

        def __getitem__(self, key):
            basic = indexing.IndexingSupport.BASIC
            return indexing.explicit_indexing_adapter(key, shape, basic, lambda raw: self.whole[raw])

    return indexing.LazilyIndexedArray(Lazy())


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
        found["sigma" if draws.sizes is None else SIZE] = log_density(priors.aux, draws.aux)
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
