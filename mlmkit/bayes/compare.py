"""Compare fits: lmer beside its Bayesian twin, models by their expected predictions, priors by their pull."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlmkit.bayes.extra import needs
from mlmkit.bayes.fit import BayesianFit
from mlmkit.bayes.rowwise import too_large
from mlmkit.fits.mixed import MixedEstimates


class Comparison(dict):
    """Tables of two fits side by side; see `compare_fits`."""

    def __repr__(self):
        return "\n\n".join(f"{name}\n{table.to_string(float_format=_short)}" for name, table in self.items())

    def _repr_html_(self):
        return "".join(f"<p>{name}</p>{table.to_html(float_format=_short)}" for name, table in self.items())


def _short(value):
    """Write a number of any size so that it reads easily."""
    return f"{value:.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def compare_fits(first, second):
    """Lay two fits of the same model side by side, such as lmer's and stan_glmer's.

    Parameters
    ----------
    first, second : fit
        Of `lmer`, `glmer`, `stan_lmer` or `stan_glmer`, with the same grouping factors.

    Returns
    -------
    Comparison
        A dict of DataFrames: ``"fixef"``, ``"varcorr"``, and for each grouping factor its coefficients.
        Columns are pairs such as ``("lmer", "estimate")``, ``("stan_glmer", "error")``.

    Raises
    ------
    ValueError
        If the fits have different terms or groups, or other data.

    Examples
    --------
    >>> from mlmkit import compare_fits, lmer, load_seattle, stan_glmer
    >>> data = load_seattle()
    >>> formula = "price ~ (1 | zipcode)"
    >>> both = compare_fits(lmer(formula, data), stan_glmer(formula, data, seed=1))
    >>> list(both)
    ['fixef', 'varcorr', 'zipcode']
    >>> both["zipcode"].shape
    (9, 4)
    """
    for fit in (first, second):
        if not isinstance(fit, MixedEstimates):
            raise TypeError(
                f"compare_fits lays fits of lmer, glmer, stan_lmer or stan_glmer side by side, not "
                f"{type(fit).__name__}."
            )
    fits = {_name(first): first}
    fits[_name(second) if _name(second) not in fits else f"{_name(second)} (2)"] = second
    if list(first.fixef.index) != list(second.fixef.index) or list(first.coef) != list(second.coef):
        raise ValueError(
            f"The fits have different terms or groups: {first.formula} and {second.formula}. Fit the "
            "same model both ways, or compare two Bayesian fits by their predictions with compare()."
        )
    if first.nobs != second.nobs:
        raise ValueError(f"The fits use different data: {first.nobs} and {second.nobs} rows.")
    tables = Comparison()
    tables["fixef"] = _beside({name: _pair(fit.fixef, fit.se_fixef) for name, fit in fits.items()})
    tables["varcorr"] = pd.DataFrame({name: _sds(fit) for name, fit in fits.items()})
    for label in first.coef:
        pairs = {
            name: _pair(fit.coef[label].stack(), fit.se_coef[label].stack()) for name, fit in fits.items()
        }
        table = _beside(pairs)
        tables[label] = table.droplevel(1) if first.coef[label].shape[1] == 1 else table
    return tables


def _name(fit):
    return fit.call[0]


def _pair(estimate, error):
    return pd.DataFrame({"estimate": estimate, "error": error})


def _beside(pairs):
    return pd.concat(pairs, axis=1)


def _sds(fit):
    rows = {f"sd {label} {term}": sd for label, block in fit.varcorr.items() for term, sd in block.sd.items()}
    for label, block in fit.varcorr.items():
        names, corr = list(block.corr.index), block.corr.to_numpy()
        rows |= {
            f"corr {label} {names[j]} {names[i]}": corr[i, j] for i in range(len(names)) for j in range(i)
        }
    if fit.varcorr.sigma is not None:
        rows["sd Residual"] = fit.varcorr.sigma
    return pd.Series(rows)


@dataclass(frozen=True, repr=False)
class Loo:
    """How well a fit is expected to predict new rows, by leaving out one row at a time.

    Attributes
    ----------
    elpd, se : float
        Expected log predictive density, summed over the rows, and its standard error. Larger is better.
    p : float
        Effective number of parameters.
    pareto_k : Series
        One for each row; above `limit` the row's figure can't be trusted.
    limit : float
        0.7, or less for few draws.
    by_row : Series
        Each row's part of `elpd`.
    """

    elpd: float
    se: float
    p: float
    pareto_k: pd.Series
    limit: float
    by_row: pd.Series
    elpd_data: object

    @property
    def messages(self):
        """What to know about the figure, in sentences."""
        bad = self.pareto_k[self.pareto_k > self.limit]
        if bad.empty:
            return [f"All Pareto k are below {self.limit:.2g}: the figure can be trusted."]
        rows = ", ".join(map(str, bad.sort_values(ascending=False).index[:5]))
        return [
            f"{len(bad)} of {len(self.pareto_k)} rows have a Pareto k above {self.limit:.2g} (rows {rows}): "
            "the fit changes so much without them that their part is a guess. Look at these rows; such "
            "outliers often mean that the model's tails are too light. Differences between models that are "
            "far larger than the parts of these rows stand."
        ]

    def __repr__(self):
        lines = [
            f"elpd_loo {self.elpd:10.1f}   standard error {self.se:.1f}",
            f"p_loo    {self.p:10.1f}   (effective number of parameters)",
            *(f"* {message}" for message in self.messages),
        ]
        return "\n".join(lines)


def loo(fit: BayesianFit) -> Loo:
    """Estimate how well a Bayesian fit predicts rows that it hasn't seen (leave-one-out).

    Parameters
    ----------
    fit : BayesianFit
        From `stan_lmer` or `stan_glmer`.

    Returns
    -------
    Loo
        ``elpd``, ``se``, ``p`` and the Pareto k of every row.

    Notes
    -----
    Pareto-smoothed importance sampling: A. Vehtari, A. Gelman and J. Gabry (2017), "Practical Bayesian model
    evaluation using leave-one-out cross-validation and WAIC", Statistics and Computing 27, 1413-1432.
    It leaves out rows, not groups: it says how well new rows of known groups are predicted.

    Examples
    --------
    >>> from mlmkit import load_seattle, loo, stan_glmer
    >>> found = loo(stan_glmer("price ~ scale_sqft + (1 | zipcode)", load_seattle(), seed=1))
    >>> bool(-12150 < found.elpd < -12100)
    True
    """
    _need_log_likelihood(fit)
    if "_loo" not in fit.__dict__:
        with needs("loo()", "ArviZ"):
            from arviz_stats import loo as arviz_loo

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the warning about large k is in Loo.messages
            found = arviz_loo(fit.idata, pointwise=True, reff=_relative_ess(fit))
        index = fit.design.index
        fit.__dict__["_loo"] = Loo(
            float(found.elpd),
            float(found.se),
            float(found.p),
            pd.Series(found.pareto_k.to_numpy(), index=index, name="pareto_k"),
            float(found.good_k),
            pd.Series(found.elpd_i.to_numpy(), index=index, name="elpd"),
            found,
        )
    return fit.__dict__["_loo"]


def _relative_ess(fit):
    """Share of the draws that count as independent; computing it for every row would change nothing here."""
    table = fit.diagnostics().table
    share = table["n_eff"].min() / fit.solution.posterior.size
    return float(np.clip(share, 0.01, 1.0)) if np.isfinite(share) else 1.0


def compare(*unnamed: BayesianFit, **fits: BayesianFit):
    """Compare Bayesian fits by how well they are expected to predict.

    Parameters
    ----------
    **fits : BayesianFit
        With the names that the table is to show, such as ``compare(intercepts=fit1, slopes=fit2)``.

    Returns
    -------
    DataFrame
        A row a fit, the best first: ``elpd, se, p, elpd_diff`` (this one minus the best), ``dse`` (standard
        error of that difference), ``weight`` (for averaging predictions), ``rows_above_limit`` (rows that
        can't be trusted).

    Raises
    ------
    ValueError
        For fewer than two fits, or fits of different outcomes.

    Examples
    --------
    >>> from mlmkit import compare, load_seattle, stan_glmer
    >>> data = load_seattle()
    >>> table = compare(
    ...     plain=stan_glmer("price ~ (1 | zipcode)", data, seed=1),
    ...     size=stan_glmer("price ~ scale_sqft + (1 | zipcode)", data, seed=1),
    ... )
    >>> table.index[0]
    'size'
    """
    if unnamed or len(fits) < 2:
        raise ValueError("compare needs at least two fits, with names: compare(first=fit1, second=fit2).")
    for fit in fits.values():
        _need_stan(fit)
    outcomes = [fit.design.y for fit in fits.values()]
    if any(len(y) != len(outcomes[0]) or not np.array_equal(y, outcomes[0]) for y in outcomes[1:]):
        raise ValueError(
            "These fits have different outcomes (other rows, or another transformation), so their "
            "predictions can't be compared. Fit them to the same rows of the same outcome."
        )
    with needs("compare()", "ArviZ"):
        from arviz_stats import compare as arviz_compare

    found = {name: loo(fit) for name, fit in fits.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = arviz_compare({name: one.elpd_data for name, one in found.items()}, round_to="none")
    table = pd.DataFrame(table)[["elpd", "se", "p", "elpd_diff", "dse", "weight"]].astype(float)
    table["rows_above_limit"] = [int((found[n].pareto_k > found[n].limit).sum()) for n in table.index]
    return table


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
    _need_log_likelihood(fit)
    with needs("prior_sensitivity()", "ArviZ"):
        from arviz_base import dataset_to_dataframe
        from arviz_stats import psense

    variables = fit.idata["posterior"].data_vars
    names = [name for name in variables if name.split("_")[0] in ("fixef", "sigma", "sd")]
    columns = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in ("prior", "likelihood"):
            found = psense(fit.idata, var_names=names, group=part).expand_dims(component=[part])
            columns[part] = dataset_to_dataframe(found, sample_dims=["component"]).iloc[0]
    table = pd.DataFrame(columns)
    table["diagnosis"] = [_diagnosis(row.prior, row.likelihood, threshold) for row in table.itertuples()]
    return table


def _diagnosis(prior, likelihood, threshold):
    if prior < threshold:
        return "-"
    if likelihood < threshold:
        return "the prior decides, the data say little"
    return "prior and data both matter: do they agree?"


def _need_log_likelihood(fit):
    _need_stan(fit)
    problem = too_large(fit, fit.nobs)
    if problem:
        raise ValueError(f"This needs the log-likelihood of every row under every draw. {problem}")


def _need_stan(fit):
    if not isinstance(fit, BayesianFit):
        raise TypeError(
            f"This works on fits of stan_lmer, stan_glmer or stan_glm, not on {type(fit).__name__}: it needs "
            "posterior draws."
        )
