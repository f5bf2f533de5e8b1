"""Adaptive Gauss-Hermite quadrature for one scalar random effect, with its exact gradient.

Each group's integral over u is taken at nodes u_k = mode + sqrt(2) tau z_k, tau = M^-1/2. Mode and
tau move with the parameters, and the gradient follows them.
"""

import numpy as np

from mlmkit.engine.laplace import Laplace


class Quadrature(Laplace):
    """Deviance over (theta, beta) by adaptive Gauss-Hermite quadrature.

    Parameters
    ----------
    nodes : int
        Number of quadrature nodes; 1 is the Laplace approximation.
    *rest
        As for `Laplace`, with a canonical link, one grouping factor and one varying column.
    """

    def __init__(self, nodes, *rest):
        super().__init__(*rest)
        z, weight = np.polynomial.hermite.hermgauss(nodes)
        self.z, self.log_weight = z * np.sqrt(2), np.log(weight) + z**2 - 0.5 * np.log(np.pi)

    def __call__(self, phi):
        """Return (deviance, gradient) at phi = (theta, beta)."""
        self.evaluations += 1
        blocks, X = self.blocks, self.X
        lam, beta = phi[0], phi[1:]
        fixed = self.offset + beta @ X
        mode = self.mode(self.family, self.lambdas(phi[:1]), fixed)
        u, (_, rest, _, W, W_slope), system = mode.u, mode.moments, mode.system
        z = blocks.Z[0]
        M = system[1][:, 0, 0]
        tau = M**-0.5
        # how the mode and M move with lambda (first) and each beta
        cross = blocks.sums(W * z * z)
        u_beta = -lam * blocks.sums(W * z * X) / M
        u_lam = (blocks.sums(z * rest) - lam * cross * u) / M
        third = blocks.sums(W_slope * z**3)
        M_beta = lam**2 * (blocks.sums(W_slope * z * z * X) + lam * third * u_beta)
        M_lam = 2 * lam * cross + lam**2 * third * (u + lam * u_lam)
        u_move, M_move = np.vstack([u_lam, u_beta]), np.vstack([M_lam, M_beta])
        tau_move = -0.5 * tau**3 * M_move
        logs, slopes = [], []
        for node, log_weight in zip(self.z, self.log_weight, strict=True):
            at = u + tau * node
            loglik, rest, *_ = self.family.moments(fixed + lam * z * blocks.spread(at), self.known)
            pull = blocks.sums(z * rest)
            logs.append(blocks.sums(loglik) - 0.5 * at**2 + log_weight)
            direct = np.vstack([at * pull, blocks.sums(X * rest)])
            slopes.append(direct + (lam * pull - at) * (u_move + node * tau_move))
        logs = np.array(logs)
        top = logs.max(axis=0)
        shares = np.exp(logs - top)
        total = shares.sum(axis=0)
        value = -2 * (np.sum(np.log(total) + top + np.log(tau)) + self.saturated)
        if not np.isfinite(value):
            self.last = None
            return np.inf, np.full(len(phi), np.nan)
        gradient = tau_move / tau + np.einsum("kj,kij->ij", shares / total, np.array(slopes))
        return float(value), -2 * gradient.sum(axis=1)
