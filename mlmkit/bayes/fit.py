"""What a Bayesian fit offers: the language of every fit, and what only draws can tell."""

from functools import cached_property

import numpy as np
import pandas as pd

from mlmkit.bayes import predictive, print_stan, summaries
from mlmkit.bayes.diagnostics import diagnose, few_groups, strained
from mlmkit.bayes.drawn_solution import DrawnSolution
from mlmkit.bayes.draws import draws_table, mad_sd
from mlmkit.bayes.from_prior import draw_from_prior
from mlmkit.bayes.options import check_seed, count
from mlmkit.bayes.rowwise import mean_ppd, too_large
from mlmkit.bayes.separating import separation
from mlmkit.fits.estimates import Estimates
from mlmkit.fits.mixed import MixedEstimates
from mlmkit.inference.ask import Absent
from mlmkit.inference.predict import predict_draws
from mlmkit.inference.printout import called
from mlmkit.inference.satterthwaite import small_sample
from mlmkit.inference.simulations import Simulations, check_theta


class BayesianFit(Estimates):
    """A Bayesian fit by `stan_lmer`, `stan_glmer` or `stan_glm`. All numbers are in the units of the data.

    Point estimates are rstanarm's: medians of the draws for fixed and group effects, with MAD_SD (the
    scaled median absolute deviation) as their standard error; the posterior mean for covariances.

    Parameters
    ----------
    model : BayesModel
        Formula, data, priors.
    posterior : PosteriorDraws
        The draws.
    messages : list of str
        What happened on the way.
    """

    kind = "Bayesian fit"
    loglik, aic, bic, dic, deviance, criterion, npar = (
        Absent("compare Bayesian fits by their expected predictions: loo(fit), compare(one=fit1, two=fit2).")
        for _ in range(7)
    )
    theta = Absent("its covariances are in varcorr, and their draws in draws.")
    confint = Absent("fit.posterior_interval() has intervals with a stated probability.")
    profile = Absent("plot its draws, or use fit.posterior_interval().")
    simulate = Absent("fit.posterior_predict() draws new outcomes.")
    refit = Absent(
        "call stan_glmer again with the new outcome. Its draws carry the uncertainty already: they need no "
        "bootstrap."
    )

    def __init__(self, model, posterior, messages):
        super().__init__(DrawnSolution(model, posterior))
        self._said = messages

    @property
    def family(self):
        """The outcome's family: ``"gaussian"``, ``"binomial"``, ``"poisson"`` or ``"negative_binomial"``."""
        return self.solution.model.family.name

    @property
    def method(self):
        """How the draws were made: ``"exact"``, ``"nuts"``, or ``"prior"`` for draws that saw no data."""
        return self.solution.posterior.method

    @property
    def call(self):
        """The call as R would show it: function and arguments."""
        extra = [] if self.family == "gaussian" else [f"family = {self.family}"]
        return called(self.solution.model.function, self, *extra)

    @cached_property
    def draws(self):
        """The draws: a row a draw, a column a parameter, named as rstanarm names them."""
        return draws_table(self.solution.posterior, self.design, self.solution.model.sigma_known)

    @cached_property
    def priors(self):
        """The priors in numbers, as used; `prior_summary` prints them."""
        return self.solution.model.priors

    # Draws and predictions ---------------------------------------------------------------------

    def sim(self, n_sims=None, seed=None, theta="drawn"):
        """Give draws of fixef, ranef, coef and sigma: all of them, or ``n_sims`` chosen at random.

        Parameters
        ----------
        n_sims : int, optional
            How many. Default: all, in the order of ``draws``.
        seed : int or Generator, optional
            Makes the choice repeatable.
        theta : {"held", "drawn"}
            For `lmer`'s fits. Draws of a Bayesian fit always have covariances of their own.

        Returns
        -------
        Simulations
            As `sim` gives them for other fits. With ``covariance``: the draws of the group covariances.
        """
        check_theta(theta)
        size = self.solution.posterior.size
        if n_sims is None or n_sims == size:
            chosen = self.solution.posterior
        else:
            n_sims, rng = count("n_sims", n_sims), np.random.default_rng(check_seed(seed))
            chosen = self.solution.posterior.pick(rng.choice(size, n_sims, replace=n_sims > size))
        sims = Simulations(self, chosen.beta, chosen.effects, chosen.sigma)
        sims.covariance, sims.sizes = chosen.covariance, chosen.sizes
        return sims

    def predict_draws(
        self, newdata=None, n_sims=None, new_levels="error", kind="mean", seed=None, theta="drawn"
    ):
        """Draw predictions, a row a draw and a column a row of ``newdata``; by default one for every draw.

        The arguments are those of ``lmer``'s fits. For new groups ``new_levels="marginal"`` draws an
        effect from the distribution of groups, whose covariance is uncertain too: every draw has its own.
        """
        n_sims = self.solution.posterior.size if n_sims is None else count("draws", n_sims)
        seed = check_seed(seed)
        check_theta(theta)
        problem = too_large(self, self.nobs if newdata is None else len(newdata), n_sims)
        if problem:
            raise ValueError(problem)
        return predict_draws(self, newdata, n_sims, new_levels, kind, seed)

    def posterior_predict(self, newdata=None, draws=None, *, new_levels="marginal", seed=None):
        """Draw new outcomes, as rstanarm's ``posterior_predict``: new groups get an effect of their own.

        Parameters
        ----------
        newdata : DataFrame, optional
            Rows to predict for. By default the rows of the fit.
        draws : int, optional
            How many. Default: as many as the fit has.
        new_levels : {"marginal", "zero", "error"}
            What to do with groups that the fit has not seen; see ``predict_draws``.
        seed : int, optional
            Makes the draws repeatable.

        Returns
        -------
        DataFrame
            A row a draw, a column a row of ``newdata``. Binomial outcomes are shares of successes; for
            ``cbind(successes, failures)`` the numbers of trials are those of ``newdata``, or 1 where it
            doesn't have these columns.
        """
        return self.predict_draws(newdata, draws, new_levels, "outcome", seed)

    def posterior_epred(self, newdata=None, draws=None, *, new_levels="marginal", seed=None):
        """Draw the outcome's mean for each row, without the residual; arguments as ``posterior_predict``."""
        return self.predict_draws(newdata, draws, new_levels, "mean", seed)

    def posterior_linpred(self, newdata=None, draws=None, *, new_levels="marginal", seed=None):
        """Draw the linear predictor (log odds, log rates) by row; arguments as ``posterior_predict``."""
        return self.predict_draws(newdata, draws, new_levels, "link", seed)

    def predictive_interval(self, prob=0.9, newdata=None, draws=None, *, new_levels="marginal", seed=None):
        """Compute central intervals that hold a new outcome with probability ``prob``.

        Parameters
        ----------
        prob : float
            Between 0 and 1.
        newdata, draws, new_levels, seed
            See ``posterior_predict``.

        Returns
        -------
        DataFrame
            A row a row of ``newdata``; columns such as ``5%`` and ``95%``.
        """
        options = {"newdata": newdata, "draws": draws, "new_levels": new_levels, "seed": seed}
        return predictive.predictive_interval(self, prob, **options)

    def log_lik(self):
        """Tabulate the log density of every outcome under every draw: a row a draw, a column a row.

        All parameters and group effects are given, as in rstanarm. `loo` integrates the group effects out.
        """
        return predictive.log_lik(self)

    def bayes_R2(self):
        """Draw the share of the outcome's variance that the model explains, with its group effects.

        Returns
        -------
        Series
            A number a draw: variance of the rows' means, over itself plus the residual variance (binomial:
            the mean variance of the outcomes). A. Gelman, B. Goodrich, J. Gabry and A. Vehtari (2019),
            "R-squared for Bayesian regression models", The American Statistician 73, 307-309.
        """
        return predictive.bayes_R2(self)

    # Point estimates ---------------------------------------------------------------------------

    @cached_property
    def se_fixef(self):
        """MAD_SD of the fixed effects: a Series by term."""
        return self._series(mad_sd(self.solution.posterior.beta), "se_fixef")

    @property
    def sigma(self):
        """Median of the residual standard deviation; None where there is none, or where it is known."""
        return float(np.median(self.solution.posterior.sigma)) if self.solution.model.has_sigma else None

    @property
    def size(self):
        """Median of the size of negative binomial counts: their variance is ``mean + mean**2 / size``.

        rstanarm's ``reciprocal_dispersion``, and its name in ``draws``.
        """
        if self.solution.size is None:
            raise AttributeError(f"A {self.kind} has no size: only family='negative_binomial' has one.")
        return self.solution.size

    # Summaries ---------------------------------------------------------------------------------

    @cached_property
    def mean_ppd(self):
        """Draws of the mean of a replicated outcome (rstanarm's mean_PPD): a Series."""
        return pd.Series(mean_ppd(self), name="mean_PPD")

    def summary(self, probs=(0.025, 0.5, 0.975)):
        """Summarise the draws: mean, sd, quantiles, and how far each figure can be trusted.

        Parameters
        ----------
        probs : tuple of float
            Which quantiles.

        Returns
        -------
        DataFrame
            A row a parameter (and ``mean_PPD``); columns ``mean, sd, 2.5%, …, mcse, Rhat, n_eff``. It prints
            in the layout of rstanarm, without its row ``log-posterior``: that number depends on how a
            sampler writes the parameters and which constants it drops, so it says nothing by itself.
        """
        return summaries.summary(self, probs)

    def posterior_interval(self, prob=0.9, pars=None):
        """Compute central intervals that hold a parameter with probability ``prob``.

        Parameters
        ----------
        prob : float
            Between 0 and 1.
        pars : str or list of str, optional
            Names of columns of ``draws``. Default: all.

        Returns
        -------
        DataFrame
            A row a parameter; columns such as ``5%`` and ``95%``.
        """
        return summaries.posterior_interval(self, prob, pars)

    def diagnostics(self):
        """Say in words, and in a table, whether the draws can be trusted; see ``Diagnostics``."""
        return diagnose(self)

    def prior_summary(self):
        """Show the priors that were used, as rstanarm prints them."""
        return print_stan.PriorSummary(self)

    def prior_only(self, draws=4000, seed=None):
        """Return the same model with draws from its prior, which ``posterior_predict`` then uses.

        Parameters
        ----------
        draws : int
            How many.
        seed : int, optional
            Makes the draws repeatable.

        Returns
        -------
        StanFit
            With ``method == "prior"``.
        """
        return prior_fit(self.solution.model, draws, seed)

    @cached_property
    def idata(self):
        """The fit for ArviZ: a DataTree with posterior, prior, their predictions, log likelihood and data."""
        from mlmkit.bayes.arviz_tree import to_datatree

        return to_datatree(self)

    def to_pymc(self, form="auto"):
        """Build the PyMC model with the same data and priors, whichever method drew.

        Parameters
        ----------
        form : {"auto", "centred", "mixed", "noncentred"}
            How group effects are written; see ``pymc_model``.

        Returns
        -------
        pymc.Model
            Sample it with ``pm.sample``, look at it with ``pm.model_to_graphviz``.
        """
        from mlmkit.bayes.pymc_model import pymc_model

        return pymc_model(self.solution.model, form)

    @property
    def converged(self):
        """True if the draws can be trusted: see `diagnostics`."""
        return self.diagnostics().ok

    @property
    def is_singular(self):
        """False: with these priors no draw of a group covariance is singular."""
        return False

    @cached_property
    def messages(self):
        """What happened and what it means, in sentences."""
        found = [*few_groups(self), *strained(self), *separation(self.solution.model)]
        return [*self.design.messages, *self._said, *found]

    def tidy(self, conf_level=0.95, ddf=None):
        """Tabulate medians and MAD_SDs with central intervals, in broom's columns; ``ddf`` is for lmer."""
        if ddf is not None:
            small_sample(self, "tidy(ddf=…)")
        return summaries.tidy(self, conf_level)

    def glance(self):
        """Summarise the fit in one row: rows, sigma, number of draws, method."""
        row = {
            "nobs": self.nobs,
            "sigma": self.sigma,
            "draws": self.solution.posterior.size,
            "method": self.method,
        }
        return pd.DataFrame([row])

    def display_text(self, digits=None):
        """Write the print-out in rstanarm's layout."""
        return print_stan.print_text(self, digits)

    def __repr__(self):
        return print_stan.print_text(self)

    def _repr_html_(self):
        return print_stan.fit_html(self)


class StanFit(BayesianFit, MixedEstimates):
    """A Bayesian fit with group effects, by `stan_lmer` or `stan_glmer`."""

    @cached_property
    def se_ranef(self):
        """MAD_SD of the group effects: a DataFrame, groups by terms, for each grouping factor."""
        return self._by_group([mad_sd(effects) for effects in self.solution.posterior.effects])

    @cached_property
    def se_coef(self):
        """MAD_SD of each group's coefficients, from the draws of fixed plus group effect."""
        sums = self.sim(None).coef
        tables = type(self.coef)()
        for label, table in self.coef.items():
            columns = {name: pd.Series(mad_sd(sums[label][name].to_numpy()), table.index) for name in table}
            tables[label] = pd.DataFrame(columns)
        return tables


def make_fit(model, posterior, messages):
    """Wrap draws into the class that suits the model: with group effects or without."""
    return (StanFit if model.design.factors else BayesianFit)(model, posterior, messages)


def prior_fit(model, draws, seed=None):
    """Return a "fit" whose draws come from the prior of a model; see ``prior_PD`` of `stan_glmer`."""
    drawn = draw_from_prior(model, count("draws", draws), check_seed(seed))
    return make_fit(model, drawn, ["These draws come from the prior, not from data."])
