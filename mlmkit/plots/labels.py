"""Keep labels from lying on top of each other."""


def spread(values, gap):
    """Move places apart until neighbours are at least `gap` from each other.

    Places that are too close share a cluster, which keeps their mean.

    Parameters
    ----------
    values : Series
        Label to place.
    gap : float
        Smallest distance of two places.

    Returns
    -------
    dict
        Label to new place, in increasing order.

    Examples
    --------
    >>> import pandas as pd
    >>> spread(pd.Series({"a": 0.0, "b": 1.0, "c": 10.0}), gap=2)
    {'a': -0.5, 'b': 1.5, 'c': 10.0}
    """
    ordered = values.sort_values()
    clusters = []  # [middle, number of places]
    for place in ordered:
        clusters.append([float(place), 1])
        while len(clusters) > 1 and _touch(*clusters[-2:], gap):
            (left, m), (right, n) = clusters[-2:]
            clusters[-2:] = [[(left * m + right * n) / (m + n), m + n]]
    places = [middle + gap * (k - (n - 1) / 2) for middle, n in clusters for k in range(n)]
    return dict(zip(ordered.index, places, strict=True))


def _touch(left, right, gap):
    return right[0] - left[0] < gap * (left[1] + right[1]) / 2
