"""A fit in the form that the package marginaleffects takes, for ``avg_slopes``, ``predictions`` and so on."""

from functools import lru_cache

import numpy as np
import pandas as pd

from mlmkit.fits.likelihood import LikelihoodFit
from mlmkit.frame.cached_frame import Frame, as_frame
from mlmkit.frame.casting import Levels, level_labels
from mlmkit.frame.expressions import names_in
from mlmkit.frame.new_rows import new_rows
from mlmkit.inference.predict import group_part
from mlmkit.inference.random_part import random_part

CHOICES = (None, "zero", "marginal")


def marginal_model(fit, data: pd.DataFrame, *, new_levels: str | None = None):
    """Hand a fit to the package marginaleffects.

    Parameters
    ----------
    fit : fit of lmer or glmer
        The model.
    data : DataFrame
        The rows that it was fitted to: averages are taken over them.
    new_levels : {None, "zero", "marginal"}
        None takes each row in its own group, with the group's effects. The others take it in a group that
        the fit has not seen: "zero" in the typical group, whose effects are zero; "marginal" in any group,
        averaged over their distribution. In a linear model these two agree, behind a link they don't.

    Returns
    -------
    marginaleffects.classes.ModelAbstract
        What ``avg_slopes``, ``predictions``, ``avg_comparisons`` and their like take as a model.

    Raises
    ------
    ModuleNotFoundError
        If marginaleffects isn't installed (``pip install 'mlmkit[marginal]'``).
    TypeError, ValueError
        For another fit, other rows, or another choice.

    Notes
    -----
    As marginaleffects does with lme4's fits in R, standard errors carry the uncertainty of the fixed effects;
    group effects and variances are held at their estimates (delta method).

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, marginal_model
    >>> homes = load_seattle()
    >>> fit = lmer("price ~ scale_sqft + (1 | zipcode)", homes)
    >>> from marginaleffects import avg_slopes  # doctest: +SKIP
    >>> avg_slopes(marginal_model(fit, homes), variables="scale_sqft")  # doctest: +SKIP
    """
    if new_levels not in CHOICES:
        raise ValueError(f"new_levels is {new_levels!r}. Valid choices: None, 'zero', 'marginal'.")
    if not isinstance(fit, LikelihoodFit):
        raise TypeError(f"marginal_model takes a fit of lmer or glmer, not {type(fit).__name__}.")
    data = as_frame(data)
    if not fit.design.index.isin(data.index).all():
        raise ValueError(
            f"data lacks rows of the fit. Give the {fit.nobs} rows that the model was fitted to."
        )
    return _adapter()(fit, data, new_levels)


@lru_cache(maxsize=1)
def _adapter():
    """Make the adapter's class; its base comes from marginaleffects, which not everybody has."""
    try:
        import polars
        from marginaleffects.classes import ModelAbstract, ModelVault
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            "marginal_model needs the package marginaleffects: pip install 'mlmkit[marginal]'.",
            name=missing.name,
        ) from missing

    class MarginalModel(ModelAbstract):
        """A fit, as marginaleffects sees a model."""

        def __init__(self, fit, data, new_levels):
            self.new_levels, self.wanted = new_levels, random_part(fit.design, new_levels != "zero")
            variables = _variables(fit.design, data, new_levels != "zero")
            vault = ModelVault(
                coef=fit.fixef.to_numpy(),
                coefnames=fit.fixef.index.to_numpy(),
                vcov=fit.vcov.to_numpy(),
                formula=f"{variables[0]} ~ " + " + ".join(variables[1:] or ["1"]),
                modeldata=_with_levels(data.loc[data.index.isin(fit.design.index), variables], polars),
                variable_names=variables,
                package="mlmkit",
            )
            super().__init__(fit, vault)

        def get_vcov(self, vcov=True):
            return self.vault.vcov if vcov is True else None

        def get_exog(self, newdata):
            """Lay columns, known part and spread of new groups beside each other, by row."""
            rows = new_rows(self.model.design, newdata.to_pandas(), "error", self.wanted)
            if self.new_levels == "marginal":
                rows.groups = [(np.full_like(codes, -1), arrays) for codes, arrays in rows.groups]
            held, spread = group_part(self.model.solution, rows, self.wanted)
            return np.column_stack([*rows.fixed, rows.offset + held, spread])

        def get_predict(self, params, newdata):
            eta, spread = newdata[:, :-2] @ np.asarray(params) + newdata[:, -2], newdata[:, -1]
            found = self.model.solution
            averaged = self.new_levels == "marginal"
            values = found.marginal_mean(eta, spread) if averaged else found.inverse_link(eta)
            return polars.DataFrame({"rowid": np.arange(len(values), dtype=np.int32), "estimate": values})

    return MarginalModel


def _variables(design, data, random):
    """List the columns that the model reads: outcome first, then predictors, offsets and groups."""
    outcome = [name for name in names_in(design.formula.response) if name in data.columns]
    parts = [design.fixed, *(term.columns for factor in design.factors for term in factor.terms)]
    read = [name for part in (parts if random else parts[:1]) for name in part.variables]
    read += [name for text in design.formula.offsets for name in names_in(text)]
    read += [name for factor in design.factors if random for name in factor.variables]
    if isinstance(design.known.get("offset"), str):
        read.append(design.known["offset"])
    return list(dict.fromkeys([*outcome[:1], *read]))


def _with_levels(data, polars):
    """Turn the data into polars', text and categories into enumerations, as marginaleffects wants them."""
    frame, columns = Frame(data), {}
    for name in data.columns:
        values = frame.values(name)
        if not isinstance(values, Levels):
            columns[name] = values
        elif values.logical:
            columns[name] = values.codes == 1
        else:
            labels = np.array(level_labels(values.labels), dtype=object)
            kind = polars.Enum(list(values.labels))
            columns[name] = polars.Series(labels[values.codes].tolist(), dtype=kind)
    return polars.DataFrame(columns)
