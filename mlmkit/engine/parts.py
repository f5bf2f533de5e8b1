"""Groups that hang together: through common rows, directly or by way of other groups."""

from dataclasses import dataclass

import numpy as np

from mlmkit.engine.elimination import Layout

TOGETHER = 256  # small parts are joined until so many random effects stand beside the eliminated factor


@dataclass
class IndependentPart:
    """Some groups of every factor, sharing no row with other groups.

    Attributes
    ----------
    rows : ndarray of int or None
        The rows of these groups; None stands for all rows.
    groups : list of ndarray or slice
        Their group numbers, factor by factor.
    layout : Layout
        Sizes and order of the factors within the part.
    """

    rows: object
    groups: list
    layout: Layout

    @property
    def whole(self):
        """True if the part is the whole model."""
        return self.rows is None

    def cut(self, Z):
        """Take this part's rows and columns out of the factors' columns; return the rows with them."""
        taken = []
        for matrix, groups, q in zip(Z, self.groups, self.layout.q, strict=True):
            columns = (groups[:, None] * q + np.arange(q)).ravel()
            taken.append(matrix[self.rows][:, columns])
        return self.rows, taken


def independent_parts(codes, levels, q):
    """Split a model into independent parts; small ones are joined.

    In all of them the factor with the most random effects is the one to be eliminated.

    Parameters
    ----------
    codes : list of ndarray of int, each (n,)
        Group numbers of every factor.
    levels, q : list of int
        Numbers of groups and of varying columns.

    Returns
    -------
    list of IndependentPart
        One, for factors that cross.
    """
    first = int(np.argmax([J * size for J, size in zip(levels, q, strict=True)]))
    order = [first, *(i for i in range(len(levels)) if i != first)]
    beside = sum(levels[i] * q[i] for i in order[1:])
    if beside > TOGETHER:
        bins = _bins(codes, levels, q, order)
        if bins[0].max() > 0:
            return _cut(codes, bins, levels, q, order)
    return [IndependentPart(None, [slice(None)] * len(levels), Layout(levels, q, order))]


def _bins(codes, levels, q, order):
    """Find the number of each group's part, one array a factor."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    offsets = np.concatenate([[0], np.cumsum(levels)])
    first = codes[order[0]] + offsets[order[0]]
    left = np.concatenate([first] * (len(order) - 1))
    right = np.concatenate([codes[i] + offsets[i] for i in order[1:]])
    edges = sparse.coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(offsets[-1],) * 2)
    number, component = connected_components(edges, directed=False)
    sizes = np.zeros(number)
    for i in order[1:]:
        sizes += q[i] * np.bincount(component[offsets[i] : offsets[i + 1]], minlength=number)
    bins, current, filled = np.empty(number, dtype=np.int64), 0, 0.0
    for k, size in enumerate(sizes):
        if filled and filled + size > TOGETHER:
            current, filled = current + 1, 0.0
        bins[k], filled = current, filled + size
    return [bins[component[offsets[i] : offsets[i + 1]]] for i in range(len(levels))]


def _cut(codes, bins, levels, q, order):
    """Make the parts from each group's number of part."""
    by_row = bins[order[0]][codes[order[0]]]
    number = int(max(part.max() for part in bins)) + 1
    rows = _members(by_row, number)
    groups = [_members(part, number) for part in bins]
    parts = []
    for k in range(number):
        own = [members[k] for members in groups]
        parts.append(IndependentPart(rows[k], own, Layout([len(some) for some in own], q, order)))
    return parts


def _members(part, number):
    """List the positions of each part."""
    order = np.argsort(part, kind="stable")
    return np.split(order, np.searchsorted(part[order], np.arange(1, number)))
