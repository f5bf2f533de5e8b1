"""What every fit offers, under R's names."""

from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from mlmkit.engine.theta import pattern
from mlmkit.fits.fit_methods import FitMethods
from mlmkit.inference.messages import fit_messages, singular_terms
from mlmkit.inference.printout import mixed_html
from mlmkit.inference.varcorr import GroupVariance, VarCorrTable


class Named(dict):
    """A dict by grouping factor that lists the valid names when asked for another one."""

    def __missing__(self, name):
        raise KeyError(f"The fit has no grouping factor '{name}'. It has: {', '.join(map(str, self))}.")


@lru_cache(maxsize=256)
def _index(names):
    """Make an index of names; pandas takes longer for that than a small fit may."""
    return pd.Index(list(names))


class MixedFit(FitMethods):
    """A fitted mixed model: the part that linear and generalised models share.

    A subclass provides ``_beta``, ``_vcov``, ``_modes`` and ``_variances`` (per grouping factor,
    in the data's units) and ``sigma``.
    """

    def _series(self, values, name):
        return pd.Series(np.asarray(values, dtype=float), index=self._terms, name=name)

    @cached_property
    def _terms(self):
        return _index(tuple(self._model.fixed.names))

    @property
    def formula(self):
        """The formula as it was written.

        Examples
        --------
        >>> fit.formula
        'price ~ (1 | zipcode)'
        """
        return self._model.formula.text

    @property
    def nobs(self):
        """Number of rows used.

        Examples
        --------
        >>> fit.nobs
        869
        """
        return self._model.n

    @cached_property
    def ngrps(self):
        """Number of groups by grouping factor.

        Examples
        --------
        >>> fit.ngrps
        {'zipcode': 9}
        """
        return Named({factor.label: len(factor.levels) for factor in self._model.factors})

    @cached_property
    def fixef(self):
        """Fixed effects: a Series by term.

        Examples
        --------
        >>> fit.fixef.round(2).to_dict()
        {'(Intercept)': 713204.24}
        """
        return self._series(self._beta, "fixef")

    @cached_property
    def vcov(self):
        """Covariance matrix of the fixed effects.

        Examples
        --------
        >>> fit.vcov.shape
        (1, 1)
        """
        names = list(self._model.fixed.names)
        return pd.DataFrame(self._vcov, index=names, columns=names)

    @cached_property
    def se_fixef(self):
        """Standard errors of the fixed effects: a Series by term.

        Examples
        --------
        >>> fit.se_fixef.round(2).to_dict()
        {'(Intercept)': 195580.93}
        """
        return self._series(np.sqrt(np.diagonal(self._vcov)), "se_fixef")

    def _by_group(self, arrays):
        return Named(
            {
                factor.label: pd.DataFrame(array, index=factor.levels, columns=self._columns_of(factor))
                for factor, array in zip(self._model.factors, arrays, strict=True)
            }
        )

    def _columns_of(self, factor):
        """Name a factor's columns."""
        return _index(tuple(factor.names))

    @cached_property
    def ranef(self):
        """Random effects (conditional modes): a DataFrame, groups by terms, for each grouping factor.

        Examples
        --------
        >>> fit.ranef["zipcode"].loc["98039"].round().to_dict()
        {'(Intercept)': 1430319.0}
        """
        return self._by_group(self._modes)

    @cached_property
    def se_ranef(self):
        """Standard errors of the random effects, the fixed effects held: as ``arm::se.ranef``.

        Examples
        --------
        >>> fit.se_ranef["zipcode"].loc["98039"].round().to_dict()
        {'(Intercept)': 64778.0}
        """
        return self._by_group([np.sqrt(np.einsum("jaa->ja", array)) for array in self._variances])

    @cached_property
    def coef(self):
        """Fixed plus random effects: each group's own coefficients, for each grouping factor.

        Examples
        --------
        >>> fit.coef["zipcode"].loc["98039"].round().to_dict()
        {'(Intercept)': 2143524.0}
        """
        tables = Named()
        varying = dict.fromkeys(name for effects in self.ranef.values() for name in effects.columns)
        only_random = [name for name in varying if name not in self.fixef.index]
        for label, effects in self.ranef.items():
            names = [*only_random, *self.fixef.index]
            table = pd.DataFrame(index=effects.index, columns=names, dtype=float)
            for name in names:
                fixed = self.fixef[name] if name in self.fixef.index else 0.0
                table[name] = fixed + (effects[name] if name in effects.columns else 0.0)
            tables[label] = table
        return tables

    @cached_property
    def se_coef(self):
        """Standard errors of `coef`, with the uncertainty of fixed and random effects together.

        Fixed and random effects are strongly (and negatively) correlated, so adding their squared
        standard errors would be far too much. These agree with the spread of ``sim``'s draws.

        Examples
        --------
        >>> fit.se_coef["zipcode"].loc["98039"].round().to_dict()
        {'(Intercept)': 64823.0}
        """
        tables = Named()
        for place, (label, table) in enumerate(self.coef.items()):
            factor = self._model.factors[place]
            fixed = np.array([[a == b for b in self._model.fixed.names] for a in table.columns], dtype=float)
            varying = np.array([[a == b for b in factor.names] for a in table.columns], dtype=float)
            moved = fixed - varying @ self._slopes[place]
            covariance = varying @ self._variances[place] @ varying.T
            covariance = covariance + moved @ self._vcov @ np.swapaxes(moved, 1, 2)
            errors = np.sqrt(np.einsum("jaa->ja", covariance))
            tables[label] = pd.DataFrame(errors, index=table.index, columns=table.columns)
        return tables

    @cached_property
    def varcorr(self):
        """Standard deviations, correlations and covariances between groups, by term.

        Examples
        --------
        >>> fit.varcorr["zipcode"].sd.round().to_dict()
        {'(Intercept)': 584667.0}
        """
        terms, factors = {}, {}
        for factor, lam in zip(self._model.factors, self._lambdas, strict=True):
            for term in factor.terms:
                where = slice(term.first, term.first + term.size)
                root = lam[where, where] * (1.0 if self._scale is None else self._scale)
                names = term.columns.names
                terms[term.label] = GroupVariance(pd.DataFrame(root @ root.T, index=names, columns=names))
                factors[term.label] = factor.label
        return VarCorrTable(terms, self._scale, factors)

    @cached_property
    def theta(self):
        """Relative covariance parameters in lme4's order: the lower triangle of each term's Lambda.

        Examples
        --------
        >>> fit.theta.round(3).tolist()
        [1.269]
        """
        return np.concatenate(
            [
                lam[pattern(factor.terms)]
                for factor, lam in zip(self._model.factors, self._lambdas, strict=True)
            ]
        )

    @cached_property
    def is_singular(self):
        """True if a variance between groups is zero or a correlation is one.

        Examples
        --------
        >>> fit.is_singular
        False
        """
        return bool(singular_terms(self))

    @property
    def converged(self):
        """True if the search ended at an optimum.

        Examples
        --------
        >>> fit.converged
        True
        """
        return self._optimum.converged

    @cached_property
    def messages(self):
        """What happened and what it means, in sentences; empty when there is nothing to say.

        Examples
        --------
        >>> fit.messages
        []
        """
        return fit_messages(self)

    @property
    def npar(self):
        """Number of parameters: fixed effects, theta, and sigma where the model has it.

        Examples
        --------
        >>> fit.npar
        3
        """
        return len(self._beta) + len(self._optimum.theta[: self._n_theta]) + (self._scale is not None)

    @property
    def loglik(self):
        """Log-likelihood, or restricted log-likelihood for a REML fit.

        Examples
        --------
        >>> round(fit.loglik, 1)
        -12574.5
        """
        return -self.criterion / 2

    @property
    def aic(self):
        """Akaike's information criterion as arm::display prints it; a REML fit takes the REML criterion.

        Examples
        --------
        >>> round(fit.aic, 1)
        25155.1
        """
        return self.criterion + 2 * self.npar

    @property
    def bic(self):
        """Bayesian information criterion, with the number of rows as lme4 counts.

        Examples
        --------
        >>> bool(fit.bic > fit.aic)
        True
        """
        return self.criterion + np.log(self.nobs) * self.npar

    def _new_effects(self, place, sims, shape, rng):
        """Draw effects, shape (n_sims, groups, q), of groups that the fit has not seen."""
        scale = 1.0 if self._scale is None else sims._sigma[:, None, None]
        return scale * (rng.standard_normal(shape) @ self._lambdas[place].T)

    @property
    def _outcome(self):
        return self._model.y

    @cached_property
    def fitted(self):
        """Fitted values, a Series by row.

        Examples
        --------
        >>> fit.fitted.head(1).round().tolist()
        [488663.0]
        """
        return self.predict()

    @cached_property
    def residuals(self):
        """Outcome minus fitted values, a Series by row.

        Examples
        --------
        >>> fit.residuals.head(1).round().tolist()
        [861337.0]
        """
        return pd.Series(self._outcome - self.fitted.to_numpy(), index=self._model.index, name="residual")

    def __repr__(self):
        return "\n".join([self.display_text(), *(f"* {message}" for message in self.messages)])

    def _repr_html_(self):
        return mixed_html(self)
