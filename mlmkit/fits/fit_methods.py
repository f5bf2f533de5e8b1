"""What one can do with a fit: predict, draw, compare, tabulate."""

from mlmkit.frame.columns import INTERCEPT
from mlmkit.inference import predict as _predict
from mlmkit.inference import residuals as _residuals
from mlmkit.inference import tables as _tables
from mlmkit.inference.printout import mixed_text


class FitMethods:
    """The methods of every fit; each calls a function of its own module.

    In the examples ``fit`` is ``lmer("price ~ (1 | zipcode)", load_seattle())``.
    """

    def predict(self, newdata=None, *, new_levels="error", random=True):
        """Predict the outcome's mean.

        Parameters
        ----------
        newdata : DataFrame, optional
            Rows to predict for. By default the rows of the fit.
        new_levels : {"error", "zero", "marginal"}
            For groups that the fit has not seen: refuse, the typical group, or an average over groups.
        random : bool
            False leaves all group effects out.

        Returns
        -------
        Series
            One prediction a row, in units of the outcome.

        Examples
        --------
        >>> fit.predict().head(1).round().tolist()
        [488663.0]
        """
        return _predict.predict(self, newdata, new_levels=new_levels, random=random)

    def predict_draws(self, newdata=None, n_sims=1000, new_levels="error", kind="mean", seed=None):
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

        Returns
        -------
        DataFrame
            A row a draw, a column a row of `newdata`.

        Examples
        --------
        >>> fit.predict_draws(n_sims=20, seed=1).shape
        (20, 869)
        """
        return _predict.predict_draws(self, newdata, n_sims, new_levels, kind, seed)

    def sim(self, n_sims=1000, seed=None):
        """Draw parameters from their approximate posterior.

        Parameters
        ----------
        n_sims : int
            Number of draws.
        seed : int or Generator, optional
            Makes the draws repeatable.

        Returns
        -------
        Simulations
            With ``fixef``, ``ranef``, ``coef`` and ``sigma``; see the function ``sim``.

        Examples
        --------
        >>> len(fit.sim(20, seed=1))
        20
        """
        from mlmkit.inference.simulations import sim

        return sim(self, n_sims, seed)

    def confint(self, level=0.95, method="profile", **options):
        """Compute confidence intervals for all parameters.

        Parameters
        ----------
        level : float
            Confidence level.
        method : {"profile", "wald", "boot"}
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
        from mlmkit.inference.intervals import confint

        return confint(self, level, method, **options)

    def profile(self, parameter, **options):
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
        from mlmkit.inference.intervals import profile

        return profile(self, parameter, **options)

    def simulate(self, n_sims=1, seed=None):
        """Draw new outcomes for the rows of the fit.

        Parameters
        ----------
        n_sims : int
            Number of data sets.
        seed : int or Generator, optional
            Makes the draws repeatable.

        Returns
        -------
        DataFrame
            A row for each row of the data, a column a data set.

        Examples
        --------
        >>> fit.simulate(2, seed=1).shape
        (869, 2)
        """
        from mlmkit.inference.simulations import simulate_outcomes

        return simulate_outcomes(self, n_sims, seed)

    def icc(self):
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
        return _tables.icc(self)

    def r2(self):
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
        return _tables.r2(self)

    def shrinkage(self, group=None, term=INTERCEPT):
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
        from mlmkit.fits.pooling import shrinkage

        return shrinkage(self, group, term)

    def tidy(self, conf_level=0.95):
        """Tabulate estimates as broom does.

        Parameters
        ----------
        conf_level : float
            Level of the intervals.

        Returns
        -------
        DataFrame
            Columns ``term, estimate, std_error, conf_low, conf_high, group, level``.

        Examples
        --------
        >>> fit.tidy()["term"].tolist()[:3]
        ['(Intercept)', 'sd__(Intercept)', 'sd__Observation']
        """
        return _tables.tidy(self, conf_level)

    def glance(self):
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
        return _tables.glance(self)

    def augment(self):
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
        return _tables.augment(self)

    def resid(self, kind="response", scaled=False):
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
        return _residuals.resid(self, kind, scaled)

    def display_text(self, digits=2):
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
