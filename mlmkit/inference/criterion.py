"""The criterion that `lmer` minimises, at values of one's own choice."""

import numpy as np

LOG_2PI = float(np.log(2 * np.pi))


def criterion_at(fit, sd, corr=0.0, sigma=None):
    """Compute the criterion of a fit's model at other standard deviations than the fitted ones.

    ``fit.criterion`` is the smallest value that there is. What another program reports for the same
    model and the same data can be compared with it: how much higher is the criterion at its numbers?
    The fixed effects are the best ones for the given standard deviations.

    Parameters
    ----------
    fit : LinearMixedFit
        From `lmer`, with one grouping factor and one term in brackets. A REML fit gives the REML
        criterion, a fit by maximum likelihood the deviance.
    sd : Series, dict or sequence
        Standard deviations of the varying terms, in the units of the data. A sequence follows the
        order of ``fit.varcorr``.
    corr : float or array, shape (q, q)
        Correlation of the varying terms; one number for every pair.
    sigma : float, optional
        Residual standard deviation, in units of the outcome. Default: that of the fit.

    Returns
    -------
    float
        The criterion, on the scale of ``fit.criterion``.

    Raises
    ------
    ValueError
        If the fit has several random-effects terms, or a standard deviation or correlation is impossible.

    Notes
    -----
    Bates, Mächler, Bolker and Walker (2015), Journal of Statistical Software 67(1), equations 30 and
    38, before the residual variance is profiled out.

    Examples
    --------
    >>> from mlmkit import criterion_at, lmer, load_seattle
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> best = criterion_at(fit, fit.varcorr["zipcode"].sd)
    >>> abs(best - fit.criterion) < 1e-6
    True
    >>> round(criterion_at(fit, [300_000]) - fit.criterion, 1)
    11.0
    """
    names, found = _names(fit), fit.solution
    sd = _in_order(sd, names)
    sigma = float(fit.sigma if sigma is None else sigma)
    if not (np.isfinite(sigma) and sigma > 0):
        raise ValueError(f"The residual standard deviation sigma is {sigma:g}. It must be above zero.")
    root = _root(sd, corr) / sigma
    inner = np.linalg.solve(found.scaled.z_maps[0], root)
    problem = found.problem
    inside = problem.solve(_lower(inner)[problem.pattern])
    scaled_variance = (sigma / found.scaled.y_scale) ** 2
    value = inside.log_det_l + problem.df * (LOG_2PI + np.log(scaled_variance)) + inside.rss / scaled_variance
    if problem.reml:
        value += inside.log_det_x
    return found.criterion_of(value, problem.reml)


def _names(fit):
    """Return the varying terms of a fit that has one random-effects term."""
    if len(fit.varcorr) != 1:
        raise ValueError(
            f"criterion_at needs a model with one term in brackets; this one has {len(fit.varcorr)}: "
            f"{', '.join(fit.varcorr)}."
        )
    (term,) = fit.varcorr.values()
    return list(term.sd.index)


def _in_order(sd, names):
    """Take the standard deviations in the order of the model's terms."""
    if hasattr(sd, "keys"):
        sd = dict(sd)  # iterating over a Series gives its values
        unknown = [str(name) for name in sd if name not in names]
        missing = [name for name in names if name not in sd]
        if unknown or missing:
            raise ValueError(
                f"Give one standard deviation for each varying term: {', '.join(names)}. "
                f"Missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}."
            )
        sd = [sd[name] for name in names]
    values = np.atleast_1d(np.asarray(sd, dtype=float))
    if values.shape != (len(names),):
        raise ValueError(
            f"The model has {len(names)} varying terms ({', '.join(names)}), but {values.size} standard "
            "deviations were given."
        )
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise ValueError(f"A standard deviation is zero or a positive number, not {values.min():g}.")
    return values


def _root(sd, corr):
    """Factor the covariance matrix with these standard deviations and correlations."""
    corr = np.asarray(corr, dtype=float)
    if corr.ndim == 0:
        corr = np.where(np.eye(len(sd), dtype=bool), 1.0, corr)
    if corr.shape != (len(sd), len(sd)) or not np.isfinite(corr).all():
        raise ValueError(f"corr is one number, or a {len(sd)} by {len(sd)} matrix of numbers.")
    values, vectors = np.linalg.eigh(corr)
    if values.min() < -1e-9 or abs(corr).max() > 1 + 1e-12:
        raise ValueError("No correlations like these exist: each lies from −1 to 1, and they fit together.")
    return sd[:, None] * (vectors * np.sqrt(np.clip(values, 0, None)))


def _lower(root):
    """Turn a factor of a covariance matrix into its lower-triangular one."""
    return np.linalg.qr(root.T, mode="r").T
