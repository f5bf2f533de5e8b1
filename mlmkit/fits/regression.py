"""Regressions without random effects: statsmodels' results, under the names that mixed fits have."""

import warnings
from collections.abc import Iterable
from functools import cached_property

import numpy as np
import pandas as pd

from mlmkit.engine.families import FAMILIES
from mlmkit.fits.estimates import Estimates
from mlmkit.inference.ask import Absent
from mlmkit.inference.intervals import check_level, chosen_names
from mlmkit.inference.named import Named
from mlmkit.inference.predict import predict
from mlmkit.inference.printout import call_text, called, coefficient_lines, html_table
from mlmkit.inference.solution import Solution
from mlmkit.inference.varcorr import fixed_width

EDGE = 1e-7  # a fitted probability this near 0 or 1, or a rate this near 0: the estimates run away


def regress(y, X, *, family="gaussian", trials=None, offset=None):
    """Fit a regression by statsmodels.

    Parameters
    ----------
    y : ndarray, shape (n,)
        The outcome; binomial: counts of successes.
    X : DataFrame, shape (n, k)
        The columns, none a combination of others.
    family : {"gaussian", "binomial", "poisson"}
        Least squares, or a generalised linear model with the logit or the log link.
    trials, offset : ndarray of shape (n,), optional
        Numbers of trials; a known part of the linear predictor.

    Returns
    -------
    results : statsmodels RegressionResults or GLMResults
        The fit.
    messages : list of str
        What statsmodels warned of, in a sentence.
    """
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.regression.linear_model import OLS

    if family == "gaussian":
        return OLS(y if offset is None else y - offset, X).fit(method="qr"), []
    if family == "binomial":
        y, distribution = np.column_stack([y, trials - y]), families.Binomial()
    else:
        distribution = families.Poisson()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = GLM(y, X, family=distribution, offset=offset).fit(maxiter=100)
    mean = np.asarray(results.fittedvalues)
    at_the_edge = (mean < EDGE) | ((mean > 1 - EDGE) & (family == "binomial"))
    if not caught and results.converged and not at_the_edge.any():
        return results, []
    return results, [
        "The regression has no finite estimates for some coefficients: a predictor, or a group, tells the "
        "outcomes apart without error. Their numbers show where the search stopped. glmer estimates such "
        "groups together with the others."
    ]


class RegressionSolution(Solution):
    """What a regression found. Its "group effects" are the groups' own coefficients, or zeros."""

    def __init__(self, design, results, family, n_shared, own):
        self.design, self.results = design, results
        self.family = FAMILIES.get(family)  # None for least squares, as in the other solutions
        self.beta = np.asarray(results.params)[:n_shared]
        self.vcov = np.asarray(results.cov_params())[:n_shared, :n_shared]
        sizes = [(len(factor.levels), len(factor.names)) for factor in design.factors]
        self.modes = [np.zeros(size) for size in sizes] if own is None else [own]
        self.lambdas = [np.zeros((q, q)) for _, q in sizes]
        gaussian, rest = family == "gaussian", results.df_resid
        self.scale = (float(np.sqrt(results.ssr / rest)) if rest > 0 else np.nan) if gaussian else None

    @property
    def outcome(self):
        """The outcome as fitted values show it, shape (n,); binomial outcomes are shares of successes."""
        binomial = self.family is not None and self.family.name == "binomial"
        return self.design.y / self.design.trials if binomial else self.design.y

    def inverse_link(self, eta):
        """Turn the linear predictor into the outcome's mean."""
        return eta if self.family is None else self.family.inverse_link(eta)


class RegressionFit(Estimates):
    """A regression with complete pooling or with none. ``fit.statsmodels`` is the fit inside.

    Attributes
    ----------
    statsmodels : RegressionResults or GLMResults
        statsmodels' own result: its summary, tests, influence and all else.
    pooling : str
        ``"complete_pooling"`` or ``"no_pooling"``.
    messages : list of str
        What happened on the way, in sentences.
    """

    kind = "regression"
    ranef, se_ranef, varcorr, theta, is_singular, icc, r2, shrinkage = (
        Absent("it has no random effects. Fit the model with lmer.") for _ in range(8)
    )
    tidy, glance = (Absent("fit.statsmodels.summary() has the table.") for _ in range(2))
    criterion = Absent("loglik is its log-likelihood.")
    dic = Absent("aic and bic are there.")
    profile = Absent("confint(fit) has the intervals.")
    refit = Absent("call complete_pooling or no_pooling again with the new outcome.")
    simulate = Absent("simulate_data draws outcomes from stated parameters.")
    sim = Absent("confint(fit) has the intervals; sim works on fits of lmer and glmer.")
    predict_draws = Absent("fit.statsmodels.get_prediction() has intervals of predictions.")

    def __init__(self, pooling, solution, messages, own_errors=None):
        super().__init__(solution)
        self.pooling, self.statsmodels, self.messages = pooling, solution.results, messages
        self._own_errors = own_errors

    @property
    def family(self) -> str:
        """Name of the outcome's distribution."""
        return "gaussian" if self.solution.family is None else self.solution.family.name

    @property
    def call(self) -> tuple[str, ...]:
        """The call as R would show it: function and arguments."""
        extra = [] if self.family == "gaussian" else [f"family = {self.family}"]
        return called(self.pooling, self, *extra)

    @property
    def sigma(self) -> float:
        """Residual standard deviation, missing when there are as many coefficients as rows; 1 without one."""
        return 1.0 if self.solution.scale is None else self.solution.scale

    @property
    def df_residual(self):
        """Rows minus coefficients."""
        return int(self.statsmodels.df_resid)

    @cached_property
    def coef(self) -> dict[str, pd.DataFrame]:
        """Each group's coefficients: a DataFrame, groups by terms, for each grouping factor."""
        return self._by_group(self.fixef, self.solution.modes[0] if self._own_errors is not None else None)

    @cached_property
    def se_coef(self) -> dict[str, pd.DataFrame]:
        """Standard errors of `coef`, from the common residual standard deviation."""
        return self._by_group(self.se_fixef, self._own_errors)

    def _by_group(self, shared, own):
        tables = Named()
        for factor in self.design.factors:
            table = pd.DataFrame(index=factor.levels)
            for k, name in enumerate(factor.names if own is not None else []):
                table[name] = own[:, k]
            for name, value in shared.items():
                table[name] = value
            tables[factor.label] = table
        return tables

    @property
    def loglik(self) -> float:
        """Log-likelihood at the maximum likelihood estimates, as R's ``logLik``."""
        return float(self.statsmodels.llf)

    @property
    def deviance(self) -> float:
        """Residual sum of squares, or the deviance of a generalised model, as R's ``deviance``."""
        return float(self.statsmodels.ssr if self.family == "gaussian" else self.statsmodels.deviance)

    @property
    def npar(self) -> int:
        """Number of parameters: coefficients, and sigma where there is one (R counts it)."""
        return self.nobs - self.df_residual + (self.family == "gaussian")

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return -2 * self.loglik + 2 * self.npar

    @property
    def bic(self) -> float:
        """Bayesian information criterion."""
        return -2 * self.loglik + np.log(self.nobs) * self.npar

    @property
    def converged(self) -> bool:
        """True: least squares has one solution. For a generalised model, what statsmodels says."""
        return bool(getattr(self.statsmodels, "converged", True))

    @property
    def r_squared(self):
        """Share of the outcome's variance that the regression explains; missing for other families."""
        if self.family != "gaussian":
            return np.nan
        return 1 - self.statsmodels.ssr / float(np.sum((self.design.y - self.design.y.mean()) ** 2))

    def predict(self, newdata: pd.DataFrame | None = None) -> pd.Series:  # type: ignore[override]
        """Predict the outcome's mean.

        Parameters
        ----------
        newdata : DataFrame, optional
            Rows to predict for; by default the rows of the fit.

        Returns
        -------
        Series
            One prediction a row. Without pooling a group that the fit has not seen is an error.
        """
        return predict(self, newdata, new_levels="zero" if self.pooling == "complete_pooling" else "error")

    def confint(
        self, parm: str | Iterable[str] | None = None, level: float = 0.95, method: str = "wald"
    ) -> pd.DataFrame:
        """Compute confidence intervals for all coefficients, or for those that are named.

        Parameters
        ----------
        parm : str or list of str, optional
            Names of coefficients. Default: all.
        level : float
            Confidence level.
        method : {"wald"}
            Estimate plus or minus a quantile times the standard error: of Student's t in least squares,
            normal otherwise.

        Returns
        -------
        DataFrame
            Columns ``estimate, low, high``, a row a coefficient.
        """
        check_level(level)
        if method != "wald":
            raise ValueError(
                f"method is {method!r}. A regression has the intervals 'wald' only; in least squares they "
                "are Student's t intervals."
            )
        found = self.statsmodels
        limits = np.asarray(found.conf_int(1 - level))
        table = {"estimate": np.asarray(found.params), "low": limits[:, 0], "high": limits[:, 1]}
        names = list(self._all_coefficients()[0].index)
        return pd.DataFrame(table, index=names).loc[chosen_names(parm, names, names)]

    def _all_coefficients(self):
        """List all coefficients and their errors, named as R's lm would name them."""
        found = self.statsmodels
        names = list(found.model.exog_names)
        return pd.Series(np.asarray(found.params), names), pd.Series(np.asarray(found.bse), names)

    def display_text(self, digits: int = 2) -> str:
        """Write the print-out in the layout of ``arm::display``."""
        est, se = self._all_coefficients()
        lines = [call_text(self.call), *coefficient_lines(est, se, digits), "---"]
        size = f"n = {self.nobs}, k = {self.nobs - self.df_residual}"
        if self.family == "gaussian":
            lines += [size, f"residual sd = {self.sigma:.{digits}f}, R-Squared = {self.r_squared:.2f}"]
        else:
            null, rest = self.statsmodels.null_deviance, self.deviance
            lines += [f"  {size}", f"  residual deviance = {rest:.1f}, null deviance = {null:.1f} "]
            lines[-1] += f"(difference = {null - rest:.1f})"
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self):
        est, se = self._all_coefficients()
        rows = zip(est.index, fixed_width(est, 2), fixed_width(se, 2), strict=True)
        table = html_table(["term", "estimate", "standard error"], rows, self.pooling.replace("_", " "))
        sd = f", residual standard deviation {self.sigma:.2f}" if self.family == "gaussian" else ""
        return f"<div>{table}<p>{self.nobs} observations{sd}.</p></div>"
