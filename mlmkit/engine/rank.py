"""Fixed-effects columns that are combinations of earlier ones, or nearly."""

import numpy as np

from mlmkit.engine import kernels

SUSPICIOUS = 1e-4  # share of a column's sum of squares that the others leave unexplained
DEPENDENT = 1e-7  # R's tolerance, for lengths instead of squares


def drop_dependent(model, scaled, total):
    """Drop dependent columns from the model and say which; make nearly dependent ones orthogonal.

    Parameters
    ----------
    model : Design
        Its fixed columns and messages are changed in place.
    scaled : Scaled
        Changed likewise.
    total : ndarray, shape (k, k)
        Cross-products of the scaled columns.

    Returns
    -------
    bool
        True if something was changed, so that sums over the rows must be made again.
    """
    if not scaled.x:
        return False
    suspicious = kernels.compiled("nearly_dependent") or _nearly_dependent
    if not suspicious(total, np.array(scaled.x), SUSPICIOUS):
        return False
    columns = np.column_stack([(scaled.arrays[i] - scaled.shift[i]) / scaled.scale[i] for i in scaled.x])
    keep = independent(columns)
    if keep.all():
        _orthogonalise(scaled, columns)
        return True
    names = [name for name, kept in zip(model.fixed.names, keep, strict=True) if not kept]
    many = len(names) > 1
    model.messages.append(
        f"{', '.join(names)} {'were' if many else 'was'} dropped: "
        f"{'they are combinations' if many else 'it is a combination'} "
        "of the other predictors, so the data can't tell their effects apart."
    )
    where = np.flatnonzero(keep)
    model.fixed.keep(where)
    scaled.x = [scaled.x[i] for i in where]
    scaled.x_map = scaled.x_map[np.ix_(where, where)]
    return True


def _nearly_dependent(total, places, share):
    """Tell from the cross-products whether some column is nearly explained by the earlier ones."""
    cross = total[places][:, places]
    try:
        root = np.linalg.cholesky(cross)
    except np.linalg.LinAlgError:
        return True
    return bool((root.diagonal() ** 2 <= share * cross.diagonal()).any())


def _orthogonalise(scaled, columns):
    """Replace the fixed-effects columns by orthogonal ones, so that cross-products lose no digits."""
    basis, triangle = np.linalg.qr(columns)
    size = np.sqrt(len(basis))
    p, last = basis.shape[1], len(scaled.arrays) - 1
    scaled.arrays[last:last] = list((basis * size).T)
    scaled.shift = np.insert(scaled.shift, [last] * p, 0.0)
    scaled.scale = np.insert(scaled.scale, [last] * p, 1.0)
    scaled.x = list(range(last, last + p))
    scaled.x_map = scaled.x_map @ np.linalg.inv(triangle) * size


def independent(columns):
    """Mark the columns that aren't combinations of those before them (modified Gram-Schmidt)."""
    basis, keep = [], np.zeros(columns.shape[1], dtype=bool)
    for k, column in enumerate(columns.T):
        rest = column.astype(float)
        for _ in range(2):  # twice is enough
            for direction in basis:
                rest = rest - direction * (direction @ rest)
        if np.linalg.norm(rest) > DEPENDENT * np.linalg.norm(column):
            keep[k] = True
            basis.append(rest / np.linalg.norm(rest))
    return keep
