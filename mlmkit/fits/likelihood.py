"""What only a fit by maximum likelihood offers: its criterion, profiles, new outcomes, and draws."""

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import pandas as pd

from mlmkit.engine.theta import pattern
from mlmkit.fits.mixed import MixedEstimates
from mlmkit.inference import intervals, simulations, tables
from mlmkit.inference.messages import fit_messages, singular_terms
from mlmkit.inference.printout import mixed_html, mixed_text
from mlmkit.inference.simulations import Seed, Simulations


class LikelihoodFit(MixedEstimates):
    """A mixed model fitted by maximum likelihood, restricted or not. A subclass has its ``criterion``."""

    @property
    def criterion(self) -> float:
        """What was minimised."""
        raise NotImplementedError

    @cached_property
    def theta(self) -> np.ndarray:
        """Relative covariance parameters in lme4's order: the lower triangle of each term's Lambda.

        Examples
        --------
        >>> fit.theta.round(3).tolist()
        [1.269]
        """
        return np.concatenate(
            [
                lam[pattern(factor.terms)]
                for factor, lam in zip(self.design.factors, self.solution.lambdas, strict=True)
            ]
        )

    @cached_property
    def is_singular(self) -> bool:
        """True if a variance between groups is zero or a correlation is one.

        Examples
        --------
        >>> fit.is_singular
        False
        """
        return bool(singular_terms(self.solution))

    @property
    def converged(self) -> bool:
        """True if the search ended at an optimum.

        Examples
        --------
        >>> fit.converged
        True
        """
        return self.solution.optimum.converged

    @cached_property
    def messages(self) -> list[str]:
        """What happened and what it means, in sentences; empty when there is nothing to say.

        Examples
        --------
        >>> fit.messages
        []
        """
        return fit_messages(self.solution, self.converged)

    @property
    def npar(self) -> int:
        """Number of parameters: fixed effects, theta, and sigma where the model has it.

        Examples
        --------
        >>> fit.npar
        3
        """
        return len(self.solution.beta) + self.solution.n_theta + (self.solution.scale is not None)

    @property
    def loglik(self) -> float:
        """Log-likelihood, or restricted log-likelihood for a REML fit.

        Examples
        --------
        >>> round(fit.loglik, 1)
        -12574.5
        """
        return -self.criterion / 2

    @property
    def aic(self) -> float:
        """Akaike's information criterion as arm::display prints it; a REML fit takes the REML criterion.

        Examples
        --------
        >>> round(fit.aic, 1)
        25155.1
        """
        return self.criterion + 2 * self.npar

    @property
    def bic(self) -> float:
        """Bayesian information criterion, with the number of rows as lme4 counts.

        Examples
        --------
        >>> bool(fit.bic > fit.aic)
        True
        """
        return self.criterion + np.log(self.nobs) * self.npar

    def sim(self, n_sims: int = 1000, seed: Seed = None, theta: str = "held") -> Simulations:
        """Draw parameters from their approximate posterior.

        Parameters
        ----------
        n_sims : int
            Number of draws.
        seed : int or Generator, optional
            Makes the draws repeatable.
        theta : {"held", "drawn"}
            Hold the variances between groups at their estimate, or draw them too.

        Returns
        -------
        Simulations
            With ``fixef``, ``ranef``, ``coef`` and ``sigma``; see the function ``sim``.

        Examples
        --------
        >>> len(fit.sim(20, seed=1))
        20
        """
        return simulations.draw(self, n_sims, seed, theta)

    def confint(
        self,
        parm: str | Iterable[str] | None = None,
        level: float = 0.95,
        method: str = "profile",
        **options,
    ) -> pd.DataFrame:
        """Compute confidence intervals for all parameters, or for those that are named.

        Parameters
        ----------
        parm : str or list of str, optional
            Names of parameters, ``"beta_"`` or ``"theta_"``. Default: all.
        level : float
            Confidence level.
        method : {"profile", "wald", "t", "boot"}
            See the function ``confint``.
        **options
            ``n_sims`` and ``seed`` of the bootstrap.

        Returns
        -------
        DataFrame
            Columns ``estimate, low, high``.

        Examples
        --------
        >>> fit.confint(method="wald").round(-3).loc["(Intercept)"].tolist()
        [713000.0, 330000.0, 1097000.0]
        """
        return intervals.likelihood_intervals(self, parm, level, method, **options)

    def profile(self, parameter: str, **options) -> pd.DataFrame:
        """Trace the profile likelihood of one parameter.

        Parameters
        ----------
        parameter : str
            A name from `confint`.
        **options
            ``points`` and ``reach``; see the function ``profile``.

        Returns
        -------
        DataFrame
            Columns ``value, deviance, zeta``.

        Examples
        --------
        >>> list(fit.profile("sigma", points=3).columns)
        ['value', 'deviance', 'zeta']
        """
        return intervals.trace_profile(self, parameter, **options)

    def simulate(
        self, n_sims: int = 1, seed: Seed = None, *, newdata: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Draw new outcomes, with new group effects.

        Parameters
        ----------
        n_sims : int
            Number of data sets.
        seed : int or Generator, optional
            Makes the draws repeatable.
        newdata : DataFrame, optional
            Rows to draw for, with any groups; by default the rows of the fit.

        Returns
        -------
        DataFrame
            A row for each row of the data, a column a data set.

        Examples
        --------
        >>> fit.simulate(2, seed=1).shape
        (869, 2)
        """
        return simulations.simulate_outcomes(self, n_sims, seed, newdata)

    def tidy(self, conf_level: float = 0.95, ddf: str | None = None) -> pd.DataFrame:
        """Tabulate estimates as broom does.

        Parameters
        ----------
        conf_level : float
            Level of the intervals.
        ddf : {"satterthwaite"}, optional
            Add t tests of the fixed effects, and make their intervals Student's t intervals; for fits of
            lmer. The word is R's (lmerTest), short for the denominator's degrees of freedom, and the same as
            in ``anova(fit, ddf=…)``; ``df`` is the column that it gives.

        Returns
        -------
        DataFrame
            Columns ``term, estimate, std_error, conf_low, conf_high, group, level``; with `ddf` also
            ``statistic, df, p_value``, which are missing for everything but fixed effects.

        Raises
        ------
        TypeError
            For `ddf` with a fit of glmer.

        Notes
        -----
        Without `ddf` the intervals use normal quantiles, as if the standard errors were known. With few
        groups they aren't: with nine groups a normal interval at level 0.95 covers the mean in 91 or 92 of
        100 studies, the t interval in 95.

        Examples
        --------
        >>> fit.tidy()["term"].tolist()[:3]
        ['(Intercept)', 'sd__(Intercept)', 'sd__Observation']
        >>> fit.tidy(ddf="satterthwaite").loc[0, "df"].round(2).item()
        7.94
        """
        return tables.tidy(self, conf_level, ddf)

    def glance(self) -> pd.DataFrame:
        """Summarise the fit in one row.

        Returns
        -------
        DataFrame
            One row: ``nobs, sigma, logLik, AIC, BIC, deviance, DIC, npar, converged, singular``.

        Examples
        --------
        >>> fit.glance().loc[0, "nobs"].item()
        869
        """
        return tables.glance(self)

    def display_text(self, digits: int = 2) -> str:
        """Write the print-out of the lecture.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        str
            What `display` prints.

        Examples
        --------
        >>> fit.display_text().splitlines()[-1]
        'deviance = 25175.2'
        """
        return mixed_text(self, digits)

    def _repr_html_(self):
        return mixed_html(self)
