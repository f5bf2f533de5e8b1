"""Point estimates from draws, in the language of every fit."""

from functools import cached_property

import numpy as np
import pandas as pd

from mlmkit.bayes.draws import mad_sd
from mlmkit.fits.estimates import MixedFit
from mlmkit.inference.varcorr import GroupVariance, VarCorrTable


class DrawnEstimates(MixedFit):
    """What `lmer`'s fits estimate, computed from draws: medians, MAD_SD, posterior means of covariances.

    Whoever inherits sets ``_model`` (the design) and ``_posterior`` (the draws).
    """

    @cached_property
    def _beta(self):
        return np.median(self._posterior.beta, axis=0)

    @cached_property
    def _vcov(self):
        return np.atleast_2d(np.cov(self._posterior.beta, rowvar=False))

    @cached_property
    def se_fixef(self):
        """MAD_SD of the fixed effects: a Series by term."""
        return self._series(mad_sd(self._posterior.beta), "se_fixef")

    @cached_property
    def _modes(self):
        return [np.median(effects, axis=0) for effects in self._posterior.effects]

    @cached_property
    def se_ranef(self):
        """MAD_SD of the group effects: a DataFrame, groups by terms, for each grouping factor."""
        return self._by_group([mad_sd(effects) for effects in self._posterior.effects])

    @cached_property
    def se_coef(self):
        """MAD_SD of each group's coefficients, from the draws of fixed plus group effect."""
        sums = self.sim(None).coef
        tables = type(self.coef)()
        for label, table in self.coef.items():
            columns = {name: pd.Series(mad_sd(sums[label][name].to_numpy()), table.index) for name in table}
            tables[label] = pd.DataFrame(columns)
        return tables

    @property
    def sigma(self):
        """Median of the residual standard deviation; None where the family has none."""
        return None if self._posterior.sigma is None else float(np.median(self._posterior.sigma))

    @cached_property
    def _scale(self):
        return None if self._posterior.sigma is None else float(self._posterior.sigma.mean())

    @cached_property
    def _covariance(self):
        return [matrix.mean(axis=0) for matrix in self._posterior.covariance]

    @cached_property
    def _lambdas(self):
        size = 1.0 if self._scale is None else self._scale
        return [np.linalg.cholesky(nudged(matrix)) / size for matrix in self._covariance]

    @cached_property
    def _variances(self):
        """Covariance of the effects given the fixed ones, at the point estimates of the variances."""
        found = []
        for factor, matrix in zip(self._model.factors, self._covariance, strict=True):
            arrays, groups = factor.arrays, len(factor.levels)
            cross = [[np.bincount(factor.codes, a * b, groups) for a in arrays] for b in arrays]
            noise = 1.0 if self.sigma is None else self.sigma**2
            found.append(
                np.linalg.inv(np.linalg.inv(nudged(matrix)) + np.array(cross).transpose(2, 0, 1) / noise)
            )
        return found

    @cached_property
    def varcorr(self):
        """Posterior means of the covariances between groups; ``.sd`` are their square roots."""
        terms, factors = {}, {}
        for factor, matrix in zip(self._model.factors, self._covariance, strict=True):
            for term in factor.terms:
                where, names = slice(term.first, term.first + term.size), term.columns.names
                terms[term.label] = GroupVariance(
                    pd.DataFrame(matrix[where, where], index=names, columns=names)
                )
                factors[term.label] = factor.label
        return VarCorrTable(terms, self._scale, factors)


def nudged(matrices):
    """Move covariance matrices off the edge by rounding's size, so that they have a Cholesky root."""
    trace = np.einsum("...aa->...", matrices)[..., None, None]
    return matrices + (1e-13 * trace + 1e-300) * np.eye(matrices.shape[-1])
