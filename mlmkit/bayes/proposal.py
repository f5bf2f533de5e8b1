"""What the exact sampler proposes: a mixture of Student-t distributions, fitted to the posterior."""

import numpy as np

DF = 5  # degrees of freedom: tails heavier than the posterior's


class StudentMixture:
    """A mixture of multivariate Student-t distributions with `DF` degrees of freedom.

    Parameters
    ----------
    centres : ndarray, shape (m, d)
    spreads : ndarray, shape (m, d, d)
        Scale matrices.
    shares : ndarray, shape (m,)
        How much of the mixture each part is.
    """

    def __init__(self, centres, spreads, shares=(1.0,)):
        self.centres, self.spreads, self.shares = map(np.asarray, (centres, spreads, shares))
        self.roots = np.linalg.cholesky(self.spreads)

    def draw(self, count, rng):
        """Draw `count` points, shape (count, d)."""
        d, part = self.centres.shape[1], np.zeros(count, int)
        z = rng.standard_normal((count, d)) / np.sqrt(rng.chisquare(DF, (count, 1)) / DF)
        if len(self.shares) > 1:
            part = rng.choice(len(self.shares), count, p=self.shares)
        return self.centres[part] + np.einsum("sab,sb->sa", self.roots[part], z)

    def log_density(self, u):
        """Compute the log density, up to a constant, shape (S,)."""
        d, parts = u.shape[1], []
        for centre, root, share in zip(self.centres, self.roots, self.shares, strict=True):
            z = np.linalg.solve(root, (u - centre).T)
            size = np.log(share) - np.log(np.diagonal(root)).sum()
            parts.append(size - 0.5 * (DF + d) * np.log1p((z**2).sum(axis=0) / DF))
        return np.logaddexp.reduce(parts)

    def wider(self, factor):
        """Return the same with larger spreads."""
        return StudentMixture(self.centres, factor * self.spreads, self.shares)

    def fitted(self, u, weight):
        """Return one Student-t with the moments of weighted draws, or a wider one where few of them count."""
        if too_few(u, weight):
            return self.wider(2.0)
        centre = weight @ u
        rest = u - centre
        return StudentMixture([centre], [(rest * weight[:, None]).T @ rest])

    def split(self, u, weight, parts, rng):
        """Return a mixture fitted to clusters of weighted draws, with this one as a part of it.

        Parameters
        ----------
        u : ndarray, shape (S, d)
        weight : ndarray, shape (S,)
            They sum to one.
        parts : int
            Number of clusters.
        rng : Generator
        """
        if too_few(u, weight):
            return self.wider(2.0)
        from scipy.cluster.vq import kmeans2

        chosen = u[resample(weight, 2_000, rng)]
        flat = np.linalg.solve(self.roots[0], (chosen - self.centres[0]).T).T
        _, label = kmeans2(flat, parts, minit="++", seed=rng)
        counts = np.bincount(label, minlength=parts)
        usable = [k for k in range(parts) if counts[k] > 10 * u.shape[1]]
        if not usable:
            return self.wider(2.0)
        clusters = [chosen[label == k] for k in usable]
        # A cluster's covariance is that of a part that was cut out, and may be flat where few points are
        # distinct; neighbours have to overlap.
        spreads = [2.0 * np.atleast_2d(np.cov(part.T)) + 0.05 * self.spreads[-1] for part in clusters]
        shares = 0.8 * counts[usable] / counts[usable].sum()
        return StudentMixture(
            [*(cluster.mean(axis=0) for cluster in clusters), *self.centres],
            [*spreads, *(2.0 * self.spreads)],
            [*shares, *(0.2 * self.shares)],
        )


def too_few(u, weight):
    """Tell whether too few draws count to learn a shape from them."""
    return 1.0 / np.sum(weight**2) < 20 * u.shape[1]


def normalised(log_weight):
    """Turn log weights into weights that sum to one."""
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def resample(weight, draws, rng):
    """Choose draws in proportion to their weights, with as few repetitions as possible, in random order.

    Systematic resampling: one random offset, equal steps along the cumulated weights.

    Returns
    -------
    ndarray of int, shape (draws,)
    """
    steps = (rng.random() + np.arange(draws)) / draws
    chosen = np.minimum(np.searchsorted(np.cumsum(weight), steps), len(weight) - 1)
    return rng.permutation(chosen)
