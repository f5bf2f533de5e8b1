"""The same models written in PyMC, with the same data and the same priors; for forms see ``form``."""

import numpy as np

from mlmkit.bayes.draws import SIZE
from mlmkit.bayes.extra import needs
from mlmkit.bayes.form import choose_forms
from mlmkit.bayes.priors import GroupSds, lkj_strengths
from mlmkit.frame.columns import INTERCEPT


def inputs(model):
    """Collect every number that the PyMC model takes from data and priors, by name.

    Parameters
    ----------
    model : BayesModel
        The model.

    Returns
    -------
    dict of ndarray
        ``X`` holds the predictors minus their means; see ``pymc_model`` for the rest.
    """
    design, priors = model.design, model.priors
    fixed = dict(zip(design.fixed.names, design.fixed.arrays, strict=True))
    X = np.array([fixed[name] for name in model.slopes]).reshape(len(model.slopes), design.n).T
    found = {"y": design.y}
    if model.slopes:
        found["X"] = X - model.predictor_means
    if model.family.name == "binomial" and not yes_or_no(model):
        found["trials"] = design.trials
    if design.offset is not None:
        found["offset"] = design.offset
    for factor in design.factors:
        found[f"{factor.label} of row"] = factor.codes.astype("int64")
        if any(name != INTERCEPT for name in factor.names):
            found[f"Z {factor.label}"] = np.array([np.asarray(a) for a in factor.arrays]).T
    if priors.intercept is not None and priors.intercept.family != "flat":
        found["prior intercept"] = np.array([priors.intercept.location, priors.intercept.scale])
    if priors.coefs and priors.coefs[0].family != "flat":
        found["prior slopes"] = np.array([[p.location, p.scale] for p in priors.coefs]).T
    if priors.aux is not None and priors.aux.family != "flat":
        found["prior aux"] = np.array([priors.aux.location, priors.aux.scale])
    if isinstance(priors.covariance, GroupSds):
        prior = priors.covariance.prior
        found["prior sds"] = np.array([prior.location, prior.scale])
    if design.weights is not None:
        found["weights"] = design.weights
    return found


def yes_or_no(model):
    """Tell whether every row of a binomial model is one trial."""
    return model.family.name == "binomial" and bool((model.design.trials == 1).all())


def pymc_model(model, form="auto"):
    """Write a model in PyMC.

    Parameters
    ----------
    model : BayesModel
        Formula, data, priors.
    form : {"auto", "centred", "mixed", "noncentred"}
        How group effects are written; see `choose_forms`.

    Returns
    -------
    pymc.Model
        With ``intercept`` (at the predictors' means), ``slopes``, ``sigma`` (negative binomial counts:
        ``reciprocal_dispersion``), and for each grouping factor g ``b_g`` (the effects) and ``Sigma_g``
        (their covariance).
    """
    with needs("to_pymc()", "PyMC"):
        import pymc as pm

    forms = choose_forms(model, form)
    design, priors = model.design, model.priors
    coords = {"predictor": model.slopes}
    for factor in design.factors:
        coords[_dim(factor)] = list(map(str, factor.levels))
        coords[f"{factor.label} term"] = factor.names
    with pm.Model(coords=coords) as written:
        data = {name: pm.Data(name, value) for name, value in inputs(model).items()}
        eta = data.get("offset", 0.0)
        intercept, sigma, size = 0.0, None, None
        if priors.intercept is not None:
            intercept = _location_scale(pm, "intercept", priors.intercept, data.get("prior intercept"))
        if priors.coefs:
            slopes = _location_scale(
                pm, "slopes", priors.coefs[0], data.get("prior slopes"), dims="predictor"
            )
            eta = eta + data["X"] @ slopes
        if priors.aux is not None and model.family.has_size:
            size = _positive(pm, SIZE, priors.aux, data.get("prior aux"))
        elif priors.aux is not None:
            sigma = _positive(pm, "sigma", priors.aux, data.get("prior aux"))
        middle = intercept  # of the first factor in mixed form; the others' are centred at zero
        for factor, form in zip(design.factors, forms, strict=True):
            roots = [
                _root(pm, term, priors.covariance, _sds(pm, term, priors.covariance, sigma, data))
                for term in factor.terms
            ]
            effects = _effects(pm, factor, roots, form, middle)
            middle = 0.0 if form == "mixed" else middle
            pm.Deterministic(f"b_{factor.label}", effects, dims=(_dim(factor), f"{factor.label} term"))
            pm.Deterministic(f"Sigma_{factor.label}", _block_diagonal(roots))
            rows = effects[data[f"{factor.label} of row"]]
            z = data.get(f"Z {factor.label}")
            eta = eta + (rows[:, 0] if z is None else (z * rows).sum(axis=1))
        _outcome(pm, model, eta + intercept, sigma, size, data)
    return written


def _dim(factor):
    """Name a factor's dimension; plain names such as "sample" and "chain" mean something else to ArviZ."""
    return f"{factor.label} group"


def _location_scale(pm, name, prior, numbers, dims=None):
    if prior.family == "flat":
        return pm.Flat(name, dims=dims)
    if prior.family == "student_t":
        return pm.StudentT(name, nu=prior.df, mu=numbers[0], sigma=numbers[1], dims=dims)
    return pm.Normal(name, mu=numbers[0], sigma=numbers[1], dims=dims)


def _positive(pm, name, prior, numbers, shape=None):
    """Write a prior of standard deviations: the part above zero of what was given."""
    if prior.family == "flat":
        return pm.HalfFlat(name)
    if prior.family == "exponential":
        return pm.Exponential(name, scale=numbers[1], shape=shape)
    if prior.family == "normal":
        return pm.TruncatedNormal(name, mu=numbers[0], sigma=numbers[1], lower=0.0, shape=shape)
    if prior.location == 0:
        return pm.HalfStudentT(name, nu=prior.df, sigma=numbers[1], shape=shape)
    whole = pm.StudentT.dist(nu=prior.df, mu=numbers[0], sigma=numbers[1], shape=shape)
    return pm.Truncated(name, whole, lower=0.0, initval=np.full(shape or (), abs(prior.location)))


def _sds(pm, term, prior, sigma, data):
    """Write the standard deviations of one term's effects, shape (q,)."""
    if isinstance(prior, GroupSds):
        return _positive(pm, f"sd_{term.label}", prior.prior, data["prior sds"], (term.size,))
    tau = pm.Gamma(f"tau_{term.label}", alpha=prior.shape, beta=1 / prior.scale)
    size = tau if sigma is None else tau * sigma
    if term.size == 1:
        return pm.math.stack([size])
    share = pm.Dirichlet(f"share_{term.label}", a=np.full(term.size, prior.concentration))
    return pm.Deterministic(f"sd_{term.label}", size * pm.math.sqrt(term.size * share))


def _root(pm, term, prior, sd):
    """Write the Cholesky root of one term's covariance, shape (q, q).

    The correlations' LKJ prior is written through partial correlations, as in ``from_prior``: in row i of the
    root of a correlation matrix, each takes its share of what the earlier ones left of the row's length.
    """
    pt, q = pm.math, term.size
    if q == 1:
        return pt.stack([pt.stack([sd[0]])])
    pairs = [(row, column) for row in range(q) for column in range(row)]
    shape = lkj_strengths(prior.regularization, q)
    half = pm.Beta(f"half_partial_{term.label}", shape, shape)
    rows = []
    for row in range(q):
        left, entries = 1.0, []
        for column in range(row):
            one = half[pairs.index((row, column))]
            entries.append(sd[row] * left * (2 * one - 1))
            # 1 - r^2 = 4 half (1 - half): no cancellation where the correlation is close to one
            left = left * 2 * pt.sqrt(one * (1 - one))
        entries.append(sd[row] * left)
        rows.append(pt.stack(entries + [0.0] * (q - row - 1)))
    return pt.stack(rows)


def _mixed(pm, factor, term, intercept, root):
    """Write each group's own intercept as a parameter; the other columns follow it, the rest non-centred."""
    own = pm.Normal(f"intercept_{factor.label}", mu=intercept, sigma=root[0, 0], dims=_dim(factor))
    first = (own - intercept)[:, None]
    if term.size == 1:
        return first
    shape = (len(factor.levels), term.size - 1)
    standard = pm.Normal(f"standard_{term.label}", 0.0, 1.0, shape=shape)
    rest = first * (root[1:, 0] / root[0, 0]) + standard @ root[1:, 1:].T
    return pm.math.concatenate([first, rest], axis=1)


def _effects(pm, factor, roots, form, intercept):
    """Write the effects of all terms of a factor, shape (J, q)."""
    pt, columns = pm.math, []
    for term, root in zip(factor.terms, roots, strict=True):
        shape = (len(factor.levels), term.size)
        if form == "mixed" and term.first == 0:
            columns.append(_mixed(pm, factor, term, intercept, root))
        elif form in ("mixed", "noncentred"):
            standard = pm.Normal(f"standard_{term.label}", 0.0, 1.0, shape=shape)
            columns.append(standard @ root.T)
        elif term.size == 1:
            columns.append(pm.Normal(f"effect_{term.label}", 0.0, root[0, 0], shape=shape))
        else:
            columns.append(pm.MvNormal(f"effect_{term.label}", np.zeros(term.size), chol=root, shape=shape))
    return columns[0] if len(columns) == 1 else pt.concatenate(columns, axis=1)


def _block_diagonal(roots):
    import pytensor.tensor as pt

    blocks = [root @ root.T for root in roots]
    return blocks[0] if len(blocks) == 1 else pt.linalg.block_diag(*blocks)


def _outcome(pm, model, eta, sigma, size, data):
    name = "outcome"
    if model.family.name == "gaussian":
        sigma = 1.0 if sigma is None else sigma
        if "weights" in data:
            sigma = sigma / pm.math.sqrt(data["weights"])
        pm.Normal(name, mu=eta, sigma=sigma, observed=data["y"])
    elif model.family.name == "poisson":
        pm.Poisson(name, mu=pm.math.exp(eta), observed=data["y"])
    elif model.family.has_size:
        pm.NegativeBinomial(name, mu=pm.math.exp(eta), alpha=size, observed=data["y"])
    elif yes_or_no(model):
        pm.Bernoulli(name, logit_p=eta, observed=data["y"])
    else:
        pm.Binomial(name, n=data["trials"], logit_p=eta, observed=data["y"])
