"""Whole groups left out: against sums over grids and numerical integration, no draws involved."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evidence import binomial_evidence, gaussian_evidence, small_data
from scipy.integrate import dblquad, quad
from scipy.stats import binom, multivariate_normal, norm, poisson

from mlmkit import compare, kfold, load_seattle, loo, normal, stan_glmer, stan_lmer
from mlmkit.bayes.bridge import LARGE, bridge
from mlmkit.bayes.fewer_rows import fit_without, part_of_model
from mlmkit.bayes.new_groups import new_group_density

SEATTLE = load_seattle()
SIZE = "price ~ scale_sqft + (1 | zipcode)"


@pytest.fixture(scope="module")
def small():
    data = small_data()
    return data, stan_lmer("y ~ x + (1 | g)", data, seed=1)


# ------------------------------------------------------------------ the whole figure


def test_each_groups_figure_is_the_integral_over_everything(small):
    data, fit = small
    rows, codes = np.arange(24), pd.factorize(data["g"])[0]
    whole = gaussian_evidence(fit, data, rows)
    exact = np.array([whole - gaussian_evidence(fit, data, rows[codes != j]) for j in range(6)])
    found = kfold(fit, by="g")
    np.testing.assert_allclose(found.by_group, exact, atol=0.15)
    assert found.elpd == pytest.approx(exact.sum(), abs=4 * found.mcse)
    assert found.mcse < 0.2
    assert found.se == pytest.approx(np.sqrt(6) * np.std(found.by_group, ddof=1))
    assert list(found.by_group.index) == list("abcdef")
    assert found.by_row is None
    assert "how well a new g is predicted" in found.messages[0]
    assert "6 groups only" in found.messages[1]


def test_two_groups_at_a_time(small):
    """Each group of a part as a whole, given the groups outside of the part."""
    data, fit = small
    found = kfold(fit, by="g", k=3, seed=2)
    codes = pd.factorize(data["g"])[0]
    fold_of = np.random.default_rng(2).permutation(np.arange(6) % 3)
    for j in range(6):
        known = fold_of[codes] != fold_of[j]
        exact = gaussian_evidence(fit, data, np.flatnonzero(known | (codes == j)))
        exact -= gaussian_evidence(fit, data, np.flatnonzero(known))
        assert found.by_group.iloc[j] == pytest.approx(exact, abs=0.2)
    sums = pd.Series(found.by_group.to_numpy()).groupby(fold_of).sum()
    np.testing.assert_allclose(found.by_fold, sums)


def test_rows_in_parts_say_what_loo_says(small):
    _, fit = small
    found, rows = kfold(fit, k=24), loo(fit)
    np.testing.assert_allclose(found.by_row, rows.by_row, atol=0.25)
    assert found.by_group is None
    assert "new rows of known groups" in found.messages[0]


def test_a_group_that_surprises_is_no_guess():
    """98039 moves sigma by ten of its standard deviations: posteriors between are drawn until it fits."""
    fit = stan_lmer(SIZE, SEATTLE, seed=1)
    found = kfold(fit, by="zipcode")
    again = kfold(stan_lmer(SIZE, SEATTLE, seed=7), by="zipcode", seed=7)
    assert not found.guesses and found.mcse < 1
    assert found.by_group["98039"] == pytest.approx(again.by_group["98039"], abs=2.5)
    assert found.elpd == pytest.approx(again.elpd, abs=4 * np.hypot(found.mcse, again.mcse))


@pytest.mark.long(60)
def test_binomial_groups():
    successes, trials = np.array([3, 9, 5, 14, 1]), np.array([15, 15, 12, 16, 14])
    data = pd.DataFrame({"g": list("abcde"), "good": successes, "bad": trials - successes})
    fit = stan_glmer("cbind(good, bad) ~ (1 | g)", data, family="binomial", seed=1, progress=False)
    whole = binomial_evidence(successes, trials)
    exact = [whole - binomial_evidence(np.delete(successes, j), np.delete(trials, j)) for j in range(5)]
    found = kfold(fit, by="g")
    np.testing.assert_allclose(found.by_group, exact, atol=0.15)
    in_parts = kfold(fit, by="g", k=4)
    assert in_parts.elpd == pytest.approx(np.sum(exact), abs=1)
    bad = loo(fit, refit=True)  # each row is a group of its own
    assert bad.elpd == pytest.approx(np.sum(exact), abs=0.6)
    assert bad.refitted and not bad.guesses
    told = loo(fit)
    assert told.guesses and "loo(fit, refit=True)" in repr(told)


# ------------------------------------------------------------------ its parts


def prior_draws(formula, data, family="gaussian", size=4):
    fit = stan_glmer(
        formula, data, family=family, prior_PD=True, draws=size, chains=1, seed=3,
        prior_intercept=normal(0, 1), prior=normal(0, 1),
    )  # fmt: skip
    return fit, fit.solution.posterior


def test_a_new_group_among_known_ones_of_another_factor():
    data = SEATTLE.head(60).assign(home=np.tile(list("stuv"), 15), price=lambda d: d["price"] / 1e6)
    fit, draws = prior_draws("price ~ (1 + scale_sqft | zipcode) + (1 | home)", data)
    zipcode, home = (next(f for f in fit.design.factors if f.label == name) for name in ("zipcode", "home"))
    rows = np.flatnonzero(zipcode.codes == 0)
    new = [(np.arange(len(f.levels)) == 0) & (f is zipcode) for f in fit.design.factors]
    found = new_group_density(fit, draws, rows, new, None)
    places = [fit.design.factors.index(factor) for factor in (zipcode, home)]
    z = np.array([np.asarray(array)[rows] for array in zipcode.arrays]).T
    for s in range(4):
        V = z @ draws.covariance[places[0]][s] @ z.T + draws.sigma[s] ** 2 * np.eye(len(rows))
        mean = draws.beta[s, 0] + draws.effects[places[1]][s, home.codes[rows], 0]
        assert found[s] == pytest.approx(multivariate_normal(mean, V).logpdf(fit.design.y[rows]), rel=1e-9)


def test_effects_of_counts_are_integrated_out():
    data = pd.DataFrame({"g": list("aaabbb"), "y": [3, 0, 7, 1, 2, 2]})
    fit, draws = prior_draws("y ~ (1 | g)", data, "poisson")
    rows, new = np.arange(3), [np.array([True, False])]
    many = replace(  # each draw 400 times: the mean of many estimates without bias
        draws,
        beta=np.repeat(draws.beta, 400, axis=0),
        effects=[np.repeat(draws.effects[0], 400, axis=0)],
        covariance=[np.repeat(draws.covariance[0], 400, axis=0)],
    )
    found = new_group_density(fit, many, rows, new, np.random.default_rng(1)).reshape(4, 400)
    for s in range(4):
        sd = np.sqrt(draws.covariance[0][s, 0, 0])

        def joint(b, s=s, sd=sd):
            return np.prod(poisson.pmf([3, 0, 7], np.exp(draws.beta[s, 0] + b))) * norm.pdf(b, 0, sd)

        exact = quad(joint, -8 * sd, 8 * sd, points=[0], limit=200)[0]
        assert np.exp(found[s] - np.log(exact)).mean() == pytest.approx(1, abs=0.02)
        assert found[s].std() < 0.3


def test_two_effects_of_successes_are_integrated_out():
    data = pd.DataFrame({"g": list("aaaabbbb"), "x": [0, 1, 2, 3] * 2, "y": [0, 1, 1, 1, 0, 0, 1, 0]})
    fit, draws = prior_draws("y ~ (1 + x | g)", data, "binomial", 2)
    rows, new = np.arange(4), [np.array([True, False])]
    found = np.mean(
        [np.exp(new_group_density(fit, draws, rows, new, np.random.default_rng(i))) for i in range(60)],
        axis=0,
    )
    for s in range(2):
        root = np.linalg.cholesky(draws.covariance[0][s])

        def joint(u, v, s=s, root=root):
            b = root @ [u, v]
            p = 1 / (1 + np.exp(-(draws.beta[s, 0] + b[0] + b[1] * np.arange(4))))
            return np.prod(binom.pmf([0, 1, 1, 1], 1, p)) * norm.pdf(u) * norm.pdf(v)

        assert found[s] == pytest.approx(dblquad(joint, -6, 6, -6, 6, epsabs=1e-6)[0], rel=0.05)


def test_the_bridge_knows_its_error():
    """log E[exp(-3 z - 4.5)] is 0; draws with and without overlap three standard deviations apart."""
    found = []
    for seed in range(200):
        z = np.random.default_rng(seed).normal(size=(2, 4000))
        found.append(bridge(-3 * z[0] - 4.5, -3 * (z[1] - 3) - 4.5))
    value, error = np.array(found).T
    assert abs(value.mean()) < 4 * value.std() / np.sqrt(200)
    assert value.std() == pytest.approx(error.mean(), rel=0.2)
    z = np.random.default_rng(1).normal(size=(2, 4000))
    assert not bridge(-20 * z[0] - 200, -20 * (z[1] - 20) - 200)[1] < LARGE  # nothing in common


# ------------------------------------------------------------------ the fits without some rows


def test_priors_stay_as_they_were_in_numbers():
    """Autoscaled anew, the prior of a table without the dear zip code would be half as wide."""
    fit = stan_lmer(SIZE, SEATTLE, seed=1)
    keep = (SEATTLE["zipcode"] != "98039").to_numpy()
    part = part_of_model(fit.solution.model, keep)
    assert part.priors is fit.priors
    np.testing.assert_array_equal(part.predictor_means, fit.solution.model.predictor_means)
    assert part.design.n == keep.sum() and "98039" not in part.design.factors[0].levels
    np.testing.assert_array_equal(part.design.index, SEATTLE.index[keep])
    found = fit_without(fit, np.flatnonzero(~keep), seed=1)
    p = fit.priors
    same = stan_lmer(
        SIZE, SEATTLE[keep], seed=2, prior=p.coefs[0], prior_intercept=p.intercept, prior_aux=p.aux
    )
    theirs = same.solution.posterior
    spread = theirs.beta.std(axis=0) / np.sqrt(3000)
    assert (np.abs(found.beta.mean(axis=0) - theirs.beta.mean(axis=0)) < 5 * spread).all()
    assert found.sigma.mean() == pytest.approx(theirs.sigma.mean(), rel=5e-3)
    assert found.effects[0].shape == (4000, 9, 1)
    new = found.effects[0][:, fit.design.factors[0].levels.get_loc("98039"), 0]
    assert np.mean(new**2) == pytest.approx(found.covariance[0].mean(), rel=0.15)  # a group nobody knows


def test_bad_questions_are_answered_with_a_sentence(small):
    data, fit = small
    with pytest.raises(ValueError, match=r"by is 'zipcode'.*There are: g"):
        kfold(fit, by="zipcode")
    for k in (1, 7):
        with pytest.raises(ValueError, match="Choose a number of parts from 2 to 6"):
            kfold(fit, by="g", k=k)
    with pytest.raises(ValueError, match=r"k is 1\.5"):
        kfold(fit, by="g", k=1.5)
    with pytest.raises(ValueError, match="at least 3"):
        kfold(stan_lmer("y ~ x + (1 | g)", data.head(8), draws=50, seed=1), by="g")


# ------------------------------------------------------------------ comparing


def test_groups_are_compared_with_groups(small):
    data, fit = small
    other = stan_lmer("y ~ (1 | g)", data, seed=1)
    table = compare(x=kfold(fit, by="g"), none=kfold(other, by="g"))
    assert table.index[0] == "x" and table["p"].isna().all()
    rest = kfold(other, by="g").by_group - kfold(fit, by="g").by_group
    assert table.at["none", "elpd_diff"] == pytest.approx(rest.sum())
    assert table.at["none", "dse"] == pytest.approx(np.sqrt(6) * rest.std())
    assert "With 6 groups" in " ".join(table.messages) and "With 6 groups" in repr(table)
    with pytest.raises(ValueError, match=r"different questions \(a: kfold, a new g; b: loo, a new row"):
        compare(a=kfold(fit, by="g"), b=loo(fit))
