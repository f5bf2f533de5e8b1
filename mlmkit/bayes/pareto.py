"""How far importance weights can be trusted: the shape k of a Pareto tail fitted to the largest of them."""

import numpy as np


def pareto_k(log_weights):
    """Estimate the shape of the tail of importance weights.

    Below 0.5 the weights have a finite variance and importance sampling works well; up to 0.7 it
    works; above, a few draws carry everything and the result can't be trusted.

    Parameters
    ----------
    log_weights : ndarray, shape (S,)
        Logarithms of the weights, up to a constant.

    Returns
    -------
    float
        The shape k; minus infinity where the largest weights are all equal, infinity where fewer than five
        carry everything.

    Notes
    -----
    Tail length and threshold as in A. Vehtari, D. Simpson, A. Gelman, Y. Yao and J. Gabry (2024), "Pareto
    smoothed importance sampling", Journal of Machine Learning Research 25(72). The same estimate as
    ``arviz_stats``'s, which takes a second to import.

    Examples
    --------
    >>> import numpy as np
    >>> pareto_k(np.random.default_rng(1).normal(0, 0.5, 4000)) < 0.5
    True
    """
    ordered = np.sort(log_weights - np.max(log_weights))
    size = len(ordered)
    tail = int(np.ceil(min(0.2 * size, 3 * np.sqrt(size))))
    excess = np.exp(ordered[-tail:]) - np.exp(ordered[-tail - 1])
    excess = excess[excess > 0]
    if len(excess) < 5:
        return np.inf if len(excess) else -np.inf
    return float(_generalised_pareto(excess)[0])


def psis(log_ratios, efficiency=1.0):
    """Smooth the largest of importance ratios, for many rows at once.

    Parameters
    ----------
    log_ratios : ndarray, shape (rows, S)
        Logarithms of the ratios of S draws, each row up to a constant.
    efficiency : float
        Share of the draws that count as independent.

    Returns
    -------
    log_weights : ndarray, shape (rows, S)
        Of smoothed weights; the largest raw one of a row is 0. They don't add up to 1.
    k : ndarray, shape (rows,)
        Shape of each row's tail; NaN where it can't be computed, minus infinity where all are equal.

    Notes
    -----
    The same figures as R's loo 2.5.1. ``arviz_stats`` goes row by row, and its tail is one draw shorter.

    Examples
    --------
    >>> import numpy as np
    >>> log_weights, k = psis(np.random.default_rng(1).normal(0, 0.5, (3, 4000)))
    >>> log_weights.shape, bool((k < 0.5).all())
    ((3, 4000), True)
    """
    log_ratios = log_ratios - log_ratios.max(axis=1, keepdims=True)
    size = log_ratios.shape[1]
    tail = int(np.ceil(min(0.2 * size, 3 * np.sqrt(size / efficiency))))
    if tail < 5:
        return log_ratios, np.full(len(log_ratios), np.inf)
    places = np.argpartition(log_ratios, size - tail - 1, axis=1)[:, size - tail - 1 :]
    values = np.take_along_axis(log_ratios, places, axis=1)
    order = np.concatenate([np.zeros((len(values), 1), int), 1 + np.argsort(values[:, 1:], axis=1)], axis=1)
    places, values = (np.take_along_axis(array, order, axis=1) for array in (places, values))
    cut = np.exp(values[:, :1])
    excess = np.exp(values[:, 1:]) - cut
    with np.errstate(all="ignore"):  # rows whose tail can't be fitted get NaN
        k, scale = _generalised_pareto(excess)
        smooth = np.log(cut + _quantiles((np.arange(tail) + 0.5) / tail, k[:, None], scale[:, None]))
    fitted = np.isfinite(k)[:, None]
    np.put_along_axis(
        log_ratios, places[:, 1:], np.where(fitted, np.minimum(smooth, 0.0), values[:, 1:]), axis=1
    )
    return log_ratios, np.where(excess[:, -1] > 0, k, -np.inf)


def _quantiles(probability, k, scale):
    """Invert the generalised Pareto distribution."""
    return np.where(np.abs(k) < 1e-12, -scale * np.log1p(-probability), 0.0) + np.where(
        np.abs(k) < 1e-12, 0.0, scale * np.expm1(-k * np.log1p(-probability)) / k
    )


def _generalised_pareto(x):
    """Fit generalised Pareto distributions to exceedances, sorted along the last axis: shape and scale.

    J. Zhang and M. A. Stephens (2009), "A new and efficient estimation method for the generalized
    Pareto distribution", Technometrics 51(3), 316-325; with the weak prior of Vehtari et al.
    """
    n = x.shape[-1]
    grid = 30 + int(np.sqrt(n))
    quartile = x[..., int(n / 4 + 0.5) - 1, None]
    b = (1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (3 * quartile) + 1 / x[..., -1:]
    k = np.stack([np.log1p(-one[..., None] * x).mean(axis=-1) for one in np.moveaxis(b, -1, 0)], axis=-1)
    fit = n * (np.log(-b / k) - k - 1)
    weight = np.exp(fit - fit.max(axis=-1, keepdims=True))
    mean_b = (b * weight).sum(axis=-1) / weight.sum(axis=-1)
    shape = np.log1p(-mean_b[..., None] * x).mean(axis=-1)
    return (n * shape + 10 * 0.5) / (n + 10), -shape / mean_b
