"""What students answer in lesson 05: Bayesian fits, drawn with each student's own seeds."""

from functools import cache

import numpy as np
import pandas as pd

from grader.author.students import RIGHT, UNNAMED, answers
from grader.author.students.work import MODEL, ONE, G, axes, letters
from mlmkit import decov, lmer, load_radon, stan_glmer

SIGMA = "Sigma[zipcode:(Intercept),(Intercept)]"
RADON = "log_radon ~ floor + (1 | county)"
ASKED = 5000  # draws in each of four chains


@cache
def _drawn(key, scale, draws):
    work = _works[key]
    return stan_glmer(
        MODEL, work.homes, prior_covariance=decov(scale=scale), draws=draws, seed=500 + work.seed
    )


_works = {}


def _fit(w, scale=1.0, draws=ASKED):
    """Draw from the posterior, once for each student."""
    if id(w) not in _works:
        _works.clear()
        _drawn.cache_clear()
        _works[id(w)] = w
    return _drawn(id(w), scale, draws)


def _sds(fit, group=G):
    return np.sqrt(fit.draws[SIGMA.replace(G, group)])


@cache
def _radon(seed, scale=1.0):
    return stan_glmer(RADON, load_radon(), prior_covariance=decov(scale=scale), draws=ASKED, seed=700 + seed)


def _ends(draws, low=0.05, high=0.95):
    return [float(np.quantile(draws, low)), float(np.quantile(draws, high))]


@answers("l05-prior-scale")
def prior_scale(w):
    """Give the scale of the prior of a slope."""
    s, x = w.price.std(), w.homes["sqft_living"].std()
    right = 2.5 * s / x
    yield (
        RIGHT,
        [right, 2.5 * np.std(w.price) / np.std(w.homes["sqft_living"]), round(right, 1), round(right, 3)],
    )
    yield "scale without the factor 2.5", [s / x]
    yield "sd of the predictor forgotten", [2.5 * s]
    yield "scale before adjustment", [2.5, 2.5 * 1.0]
    yield "ratio upside down", [2.5 * x / s]
    yield "sd of the outcome forgotten", [2.5 / x]
    yield (
        UNNAMED,
        [
            s,
            1.0,
            0.0,
            right * 7,
            right / 1000,
            w.price.mean(),
            w.mu,
            -right,
            10.0,
            2.5 * x,
            s * x,
            25 * s / x,
        ],
    )


@answers("l05-sd-draws")
def sd_draws(w):
    """Give draws of the standard deviation between zip codes."""
    fit, rng = _fit(w), w.rng(1)
    sds = _sds(fit)
    yield RIGHT, [sds, sds.to_numpy(), sds.tolist(), np.sqrt(fit.draws[SIGMA].to_numpy())]
    yield "variance for standard deviation", [fit.draws[SIGMA]]
    yield "residual for group standard deviation", [fit.draws["sigma"]]
    yield "mean for standard deviation", [fit.draws[ONE]]
    tight = _sds(_fit(w, 0.1))
    yield (
        UNNAMED,
        [
            sds[:100],
            sds.mean(),
            sds / 1000,
            fit.draws,
            sds * 1.5,
            rng.normal(0, 1, 20_000),
            np.full(20_000, w.between),
        ],
    )
    yield (
        UNNAMED,
        [
            rng.normal(w.between, w.within, 20_000),
            -sds,
            w.price,
            tight * 9,
            sds**1.1,
            rng.permutation(fit.draws["sigma"]) * 4,
        ],
    )


@answers("l05-coef")
def coef(w):
    """Give the posterior medians of the means."""
    fit = _fit(w)
    right = fit.coef[G][ONE]
    draws = fit.draws[[name for name in fit.draws if name.startswith("b[")]]
    by_hand = (
        pd.Series((draws.to_numpy() + fit.draws[[ONE]].to_numpy()).mean(axis=0), right.index)
        if draws.shape[1] == 9
        else right
    )
    yield RIGHT, [right, right.to_dict(), right.round(0), by_hand, w.coef]
    yield "ranef for coef", [fit.ranef[G][ONE]]
    yield "fixef for coef", [right * 0 + fit.fixef[ONE], fit.fixef[ONE]]
    yield "standard error for the estimate", [fit.se_coef[G][ONE]]
    yield "thousands of dollars", [right / 1000, (right / 1000).round(1)]
    yield (
        UNNAMED,
        [
            right * 0,
            0.0,
            w.sizes,
            -right,
            right * 1.9,
            right**2,
            right / 1e6,
            w.prices.max(),
            right + fit.ranef[G][ONE],
            right * 0 + 1,
        ],
    )
    yield UNNAMED, [pd.Series(right.to_numpy()[::-1], right.index)]


@answers("l05-group-sd")
def group_sd(w):
    """Give the number of the print-out."""
    fit = _fit(w)
    sds, variance = _sds(fit), fit.draws[SIGMA]
    right = variance.mean() ** 0.5
    yield (
        RIGHT,
        [right, np.sqrt(np.mean(sds**2)), round(right), round(right, 2), np.sqrt(variance.to_numpy().mean())],
    )
    yield "variance for standard deviation", [variance.mean()]
    yield "median for the root of the mean variance", [sds.median(), np.median(sds)]
    yield "mean of the roots for the root of the mean", [sds.mean()]
    yield "lmer for stan_glmer", [w.between, round(w.between), w.by_numpy[1]]
    # For some, zip codes differ as much as houses do: then the draws can't tell these numbers apart.
    alike = f" or {RIGHT}" if abs(fit.sigma / right - 1) < 0.02 else ""
    yield f"residual for group standard deviation{alike}", [fit.sigma, fit.draws["sigma"].median()]
    yield (
        UNNAMED,
        [
            w.mu,
            0.0,
            1.0,
            sds.max(),
            sds.std(),
            right / 1000,
            variance.median(),
            right * 1.9,
            fit.draws[ONE].std() / 9,
            w.n,
        ],
    )


@answers("l05-interval")
def interval(w):
    """Give the central 90% interval of the standard deviation between zip codes."""
    fit = _fit(w)
    sds, variance = _sds(fit), fit.draws[SIGMA]
    right = _ends(sds)
    yield (
        RIGHT,
        [
            right,
            {"lower": right[0], "upper": right[1]},
            [np.sqrt(x) for x in _ends(variance)],
            [round(x) for x in right],
        ],
    )
    yield "95% for 90%", [_ends(sds, 0.025, 0.975)]
    yield "80% for 90%", [_ends(sds, 0.1, 0.9)]
    mean, spread = sds.mean(), sds.std()
    yield "symmetric interval for a skewed posterior", [[mean - 1.645 * spread, mean + 1.645 * spread]]
    yield "variance for standard deviation", [_ends(variance)]
    yield "residual for group standard deviation", [_ends(fit.draws["sigma"])]
    yield "mean for standard deviation", [_ends(fit.draws[ONE])]
    yield (
        UNNAMED,
        [
            _ends(sds, 0.25, 0.75),
            [0, 0],
            [mean, mean],
            [0.05, 0.95],
            [x / 1000 for x in right],
            mean,
            [w.between] * 2,
        ],
    )
    yield UNNAMED, [[1.0, 2.0], _ends(sds, 0.4, 0.6), [0.0, mean], [-x for x in right], right[0]]


@answers("l05-lower-half")
def lower_half(w):
    """Give the share of draws in the lower half of the interval."""
    yield from _shares_of(_sds(_fit(w)))


def _shares_of(sds):
    low, high = _ends(sds)
    middle = (low + high) / 2
    right = float(((sds > low) & (sds < middle)).mean())
    yield RIGHT, [right, round(right, 3), sds.between(low, middle).mean(), np.mean(sds < middle) - 0.05]
    yield "all values equally likely", [0.45]
    yield (
        "share of the draws inside",
        [((sds > low) & (sds < middle)).sum() / ((sds > low) & (sds < high)).sum()],
    )
    yield "tail counted too", [np.mean(sds < middle)]
    yield "upper half for lower half", [sds.between(middle, high).mean()]
    yield "middle of the interval taken for the median", [0.5]
    yield "percent for share", [100 * right]
    yield "count for share", [20_000 * right]
    yield UNNAMED, [0.0, 1.0, 0.9, 0.05, middle, low, -right, right**4, 2 * right, 0.95, sds.median()]


@answers("l05-prior-pull")
def prior_pull(w):
    """Give two medians under two priors."""
    yield from _pulls(_fit(w), _fit(w, 0.1), G, w.between)


def _pulls(wide, tight, group, of_lmer):
    def both(first, second):
        return {"scale=1": float(first), "scale=0.1": float(second)}

    one, other = _sds(wide, group), _sds(tight, group)
    a, b = one.median(), other.median()
    yield RIGHT, [both(a, b), [a, b], both(np.sqrt((one**2).median()), b), pd.Series(both(a, b))]
    yield "priors exchanged", [both(b, a), [b, a]]
    yield "prior not changed", [both(a, a)]
    yield (
        "root of the mean variance for the median",
        [both((one**2).mean() ** 0.5, (other**2).mean() ** 0.5)],
    )
    yield "variance for standard deviation", [both((one**2).median(), (other**2).median())]
    yield "residual for group standard deviation", [both(wide.sigma, tight.sigma)]
    yield UNNAMED, [both(0, 0), both(a / 1000, b / 1000), a, both(b, b), both(of_lmer, of_lmer / 10)]
    yield UNNAMED, [both(2 * a, 2 * b), both(a, a / 10), both(-a, -b), both(a, 0.0), both(5 * a, 0.1)]


@answers("l05-new-house")
def new_house(w):
    """Give predictive draws of a house in a new zip code."""
    fit, rng = _fit(w), w.rng(2)
    mean, sds, sigma = (one.to_numpy() for one in (fit.draws[ONE], _sds(fit), fit.draws["sigma"]))
    effect, noise = rng.normal(size=len(mean)), rng.normal(size=len(mean))
    houses = mean + sds * effect + sigma * noise
    yield (
        RIGHT,
        [
            houses,
            pd.Series(houses),
            fit.posterior_predict(pd.DataFrame({G: ["new"]}), seed=w.seed)[0],
            houses.tolist(),
        ],
    )
    either = "one source of spread forgotten"
    yield f"spread within groups forgotten or {either}", [mean + sds * effect]
    yield f"spread between groups forgotten or {either}", [mean + sigma * noise]
    yield "standard error for spread", [mean]
    yield "standard deviations added", [mean + (sds + sigma) * noise]
    yield (
        UNNAMED,
        [
            houses[:100],
            houses / 1000,
            houses.mean(),
            -houses,
            houses + w.mu,
            np.full(20_000, w.mu),
            mean * 3,
            w.price,
        ],
    )
    yield (
        UNNAMED,
        [rng.normal(0, 1, 20_000), houses * 2, rng.uniform(0, 1e6, 20_000), sds * effect + sigma * noise],
    )


@answers("l05-mcse")
def mcse(w):
    """Give the Monte Carlo error of a posterior mean."""
    sd = _fit(w).draws[ONE].std()
    yield RIGHT, [sd / 250**0.5, round(sd / 250**0.5), np.std(_fit(w).draws[ONE].to_numpy()) / np.sqrt(250)]
    yield "number of draws for effective sample size", [sd / 4000**0.5]
    yield "posterior sd for Monte Carlo error", [sd]
    yield "square root forgotten", [sd / 250]
    yield "number of groups for effective sample size", [sd / 3]
    yield (
        UNNAMED,
        [
            0.0,
            w.mu,
            w.within * 3,
            sd * 250**0.5,
            sd / 1000 / 16,
            sd * 250,
            16.0,
            sd**2,
            sd / 20_000,
            -sd,
            1.0,
        ],
    )


@answers("l05-figure")
def figure(w):
    """Give posterior medians against lmer's estimates."""
    fit = _fit(w)
    x, y = w.coef, fit.coef[G][ONE]

    def drawn(x, y, labels=("lmer", "posterior median"), style="o"):
        ax = axes(*labels)
        ax.plot(list(x), list(y), style)
        return ax

    yield (
        RIGHT,
        [drawn(x, y), drawn(x, y, style="s"), drawn(x.round(-2), y.round(-2)), drawn(x[::-1], y[::-1])],
    )
    yield RIGHT, [drawn(x / 1000, y / 1000, ("lmer (thousands)", "posterior median (thousands)"))]
    yield "ranef for coef", [drawn(w.ranef, fit.ranef[G][ONE])]
    yield "standard error for the estimate", [drawn(w.fit.se_coef[G][ONE], fit.se_coef[G][ONE])]
    yield "coef against ranef", [drawn(x, fit.ranef[G][ONE])]
    yield "lines for points", [drawn(x, y, style="-")]
    yield (
        UNNAMED,
        [
            axes(),
            drawn(x, y * 2),
            drawn(x, -y),
            drawn(w.sizes, y),
            3.0,
            y,
            drawn([1, 2], [3, 4]),
            drawn(x * 2, y * 2),
        ],
    )
    yield UNNAMED, [drawn(x, x * 0), drawn(w.ranef, y), drawn(x, w.sizes), drawn(y**2, x**2)]


@answers("l05-why-larger")
def why_larger(w):
    """Say why the Bayesian standard deviation is larger."""
    names = {"a": "prior blamed for the larger sd", "b": "difference taken for Monte Carlo error"}
    return letters("d", **names, c="posterior taken for a better estimate of the same thing")


@answers("l05-chains")
def chains(w):
    """Say what to do about a bad parametrisation."""
    names = {"a": "number of draws for effective sample size", "b": "model blamed for the form"}
    return letters("c", **names, d="wide posterior taken for bad mixing")


@answers("l05-practice-prior")
def practice_prior(w):
    """Give the scale of the intercept's prior."""
    s = w.price.std()
    yield RIGHT, [2.5 * s, 2.5 * np.std(w.price), round(2.5 * s), 1_600_000]
    yield "scale without the factor 2.5", [s, np.std(w.price)]
    yield "mean for standard deviation", [2.5 * w.price.mean()]
    yield "scale before adjustment", [2.5]
    yield "rate of sigma's prior", [1 / s]
    yield "variance for standard deviation", [(2.5 * s) ** 2]
    yield (
        UNNAMED,
        [
            w.n,
            0.0,
            1.0,
            w.price.median(),
            2.5 * w.price.median(),
            10 * s,
            2.5 / s,
            2.5 * w.between,
            w.price.max(),
            -s,
            5 * s,
            w.within,
        ],
    )


@answers("l05-practice-prior-prices")
def practice_prior_prices(w):
    """Say what negative prices of the prior mean."""
    names = {
        "a": "an absurd prior predictive must be an error",
        "b": "impossible prior draws make the posterior impossible",
    }
    return letters("c", **names, d="prior predictive taken for a forecast")


@answers("l05-practice-formula")
def practice_formula(w):
    """Give the formula with one predictor."""
    x = "scale_sqft"
    yield (
        RIGHT,
        [
            f"price ~ {x} + (1 | zipcode)",
            f"price~{x}+(1|zipcode)",
            f"price ~ 1 + {x} + (1 | zipcode)",
            f"price ~ (1 | zipcode) + {x}",
        ],
    )
    yield "predictor forgotten", ["price ~ (1 | zipcode)"]
    yield "varying-slope model", [f"price ~ {x} + ({x} | zipcode)", f"price ~ {x} + (1 + {x} | zipcode)"]
    yield (
        "predictor inside the brackets only",
        [f"price ~ ({x} | zipcode)", f"price ~ 1 + (1 + {x} | zipcode)"],
    )
    yield "no-pooling formula", [f"price ~ {x} + zipcode"]
    yield (
        UNNAMED,
        [
            f"price ~ {x}",
            "price ~ 1",
            f"{x} ~ price + (1 | zipcode)",
            "price ~ sqft_living + (1 | zipcode)",
            "",
            3.0,
            f"price ~ {x} * zipcode",
        ],
    )
    yield (
        UNNAMED,
        [
            f"price ~ {x} + (0 + {x} | zipcode)",
            f"price ~ {x} + (1 | grade)",
            f"price ~ 0 + {x} + (1 | zipcode)",
            f"price ~ (1 | {x})",
        ],
    )


@answers("l05-practice-mad-sd")
def practice_mad_sd(w):
    """Say why sd and MAD_SD differ."""
    names = {
        "a": "difference taken for Monte Carlo error",
        "c": "MAD_SD taken for a standard error of the mean",
    }
    return letters("b", **names, d="difference taken for bad chains")


@answers("l05-practice-median-sd")
def practice_median_sd(w):
    """Give the posterior median of the standard deviation between zip codes."""
    fit = _fit(w, draws=10_000)
    sds, variance = _sds(fit), fit.draws[SIGMA]
    yield RIGHT, [sds.median(), np.median(sds), round(sds.median()), np.sqrt(variance.median())]
    yield "root of the mean variance for the median", [variance.mean() ** 0.5]
    yield "lmer for stan_glmer", [w.between, round(w.between), 584_667, w.by_numpy[1], 585_000]
    yield "variance for standard deviation", [variance.median()]
    yield "residual for group standard deviation", [fit.sigma]
    yield "mean for standard deviation", [fit.fixef[ONE]]
    yield (
        UNNAMED,
        [
            0.0,
            sds.std(),
            sds.max(),
            sds.median() / 1000,
            w.price.std() * 3,
            1.0,
            sds.min(),
            -sds.median(),
            sds.mean(),
            w.n,
        ],
    )


@answers("l05-practice-mcse")
def practice_mcse(w):
    """Give a Monte Carlo error from sd and effective sample size."""
    yield RIGHT, [50_000, 50_000.0, 200_000 / np.sqrt(16), 200_000 / 4]
    yield "number of draws for effective sample size", [200_000 / np.sqrt(4000), 3162.28]
    yield "square root forgotten", [12_500, 200_000 / 16]
    yield "posterior sd for Monte Carlo error", [200_000]
    yield UNNAMED, [16, 4000, 4, 0.0, 800_000, 50, 3_200_000, 1.0, 250, 63.2, 200, 100_000, 25_000, -50_000]


@answers("l05-practice-rhat")
def practice_rhat(w):
    """Say what to do about a large R-hat."""
    names = {"b": "means averaged over chains that disagree", "c": "best chain picked"}
    return letters("a", **names, d="R-hat taken for a test of the model")


@answers("l05-recall-coef")
def recall_coef(w):
    """Put an estimate together from its parts."""
    one = w.ranef["98010"]
    right = w.mu + one
    yield RIGHT, [right, w.coef["98010"], round(right), round(right, 2), w.mu - abs(one)]
    yield "ranef for coef", [one, round(one)]
    yield "fixef for coef", [w.mu]
    yield "effect subtracted", [w.mu - one]
    yield "no pooling for partial pooling", [w.means["98010"], round(w.means["98010"])]
    yield UNNAMED, [0.0, w.price.mean(), w.coef["98039"], w.between, w.within, w.n, -right, w.price.max()]
    yield UNNAMED, [w.se, right / 1000, w.ranef["98039"], w.sizes["98010"], right**2]


@answers("l05-recall-weight")
def recall_weight(w):
    """Give the weight of an own mean."""
    yield RIGHT, [0.75, 12 / 16, 12 / (12 + 4), "0.75", 3 / 4, 0.7500001]
    yield "standard deviations for variances", [12 / 14, 0.857]
    yield "standard deviations exchanged", [12 / 12.25, 0.98]
    yield "weight of the other part", [0.25]
    yield "pooling goes halfway", [0.5]
    yield "intraclass correlation for the weight", [0.2]
    yield "percent for share", [75, 75.0]
    yield UNNAMED, [0.0, 1.0, 4.0, 12.0, 2.0, 16, 0.6, 1 / 3, 230_000, 690_000, -0.75]


@answers("l05-recall-new-house")
def recall_new_house(w):
    """Say how far a house in a new zip code can lie."""
    names = {"a": "spread within groups forgotten", "b": "spread between groups forgotten"}
    return letters("d", **names, c="standard deviations added")


@answers("l05-recall-draws")
def recall_draws(w):
    """Say how draws give an interval of a difference."""
    names = {"a": "ends of intervals subtracted", "c": "interval of a fixed width"}
    return letters("b", **names, d="overlap for a difference")


@answers("l05-practice-prior-slope")
def practice_prior_slope(w):
    """Give the scale of the prior of a slope."""
    s, x = w.price.std(), w.homes["grade"].std()
    right = 2.5 * s / x
    yield RIGHT, [right, round(right), 2.5 * np.std(w.price) / np.std(w.homes["grade"]), round(right, -4)]
    yield "scale without the factor 2.5", [s / x]
    yield "sd of the predictor forgotten", [2.5 * s]
    yield "scale before adjustment", [2.5]
    yield "ratio upside down", [2.5 * x / s]
    yield "sd of the outcome forgotten", [2.5 / x]
    yield UNNAMED, [s, x, 0.0, 1.0, -right, right / 1000, 10 * right, s * x, w.price.mean(), w.n, 25.0]


@answers("l05-practice-flat")
def practice_flat(w):
    """Say what a flat prior believes."""
    names = {"a": "a flat prior says nothing", "c": "flat prior taken for a pull to zero"}
    return letters("b", **names, d="prior must be normal")


@answers("l05-practice-lower-half")
def practice_lower_half(w):
    """Give the share of draws in the lower half of the interval."""
    return _shares_of(_sds(_fit(w)))


@answers("l05-practice-new-house")
def practice_new_house(w):
    """Give a probability from predictive draws."""
    fit, rng, limit = _fit(w, draws=10_000), w.rng(3), 2_000_000
    houses = fit.posterior_predict(pd.DataFrame({G: ["new"]}), seed=w.seed)[0]
    zips = fit.draws[ONE] + _sds(fit) * rng.normal(size=len(fit.draws))
    right = float(np.mean(houses > limit))
    yield RIGHT, [right, round(right, 3), np.mean(zips + fit.sigma * rng.normal(size=len(zips)) > limit)]
    yield "spread within groups forgotten", [np.mean(zips > limit)]
    yield "probability of the opposite", [np.mean(houses < limit), 1 - right]
    yield "percent for share", [100 * right]
    yield "count for share", [40_000 * right]
    yield UNNAMED, [0.0, 1.0, 0.5, np.mean(houses > 1e6), houses.mean(), -right, limit, right**2, right * 3]
    yield UNNAMED, [np.mean(houses < 0), np.mean(w.price > 1e6), houses.std()]


@answers("l05-practice-form")
def practice_form(w):
    """Say which form suits many small groups."""
    names = {"a": "one form for all data", "c": "thinning taken for a cure"}
    return letters("b", **names, d="data thrown away for the sampler")


@answers("l05-practice-sum")
def practice_sum(w):
    """Give the posterior sd of one zip code's mean."""
    draws = _fit(w, draws=10_000).draws
    mu, effect = draws[ONE], draws["b[(Intercept) zipcode:98039]"]
    right = (mu + effect).std()
    cov = np.cov(mu, effect)
    yield RIGHT, [right, np.std(mu.to_numpy() + effect.to_numpy()), np.sqrt(cov.sum()), round(right)]
    yield "effect alone", [effect.std()]
    yield "draws taken for independent", [np.hypot(mu.std(), effect.std())]
    yield "standard deviations added", [mu.std() + effect.std()]
    yield "mean for standard deviation", [(mu + effect).median(), (mu + effect).mean()]
    yield "variance for standard deviation", [(mu + effect).var()]
    yield UNNAMED, [0.0, 1.0, w.between, w.within, mu.median(), effect.median(), right / 1000, -right, w.n]
    yield UNNAMED, [right / 200, right * 2, right * 20, np.corrcoef(mu, effect)[0, 1]]


@answers("l05-practice-figure")
def practice_figure(w):
    """Give the counties' posterior medians against lmer's estimates."""
    fit, of_lmer = _radon(w.seed), lmer(RADON, load_radon())
    x, y = of_lmer.coef["county"][ONE], fit.coef["county"][ONE]

    def drawn(x, y, labels=("intercept by lmer", "posterior median"), style="o"):
        ax = axes(*labels)
        ax.plot(list(x), list(y), style)
        return ax

    yield RIGHT, [drawn(x, y), drawn(x, y, style="s"), drawn(x[::-1], y[::-1]), drawn(x.round(3), y.round(3))]
    yield "ranef for coef", [drawn(of_lmer.ranef["county"][ONE], fit.ranef["county"][ONE])]
    yield "lines for points", [drawn(x, y, style="-")]
    yield UNNAMED, [axes(), drawn(x, 2 * y), drawn(x, -y), y, 3.0, drawn([1, 2], [3, 4]), drawn(x**2, y**2)]
    yield UNNAMED, [drawn(x, x * 0), drawn(of_lmer.ranef["county"][ONE], y), drawn(x[:40], y[:40])]


@answers("l05-practice-print-out")
def practice_print_out(w):
    """Give the print-out's summary of five draws."""
    five = np.array([4e5, 5e5, 5.5e5, 6.5e5, 1.1e6])
    right = float(np.sqrt((five**2).mean()))
    yield RIGHT, [right, round(right), np.hypot(five.mean(), five.std()), np.linalg.norm(five) / 5**0.5]
    yield "mean of the roots for the root of the mean", [640_000, five.mean()]
    yield "median for the root of the mean variance", [550_000]
    yield "variance for standard deviation", [(five**2).mean()]
    yield "spread of the draws for their size", [five.std(ddof=1)]
    yield "sum for mean", [np.linalg.norm(five)]
    yield "thousands of dollars", [right / 1000]
    yield UNNAMED, [0.0, 5, 1_100_000, 400_000, 647_744, 584_667, five.sum(), five.std() / 5, -right, 750_000]


@answers("l05-practice-many-groups")
def practice_many_groups(w):
    """Say what 85 groups do to the gap."""
    names = {"a": "gap taken for a habit of the programs", "b": "counting rows instead of groups"}
    return letters("c", **names, d="predictor taken for the reason")


@answers("l05-practice-prior-pull")
def practice_prior_pull(w):
    """Give two medians under two priors, for the counties."""
    of_lmer = lmer(RADON, load_radon()).varcorr["county"].sd[ONE]
    yield from _pulls(_radon(w.seed), _radon(w.seed, 0.1), "county", of_lmer)
