"""Products of a sparse matrix with block-diagonal and dense ones, by a list of its pairs of entries.

Eliminating a factor needs A12' P A12 for many P, and afterwards the diagonal blocks of A12 C A12' for many C.
Both are sums over pairs of entries of A12 that belong to one group: a pair in group j, in columns d and e,
takes P's number for j to the place (d, e), or C's number at (d, e) to group j. Written down once as a sparse
matrix with a row for each place and a column for each number of P, each is one product with a vector.
"""

import numpy as np

AT_ONCE = 100  # rows
MOST = 4_000_000  # pairs; each takes 12 bytes, and three times as much while the list is made


class Pairs:
    """The pairs of entries of one sparse matrix.

    Parameters
    ----------
    A12 : csr_array, shape (J q, R)
        Rows of one group stand together.
    q : int
        Rows a group.
    """

    def __init__(self, A12, q):
        from scipy import sparse

        self.J, self.q, self.R = A12.shape[0] // q, q, A12.shape[1]
        small = np.int32 if max(self.R**2, self.J * q * q) < 2**31 else np.int64
        starts = A12.indptr[::q].astype(small)
        size = np.diff(starts)  # entries a group
        partners = np.repeat(size, size)  # of each entry, itself among them
        first = np.repeat(starts[:-1], size) - (np.cumsum(partners) - partners)
        left = np.repeat(np.arange(A12.nnz, dtype=small), partners)
        right = np.arange(len(left), dtype=small) + np.repeat(first.astype(small), partners)
        columns = A12.indices.astype(small)
        lower = columns[left] >= columns[right]  # both results are symmetric
        left, right = left[lower], right[lower]
        row = np.repeat(np.arange(q * self.J, dtype=small), np.diff(A12.indptr))  # of each entry
        place = (columns * small(self.R))[left] + columns[right]
        number = (row * small(q))[left] + (row % small(q))[right]
        entries = A12.data[left] * A12.data[right], (place, number)
        self.matrix = sparse.csr_array(entries, shape=(self.R**2, self.J * q * q))

    def cross_product(self, P):
        """Compute A12' P A12, shape (R, R), for a block-diagonal P with symmetric blocks, shape (J, q, q)."""
        lower = (self.matrix @ P.ravel()).reshape(self.R, self.R)
        return mirrored(lower)

    def quadratic_forms(self, C):
        """Compute the diagonal blocks of A12 C A12', shape (J, q, q), for a symmetric C, shape (R, R).

        The diagonal of C is changed.
        """
        C[np.diag_indices_from(C)] /= 2
        half = (self.matrix.T @ C.ravel()).reshape(self.J, self.q, self.q)
        return half + half.transpose(0, 2, 1)


def mirrored(lower):
    """Copy the part below the diagonal to the one above it, in place and without a second matrix."""
    size = len(lower)
    for start in range(0, size, AT_ONCE):
        stop = min(start + AT_ONCE, size)
        lower[:start, start:stop] = lower[start:stop, :start].T
        block = np.tril(lower[start:stop, start:stop])
        lower[start:stop, start:stop] = block + np.tril(block, -1).T
    return lower


def pairs_of(A12, q):
    """List the pairs of entries of a matrix; None where it is dense, or where there are too many."""
    if isinstance(A12, np.ndarray):
        return None
    sizes = np.diff(A12.indptr[::q]).astype(float)
    return Pairs(A12, q) if (sizes**2).sum() <= MOST else None
