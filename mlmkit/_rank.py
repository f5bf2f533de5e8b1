"""Find fixed-effects columns that are combinations of earlier ones."""

import numpy as np

SUSPICIOUS = 1e-9  # share of a column's sum of squares that the others leave unexplained
DEPENDENT = 1e-7  # R's tolerance, for lengths instead of squares


def drop_dependent(model, scaled, total):
    """Drop dependent columns from the model and say which.

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
        True if something was dropped.
    """
    if not scaled.x:
        return False
    cross = total[np.ix_(scaled.x, scaled.x)]
    if not _suspicious(cross):
        return False
    columns = np.hstack([block[scaled.x] for _, block in scaled.chunks()]).T
    keep = _independent(columns)
    if keep.all():
        return False
    names = [name for name, kept in zip(model.fixed.names, keep, strict=True) if not kept]
    many = len(names) > 1
    model.messages.append(
        f"{', '.join(names)} {'were' if many else 'was'} dropped: "
        f"{'they are combinations' if many else 'it is a combination'} "
        "of the other predictors, so the data can't tell their effects apart."
    )
    where = np.flatnonzero(keep)
    model.fixed.kept = where
    model.fixed.names = [model.fixed.names[i] for i in where]
    model.fixed.arrays = [model.fixed.arrays[i] for i in where]
    scaled.x = [scaled.x[i] for i in where]
    scaled.x_map = scaled.x_map[np.ix_(where, where)]
    return True


def _suspicious(cross):
    """Tell from the cross-products whether some column is nearly explained by the earlier ones."""
    rest, size = cross.copy(), np.diagonal(cross).copy()
    for k in range(len(rest)):
        if rest[k, k] <= SUSPICIOUS * size[k]:
            return True
        rest[k + 1 :, k + 1 :] -= np.outer(rest[k + 1 :, k], rest[k, k + 1 :]) / rest[k, k]
    return False


def _independent(columns):
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
