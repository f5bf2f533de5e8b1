"""sim with theta drawn: against integrals worked out by hand, and by how often its intervals cover."""

import numpy as np
import pandas as pd
import pytest
from from_r import data_for

from mlmkit import glmer, lmer, sim, stan_glmer

FIRST = [714185.4133101054, 422872.54467355023, 194846.16925143352]  # before there was a choice
LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]


def one_way(groups, rows, tau, rng):
    """Draw groups' means and a balanced outcome with residual standard deviation 1."""
    codes, means = np.repeat(np.arange(groups), rows), tau * rng.standard_normal(groups)
    return means, pd.DataFrame({"g": codes, "y": means[codes] + rng.standard_normal(groups * rows)})


def by_quadrature(data, groups, rows):
    """Tabulate the distribution of tau and sigma from sums of squares: flat in the mean, tau and log sigma.

    The density of a balanced one-way layout, Box and Tiao (1973), section 5.2, with that prior.
    """
    means = data.groupby("g")["y"].mean()
    within = ((data["y"] - means.to_numpy()[data["g"]]) ** 2).sum()
    between = rows * ((means - means.mean()) ** 2).sum()
    tau, sigma = np.linspace(0.0005, 12, 6000), np.linspace(0.4, 2.5, 300)
    t, s = np.meshgrid(tau, sigma, indexing="ij")
    both = s**2 + rows * t**2
    log = -(groups * (rows - 1) + 1) * np.log(s) - (groups - 1) / 2 * np.log(both)
    density = np.exp(log - within / (2 * s**2) - between / (2 * both) + 50)
    return (tau, density.sum(axis=1)), (sigma, density.sum(axis=0))


def quantiles(values, density):
    return np.interp(LEVELS, np.cumsum(density) / density.sum(), values)


@pytest.mark.parametrize(("tau", "seed"), [(1.0, 1), (0.0, 3)])  # the second fit is singular
def test_variances_are_drawn_from_their_distribution(tau, seed):
    _, data = one_way(6, 5, tau, np.random.default_rng(seed))
    fit = lmer("y ~ (1 | g)", data)
    assert fit.is_singular == (tau == 0)
    sims = sim(fit, 8000, seed=2, theta="drawn")
    by_tau, by_sigma = by_quadrature(data, 6, 5)
    drawn = sims.scale * sims.roots[0][:, 0, 0]
    # 8000 draws, about 5000 different thetas: the error of a quantile is near a hundredth of the spread.
    spread = np.diff(quantiles(*by_tau)[[1, 3]])
    assert np.quantile(drawn, LEVELS[:4]) == pytest.approx(quantiles(*by_tau)[:4], abs=0.05 * spread[0])
    assert np.quantile(drawn, 0.95) == pytest.approx(quantiles(*by_tau)[4], rel=0.08)
    assert np.quantile(sims.scale, LEVELS) == pytest.approx(quantiles(*by_sigma), rel=0.015)


def test_a_generalised_model_spreads_a_little_more():
    fit = glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data_for("cbpp"))
    sims = sim(fit, 300, seed=1, theta="drawn")
    assert sims.scale is None and sims.sigma is None
    assert np.median(sims.roots[0]) == pytest.approx(fit.theta[0], rel=0.25)
    assert sims.fixef.mean().tolist() == pytest.approx(fit.fixef.tolist(), abs=0.15)
    ratio = sims.fixef.std() / fit.se_fixef
    assert ratio.between(0.9, 1.3).all()


@pytest.mark.slow
def test_theta_of_a_binomial_model_is_drawn_from_its_distribution():
    rng = np.random.default_rng(4)
    chance = 1 / (1 + np.exp(0.5 - rng.standard_normal(12)))
    data = pd.DataFrame({"g": np.arange(12), "won": rng.binomial(10, chance)}).assign(
        lost=lambda d: 10 - d["won"]
    )
    sims = sim(glmer("cbind(won, lost) ~ (1 | g)", data, nAGQ=9), 1500, seed=3, theta="drawn")
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    tau, mean = np.linspace(0.02, 6, 150), np.linspace(-4, 3, 100)
    eta = mean[None, :, None] + tau[:, None, None] * nodes
    total = np.zeros((150, 100))
    for won in data["won"]:
        total += np.log(np.exp(won * eta - 10 * np.logaddexp(0, eta)) @ weights)
    density = np.exp(total - total.max())
    expected = quantiles(tau, density.sum(axis=1))
    assert np.quantile(sims.roots[0][:, 0, 0], LEVELS) == pytest.approx(expected, rel=0.1)
    expected = quantiles(mean, density.sum(axis=0))
    assert np.quantile(sims.beta[:, 0], LEVELS) == pytest.approx(expected, abs=0.08)


def test_held_is_the_default_and_draws_what_it_always_drew(seattle):
    fit = lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", seattle)
    sims = sim(fit, 300, seed=1)
    assert sims.roots is None
    assert sims.fixef.equals(fit.sim(300, seed=1, theta="held").fixef)
    first = [*sims.fixef.iloc[0].tolist(), sims.sigma[0]]
    assert first == pytest.approx(FIRST, rel=1e-9)


def test_several_terms_and_factors(sleepstudy):
    slopes = lmer("Reaction ~ Days + (Days | Subject)", sleepstudy)
    held, drawn = (sim(slopes, 4000, seed=1, theta=theta) for theta in ("held", "drawn"))
    covariance = drawn.scale[:, None, None] ** 2 * (drawn.roots[0] @ np.swapaxes(drawn.roots[0], 1, 2))
    sd = np.sqrt(np.einsum("saa->sa", covariance))
    estimate = slopes.varcorr["Subject"]
    assert np.median(sd, axis=0) == pytest.approx(estimate.sd.tolist(), rel=0.15)
    low, high = np.quantile(covariance[:, 0, 1] / sd.prod(axis=1), [0.05, 0.95])
    assert low < estimate.corr.iloc[0, 1] < high and high - low > 0.5
    assert (drawn.fixef.std() > 1.02 * held.fixef.std()).all()
    assert drawn.fixef.mean().tolist() == pytest.approx(held.fixef.mean().tolist(), abs=0.5)
    crossed = lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data_for("Penicillin"))
    sims = sim(crossed, 200, seed=1, theta="drawn")
    assert [root.shape for root in sims.roots] == [(200, 1, 1)] * 2
    effect = sims.coef["sample"]["(Intercept)"].mean()
    assert effect.tolist() == pytest.approx(crossed.coef["sample"]["(Intercept)"].tolist(), abs=0.3)


def test_ml_and_reml_fits_have_the_same_draws(sleepstudy):
    fits = [lmer("Reaction ~ Days + (1 | Subject)", sleepstudy, REML=reml) for reml in (True, False)]
    one, other = (sim(fit, 3000, seed=1, theta="drawn") for fit in fits)
    sd = [sims.scale * sims.roots[0][:, 0, 0] for sims in (one, other)]
    assert np.quantile(sd[0], LEVELS) == pytest.approx(np.quantile(sd[1], LEVELS), rel=0.06)


def test_new_groups_have_drawn_variances(seattle):
    fit = lmer("price ~ (1 | zipcode)", seattle)
    new = pd.DataFrame({"zipcode": ["98199"]})
    spread = {}
    for theta in ("held", "drawn"):
        draws = fit.predict_draws(new, 4000, new_levels="marginal", seed=1, theta=theta)
        spread[theta] = draws[0].quantile(0.95) - draws[0].quantile(0.05)
    sims = fit.sim(4000, seed=1, theta="drawn")
    sd = sims.scale * sims.roots[0][:, 0, 0]
    rng = np.random.default_rng(2)
    by_hand = np.quantile(sims.beta[:, 0] + sd * rng.standard_normal(4000), [0.05, 0.95])
    assert spread["drawn"] == pytest.approx(np.diff(by_hand)[0], rel=0.08)
    assert spread["drawn"] > 1.1 * spread["held"]


def test_what_cannot_be_drawn_gets_a_sentence(sleepstudy, seattle):
    fit = lmer("Reaction ~ Days + (Days | Subject)", sleepstudy)
    for call in (fit.sim, fit.predict_draws):
        with pytest.raises(ValueError, match=r"theta is 'free'\. Valid choices: 'held', 'drawn'"):
            call(theta="free")
    few = sleepstudy[sleepstudy["Subject"].isin(["308", "309", "310"])]
    with pytest.raises(ValueError, match=r'theta="drawn" needs more groups'):
        lmer("Reaction ~ Days + (Days | Subject)", few).sim(10, theta="drawn")
    tiny = pd.DataFrame({"g": [0, 0, 1, 1, 2, 2], "x": range(6), "z": [1, 0, 0, 1, 1, 0]})
    tiny["w"], tiny["y"] = tiny["x"] ** 2, [1.0, 3, 2, 5, 7, 4]
    with pytest.raises(ValueError, match=r'theta="drawn" needs more rows: 6 are too few'):
        lmer("y ~ x + z + w + I(x**3) + (1 | g)", tiny).sim(10, theta="drawn")
    drawn = stan_glmer("price ~ (1 | zipcode)", seattle, draws=50, chains=2, seed=1)
    assert sim(drawn, 20, seed=1, theta="drawn").fixef.equals(sim(drawn, 20, seed=1).fixef)


def coverage(studies, draws, seed, groups=6, rows=5):
    """Count how often 90 % intervals of known groups' means cover them; tau is another one in each study.

    Returns
    -------
    dict
        By ``theta``: the share covered, and its Monte Carlo error (studies are independent, groups aren't).
    """
    rng = np.random.default_rng(seed)
    fit = lmer("y ~ (1 | g)", one_way(groups, rows, 1.0, rng)[1])
    shares = {"held": [], "drawn": []}
    for _ in range(studies):
        means, data = one_way(groups, rows, rng.uniform(0.1, 1.5), rng)
        again = fit.refit(data["y"])
        for theta, found in shares.items():
            sims = again.sim(draws, seed=rng, theta=theta)
            low, high = np.quantile(sims.beta[:, :1] + sims.effects[0][:, :, 0], [0.05, 0.95], axis=0)
            found.append(np.mean((low < means) & (means < high)))
    return {theta: (np.mean(found), np.std(found) / np.sqrt(studies)) for theta, found in shares.items()}


@pytest.mark.long(10)
def test_intervals_of_groups_cover_more_often():
    found = coverage(60, 200, seed=1)
    (held, _), (drawn, error) = found["held"], found["drawn"]
    assert drawn == pytest.approx(0.9, abs=2.5 * error) and error < 0.02
    assert drawn - held > 0.03


@pytest.mark.slow
def test_intervals_of_groups_cover_as_often_as_they_say():
    found = coverage(1500, 600, seed=2)
    (held, _), (drawn, error) = found["held"], found["drawn"]
    assert drawn == pytest.approx(0.89, abs=0.01) and error < 0.005
    assert held == pytest.approx(0.84, abs=0.02)
