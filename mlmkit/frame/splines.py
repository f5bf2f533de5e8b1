"""B-splines and natural splines as R's package splines makes them."""

import numpy as np


def bs(x, memory, *, df=None, knots=None, degree=3, intercept=False):
    """Make a B-spline basis; beyond the boundary the outermost pieces go on.

    Parameters
    ----------
    x : ndarray, shape (n,)
        Numbers; NaN gives NaN.
    memory : dict
        Knots of the fit; filled by the first call.
    df : int, optional
        Number of columns; the knots lie at quantiles.
    knots : list of float, optional
        Inner knots, instead of `df`.
    degree : int
        Of the polynomials.
    intercept : bool
        Keep the first column, so that the basis contains the constant.

    Returns
    -------
    ndarray, shape (n, df)
        The basis.

    Examples
    --------
    >>> import numpy as np
    >>> from mlmkit.frame.splines import bs
    >>> bs(np.linspace(0, 1, 5), {}, df=4).shape
    (5, 4)
    """
    inner, edges = _knots(x, memory, df, knots, degree + 1, intercept)
    whole = _spline(inner, edges, degree)(x)
    return whole if intercept else whole[:, 1:]


def ns(x, memory, *, df=None, knots=None, intercept=False):
    """Make a natural cubic spline basis: the second derivative is zero at the boundary, then straight on.

    Parameters
    ----------
    x, memory, df, knots, intercept
        As for `bs`.

    Returns
    -------
    ndarray, shape (n, df)
        The basis.

    Notes
    -----
    The cubic basis is turned by the orthogonal factor of its boundary conditions (T. Hastie, chapter 7 of
    "Statistical Models in S", 1992), the choice that R's ``ns`` makes.

    Examples
    --------
    >>> import numpy as np
    >>> from mlmkit.frame.splines import ns
    >>> ns(np.linspace(0, 1, 5), {}, df=3).shape
    (5, 3)
    """
    inner, edges = _knots(x, memory, df, knots, 2, intercept)
    spline = _spline(inner, edges, 3)
    values, bends = spline(np.clip(x, *edges)), spline(edges, 2)
    for edge, outside in zip(edges, (x < edges[0], x > edges[1]), strict=True):
        values[outside] += (x[outside] - edge)[:, None] * spline(edge, 1)
    if not intercept:
        values, bends = values[:, 1:], bends[:, 1:]
    turned, _ = np.linalg.qr(bends.T, mode="complete")
    return (values @ turned)[:, 2:]


def _knots(x, memory, df, knots, order, intercept):
    """Return inner knots and boundary; without inner knots the basis has `order` columns."""
    if "edges" not in memory:
        seen = x[~np.isnan(x)]
        memory["edges"] = np.array([seen.min(), seen.max()])
        if knots is None:
            many = 0 if df is None else int(df) - order + (not intercept)
            if many < 0:
                raise ValueError(
                    f"A spline with df={df} isn't possible here: take df={int(df) - many} or more."
                )
            knots = np.quantile(seen, np.linspace(0, 1, many + 2)[1:-1])
        memory["inner"] = np.sort(np.array(knots, dtype=float))
    return memory["inner"], memory["edges"]


def _spline(inner, edges, degree):
    from scipy.interpolate import BSpline

    knots = np.concatenate([np.repeat(edges[0], degree + 1), inner, np.repeat(edges[1], degree + 1)])
    return BSpline(knots, np.eye(len(knots) - degree - 1), degree, extrapolate=True)
