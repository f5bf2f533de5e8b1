"""What every fit offers, under R's names."""

from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from mlmkit.engine import predict as _predict
from mlmkit.engine import residuals as _residuals
from mlmkit.engine import tables as _tables
from mlmkit.engine.columns import INTERCEPT
from mlmkit.engine.messages import fit_messages, singular_terms
from mlmkit.engine.theta import pattern
from mlmkit.printout import mixed_html, mixed_text
from mlmkit.varcorr import GroupVariance, VarCorrTable


class Named(dict):
    """A dict by grouping factor that lists the valid names when asked for another one."""

    def __missing__(self, name):
        raise KeyError(f"The fit has no grouping factor '{name}'. It has: {', '.join(map(str, self))}.")


@lru_cache(maxsize=256)
def _index(names):
    """Make an index of names; pandas takes longer for that than a small fit may."""
    return pd.Index(list(names))


class MixedFit:
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
        """The formula as it was written."""
        return self._model.formula.text

    @property
    def nobs(self):
        """Number of rows used."""
        return self._model.n

    @cached_property
    def ngrps(self):
        """Number of groups by grouping factor."""
        return Named({factor.label: len(factor.levels) for factor in self._model.factors})

    @cached_property
    def fixef(self):
        """Fixed effects: a Series by term."""
        return self._series(self._beta, "fixef")

    @cached_property
    def vcov(self):
        """Covariance matrix of the fixed effects."""
        names = list(self._model.fixed.names)
        return pd.DataFrame(self._vcov, index=names, columns=names)

    @cached_property
    def se_fixef(self):
        """Standard errors of the fixed effects: a Series by term."""
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
        """Random effects (conditional modes): a DataFrame, groups by terms, for each grouping factor."""
        return self._by_group(self._modes)

    @cached_property
    def se_ranef(self):
        """Standard errors of the random effects, the fixed effects held: as ``arm::se.ranef``."""
        return self._by_group([np.sqrt(np.einsum("jaa->ja", array)) for array in self._variances])

    @cached_property
    def coef(self):
        """Fixed plus random effects: each group's own coefficients, for each grouping factor."""
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
        """Standard deviations, correlations and covariances between groups, by term."""
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
        """Relative covariance parameters in lme4's order: the lower triangle of each term's Lambda."""
        return np.concatenate(
            [
                lam[pattern(factor.terms)]
                for factor, lam in zip(self._model.factors, self._lambdas, strict=True)
            ]
        )

    @cached_property
    def is_singular(self):
        """True if a variance between groups is zero or a correlation is one."""
        return bool(singular_terms(self))

    @property
    def converged(self):
        """True if the search ended at an optimum."""
        return self._optimum.converged

    @cached_property
    def messages(self):
        """What happened and what it means, in sentences; empty when there is nothing to say."""
        return fit_messages(self)

    @property
    def npar(self):
        """Number of parameters: fixed effects, theta, and sigma where the model has it."""
        return len(self._beta) + len(self._optimum.theta[: self._n_theta]) + (self._scale is not None)

    @property
    def loglik(self):
        """Log-likelihood, or restricted log-likelihood for a REML fit."""
        return -self.criterion / 2

    @property
    def aic(self):
        """Akaike's information criterion as arm::display prints it; a REML fit takes the REML criterion."""
        return self.criterion + 2 * self.npar

    @property
    def bic(self):
        """Bayesian information criterion, with the number of rows as lme4 counts."""
        return self.criterion + np.log(self.nobs) * self.npar

    def predict(self, newdata=None, *, new_levels="error", random=True):
        """Predict the outcome's mean; see ``predict``."""
        return _predict.predict(self, newdata, new_levels=new_levels, random=random)

    def predict_draws(self, newdata=None, n_sims=1000, new_levels="error", kind="mean", seed=None):
        """Draw predictions with their uncertainty; see ``predict_draws``."""
        return _predict.predict_draws(self, newdata, n_sims, new_levels, kind, seed)

    def _new_effects(self, place, sims, shape, rng):
        """Draw effects, shape (n_sims, groups, q), of groups that the fit has not seen."""
        scale = 1.0 if self._scale is None else sims._sigma[:, None, None]
        return scale * (rng.standard_normal(shape) @ self._lambdas[place].T)

    def sim(self, n_sims=1000, seed=None):
        """Draw parameters from their approximate posterior; see ``sim``."""
        from mlmkit.simulate import sim

        return sim(self, n_sims, seed)

    def confint(self, level=0.95, method="profile", **options):
        """Compute confidence intervals for all parameters; see ``confint``."""
        from mlmkit.inference import confint

        return confint(self, level, method, **options)

    def profile(self, parameter, **options):
        """Trace the profile likelihood of one parameter; see ``profile``."""
        from mlmkit.inference import profile

        return profile(self, parameter, **options)

    def simulate(self, n_sims=1, seed=None):
        """Draw new outcomes for the rows of the fit; see ``simulate_outcomes``."""
        from mlmkit.simulate import simulate_outcomes

        return simulate_outcomes(self, n_sims, seed)

    def icc(self):
        """Intraclass correlations by term; see ``icc``."""
        return _tables.icc(self)

    def r2(self):
        """Marginal and conditional R squared; see ``r2``."""
        return _tables.r2(self)

    def shrinkage(self, group=None, term=INTERCEPT):
        """Compare no, complete and partial pooling by group; see ``shrinkage``."""
        from mlmkit.pooling import shrinkage

        return shrinkage(self, group, term)

    def tidy(self, conf_level=0.95):
        """Tabulate estimates as broom does; see ``tidy``."""
        return _tables.tidy(self, conf_level)

    def glance(self):
        """Summarise the fit in one row; see ``glance``."""
        return _tables.glance(self)

    def augment(self):
        """Return the rows with fitted values and residuals; see ``augment``."""
        return _tables.augment(self)

    @property
    def _outcome(self):
        return self._model.y

    @cached_property
    def fitted(self):
        """Fitted values, a Series by row."""
        return self.predict()

    @cached_property
    def residuals(self):
        """Outcome minus fitted values, a Series by row."""
        return pd.Series(self._outcome - self.fitted.to_numpy(), index=self._model.index, name="residual")

    def resid(self, kind="response", scaled=False):
        """Compute residuals of the kind that R calls "response", "pearson" or "deviance"; see ``resid``."""
        return _residuals.resid(self, kind, scaled)

    def display_text(self, digits=2):
        """Write the print-out of the lecture."""
        return mixed_text(self, digits)

    def __repr__(self):
        return "\n".join([self.display_text(), *(f"* {message}" for message in self.messages)])

    def _repr_html_(self):
        return mixed_html(self)
