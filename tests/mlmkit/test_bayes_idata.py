"""A fit as ArviZ sees it: every group, and ArviZ's own functions called on it."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mlmkit import flat, load_seattle, stan_glmer, stan_lmer
from mlmkit.bayes import arviz_tree

SEATTLE = load_seattle()
SLOPES = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"
GROUPS = {
    *("posterior", "posterior_predictive", "log_likelihood", "log_prior", "sample_stats"),
    *("prior", "prior_predictive", "observed_data", "constant_data"),
}


@pytest.fixture(scope="module")
def fit():
    return stan_lmer(SLOPES, SEATTLE.head(80), draws=250, seed=1)


@pytest.fixture(scope="module")
def few():
    """Successes out of several trials, by NUTS."""
    data = SEATTLE.groupby("zipcode", observed=True)["price"].agg(
        dear=lambda price: (price > 500_000).sum(), cheap=lambda price: (price <= 500_000).sum()
    )
    formula = "cbind(dear, cheap) ~ (1 | zipcode)"
    return stan_glmer(formula, data.reset_index(), family="binomial", draws=250, seed=1, progress=False)


def test_posterior_and_rows(fit):
    tree, draws = fit.idata, fit.draws
    assert set(tree.children) == GROUPS
    assert tree["posterior"]["b_zipcode"].dims == ("chain", "draw", "zipcode", "zipcode_term")
    slope = tree["posterior"]["fixef"].sel(term="scale_sqft").to_numpy().ravel()
    np.testing.assert_array_equal(slope, draws["scale_sqft"])
    np.testing.assert_array_equal(tree["observed_data"]["price"], SEATTLE["price"].head(80))
    np.testing.assert_array_equal(tree["constant_data"]["zipcode"], SEATTLE["zipcode"].head(80).astype(str))
    np.testing.assert_array_equal(tree["constant_data"]["scale_sqft"], SEATTLE["scale_sqft"].head(80))
    assert tree["log_likelihood"]["price"].shape == (4, 250, 80)
    np.testing.assert_array_equal(tree["log_likelihood"]["price"].to_numpy().reshape(1000, 80), fit.log_lik())
    drawn = tree["posterior_predictive"]["price"].to_numpy().reshape(1000, 80)
    z = (drawn - fit.posterior_epred().to_numpy()) / draws["sigma"].to_numpy()[:, None]
    assert z.std() == pytest.approx(1, rel=0.01)  # the k-th outcome belongs to the k-th draw
    assert tree["sample_stats"].attrs["pareto_k"] == fit.diagnostics().report["pareto_k"]
    assert tree["prior"]["sigma"].mean() == pytest.approx(SEATTLE["price"].head(80).std(), rel=0.15)
    assert tree["prior_predictive"]["price"].shape == (1, 1000, 80)


def test_what_is_large_is_computed_when_looked_at(monkeypatch):
    calls = []
    monkeypatch.setattr(arviz_tree, "log_likelihood", lambda fit: calls.append(1) or np.ones((400, 80)))
    fit = stan_lmer(SLOPES, SEATTLE.head(80), draws=100, seed=1)
    values = fit.idata["log_likelihood"]["price"]
    assert fit.idata["posterior"].sizes["draw"] == 100 and "price" in repr(fit.idata)
    assert not calls
    assert values.isel(chain=0, draw=[1, 2], row=slice(3)).to_numpy().shape == (2, 3)
    assert values.to_numpy().sum() == 400 * 80
    assert len(calls) == 1


def test_a_prior_that_nothing_can_be_drawn_from_is_left_out():
    tree = stan_lmer(SLOPES, SEATTLE.head(80), draws=50, seed=1, prior=flat()).idata
    assert set(tree.children) == GROUPS - {"prior", "prior_predictive"}


def test_a_fit_to_the_prior_has_no_posterior():
    tree = stan_lmer(SLOPES, SEATTLE.head(80), draws=50, chains=2, seed=1, prior_PD=True).idata
    assert set(tree.children) == {"prior", "prior_predictive", "observed_data", "constant_data"}
    assert tree["prior_predictive"]["price"].shape == (1, 100, 80)


@pytest.mark.long(30)
def test_counts_are_whole_numbers_and_nuts_says_what_it_did(few):
    tree = few.idata
    name = "cbind(dear, cheap)"
    assert tree["observed_data"][name].dtype.kind == tree["posterior_predictive"][name].dtype.kind == "i"
    np.testing.assert_array_equal(tree["observed_data"][name], few.design.y)
    assert (tree["posterior_predictive"][name].max(["chain", "draw"]) <= few.design.trials).all()
    stats = tree["sample_stats"]
    assert {"diverging", "energy", "lp", "tree_depth", "n_steps", "step_size", "acceptance_rate"} == set(
        stats
    )
    assert stats["diverging"].shape == (4, 250)
    assert int(stats["diverging"].sum()) == few.diagnostics().report["divergences"]


CALLS = {
    "summary": {},
    "diagnose": {"show_diagnostics": False},
    "loo": {},
    "psense_summary": {"var_names": ["fixef"]},
    "plot_trace": {"var_names": ["fixef"]},
    "plot_trace_dist": {"var_names": ["fixef"]},
    "plot_rank": {"var_names": ["fixef"]},
    "plot_forest": {"var_names": ["b_zipcode"]},
    "plot_dist": {"var_names": ["sd_zipcode"]},
    "plot_pair": {"var_names": ["fixef"]},
    "plot_ess": {"var_names": ["fixef"]},
    "plot_mcse": {"var_names": ["fixef"]},
    "plot_ppc_dist": {},
    "plot_ppc_dist prior": {"group": "prior_predictive"},
    "plot_ppc_pit": {},
    "plot_ppc_interval": {},
    "plot_ppc_tstat": {},
    "plot_loo_pit": {},
    "plot_prior_posterior": {"var_names": ["fixef"]},
    "plot_psense_dist": {"var_names": ["fixef"]},
    "plot_psense_quantities": {"var_names": ["fixef"]},
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # ArviZ's own: large k, few draws
@pytest.mark.parametrize("call", CALLS)
def test_arvizs_functions_take_it(fit, call):
    import arviz

    assert getattr(arviz, call.split()[0])(fit.idata, **CALLS[call]) is not None
    plt.close("all")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["plot_energy", "plot_ppc_rootogram", "plot_loo_pit", "plot_ppc_pit"])
def test_arvizs_functions_for_counts_and_nuts(few, name):
    import arviz

    assert getattr(arviz, name)(few.idata) is not None
    plt.close("all")
