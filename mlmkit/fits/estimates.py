"""What every fit offers, under R's names."""

from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from mlmkit.frame.design import Design
from mlmkit.inference.ask import Absent
from mlmkit.inference.named import Named
from mlmkit.inference.predict import predict
from mlmkit.inference.residuals import resid
from mlmkit.inference.tables import augment


@lru_cache(maxsize=256)
def index_of(names):
    """Make an index of names; pandas takes longer for that than a small fit may."""
    return pd.Index(list(names))


class Estimates:
    """What every fit has, whichever way it was made.

    Parameters
    ----------
    solution : Solution
        What was found, as arrays: the one thing that functions of a fit look into.

    Notes
    -----
    What other fits have and this kind can't have is an `Absent` in its class, with a sentence on what to use
    instead. In the examples ``fit`` is ``lmer("price ~ (1 | zipcode)", load_seattle())``.
    """

    kind = "fit"
    # What only Bayesian fits have, and what only likelihood fits have; they define them.
    (draws, diagnostics, idata, mean_ppd, posterior_epred, posterior_interval, posterior_predict) = (
        Absent("only a Bayesian fit has it. Fit the model with stan_glmer.") for _ in range(7)
    )
    (method, prior_only, prior_summary, priors, summary, to_pymc) = (
        Absent("only a Bayesian fit has it. Fit the model with stan_glmer.") for _ in range(6)
    )
    (bayes_R2, log_lik, posterior_linpred, predictive_interval) = (
        Absent("only a Bayesian fit has it. Fit the model with stan_glmer.") for _ in range(4)
    )
    (reml, refit_ml) = (Absent("only a fit by lmer knows REML and ML.") for _ in range(2))
    nAGQ = Absent("only a fit by glmer has quadrature nodes.")
    size = Absent("only a fit with family='negative_binomial' has one.")
    (statsmodels, r_squared, df_residual, pooling) = (
        Absent("only complete_pooling and no_pooling have it.") for _ in range(4)
    )

    def __init__(self, solution):
        self.solution = solution

    @property
    def design(self) -> Design:
        """Formula and data, as columns: outcome, fixed effects, grouping factors.

        Examples
        --------
        >>> fit.design.n, fit.design.fixed.names
        (869, ['(Intercept)'])
        """
        return self.solution.design

    def _series(self, values, name):
        index = index_of(tuple(self.design.fixed.names))
        return pd.Series(np.asarray(values, dtype=float), index=index, name=name)

    @property
    def formula(self) -> str:
        """The formula as it was written.

        Examples
        --------
        >>> fit.formula
        'price ~ (1 | zipcode)'
        """
        return self.design.formula.text

    @property
    def nobs(self) -> int:
        """Number of rows used.

        Examples
        --------
        >>> fit.nobs
        869
        """
        return self.design.n

    @cached_property
    def ngrps(self) -> dict[str, int]:
        """Number of groups by grouping factor.

        Examples
        --------
        >>> fit.ngrps
        {'zipcode': 9}
        """
        return Named({factor.label: len(factor.levels) for factor in self.design.factors})

    @cached_property
    def fixef(self) -> pd.Series:
        """Fixed effects: a Series by term.

        Examples
        --------
        >>> fit.fixef.round(2).to_dict()
        {'(Intercept)': 713204.24}
        """
        return self._series(self.solution.beta, "fixef")

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the fixed effects.

        Examples
        --------
        >>> fit.vcov.shape
        (1, 1)
        """
        names = list(self.design.fixed.names)
        return pd.DataFrame(self.solution.vcov, index=names, columns=names)

    @cached_property
    def se_fixef(self) -> pd.Series:
        """Standard errors of the fixed effects: a Series by term.

        Examples
        --------
        >>> fit.se_fixef.round(2).to_dict()
        {'(Intercept)': 195580.93}
        """
        return self._series(np.sqrt(np.diagonal(self.solution.vcov)), "se_fixef")

    def predict(
        self,
        newdata: pd.DataFrame | None = None,
        *,
        new_levels: str = "error",
        random: bool = True,
        re_form: str | None = None,
        scale: str = "response",
    ) -> pd.Series:
        """Predict the outcome's mean.

        Parameters
        ----------
        newdata : DataFrame, optional
            Rows to predict for. By default the rows of the fit.
        new_levels : {"error", "zero", "marginal"}
            For groups that the fit has not seen: refuse, the typical group, or an average over groups.
        random : bool
            False leaves all group effects out; then `newdata` needs no groups.
        re_form : str, optional
            Which group effects are used, such as ``"~ (1 | school)"``; all by default.
        scale : {"response", "link"}
            Units of the outcome, or the linear predictor. R's default for `glmer` is the link.

        Returns
        -------
        Series
            One prediction a row.

        Examples
        --------
        >>> fit.predict().head(1).round().tolist()
        [488663.0]
        """
        return predict(self, newdata, new_levels=new_levels, random=random, re_form=re_form, scale=scale)

    @cached_property
    def fitted(self) -> pd.Series:
        """Fitted values, a Series by row.

        Examples
        --------
        >>> fit.fitted.head(1).round().tolist()
        [488663.0]
        """
        return self.predict()

    @cached_property
    def residuals(self) -> pd.Series:
        """Outcome minus fitted values, a Series by row.

        Examples
        --------
        >>> fit.residuals.head(1).round().tolist()
        [861337.0]
        """
        return resid(self).rename("residual")

    def resid(self, kind: str = "response", scaled: bool = False) -> pd.Series:
        """Compute residuals of the kind that R calls "response", "pearson" or "deviance".

        Parameters
        ----------
        kind : {"response", "pearson", "deviance"}
            See `residuals.resid`.
        scaled : bool
            Divide by sigma too.

        Returns
        -------
        Series
            One residual a row.

        Examples
        --------
        >>> fit.resid("pearson", scaled=True).std().round(2).item()
        1.0
        """
        return resid(self, kind, scaled)

    def augment(self) -> pd.DataFrame:
        """Return the rows with fitted values and residuals.

        Returns
        -------
        DataFrame
            A row for each row of the fit, with ``fitted``, ``residual`` and ``fixed``.

        Examples
        --------
        >>> list(fit.augment().columns)
        ['price', 'zipcode', 'fitted', 'residual', 'fixed']
        """
        return augment(self)

    def __repr__(self):
        return "\n".join([self.display_text(), *(f"* {message}" for message in self.messages)])
