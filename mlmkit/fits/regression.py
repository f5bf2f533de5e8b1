"""What a regression by least squares offers, under the names that mixed fits have."""

from functools import cached_property

import numpy as np
import pandas as pd

from mlmkit.engine.onefactor import LOG_2PI
from mlmkit.fits.estimates import Named
from mlmkit.frame.columns import INTERCEPT
from mlmkit.inference.predict import linear, new_rows
from mlmkit.inference.printout import call_text, coefficient_lines, html_table
from mlmkit.inference.varcorr import fixed_width


class LeastSquaresFit:
    """A regression by least squares, with complete pooling or with none.

    Attributes
    ----------
    kind : str
        ``"complete_pooling"`` or ``"no_pooling"``.
    fixef, se_fixef : Series
        Coefficients that all groups share, and their standard errors.
    sigma : float
        Residual standard deviation, common to all groups.
    df_residual : int
        Rows minus coefficients.
    messages : list of str
        What happened on the way, in sentences.
    """

    _scale = None

    def __init__(self, kind, model, beta, vcov, group_beta, group_vcov, rss, n_coef):
        self.kind, self._model = kind, model
        self._beta, self._vcov, self._modes, self._group_vcov = beta, vcov, group_beta, group_vcov
        self.rss, self.df_residual = rss, model.n - n_coef
        self.messages = list(model.messages)

    formula = property(lambda self: self._model.formula.text, doc="The formula as it was written.")
    nobs = property(lambda self: self._model.n, doc="Number of rows used.")

    @property
    def sigma(self):
        """Residual standard deviation; missing when there are as many coefficients as rows."""
        return float(np.sqrt(self.rss / self.df_residual)) if self.df_residual > 0 else float("nan")

    @property
    def ngrps(self):
        """Number of groups by grouping factor."""
        return Named({factor.label: len(factor.levels) for factor in self._model.factors})

    @property
    def fixef(self):
        """Coefficients that all groups share: a Series by term."""
        return pd.Series(self._beta, index=list(self._model.fixed.names), name="fixef", dtype=float)

    @property
    def se_fixef(self):
        """Standard errors of `fixef`."""
        errors = self.sigma * np.sqrt(np.diagonal(self._vcov))
        return pd.Series(errors, index=self.fixef.index, name="se_fixef", dtype=float)

    @cached_property
    def coef(self):
        """Each group's coefficients: a DataFrame, groups by terms, for each grouping factor."""
        return self._tables(self.fixef, self._modes)

    @cached_property
    def se_coef(self):
        """Standard errors of `coef`, from the common residual standard deviation."""
        own = None
        if self._modes is not None:
            own = self.sigma * np.sqrt(np.einsum("jaa->ja", self._group_vcov))
        return self._tables(self.se_fixef, own)

    def _tables(self, shared, own):
        tables = Named()
        for factor in self._model.factors:
            varying = factor.names if own is not None else []
            table = pd.DataFrame(index=factor.levels)
            for k, name in enumerate(varying):
                table[name] = own[:, k]
            for name, value in shared.items():
                table[name] = value
            tables[factor.label] = table
        return tables

    @property
    def loglik(self):
        """Log-likelihood at the maximum likelihood estimates, as R's ``logLik``."""
        return float(-0.5 * self.nobs * (1 + LOG_2PI + np.log(self.rss / self.nobs)))

    @property
    def npar(self):
        """Number of parameters: coefficients and sigma."""
        return self.nobs - self.df_residual + 1

    @property
    def aic(self):
        """Akaike's information criterion."""
        return -2 * self.loglik + 2 * self.npar

    @property
    def bic(self):
        """Bayesian information criterion."""
        return -2 * self.loglik + np.log(self.nobs) * self.npar

    @cached_property
    def fitted(self):
        """Fitted values, a Series by row."""
        return self.predict()

    @property
    def residuals(self):
        """Outcome minus fitted values, a Series by row."""
        return pd.Series(self._model.y - self.fitted.to_numpy(), index=self._model.index, name="residual")

    @property
    def r_squared(self):
        """Share of the outcome's variance that the regression explains."""
        return 1 - self.rss / float(np.sum((self._model.y - self._model.y.mean()) ** 2))

    def predict(self, newdata=None):
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
        model = self._model
        varying = self._modes is not None
        if newdata is None:
            index, fixed, groups = (
                model.index,
                model.fixed.arrays,
                [(f.codes, f.arrays) for f in model.factors],
            )
        else:
            parts = new_rows(self, newdata, "error" if varying else "zero")
            index, fixed, groups = newdata.index, parts.fixed, parts.groups
        total = linear(fixed, self._beta, len(index))
        if varying:
            codes, arrays = groups[0]
            total = total + sum(array * self._modes[codes, k] for k, array in enumerate(arrays))
        return pd.Series(total, index=index, name="prediction")

    def _all_coefficients(self):
        """List all coefficients as R's lm would name them."""
        names, est, se = list(self.fixef.index), list(self.fixef), list(self.se_fixef)
        if self._modes is not None:
            factor = self._model.factors[0]
            for term in factor.names:
                suffix = "" if term == INTERCEPT else f":{term}"
                names += [f"{factor.label}{level}{suffix}" for level in factor.levels]
                est += list(self.coef[factor.label][term])
                se += list(self.se_coef[factor.label][term])
        return pd.Series(est, index=names, dtype=float), pd.Series(se, index=names, dtype=float)

    def display_text(self, digits=2):
        """Write the print-out in the layout of ``arm::display``."""
        est, se = self._all_coefficients()
        lines = [call_text((self.kind, f"formula = {self.formula}", f"data = {self._model.data_name}"))]
        lines += coefficient_lines(est, se, digits)
        lines += ["---", f"n = {self.nobs}, k = {self.nobs - self.df_residual}"]
        lines.append(f"residual sd = {self.sigma:.{digits}f}, R-Squared = {self.r_squared:.2f}")
        return "\n".join(line.rstrip() for line in lines)

    def __repr__(self):
        return "\n".join([self.display_text(), *(f"* {message}" for message in self.messages)])

    def _repr_html_(self):
        est, se = self._all_coefficients()
        rows = zip(est.index, fixed_width(est, 2), fixed_width(se, 2), strict=True)
        table = html_table(["term", "estimate", "standard error"], rows, self.kind.replace("_", " "))
        note = f"{self.nobs} observations, residual standard deviation {self.sigma:.2f}."
        return f"<div>{table}<p>{note}</p></div>"
