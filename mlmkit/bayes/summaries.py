"""Tables of draws: rstanarm's summary, intervals, and broom's tidy table."""

from numbers import Real

import numpy as np
import pandas as pd

from mlmkit.bayes.diagnostics import quality
from mlmkit.bayes.draws import mad_sd
from mlmkit.bayes.print_stan import PosteriorSummary


def _percent(prob):
    return f"{100 * prob:.4g}%"


def _check_prob(prob):
    if isinstance(prob, bool) or not isinstance(prob, Real) or not 0 < prob < 1:
        raise ValueError(f"A probability lies between 0 and 1, for example 0.9, and this one is {prob!r}.")


def summary(fit, probs):
    """Build the table of ``BayesianFit.summary``."""
    probs = [probs] if isinstance(probs, Real) else probs
    for prob in probs:
        _check_prob(prob)
    table = fit.draws.assign(mean_PPD=fit.mean_ppd)
    found = pd.DataFrame({"mean": table.mean(), "sd": table.std(ddof=1)})
    quantiles = np.quantile(table.to_numpy(), list(probs), axis=0)
    for prob, values in zip(probs, quantiles, strict=True):
        found[_percent(prob)] = values
    checked = quality(fit)
    found["mcse"] = found["sd"] / np.sqrt(checked["n_eff"])
    found["Rhat"], found["n_eff"] = checked["Rhat"], checked["n_eff"].round()
    return PosteriorSummary.of(fit, found)


def posterior_interval(fit, prob, pars):
    """Build the table of ``BayesianFit.posterior_interval``."""
    names = list(fit.draws.columns) if pars is None else [pars] if isinstance(pars, str) else list(pars)
    unknown = [name for name in names if name not in fit.draws.columns]
    if unknown:
        raise ValueError(f"There is no parameter {unknown[0]!r}. There are: {', '.join(fit.draws.columns)}.")
    return central_interval(fit.draws[names].to_numpy(), names, prob)


def central_interval(values, names, prob):
    """Tabulate the central intervals of draws, shape (S, k): a row a column of `values`."""
    _check_prob(prob)
    probs = [(1 - prob) / 2, (1 + prob) / 2]
    columns = [_percent(prob) for prob in probs]
    return pd.DataFrame(np.quantile(values, probs, axis=0).T, index=names, columns=columns)


def tidy(fit, conf_level):
    """Build the table of ``BayesianFit.tidy``, in the order and the columns of ``lmer``'s fits."""
    _check_prob(conf_level)
    probs = [(1 - conf_level) / 2, (1 + conf_level) / 2]
    rows = []

    def add(term, values, group, level):
        middle = np.median(values)
        low, high = np.quantile(values, probs)
        rows.append((term, middle, float(mad_sd(values)), low, high, group, level))

    draws = fit.solution.posterior
    for k, name in enumerate(fit.design.fixed.names):
        add(name, draws.beta[:, k], None, None)
    for factor, matrix in zip(fit.design.factors, draws.covariance, strict=True):
        for term in factor.terms:
            places = range(term.first, term.first + term.size)
            sds = {k: np.sqrt(matrix[:, k, k]) for k in places}
            for k in places:
                add(f"sd__{factor.names[k]}", sds[k], term.label, None)
            for row in places:
                for column in range(term.first, row):
                    name = f"cor__{factor.names[column]}.{factor.names[row]}"
                    add(name, matrix[:, row, column] / (sds[row] * sds[column]), term.label, None)
    if fit.solution.model.has_sigma:
        add("sd__Observation", draws.sigma, "Residual", None)
    for factor, effects in zip(fit.design.factors, draws.effects, strict=True):
        for j, level in enumerate(factor.levels):
            for k, name in enumerate(factor.names):
                add(name, effects[:, j, k], factor.label, level)
    columns = ["term", "estimate", "std_error", "conf_low", "conf_high", "group", "level"]
    return pd.DataFrame(rows, columns=columns)
