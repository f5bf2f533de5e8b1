"""What every fit with random effects offers: those of lmer and glmer, and the Bayesian ones."""

from functools import cached_property

import numpy as np
import pandas as pd

from mlmkit.fits.estimates import Estimates, index_of
from mlmkit.fits.shrinkage import shrinkage
from mlmkit.frame.columns import INTERCEPT
from mlmkit.inference import tables
from mlmkit.inference.named import Named
from mlmkit.inference.predict import predict_draws
from mlmkit.inference.simulations import Seed
from mlmkit.inference.varcorr import VarCorrTable, variances_between


class MixedEstimates(Estimates):
    """A fit with group effects."""

    def _by_group(self, arrays):
        return Named(
            {
                factor.label: pd.DataFrame(array, index=factor.levels, columns=index_of(tuple(factor.names)))
                for factor, array in zip(self.design.factors, arrays, strict=True)
            }
        )

    @cached_property
    def ranef(self) -> dict[str, pd.DataFrame]:
        """Random effects (conditional modes): a DataFrame, groups by terms, for each grouping factor.

        Examples
        --------
        >>> fit.ranef["zipcode"].loc["98039"].round().to_dict()
        {'(Intercept)': 1430319.0}
        """
        return self._by_group(self.solution.modes)

    @cached_property
    def se_ranef(self) -> dict[str, pd.DataFrame]:
        """Standard errors of the random effects, the fixed effects held: as ``arm::se.ranef``.

        Examples
        --------
        >>> fit.se_ranef["zipcode"].loc["98039"].round().to_dict()
        {'(Intercept)': 64778.0}
        """
        return self._by_group([np.sqrt(np.einsum("jaa->ja", array)) for array in self.solution.variances])

    @cached_property
    def coef(self) -> dict[str, pd.DataFrame]:
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
    def se_coef(self) -> dict[str, pd.DataFrame]:
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
            factor = self.design.factors[place]
            fixed = np.array([[a == b for b in self.design.fixed.names] for a in table.columns], dtype=float)
            varying = np.array([[a == b for b in factor.names] for a in table.columns], dtype=float)
            moved = fixed - varying @ self.solution.slopes[place]
            covariance = varying @ self.solution.variances[place] @ varying.T
            covariance = covariance + moved @ self.solution.vcov @ np.swapaxes(moved, 1, 2)
            errors = np.sqrt(np.einsum("jaa->ja", covariance))
            tables[label] = pd.DataFrame(errors, index=table.index, columns=table.columns)
        return tables

    @cached_property
    def varcorr(self) -> VarCorrTable:
        """Standard deviations, correlations and covariances between groups, by term.

        Examples
        --------
        >>> fit.varcorr["zipcode"].sd.round().to_dict()
        {'(Intercept)': 584667.0}
        """
        return variances_between(self.solution)

    def icc(self) -> pd.Series:
        """Intraclass correlations by term.

        Returns
        -------
        Series
            The share of the variance between groups, by term; see `tables.icc` for varying slopes.

        Examples
        --------
        >>> fit.icc().round(3).to_dict()
        {'zipcode': 0.617}
        """
        return tables.icc(self)

    def r2(self) -> pd.Series:
        """Marginal and conditional R squared.

        Returns
        -------
        Series
            ``marginal`` and ``conditional``, after Nakagawa and Schielzeth (2013).

        Examples
        --------
        >>> fit.r2().round(2).to_dict()
        {'marginal': 0.0, 'conditional': 0.62}
        """
        return tables.r2(self)

    def shrinkage(self, group: str | None = None, term: str = INTERCEPT) -> pd.DataFrame:
        """Compare no, complete and partial pooling by group.

        Parameters
        ----------
        group : str, optional
            Grouping factor.
        term : str
            The varying term.

        Returns
        -------
        DataFrame
            By group: ``n, no_pooling, complete_pooling, partial_pooling, weight``.

        Examples
        --------
        >>> fit.shrinkage()["weight"].round(3).max().item()
        0.995
        """
        return shrinkage(self, group, term)

    def predict_draws(
        self,
        newdata: pd.DataFrame | None = None,
        n_sims: int = 1000,
        new_levels: str = "error",
        kind: str = "mean",
        seed: Seed = None,
        theta: str = "held",
    ) -> pd.DataFrame:
        """Draw predictions with their uncertainty.

        Parameters
        ----------
        newdata : DataFrame, optional
            Rows to predict for.
        n_sims : int
            Number of draws.
        new_levels : {"error", "zero", "marginal"}
            For groups that the fit has not seen: refuse, an effect of zero, or a drawn one.
        kind : {"mean", "outcome"}
            The mean of the outcome, or a new outcome.
        seed : int or Generator, optional
            Makes the draws repeatable.
        theta : {"held", "drawn"}
            Hold the variances between groups at their estimate, or draw them too; see the function ``sim``.

        Returns
        -------
        DataFrame
            A row a draw, a column a row of `newdata`.

        Examples
        --------
        >>> fit.predict_draws(n_sims=20, seed=1).shape
        (20, 869)
        """
        return predict_draws(self, newdata, n_sims, new_levels, kind, seed, theta)
