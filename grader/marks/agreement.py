"""How far two graders agree: Cohen's kappa with quadratic weights (scikit-learn)."""

from __future__ import annotations

STEP = 100  # points are compared in hundredths


def kappa(one: list[float], other: list[float], most: float) -> float | None:
    """Return Cohen's kappa of two graders' points for the same answers.

    Parameters
    ----------
    one, other : list of float
        Points, 0 to `most`.
    most : float
        The most that can be given.

    Returns
    -------
    float or None
        1 where they always agree, 0 where they agree as often as chance would have it. A difference counts
        with its square (quadratic weights). None where there is no answer, or all points are the same: then
        chance agrees as well.

    References
    ----------
    J. Cohen, "Weighted kappa", Psychological Bulletin 70(4), 1968.

    Examples
    --------
    >>> round(kappa([0, 1, 2, 3], [0, 1, 2, 2], most=3), 3)
    0.875
    """
    first, second = ([round(STEP * points) for points in given] for given in (one, other))
    if len(set(first + second)) < 2:
        return None
    from sklearn.metrics import cohen_kappa_score

    # scikit-learn weighs by the places of the labels in their list, so all steps are in it
    labels = list(range(round(STEP * most) + 1))
    if set(first + second) <= {labels[0], labels[-1]}:
        labels = [labels[0], labels[-1]]
    return float(cohen_kappa_score(first, second, labels=labels, weights="quadratic"))
