"""Bayesian negative binomial counts: against long runs of rstanarm, scipy's distribution and integrals."""

import json

import numpy as np
import pandas as pd
import pytest
from from_r import REFERENCE
from scipy import stats
from scipy.integrate import quad

from mlmkit import exponential, glmer, kfold, loo, plot_prior_posterior, stan_glm, stan_glmer
from mlmkit.bayes.draws import SIZE
from mlmkit.bayes.fewer_rows import part_of_model
from mlmkit.bayes.fit import make_fit
from mlmkit.bayes.left_out import left_out_shares
from mlmkit.bayes.new_groups import new_group_density
from mlmkit.bayes.rowwise import linear_predictors

MODELS = json.loads((REFERENCE / "rstanarm_negative_binomial.json").read_text())
FAMILY = {"family": "negative_binomial"}


def data_of(name):
    return pd.read_csv(REFERENCE / f"{name}.csv", dtype={"BROOD": str})


@pytest.fixture(scope="module")
def prior():
    """A fit without NUTS: its draws come from the prior, which is all that these tests need."""
    return stan_glmer(MODELS["epil"]["formula"], data_of("epil"), **FAMILY, prior_PD=True, draws=50, seed=2)


@pytest.fixture(scope="module")
def seen(prior):
    """The same draws as if they came from the posterior: `loo` and others refuse a fit to the prior."""
    posterior = prior.solution.posterior.pick(slice(None))
    posterior.method = "nuts"
    return make_fit(prior.solution.model, posterior, [])


def distribution(fit, rows=slice(None)):
    """Return scipy's distribution of some rows under every draw, shape (S, r)."""
    draws = fit.solution.posterior
    mean = np.exp(linear_predictors(fit.design, draws, rows)).T
    size = fit.draws[SIZE].to_numpy()[:, None]
    return stats.nbinom(size, size / (size + mean))


def as_rstanarm_weighs(fit):
    """Weigh draws by rstanarm's prior over ours.

    rstanarm 2.21 multiplies decov's tau by the size of the counts as if it were a residual standard deviation
    (count.stan: ``theta_L = scale .* tau * aux``). Ours, as documented, is the standard deviation itself.
    """
    sd, size = np.sqrt(fit.solution.posterior.covariance[0][:, 0, 0]), fit.draws[SIZE].to_numpy()
    weights = np.exp(sd - sd / size) / size
    return weights / weights.sum()


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_posterior_is_that_of_rstanarm(name):
    model = MODELS[name]
    fit = stan_glmer(model["formula"], data_of(name), **FAMILY, seed=1, draws=4_000)
    weights, figures, table = as_rstanarm_weighs(fit), model["figures"], fit.summary()
    share = 1 / (weights**2).sum() / len(weights)  # of the draws that count after weighing
    assert list(fit.draws) == [parameter for parameter in figures if parameter in fit.draws]
    for parameter, drawn in fit.draws.items():
        r, mean = figures[parameter], weights @ drawn
        error = np.hypot(r["sd"] / np.sqrt(r["n_eff"]), table.at[parameter, "mcse"] / np.sqrt(share))
        assert mean == pytest.approx(r["mean"], abs=4.5 * error), parameter
        assert np.sqrt(weights @ (drawn - mean) ** 2) == pytest.approx(r["sd"], rel=0.1), parameter
    assert loo(fit).elpd == pytest.approx(model["elpd"][0], abs=0.1 * model["elpd"][1])
    assert fit.diagnostics().ok


@pytest.mark.slow
def test_a_group_left_out_is_a_fit_without_it():
    data = data_of("epil")
    data = data[data["subject"].isin(data["subject"].unique()[:5])]
    fit = stan_glmer("y ~ (1 | subject)", data, **FAMILY, seed=1)
    found = kfold(fit, by="subject")
    assert np.isfinite(found.by_group).all()
    assert (found.by_group < 0).all()


def test_the_density_of_each_outcome_is_the_negative_binomials(prior):
    y = prior.design.y
    np.testing.assert_allclose(prior.log_lik(), distribution(prior).logpmf(y), atol=1e-8)


@pytest.mark.parametrize("name", MODELS)
def test_the_density_is_rstanarms_under_its_own_draws(name):
    """Two draws of rstanarm, with all their group effects, laid into our fit."""
    model = MODELS[name]
    fit = stan_glmer(model["formula"], data_of(name), **FAMILY, prior_PD=True, draws=1, chains=2, seed=1)
    first = pd.DataFrame(model["first"], columns=list(model["figures"])[: len(model["first"][0])])
    draws = fit.solution.posterior
    draws.beta = first[list(fit.fixef.index)].to_numpy()
    draws.sizes = first[SIZE].to_numpy()
    effects = [column for column in first if column.startswith("b[") and "_NEW_" not in column]
    assert [column in fit.draws for column in effects] == [True] * len(effects)
    draws.effects = [first[effects].to_numpy()[:, :, None]]
    np.testing.assert_allclose(fit.log_lik().to_numpy()[:, :5], model["log_lik"], atol=1e-5)


def test_new_outcomes_follow_the_distribution(prior):
    """One draw, 20,000 times: shares below the quartiles are those of scipy's distribution."""
    mean = np.exp(linear_predictors(prior.design, prior.solution.posterior)[0])
    calm = np.flatnonzero((mean > 2) & (mean < 200))
    assert len(calm) > 5
    for place in calm[:6]:
        posterior = prior.solution.posterior.pick(np.repeat(place, 20_000))
        fit = make_fit(prior.solution.model, posterior, [])
        new = data_of("epil").iloc[[0]]
        drawn = fit.posterior_predict(new, seed=1).iloc[:, 0].to_numpy()
        law = stats.nbinom(posterior.sizes[0], posterior.sizes[0] / (posterior.sizes[0] + mean[place]))
        for q in (0.25, 0.5, 0.75):
            below = law.cdf(law.ppf(q))
            error = np.sqrt(below * (1 - below) / len(drawn))
            assert (drawn <= law.ppf(q)).mean() == pytest.approx(below, abs=4.5 * error + 1e-12)


def test_the_share_below_an_outcome_is_the_distribution_function(seen):
    for places, _, below in left_out_shares(seen, seen.solution.posterior, seed=3):
        law, y = distribution(seen, places), seen.design.y[places]
        low, high = law.cdf(y - 1).T, law.cdf(y).T
        assert ((low - 1e-9 <= below) & (below <= high + 1e-9)).all()


def test_a_new_groups_density_is_the_integral(seen):
    rows = np.flatnonzero(seen.design.factors[0].codes == 0)
    new = [np.arange(len(seen.design.factors[0].levels)) == 0]
    draws = seen.solution.posterior.pick(slice(0, 6))
    found = new_group_density(seen, draws, rows, new, np.random.default_rng(1))
    for s in range(6):
        sd, size = np.sqrt(draws.covariance[0][s, 0, 0]), draws.sizes[s]
        X = np.array([array[rows] for array in map(np.asarray, seen.design.fixed.arrays[1:])])
        eta = draws.beta[s, 0] + draws.beta[s, 1:] @ X
        y = seen.design.y[rows]

        def joint(u, eta=eta, sd=sd, size=size, y=y):
            mean = np.exp(eta + sd * u)
            return np.exp(stats.nbinom.logpmf(y, size, size / (size + mean)).sum() + stats.norm.logpdf(u))

        exact = np.log(quad(joint, -9, 9, limit=200, epsabs=0, epsrel=1e-8)[0])
        assert found[s] == pytest.approx(exact, abs=0.15)


def test_its_prior_is_that_of_rstanarm():
    shown = repr(stan_glm("y ~ trt", data_of("epil"), **FAMILY, prior_PD=True, seed=1).prior_summary())
    assert "Auxiliary (reciprocal_dispersion)\n ~ exponential(rate = 1)" in shown
    assert MODELS["epil"]["aux"]["dist"] == "exponential"
    assert MODELS["epil"]["aux"]["rate"] == 1


def test_the_size_is_where_every_other_parameter_is(seen, prior):
    assert list(seen.draws).index(SIZE) == len(seen.fixef) + 59  # after the effects, before Sigma
    assert seen.size == pytest.approx(seen.draws[SIZE].median())
    assert seen.sigma is None
    assert SIZE in repr(seen)
    assert SIZE in repr(seen.summary())
    assert {"y", SIZE} <= {*seen.idata["posterior"], *seen.idata["observed_data"]}
    assert f"{SIZE} prior" in seen.idata["log_prior"]
    panels = plot_prior_posterior(seen)
    assert SIZE in [ax.get_title() for ax in panels]
    assert prior.prior_only(draws=8, seed=1).draws[SIZE].min() > 0


def test_a_model_of_fewer_rows_keeps_its_family(seen):
    keep = np.arange(seen.nobs) % 2 == 0
    assert part_of_model(seen.solution.model, keep).family.has_size


def test_a_size_elsewhere_is_told():
    with pytest.raises(AttributeError, match="only family='negative_binomial' has one"):
        stan_glm("y ~ trt", data_of("epil"), family="poisson", prior_PD=True).size  # noqa: B018
    with pytest.raises(ValueError, match="size of negative binomial counts"):
        stan_glm("y ~ trt", data_of("epil"), family="poisson", prior_aux=exponential(1))


def test_glmers_size_is_near_the_posteriors():
    model = MODELS["epil"]
    size = glmer(model["formula"], data_of("epil"), **FAMILY).size
    figures = model["figures"][SIZE]
    assert abs(size - figures["mean"]) < 2 * figures["sd"]
