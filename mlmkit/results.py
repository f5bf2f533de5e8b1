"""What every fit offers, under R's names."""

from functools import cached_property

import numpy as np
import pandas as pd

from mlmkit import _predict, _tables
from mlmkit._columns import INTERCEPT
from mlmkit._messages import fit_messages, singular_terms
from mlmkit._optimize import minimise
from mlmkit._theta import canonical, lower_triangle, pattern
from mlmkit.printout import mixed_html, mixed_text
from mlmkit.varcorr import GroupVariance, VarCorrTable


class Named(dict):
    """A dict by grouping factor that lists the valid names when asked for another one."""

    def __missing__(self, name):
        raise KeyError(f"The fit has no grouping factor '{name}'. It has: {', '.join(map(str, self))}.")


class MixedFit:
    """A fitted mixed model: the part that linear and generalised models share.

    A subclass provides ``_beta``, ``_vcov``, ``_modes`` and ``_variances`` (per grouping factor,
    in the data's units) and ``sigma``.
    """

    def _series(self, values, name):
        return pd.Series(np.asarray(values, dtype=float), index=self._terms, name=name)

    @cached_property
    def _terms(self):
        return pd.Index(self._model.fixed.names)

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
        """Name a factor's columns, with the fixed effects' index where it is the same (it saves time)."""
        return self._terms if factor.names == self._model.fixed.names else factor.names

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
        for label, effects in self.ranef.items():
            only_random = [name for name in effects.columns if name not in self.fixef.index]
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

    def display_text(self, digits=2):
        """Write the print-out of the lecture."""
        return mixed_text(self, digits)

    def __repr__(self):
        return "\n".join([self.display_text(), *(f"* {message}" for message in self.messages)])

    def _repr_html_(self):
        return mixed_html(self)


class LinearMixedFit(MixedFit):
    """A fit by `lmer`. All numbers are in the units of the data.

    Parameters
    ----------
    model : Design
        Formula and data.
    scaled : Scaled
        How columns were centred and scaled.
    problem : OneFactor or Crossed
        The deviance, kept for the maximum likelihood refit, profiles and draws.
    optimum : Optimum
        Where the search ended.
    """

    def __init__(self, model, scaled, problem, optimum):
        self._model, self._scaled, self._problem, self._optimum = model, scaled, problem, optimum
        self._n_theta = len(optimum.theta)

    @property
    def reml(self):
        """True for a fit by restricted maximum likelihood."""
        return self._problem.reml

    @property
    def call(self):
        """The call as R would show it: function and arguments."""
        extra = [] if self.reml else ["REML = FALSE"]
        return ("lmer", f"formula = {self.formula}", f"data = {self._model.data_name}", *extra)

    @cached_property
    def _solution(self):
        return self._problem.solve(self._optimum.theta)

    @cached_property
    def sigma(self):
        """Residual standard deviation, in units of the outcome."""
        return float(self._scaled.y_scale * np.sqrt(self._solution.rss / self._problem.df))

    @property
    def _scale(self):
        return self.sigma

    @cached_property
    def _inner_lambdas(self):
        """Lambda of each grouping factor, for the scaled columns."""
        return split_theta(self._optimum.theta, self._model.factors)

    @cached_property
    def _lambdas(self):
        """Lambda of each grouping factor, for the data's own columns."""
        lambdas = []
        for lam, back, factor in zip(
            self._inner_lambdas, self._scaled.z_maps, self._model.factors, strict=True
        ):
            whole = np.zeros_like(lam)
            for term in factor.terms:
                where = slice(term.first, term.first + term.size)
                whole[where, where] = lower_triangle(back[where, where] @ lam[where, where])
            lambdas.append(whole)
        return lambdas

    @cached_property
    def _beta(self):
        beta = self._scaled.y_scale * (self._scaled.x_map @ self._solution.beta)
        if self._scaled.y_shift:
            beta[self._model.fixed.names.index(INTERCEPT)] += self._scaled.y_shift
        return beta

    @cached_property
    def _vcov(self):
        back = self._scaled.x_map
        return self.sigma**2 * (back @ np.linalg.solve(self._solution.schur, back.T))

    @cached_property
    def _modes(self):
        pairs = zip(self._solution.modes, self._scaled.z_maps, strict=True)
        return [self._scaled.y_scale * (modes @ back.T) for modes, back in pairs]

    @cached_property
    def _variances(self):
        pairs = zip(self._solution.variances, self._scaled.z_maps, strict=True)
        return [self.sigma**2 * (back @ variances @ back.T) for variances, back in pairs]

    @cached_property
    def _slopes(self):
        """How the effects move when the fixed effects move, in the data's units."""
        pairs = zip(self._solution.slopes, self._scaled.z_maps, strict=True)
        into = np.linalg.inv(self._scaled.x_map)
        return [back @ slopes @ into for slopes, back in pairs]

    def _criterion_of(self, value, reml):
        """Undo the scaling of the columns in a deviance."""
        p = len(self._model.fixed.names)
        shift = 2 * (self.nobs - p * reml) * np.log(self._scaled.y_scale)
        if reml and p:
            shift -= 2 * np.linalg.slogdet(self._scaled.x_map)[1]
        if self._model.weights is not None:
            shift -= np.log(self._model.weights).sum()
        return float(value + shift)

    @cached_property
    def criterion(self):
        """What was minimised: the REML criterion, or the deviance for maximum likelihood."""
        return self._criterion_of(self._optimum.value, self.reml)

    @cached_property
    def _ml_optimum(self):
        if not self.reml:
            return self._optimum
        patterns = [pattern(factor.terms) for factor in self._model.factors]
        blocks = [factor.terms for factor in self._model.factors]
        return minimise(
            self._problem.with_reml(False),
            self._optimum.theta,
            canonical=lambda theta: canonical(theta, patterns, blocks),
        )

    def refit_ml(self):
        """Return the same model fitted by maximum likelihood; the data isn't read again."""
        return LinearMixedFit(self._model, self._scaled, self._problem.with_reml(False), self._ml_optimum)

    @cached_property
    def deviance(self):
        """Minus twice the log-likelihood at the maximum likelihood fit, as arm::display prints it."""
        return self._criterion_of(self._ml_optimum.value, False)

    @property
    def dic(self):
        """Deviance information criterion as arm::display defines it: 2 deviance - criterion."""
        return 2 * self.deviance - self.criterion

    def _residual_variance(self):
        return self.sigma**2

    def _inverse_link(self, eta):
        return eta

    def _marginal_mean(self, eta, spread):
        """Average over new groups: in a linear model the effects' mean is zero."""
        return eta

    def _draw_outcome(self, mean, sigma, rng):
        weights = self._model.weights
        noise = rng.standard_normal(mean.shape) * sigma[:, None]
        return mean + (
            noise if weights is None or len(weights) != mean.shape[1] else noise / np.sqrt(weights)
        )

    def _draw_parameters(self, n_sims, rng):
        """Draw (beta, effects by factor, sigma); see ``simulate.sim``."""
        found, scaled = self._solution, self._scaled
        n, p = self.nobs, len(found.beta)
        sigma = np.sqrt(found.rss / (2 * rng.gamma((n - p) / 2, size=n_sims)))
        root = np.linalg.inv(np.linalg.cholesky(found.schur)) if p else np.zeros((0, 0))
        moved = sigma[:, None] * (rng.standard_normal((n_sims, p)) @ root)
        beta = scaled.y_scale * ((found.beta + moved) @ scaled.x_map.T)
        if scaled.y_shift:
            beta[:, self._model.fixed.names.index(INTERCEPT)] += scaled.y_shift
        noise = self._problem.draw_effects(self._optimum.theta, sigma, rng)
        effects = []
        for deviation, modes, slopes, back in zip(
            noise, found.modes, found.slopes, scaled.z_maps, strict=True
        ):
            inner = modes - np.tensordot(moved, slopes, axes=(1, 2)) + deviation
            effects.append(scaled.y_scale * (inner @ back.T))
        return beta, effects, sigma * scaled.y_scale


def split_theta(theta, factors):
    """Fill one Lambda for each grouping factor."""
    lambdas, used = [], 0
    for factor in factors:
        rows, columns = pattern(factor.terms)
        lam = np.zeros((len(factor.names),) * 2)
        lam[rows, columns] = theta[used : used + len(rows)]
        used += len(rows)
        lambdas.append(lam)
    return lambdas
