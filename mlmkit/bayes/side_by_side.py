"""Lay two fits of the same model side by side: lmer beside its Bayesian twin."""

import pandas as pd

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
