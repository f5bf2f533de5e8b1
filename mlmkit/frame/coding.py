"""From the value of an atom (numbers, a factor, a basis) to columns of a model matrix, and their identity.

A column is known by what it is: for each atom of its term the label and the level. Its name is only printed:
the factor ``c`` with the level 2 and the column ``c2`` are both called ``c2`` in R, and are not the same.
"""

from dataclasses import dataclass

import numpy as np

from mlmkit.frame.casting import Levels, as_levels
from mlmkit.frame.functions import Matrix, contrast_name


@dataclass(frozen=True)
class Piece:
    """What one atom gives to one column.

    Attributes
    ----------
    atom : str
        The atom's label, such as ``period`` or ``poly(x, 2)``.
    part : str
        Level, or number of the column; empty for plain numbers.
    coding : str
        How the part was made: "" or "level", or a contrast's name.
    """

    atom: str
    part: str = ""
    coding: str = ""

    @property
    def name(self):
        """R's name."""
        return self.atom + self.part

    @property
    def full_name(self):
        """A name in which atom and part can't run together."""
        return f"{self.atom}[{self.part}]" if self.coding else self.atom + self.part


def contrast_of(atom, value, chosen):
    """Choose how a factor is coded where it is coded by contrasts.

    Parameters
    ----------
    atom : str
        Its label.
    value : Levels
        The factor.
    chosen : dict
        What the caller chose by label.

    Returns
    -------
    str
        "treatment", "sum", "helmert" or "poly".
    """
    if value.contrast:
        return value.contrast
    if atom in chosen:
        return contrast_name(chosen[atom])
    return "poly" if value.ordered else "treatment"


def encode(atom, value, contrast, full):
    """Make an atom's columns.

    Parameters
    ----------
    atom : str
        Its label.
    value : ndarray, Levels or Matrix
        Its value by row.
    contrast : str or None
        From `contrast_of`, for a factor.
    full : bool
        One column for every level of a factor.

    Returns
    -------
    list of (Piece, ndarray)
        Missing values are NaN in each of them.
    """
    if isinstance(value, Matrix):
        pieces = [Piece(atom, str(part), "column" if part != "" else "") for part in value.suffixes]
        return list(zip(pieces, value.array.T, strict=True))
    if not isinstance(value, Levels):
        return [(Piece(atom), value)]
    if full or contrast == "treatment":
        first = 0 if full else 1
        parts = value.labels
        if value.contrast and not full:  # R numbers the columns of C(f, contr.treatment)
            parts = [str(k + 1) for k in range(len(value.labels))]
        pieces = [Piece(atom, part, "level") for part in parts[first:]]
        columns = [(value.codes == k).astype(float) for k in range(first, len(value.labels))]
    else:
        parts, table = _contrast_table(contrast, len(value.labels))
        pieces = [Piece(atom, part, contrast) for part in parts]
        columns = list(table[value.codes].T)
    missing = value.codes < 0
    if missing.any():
        columns = [np.where(missing, np.nan, column) for column in columns]
    return list(zip(pieces, columns, strict=True))


def _contrast_table(contrast, levels):
    """Return R's names of the contrasts, and their values by level, shape (levels, levels - 1)."""
    from formulaic.transforms import contrasts

    kinds = {
        "sum": contrasts.SumContrasts,
        "helmert": contrasts.HelmertContrasts,
        "poly": contrasts.PolyContrasts,
    }
    table = kinds[contrast]().get_coding_matrix(list(range(levels)), reduced_rank=True)
    names = [str(k + 1) for k in range(levels - 1)] if contrast != "poly" else list(map(str, table.columns))
    return names, table.to_numpy(dtype=float)


def like_before(atom, value, labels, where="newdata"):
    """Count the rows of new data among the levels that the fit has seen.

    Parameters
    ----------
    atom : str
        The atom's label.
    value : ndarray, Levels or Matrix
        Its value in the new rows.
    labels : tuple of str or None
        The fit's levels; None where the atom was no factor.
    where : str
        The new data's name, for messages.

    Returns
    -------
    ndarray, Levels or Matrix
        Of the fit's kind.

    Raises
    ------
    ValueError
        For a level that the fit has not seen, or a factor where numbers are needed.
    """
    if labels is None:
        if isinstance(value, Levels):
            if value.logical:
                return value.truth
            raise ValueError(
                f"'{atom}' is a number in the fit and text in {where}. Make it numbers there too."
            )
        return value
    found, unseen = as_levels(value).matched(labels)
    if unseen:
        shown = ", ".join(map(repr, unseen[:5])) + (", …" if len(unseen) > 5 else "")
        valid = ", ".join(map(repr, labels[:12])) + (", …" if len(labels) > 12 else "")
        many = len(unseen) > 1
        raise ValueError(
            f"{where} has {'levels' if many else 'a level'} of '{atom}' that the fit has not seen: {shown}. "
            f"There is no coefficient for {'them' if many else 'it'}. The levels are: {valid}."
        )
    return found
