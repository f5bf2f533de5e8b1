"""The two extremes beside partial pooling: one regression for all groups, one for each group."""

import numpy as np
import pandas as pd

from mlmkit.engine.onefactor import group_sums
from mlmkit.engine.rank import drop_dependent
from mlmkit.engine.scaling import scale_columns
from mlmkit.fits.regression import LeastSquaresFit
from mlmkit.frame.columns import INTERCEPT
from mlmkit.frame.design import design
from mlmkit.frame.formula import Bar, FormulaError, parse


def complete_pooling(formula, data, *, na_action="drop"):
    """Fit one regression to all rows, as if the groups didn't matter.

    Parameters
    ----------
    formula : str
        With or without random-effects terms; they are left out. ``price ~ (1 | zipcode)`` fits
        ``price ~ 1``.
    data : DataFrame
        One row an observation.
    na_action : {"drop", "raise"}
        What to do with missing values.

    Returns
    -------
    LeastSquaresFit
        ``coef`` repeats the common coefficients for each group.

    Examples
    --------
    >>> from mlmkit import complete_pooling, load_seattle
    >>> complete_pooling("price ~ (1 | zipcode)", load_seattle()).fixef.round(1).to_dict()
    {'(Intercept)': 632591.5}
    """
    model = design(formula, data, na_action=na_action, bars=False)
    scaled = scale_columns(model.fixed, [], model.y)
    total = group_sums(scaled, np.zeros(model.n, dtype=np.intp), [], 1)[1]
    drop_dependent(model, scaled, total)
    beta, vcov, rss = _shared(total, scaled)
    if scaled.y_shift:
        beta[model.fixed.names.index(INTERCEPT)] += scaled.y_shift
    return LeastSquaresFit("complete_pooling", model, beta, vcov, None, None, rss, len(beta))


def _shared(total, scaled, explained=0.0):
    """Solve for the common coefficients; return them, their covariance over sigma squared, and the RSS."""
    columns = [*scaled.x, len(scaled.arrays) - 1]
    schur = total[np.ix_(columns, columns)] - explained
    p = len(scaled.x)
    inner = np.linalg.solve(schur[:p, :p], schur[:p, p]) if p else np.zeros(0)
    rss = float(max(schur[p, p] - schur[:p, p] @ inner, 0.0)) * scaled.y_scale**2
    back = scaled.x_map
    vcov = back @ np.linalg.solve(schur[:p, :p], back.T) if p else np.zeros((0, 0))
    return scaled.y_scale * (back @ inner), vcov, rss


def no_pooling(formula, data, *, group=None, na_action="drop"):
    """Fit each group on its own: what a mixed model lets vary gets a free coefficient in every group.

    Parameters
    ----------
    formula : str
        A mixed formula with one grouping factor: ``price ~ scale_sqft + (1 | zipcode)`` gives each zip
        code its own intercept and all of them one slope, as ``lm(price ~ scale_sqft + zipcode - 1)`` in R.
        Or, with `group`, a formula without bars: then every coefficient is the group's own.
    data : DataFrame
        One row an observation.
    group : str, optional
        Column with the groups.
    na_action : {"drop", "raise"}
        What to do with missing values.

    Returns
    -------
    LeastSquaresFit
        ``coef["zipcode"]`` has the groups' coefficients, ``fixef`` those that the groups share (often none).
        The residual standard deviation is common to all groups.

    Examples
    --------
    >>> from mlmkit import load_seattle, no_pooling
    >>> fit = no_pooling("price ~ (1 | zipcode)", load_seattle())
    >>> round(fit.coef["zipcode"].loc["98039", "(Intercept)"])
    2161300
    """
    model = _grouped_design(parse(formula), data, group, na_action)
    factor = model.factors[0]
    shared = [i for i, name in enumerate(model.fixed.names) if name not in factor.names]
    model.fixed.kept = np.array(shared, dtype=int)
    if model.fixed.spec is None:
        model.fixed.kept = None
    model.fixed.arrays = [model.fixed.arrays[i] for i in shared]
    model.fixed.names = [model.fixed.names[i] for i in shared]
    scaled = scale_columns(model.fixed, [factor], model.y)
    by_group, total = group_sums(scaled, factor.codes, scaled.z[0], len(factor.levels))
    A = by_group[:, :, scaled.z[0]]
    columns = [*scaled.x, len(scaled.arrays) - 1]
    B = by_group[:, :, columns]
    inverse, full = _group_inverses(A)
    solved = inverse @ B
    explained = np.einsum("jam,jan->mn", B, solved)
    beta, vcov, rss = _shared(total, scaled, explained)
    inner = np.linalg.solve(scaled.x_map, beta) if len(beta) else beta
    back = scaled.z_maps[0]
    moved = solved[:, :, :-1]
    own = (scaled.y_scale * solved[:, :, -1] - moved @ inner) @ back.T
    inner_vcov = np.linalg.solve(scaled.x_map, np.linalg.solve(scaled.x_map, vcov).T) if len(beta) else vcov
    own_vcov = back @ (inverse + moved @ inner_vcov @ moved.transpose(0, 2, 1)) @ back.T
    n_coef = len(beta) + int(np.where(full, A.shape[1], [np.linalg.matrix_rank(a) for a in A]).sum())
    own[~full], own_vcov[~full] = np.nan, np.nan
    if not full.all():
        names = ", ".join(map(str, factor.levels[~full][:5]))
        model.messages.append(
            f"{int((~full).sum())} groups of {factor.label} have too few different rows for {A.shape[1]} "
            f"coefficients ({names}). Their coefficients are missing; lmer can estimate them."
        )
    return LeastSquaresFit("no_pooling", model, beta, vcov, own, own_vcov, rss, n_coef)


def _grouped_design(parsed, data, group, na_action):
    if group is not None:
        if parsed.bars:
            raise FormulaError("Give either group= or a random-effects term, not both.", parsed.text)
        if group not in data.columns:
            raise ValueError(
                f"The data has no column '{group}'. Its columns are: {', '.join(map(str, data.columns))}."
            )
        bar = Bar(parsed.fixed, (group,), 0)
        whole = type(parsed)(parsed.text, parsed.response, parsed.fixed, (bar,), parsed.offsets)
        return design(whole, data, na_action=na_action)
    if not parsed.bars:
        raise FormulaError(
            "no_pooling needs to know the groups: add a term such as (1 | zipcode), or use group='zipcode'.",
            parsed.text,
        )
    model = design(parsed, data, na_action=na_action)
    if len(model.factors) > 1:
        raise FormulaError("no_pooling needs one grouping factor; this formula has several.", parsed.text)
    return model


def _group_inverses(A):
    """Invert each group's cross-products; mark the groups where that is possible."""
    size = np.einsum("jaa->ja", A)
    scale = np.sqrt(np.where(size > 0, size, 1.0))
    relative = A / (scale[:, :, None] * scale[:, None, :])
    values = np.linalg.eigvalsh(relative)
    full = (values[:, 0] > 1e-10) & (size > 0).all(axis=1)
    return np.linalg.pinv(A, rcond=1e-10, hermitian=True), full


def shrinkage(fit, group=None, term=INTERCEPT):
    """Compare the three poolings of a linear mixed model, group by group.

    Parameters
    ----------
    fit : LinearMixedFit
        A fit by `lmer`.
    group : str, optional
        The grouping factor; needed when there are several.
    term : str
        Which coefficient: ``"(Intercept)"`` or a varying slope.

    Returns
    -------
    DataFrame
        A row a group: ``n`` rows, the ``no_pooling``, ``complete_pooling`` and ``partial_pooling`` estimates,
        and the ``weight`` that partial pooling gives to the group's own data. For a varying intercept alone
        the weight is n / (n + sigma_y^2 / sigma_alpha^2), and partial pooling = weight * no pooling +
        (1 - weight) * fixed effect (Gelman and Hill 2007, equation 12.1). With several varying terms it is
        the diagonal of Lambda (Lambda'Z'Z Lambda + I)^-1 Lambda' Z'Z.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle
    >>> lmer("price ~ (1 | zipcode)", load_seattle()).shrinkage().loc["98039", "weight"].round(4)
    np.float64(0.9877)
    """
    labels = list(fit.ngrps)
    if group is None and len(labels) > 1:
        raise ValueError(
            f"The fit has several grouping factors. Choose one with group=: {', '.join(labels)}."
        )
    group = group or labels[0]
    table = fit.coef[group]
    place = labels.index(group)
    factor, variances = fit._model.factors[place], fit._variances[place]
    if term not in factor.names:
        raise ValueError(
            f"'{term}' doesn't vary between the groups of {group}. These do: {', '.join(factor.names)}."
        )
    counts = np.bincount(factor.codes, minlength=len(factor.levels))
    k = factor.names.index(term)
    weights = fit._model.weights
    cross = [
        np.bincount(
            factor.codes,
            minlength=len(counts),
            weights=array * factor.arrays[k] * (1 if weights is None else weights),
        )
        for array in factor.arrays
    ]
    weight = np.einsum("ja,aj->j", variances[:, k], np.array(cross)) / fit.sigma**2
    none, complete = _extremes(fit, factor)
    return pd.DataFrame(
        {
            "n": counts,
            "no_pooling": none[term],
            "complete_pooling": complete[term] if term in complete.index else 0.0,
            "partial_pooling": table[term],
            "weight": weight,
        },
        index=factor.levels,
    )


def _extremes(fit, factor):
    """Fit no and complete pooling to the rows of a fit, with one grouping factor."""
    model = fit._model
    frame = pd.DataFrame({"y": model.y if model.offset is None else model.y - model.offset})
    names = [*model.fixed.names, *(name for name in factor.names if name not in model.fixed.names)]
    arrays = dict(
        zip([*model.fixed.names, *factor.names], [*model.fixed.arrays, *factor.arrays], strict=True)
    )
    plain = {name: f"x{i}" for i, name in enumerate(names) if name != INTERCEPT}
    for name, column in plain.items():
        frame[column] = np.asarray(arrays[name])
    frame["g"] = pd.Categorical.from_codes(factor.codes, factor.levels)

    def side(chosen):
        return " + ".join(
            ["1" if INTERCEPT in chosen else "0", *(plain[n] for n in chosen if n != INTERCEPT)]
        )

    back = {column: name for name, column in plain.items()}
    none = no_pooling(f"y ~ {side(model.fixed.names)} + ({side(factor.names)} | g)", frame)
    shared = pd.Series(dtype=float)
    if model.fixed.names:
        shared = complete_pooling(f"y ~ {side(model.fixed.names)}", frame).fixef
    return none.coef["g"].rename(columns=back), shared.rename(index=back)
