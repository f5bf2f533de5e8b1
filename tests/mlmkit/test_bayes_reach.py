"""How far the exact sampler reaches: crossed and nested factors, wide terms, weights, known errors.

The oracle of most tests is a model written out: one dense covariance matrix of all rows and all effects, and
the priors' densities from SciPy, with no sums by group, no scaling and no elimination.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mlmkit import (
    cauchy,
    compare,
    decov,
    exponential,
    flat,
    load_seattle,
    normal,
    stan_glm,
    stan_glmer,
    stan_lmer,
    student_t,
)
from mlmkit.bayes.integrated import GaussianPosterior
from mlmkit.bayes.log_density import log_densities
from mlmkit.bayes.model import build_model
from mlmkit.bayes.priors import GroupSds
from mlmkit.bayes.pymc_model import pymc_model

pytestmark = pytest.mark.long(60)

REFERENCE = Path(__file__).parents[1] / "reference"
EIGHT = json.loads((REFERENCE / "eight_schools.json").read_text())
GIVEN = dict.fromkeys(["prior", "prior_intercept", "prior_aux", "prior_covariance"])


def rows(seed=3, n=40):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "g": rng.integers(0, 7, n).astype(str),
            "h": rng.integers(0, 4, n).astype(str),
            "x": 5 + 2 * rng.normal(size=n),
            "z": rng.normal(size=n),
            "w": rng.uniform(0.5, 3, n),
        }
    )
    return data.assign(y=3 + data["x"] + rng.normal(size=n) + data["g"].astype(float), se=1 / data["w"])


def written(formula, *, bars=True, weights=None, sigma=None, data=None, **priors):
    return build_model(
        formula,
        rows() if data is None else data,
        "gaussian",
        GIVEN | priors,
        function="stan_lmer",
        weights=weights,
        sigma=sigma,
        bars=bars,
    )


class Dense:
    """The same model as one normal distribution of (fixed effects, group effects, outcome).

    Intercepts are those at the predictors' means; everything is in the units of the data.
    """

    def __init__(self, model, sigma, covariances):
        design = model.design
        n, names = design.n, list(design.fixed.names)
        X = np.array(design.fixed.arrays).reshape(-1, n).T
        means = dict(zip(model.slopes, model.predictor_means, strict=True))
        shifted = X - np.array([means.get(name, 0.0) for name in names])
        priors = dict(zip(model.slopes, model.priors.coefs, strict=True))
        if model.has_intercept:
            priors["(Intercept)"] = model.priors.intercept
        location = np.array([priors[name].location for name in names], float)
        spread = np.diag([1e6 if priors[k].family == "flat" else priors[k].scale ** 2 for k in names])
        Z, G = [], []
        for factor, cov in zip(design.factors, covariances, strict=True):
            for level in range(len(factor.levels)):
                Z += [np.where(factor.codes == level, array, 0.0) for array in factor.arrays]
                G.append(cov)
        Z = np.array(Z).T.reshape(n, -1)
        G = np.array([]).reshape(0, 0) if not G else _block_diagonal(G)
        W = np.hstack([shifted, Z])
        prior = _block_diagonal([spread, G])
        R = sigma**2 * np.diag(1 / design.weights if design.weights is not None else np.ones(n))
        y = design.y - (0 if design.offset is None else design.offset)
        V = W @ prior @ W.T + R
        mean = np.concatenate([location, np.zeros(len(G))])
        self.evidence = stats.multivariate_normal(W @ mean, V, allow_singular=True).logpdf(y)
        # by the precision: prior - prior W' V^-1 W prior would lose eight digits to a wide prior
        self.covariance = np.linalg.inv(np.linalg.inv(prior) + W.T @ np.linalg.solve(R, W))
        self.mean = mean + self.covariance @ W.T @ np.linalg.solve(R, y - W @ mean)
        # from the intercept at the means to that at zero
        move = np.eye(len(mean))
        if model.has_intercept:
            move[names.index("(Intercept)"), : len(names)] -= [means.get(name, 0.0) for name in names]
        self.mean, self.covariance = move @ self.mean, move @ self.covariance @ move.T


def _block_diagonal(blocks):
    size = sum(len(block) for block in blocks)
    whole, at = np.zeros((size, size)), 0
    for block in blocks:
        whole[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return whole


CASES = {
    "nested": ("y ~ x + (1 | g) + (1 | g:h)", {}),
    "crossed, slopes in one": ("y ~ x + (1 + x | g) + (1 | h)", {}),
    "crossed, slopes in the other": ("y ~ x + z + (1 | g) + (1 + z | h)", {}),
    "three terms": ("y ~ x + (1 + x + z | g)", {"prior_covariance": decov(2, 1.5, 1.2, 0.8)}),
    "three terms beside another": ("y ~ x + (1 + x + z | h) + (0 + z | g)", {}),
    "two terms apart": ("y ~ x + (1 + z || g) + (1 | h)", {}),
    "no fixed effects": ("y ~ 0 + (1 | g) + (1 | h)", {}),
    "no intercept": ("y ~ 0 + x + (1 | g) + (1 | h)", {}),
    "weights": ("y ~ x + (1 | g) + (1 | h)", {"weights": "w"}),
    "known errors": ("y ~ x + (1 | g)", {"sigma": "se", "prior_covariance": cauchy(0, 5)}),
    "half-normal": ("y ~ x + (1 + x | g) + (1 | h)", {"prior_covariance": normal(0, 2)}),
    "half-t, three": ("y ~ x + (1 + x + z | g)", {"prior_covariance": student_t(3, 0, 2)}),
    "exponential": ("y ~ x + (1 | g) + (1 | h)", {"prior_covariance": exponential(0.5)}),
    "near collinear": ("y ~ x + I(x + z / 1000) + (1 | g) + (1 | h)", {"prior": normal([0, 1], [2, 3])}),
    "offset": ("y ~ x + offset(10 * z) + (1 | g) + (1 | h)", {"prior_aux": cauchy(0, 2)}),
    "no groups": ("y ~ x + z", {"bars": False}),
    "no groups, no slopes": ("y ~ 1", {"bars": False, "weights": "w"}),
    "flat": ("y ~ x + (1 | g) + (1 | h)", {"prior_intercept": flat()}),
}
TOLERANCE = {"flat": 2e-5}  # where the model written out has a wide normal prior


def density_of(prior, value):
    """The log density of a prior, from SciPy, cut at zero where it is one of a standard deviation."""
    if prior.family == "exponential":
        return stats.expon(scale=prior.scale).logpdf(value)
    if prior.family == "normal":
        return stats.norm(prior.location, prior.scale).logpdf(value)
    return stats.t(prior.df, prior.location, prior.scale).logpdf(value)


def log_prior_of(model, sigma, covariances):
    """The prior density of (sigma, tau, shares, correlations), or of (sigma, sds, correlations)."""
    value = 0.0 if model.sigma_known else density_of(model.priors.aux, sigma)
    between = model.priors.covariance
    for factor, cov in zip(model.design.factors, covariances, strict=True):
        for term in factor.terms:
            block = cov[term.first : term.first + term.size, term.first : term.first + term.size]
            sd = np.sqrt(np.diag(block))
            corr = block / np.outer(sd, sd)
            value += (between.regularization - 1) * np.linalg.slogdet(corr)[1]
            if isinstance(between, GroupSds):
                value += sum(density_of(between.prior, one) for one in sd)
                continue
            tau = np.sqrt(np.mean(sd**2)) / sigma
            value += stats.gamma(between.shape, scale=between.scale).logpdf(tau)
            if term.size > 1:
                value += stats.dirichlet(np.full(term.size, between.concentration)).logpdf(
                    sd**2 / np.sum(sd**2)
                )
    return value


def jacobian(hyper, u, model):
    """log |d(sigma, tau, shares, correlations) / du| by differences, one parametrisation a term."""

    def natural(v):
        sigma, roots = hyper.unpack(v[None])
        found = [] if model.sigma_known else [sigma[0]]
        for factor, root in zip(model.design.factors, roots, strict=True):
            cov = root[0] @ root[0].T
            for term in factor.terms:
                where = slice(term.first, term.first + term.size)
                block = cov[where, where]
                sd = np.sqrt(np.diag(block))
                if hyper.relative:
                    found += [np.sqrt(np.mean(sd**2)), *(sd**2 / np.sum(sd**2))[:-1]]
                else:
                    found += list(sd * sigma[0])
                found += [(block / np.outer(sd, sd))[i, j] for i in range(term.size) for j in range(i)]
        return np.array(found)

    h = 1e-5
    columns = [(natural(u + h * e) - natural(u - h * e)) / (2 * h) for e in np.eye(len(u))]
    return np.linalg.slogdet(np.array(columns))[1] if len(u) else 0.0


@pytest.mark.parametrize("case", CASES)
def test_the_density_is_that_of_the_model_written_out(case):
    formula, options = CASES[case]
    model = written(formula, **options)
    posterior = GaussianPosterior(model)
    points = np.random.default_rng(1).normal(0, 0.7, (4, posterior.hyper.size))
    found = posterior.log_density(points)
    expected = []
    for u in points:
        sigma, roots = posterior.hyper.unpack(u[None])
        sigma = posterior.unit * sigma[0]
        covariances = [sigma**2 * root[0] @ root[0].T for root in roots]
        value = Dense(model, sigma, covariances).evidence + log_prior_of(model, sigma, covariances)
        expected.append(value + jacobian(posterior.hyper, u, model))
    difference = found - expected
    assert np.ptp(difference) < TOLERANCE.get(case, 1e-7)  # the constant is left out


@pytest.mark.parametrize("case", CASES)
def test_the_pymc_model_says_the_same(case):
    """p(parameters, effects, y) / p(effects | parameters, y) of the PyMC model, against the same of ours."""
    formula, options = CASES[case]
    model = written(formula, **options)
    posterior = GaussianPosterior(model)
    rng, difference = np.random.default_rng(7), []
    for _ in range(2):
        u = rng.normal(0, 0.5, posterior.hyper.size)
        sigma, roots = posterior.hyper.unpack(u[None])
        sigma = posterior.unit * sigma[0]
        covariances = [sigma**2 * root[0] @ root[0].T for root in roots]
        dense = Dense(model, sigma, covariances)
        theirs = sum(
            log_densities(pymc_model(model, "centred"), [point(model, sigma, covariances, dense)]).values()
        )
        # the effects are at their conditional mean, where their density is 1 / sqrt(det(2 pi covariance))
        at_mean = -0.5 * np.linalg.slogdet(dense.covariance)[1]
        ours = dense.evidence + log_prior_of(model, sigma, covariances)
        for factor, cov in zip(model.design.factors, covariances, strict=True):
            ours += by_partial_correlations(factor, cov)
        difference.append(float(theirs[0]) - at_mean - ours)
    assert np.ptp(difference) < TOLERANCE.get(case, 1e-7)


def point(model, sigma, covariances, dense):
    """Name the values of all of the PyMC model's variables, at the conditional mean of the effects."""
    names, between = list(model.design.fixed.names), model.priors.covariance
    beta, at = dense.mean[: len(names)], len(names)
    found = {} if model.sigma_known else {"sigma": sigma}
    if model.slopes:
        found["slopes"] = np.array([beta[names.index(name)] for name in model.slopes])
    if model.has_intercept:
        slopes = found.get("slopes", np.array([]))
        found["intercept"] = beta[names.index("(Intercept)")] + slopes @ model.predictor_means
    for factor, cov in zip(model.design.factors, covariances, strict=True):
        q = len(factor.names)
        effects = dense.mean[at : at + len(factor.levels) * q].reshape(-1, q)
        at += effects.size
        for term in factor.terms:
            where = slice(term.first, term.first + term.size)
            block, sd = cov[where, where], np.sqrt(np.diag(cov)[where])
            found[f"effect_{term.label}"] = effects[:, where]
            if isinstance(between, GroupSds):
                found[f"sd_{term.label}"] = sd
            else:
                found[f"tau_{term.label}"] = np.sqrt(np.mean(sd**2)) / sigma
                if term.size > 1:
                    found[f"share_{term.label}"] = sd**2 / np.sum(sd**2)
            if term.size > 1:
                found[f"half_partial_{term.label}"] = (partial_correlations(block / np.outer(sd, sd)) + 1) / 2
    return found


def by_partial_correlations(factor, cov):
    """log |d correlations / d partial correlations|: of three, the last given the first."""
    value = 0.0
    for term in factor.terms:
        if term.size == 3:
            block = cov[term.first : term.first + 3, term.first : term.first + 3]
            first = block[0] / np.sqrt(np.diag(block) * block[0, 0])
            value += 0.5 * np.log((1 - first[1] ** 2) * (1 - first[2] ** 2))
    return value


def partial_correlations(corr):
    """Partial correlations of i and j given the ones before j, by the inverse of a submatrix."""
    found = []
    for i in range(len(corr)):
        for j in range(i):
            some = [*range(j), j, i]
            inverse = np.linalg.inv(corr[np.ix_(some, some)])
            found.append(-inverse[-1, -2] / np.sqrt(inverse[-1, -1] * inverse[-2, -2]))
    return np.array(found)


@pytest.mark.parametrize("case", CASES)
def test_effects_are_drawn_from_their_conditional_distribution(case):
    formula, options = CASES[case]
    model = written(formula, **options)
    posterior = GaussianPosterior(model)
    u = np.random.default_rng(2).normal(0, 0.5, posterior.hyper.size)
    many = 20_000
    beta, effects, sigma, covariances = posterior.draw_rest(np.tile(u, (many, 1)), np.random.default_rng(5))
    dense = Dense(model, sigma[0], [matrix[0] for matrix in covariances])
    drawn = np.concatenate([beta, *(one.reshape(many, -1) for one in effects)], axis=1)
    sd = np.sqrt(np.diag(dense.covariance))
    z = (drawn.mean(axis=0) - dense.mean) / sd * np.sqrt(many)
    assert np.abs(z).max() < 4.5
    whitened = np.cov(drawn.T) / np.outer(sd, sd) - dense.covariance / np.outer(sd, sd)
    assert np.abs(whitened).max() < 6 / np.sqrt(many)


@pytest.mark.parametrize("name", ["mu", "tau", *(f"theta[{k}]" for k in range(1, 9))])
def test_eight_schools_are_posteriordbs(name):
    fit = eight_schools()
    values = {
        "mu": fit.draws["(Intercept)"],
        "tau": np.sqrt(fit.draws["Sigma[school:(Intercept),(Intercept)]"]),
    }
    for k, school in enumerate("ABCDEFGH", 1):
        values[f"theta[{k}]"] = fit.draws["(Intercept)"] + fit.draws[f"b[(Intercept) school:{school}]"]
    ours, theirs = values[name].to_numpy(), EIGHT["figures"][name]
    ess = fit.diagnostics().report["importance_ess"]
    error = ours.std() * np.sqrt(1 / ess + 1 / EIGHT["draws"])
    assert abs(ours.mean() - theirs["mean"]) < 4 * error
    for share in ("0.05", "0.25", "0.5", "0.75", "0.95"):
        p = float(share)
        spread = np.sqrt(p * (1 - p) * (1 / ess + 1 / EIGHT["draws"]))
        assert abs(np.mean(ours < theirs[share]) - p) < 4 * spread


def eight_schools(**options):
    data = pd.DataFrame(EIGHT["data"])
    priors = {"prior_intercept": normal(0, 5), "prior_covariance": cauchy(0, 5)}
    return stan_lmer("y ~ (1 | school)", data, sigma="se", draws=5_000, seed=1, **(priors | options))


def test_known_errors_are_no_parameter_and_are_asked_for_with_new_rows():
    fit = eight_schools()
    assert fit.method == "exact"
    assert fit.sigma is None
    assert "sigma" not in fit.draws
    assert "sigma is known" in repr(fit)
    assert "Residual" not in repr(fit)
    new = pd.DataFrame({"school": ["Z"], "se": [10.0]})
    spread = fit.posterior_predict(new, seed=1)
    tau = np.sqrt(fit.draws["Sigma[school:(Intercept),(Intercept)]"])
    expected = np.sqrt(fit.draws["(Intercept)"].var() + np.mean(tau**2) + 100)
    assert spread.to_numpy().std() == pytest.approx(expected, rel=0.03)
    with pytest.raises(ValueError, match="se"):
        fit.posterior_predict(new[["school"]])


@pytest.mark.parametrize(
    ("name", "formula", "k"),
    [
        ("Pastes", "strength ~ (1 | batch) + (1 | sample)", 0.5),
        ("Penicillin", "diameter ~ (1 | plate) + (1 | sample)", 0.5),
        ("Machines", "score ~ Machine + (1 | Worker) + (1 | Worker:Machine)", 0.5),
        ("Machines", "score ~ Machine + (Machine | Worker)", 0.5),
        ("Machines", "score ~ Machine + (0 + Machine | Worker)", 0.5),
    ],
)
def test_books_data_are_drawn_exactly(name, formula, k):
    fit = stan_lmer(formula, pd.read_csv(REFERENCE / f"{name}.csv"), seed=1)
    assert fit.method == "exact"
    assert fit.diagnostics().report["pareto_k"] < k
    assert fit.diagnostics().report["importance_ess"] > 2_500


CROSSED = json.loads((REFERENCE / "rstanarm_crossed.json").read_text())


@pytest.mark.parametrize("model", CROSSED, ids=lambda model: model["formula"])
def test_books_posteriors_are_rstanarms(model):
    """Means and medians of every parameter, within 4.5 Monte Carlo standard errors of both together."""
    data = pd.read_csv(REFERENCE / f"{model['data']}.csv")
    fit = stan_lmer(model["formula"], data, draws=5_000, seed=1)
    ess = fit.diagnostics().report["importance_ess"]
    assert set(fit.draws) == set(model["figures"])
    for name, theirs in model["figures"].items():
        ours = fit.draws[name]
        error = theirs["sd"] * np.sqrt(1 / ess + 1 / theirs["n_eff"])
        assert abs(ours.mean() - theirs["mean"]) < 4.5 * error, name
        assert abs(ours.median() - theirs["median"]) < 4.5 * 1.3 * error, name


def test_without_groups_the_posterior_is_the_regressions():
    """Nearly: with 1 / sigma as the prior of sigma it would be the t distribution of least squares."""
    homes = load_seattle()
    fit = stan_glm(
        "price ~ scale_sqft", homes, prior=flat(), prior_intercept=flat(), prior_aux=flat(), seed=1
    )
    least = np.linalg.lstsq(np.column_stack([np.ones(869), homes["scale_sqft"]]), homes["price"], rcond=None)
    assert fit.fixef.to_numpy() == pytest.approx(least[0], rel=2e-3)
    assert fit.sigma == pytest.approx(np.sqrt(least[1][0] / 867), rel=5e-3)
    assert fit.ngrps == {}
    assert "Error terms" not in repr(fit)
    with pytest.raises(AttributeError, match="ranef"):
        _ = fit.ranef


def test_complete_no_and_partial_pooling_can_be_compared():
    homes = load_seattle()
    table = compare(
        complete=stan_glm("price ~ 1", homes, seed=1),
        none=stan_glm("price ~ 0 + zipcode", homes, seed=1),
        partial=stan_lmer("price ~ (1 | zipcode)", homes, seed=1),
    )
    assert table.index[-1] == "complete"


def test_weights_are_lmers_not_a_count_of_rows():
    data = rows()
    fit = stan_lmer("y ~ x + (1 | g)", data, weights="w", seed=1)
    ten = stan_lmer("y ~ x + (1 | g)", data.assign(w=10 * data["w"]), weights="w", seed=1)
    assert ten.sigma == pytest.approx(np.sqrt(10) * fit.sigma, rel=0.05)
    assert ten.se_fixef["x"] == pytest.approx(fit.se_fixef["x"], rel=0.08)


BAD = [
    ({"iter": 2000}, TypeError, "no argument 'iter'. Here draws"),
    ({"adapt_delta": 0.99}, TypeError, "no argument 'adapt_delta'"),
    ({"QR": True}, TypeError, "no argument 'QR'"),
    ({"sigma": "sd"}, ValueError, "the data has no such column"),
    ({"sigma": "g"}, ValueError, "one positive number for each row"),
    ({"sigma": "z"}, ValueError, "one positive number for each row"),
    ({"sigma": "se", "weights": "w"}, ValueError, "Give one of them"),
    ({"sigma": "se", "prior_aux": exponential(1)}, ValueError, "here it is given"),
    ({"sigma": "se", "prior_covariance": decov()}, ValueError, "residual standard deviations"),
    ({"prior_covariance": flat()}, TypeError, "prior_covariance can't be flat"),
]


@pytest.mark.parametrize(("options", "kind", "says"), BAD)
def test_wrong_arguments_get_a_sentence(options, kind, says):
    with pytest.raises(kind, match=says):
        stan_lmer("y ~ x + (1 | g)", rows(), **options)


def test_what_a_model_has_none_of_is_an_error():
    counts = rows().assign(y=lambda d: (d["y"] > 8).astype(int))
    with pytest.raises(ValueError, match="weights is for Gaussian models"):
        stan_glmer("y ~ (1 | g)", counts, family="binomial", weights="w")
    with pytest.raises(ValueError, match="Use stan_glmer"):
        stan_glm("y ~ (1 | g)", rows())
    with pytest.raises(ValueError, match="Bayesian: stan_glm"):
        stan_lmer("y ~ x", rows())
    with pytest.raises(TypeError, match="has no groups"):
        stan_glm("y ~ x", rows(), prior_covariance=decov())


def test_thirty_groups_of_one_row_with_a_slope_return():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"g": np.arange(30).astype(str), "x": rng.normal(size=30)})
    fit = stan_lmer("y ~ x + (1 + x | g)", data.assign(y=rng.normal(size=30)), seed=1)
    assert fit.method == "exact"
    assert any("one row only" in message for message in fit.messages)


def test_a_model_too_large_to_be_exact_says_so():
    rng = np.random.default_rng(4)
    data = pd.DataFrame(
        {"g": rng.integers(0, 400, 900).astype(str), "h": rng.integers(0, 400, 900).astype(str)}
    )
    with pytest.raises(ValueError, match=r"it has (399|400|3\d\d) effects \(exact: up to 300\)"):
        stan_lmer("y ~ (1 | g) + (1 | h)", data.assign(y=rng.normal(size=900)), method="exact")
