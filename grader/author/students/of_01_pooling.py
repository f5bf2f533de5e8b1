"""What students answer in lesson 01: pooling."""

import numpy as np
import pandas as pd

from grader.author.students import RIGHT, UNNAMED, answers
from grader.author.students.work import ONE, G, letters, one_way
from mlmkit import complete_pooling, no_pooling


@answers("l01-mean-price")
def mean_price(w):
    """Give the mean price of all houses."""
    right = w.price.mean()
    yield RIGHT, [right, np.mean(w.price.tolist()), w.price.sum() / w.n, round(right), round(right, 2)]
    yield RIGHT, [complete_pooling("price ~ 1", w.homes).fixef[ONE], np.average(w.means, weights=w.sizes)]
    yield "mean of zip codes for mean of houses", [w.means.mean(), w.mu, w.by_numpy[0], round(w.mu, 2)]
    yield "median for mean", [w.price.median(), np.percentile(w.price, 50)]
    yield "thousands of dollars", [right / 1000, round(right / 1000, 2)]
    yield "standard deviation for mean", [w.price.std(), np.std(w.price)]
    yield UNNAMED, [w.price.max(), w.price.min(), w.price.sum(), np.exp(np.log(w.price).mean()), w.n, 0.0]
    yield UNNAMED, [(w.price / w.homes["sqft_living"]).mean(), right * 1.013, 540_088.0]


@answers("l01-group-means")
def group_means(w):
    """Give the mean price in each zip code."""
    return _group_means(w)


@answers("l01-practice-group-means")
def practice_group_means(w):
    """Give the same for the lecture's data."""
    return _group_means(w)


def _group_means(w):
    means = w.means
    yield RIGHT, [means, means.to_dict(), means.sort_values(), means.round(0), means.round(2)]
    yield (
        RIGHT,
        [
            w.homes.groupby(G, observed=True)["price"].sum() / w.sizes,
            no_pooling("price ~ (1 | zipcode)", w.homes).coef[G][ONE],
        ],
    )
    yield RIGHT, [pd.Series({z: w.price[w.homes[G] == z].mean() for z in w.means.index})]
    yield "partial pooling for no pooling", [w.coef, w.coef.to_dict(), w.mu + w.ranef, w.ml.coef[G][ONE]]
    yield "median for mean", [w.prices.median(), w.prices.quantile(0.5)]
    yield "differences for means", [means - w.price.mean()]
    yield "thousands of dollars", [means / 1000, (means / 1000).round(1)]
    yield "complete pooling for no pooling", [means * 0 + w.price.mean(), w.price.mean()]
    yield "standard deviation for mean", [w.prices.std()]
    yield UNNAMED, [w.sizes, means * 0, w.prices.max(), w.prices.min(), means * 1.03, w.prices.sum(), 0.0]
    yield UNNAMED, [pd.Series(means.to_numpy()[::-1], means.index), means - means.mean(), w.mu]


@answers("l01-fixef")
def fixef(w):
    """Give the fixed intercept."""
    yield (
        RIGHT,
        [w.mu, w.by_numpy[0], w.by_statsmodels.fe_params[0], round(w.mu), round(w.mu, 1), w.coef.mean()],
    )
    yield "mean of houses for mean of zip codes", [w.price.mean(), np.average(w.means, weights=w.sizes)]
    yield "median for mean", [w.means.median(), np.median(w.means)]
    yield "standard error for the estimate", [w.se]
    yield "standard deviation for mean", [w.between, w.by_numpy[1]]
    yield "thousands of dollars", [w.mu / 1000, round(w.mu / 1000, 1)]
    yield (
        UNNAMED,
        [w.within, w.price.median(), w.mu + 2 * w.se, w.price.std(), 0.0, 1.0, w.means.max(), w.means.min()],
    )
    yield UNNAMED, [w.fit.criterion, w.mu * 1.02, w.mu * 0.985, w.n]


@answers("l01-sd-zipcode")
def sd_zipcode(w):
    """Give the standard deviation between zip codes."""
    return _sd_between(w)


def _sd_between(w):
    sd = w.between
    yield RIGHT, [sd, w.by_numpy[1], round(sd), round(sd, 2), np.sqrt(w.fit.varcorr[G].cov.iloc[0, 0])]
    yield RIGHT, [float(np.sqrt(w.by_statsmodels.cov_re[0, 0]))]
    yield "variance for standard deviation", [sd**2, w.by_numpy[1] ** 2, w.fit.varcorr[G].cov.iloc[0, 0]]
    yield "ML for REML", [w.ml.varcorr[G].sd[ONE]]
    yield "residual for group standard deviation", [w.within, w.by_numpy[2]]
    yield "standard error for standard deviation", [w.se, sd / 3]
    yield "spread of the plain means", [w.means.std(), np.std(w.means.to_numpy()), round(w.means.std(), 2)]
    yield "spread of the estimates", [w.coef.std(), w.ranef.std(), np.std(w.coef.to_numpy())]
    yield UNNAMED, [w.mu, w.prices.std().std(), 0.0, 1.0, w.means.max() - w.means.min(), sd / 1000]
    yield UNNAMED, [sd * 1.9, sd * 0.37]


@answers("l01-sd-within")
def sd_within(w):
    """Give the standard deviation within zip codes."""
    return _sd_within(w)


@answers("l01-practice-sd-within")
def practice_sd_within(w):
    """Give the same for the lecture's data."""
    return _sd_within(w)


def _sd_within(w):
    sd = w.within
    pooled = np.sqrt((w.prices.var() * (w.sizes - 1)).sum() / (w.n - len(w.sizes)))
    yield RIGHT, [sd, w.by_numpy[2], pooled, round(sd), round(sd, 2), np.sqrt(w.by_statsmodels.scale)]
    yield "variance for standard deviation", [sd**2, w.by_statsmodels.scale]
    yield "group for residual standard deviation", [w.between, w.by_numpy[1], w.ml.varcorr[G].sd[ONE]]
    yield "standard deviation of all prices", [w.price.std()]
    yield "mean of the groups' standard deviations", [w.prices.std().mean()]
    yield "standard error for standard deviation", [w.se]
    yield (
        UNNAMED,
        [w.prices.std().median(), 0.0, 1.0, w.mu, w.prices.std().max(), sd / 1000, sd * 1.9, sd * 0.37],
    )
    yield UNNAMED, [w.price.mean(), np.hypot(w.between, sd) * 1.3]


@answers("l01-interval")
def interval(w):
    """Give two standard errors to each side of the fixed intercept."""

    def ends(middle, half):
        return {"lower": middle - half, "upper": middle + half}

    yield RIGHT, [ends(w.mu, 2 * w.se), ends(w.mu, 1.96 * w.se), pd.Series(ends(w.mu, 2 * w.se)).round(2)]
    yield (
        RIGHT,
        [
            ends(w.by_numpy[0], 2 * w.se),
            ends(w.by_statsmodels.fe_params[0], 1.96 * w.by_statsmodels.bse_fe[0]),
        ],
    )
    yield "one standard error for two", [ends(w.mu, w.se)]
    yield "standard deviation for standard error", [ends(w.mu, 2 * w.between)]
    yield "residual standard deviation for standard error", [ends(w.mu, 2 * w.within)]
    of_houses = w.price.std() / np.sqrt(w.n)
    yield (
        "complete-pooling interval",
        [ends(w.price.mean(), 2 * of_houses), ends(w.price.mean(), 1.96 * of_houses)],
    )
    yield (
        UNNAMED,
        [ends(w.mu, 3 * w.se), ends(w.mu, 2.306 * w.se), ends(0.0, 2 * w.se), ends(w.price.mean(), 2 * w.se)],
    )
    yield UNNAMED, [ends(w.mu, -2 * w.se), ends(w.mu, 0.0), ends(0.0, 0.0), ends(w.mu, 1.645 * w.se)]
    yield (
        UNNAMED,
        [
            {"lower": w.price.quantile(0.025), "upper": w.price.quantile(0.975)},
            ends(w.mu / 1000, 2 * w.se / 1000),
        ],
    )


@answers("l01-which-average")
def which_average(w):
    """Say why the fixed intercept differs from the mean of all houses."""
    right, other = "ab" if w.by_numpy[0] > w.price.mean() else "ba"
    others = {other: "direction of the difference", "c": "fixed intercept is the mean of houses"}
    return letters(right, **others, d="partial pooling drops houses")


@answers("l01-ranef")
def ranef(w):
    """Give the random effects."""
    effects, mu, houses = w.ranef, w.mu, w.price.mean()
    weight = w.sizes / (w.sizes + (w.by_numpy[2] / w.by_numpy[1]) ** 2)
    yield (
        RIGHT,
        [effects, effects.to_dict(), effects.round(2), w.coef - mu, weight * (w.means - w.by_numpy[0])],
    )
    yield "coef for ranef", [w.coef, w.coef.to_dict(), mu + effects]
    yield "no pooling for partial pooling", [w.means - mu]
    yield "difference from the mean of all houses", [w.means - houses, w.coef - houses]
    yield "wrong sign", [-effects, mu - w.coef]
    yield "standard error for the estimate", [w.fit.se_ranef[G][ONE]]
    yield (
        UNNAMED,
        [effects * 0, effects / 1000, w.means, effects / w.between, w.sizes, w.means - w.means.median()],
    )
    yield UNNAMED, [effects.abs(), pd.Series(effects.to_numpy()[::-1], effects.index), effects + 5000, 0.0]
    yield UNNAMED, [w.ten.ranef, w.price.mean()]


@answers("l01-few-sales")
def few_sales(w):
    """Give partial pooling of the first ten sales of each zip code."""
    few = w.ten
    mu, between, within = few.by_numpy
    weight = 10 / (10 + (within / between) ** 2)
    yield (
        RIGHT,
        [
            few.coef,
            few.coef.to_dict(),
            few.mu + few.ranef,
            few.coef.round(1),
            weight * few.means + (1 - weight) * mu,
        ],
    )
    yield "no pooling for partial pooling", [few.means, w.means]
    yield "all sales for the small sample", [w.coef, w.mu + w.ranef]
    yield "ML for REML", [few.ml.coef[G][ONE]]
    yield "ranef for coef", [few.ranef]
    yield "complete pooling for partial pooling", [few.means * 0 + few.price.mean(), few.price.mean()]
    last = w.part(w.homes.groupby(G, observed=True).tail(10))
    cheap = w.part(w.homes.sort_values("price").groupby(G, observed=True).head(10))
    yield (
        UNNAMED,
        [
            last.coef,
            cheap.coef,
            few.sizes,
            few.coef * 0,
            few.prices.median(),
            few.coef / 1000,
            few.prices.std(),
        ],
    )
    yield (
        UNNAMED,
        [(few.means + few.mu) / 2, 0.0, last.means, few.fit.se_coef[G][ONE], w.part(w.homes.head(90)).n],
    )


def _formulas(outcome, group):
    yield (
        RIGHT,
        [
            f"{outcome} ~ (1 | {group})",
            f"{outcome}~(1|{group})",
            f"{outcome} ~ 1 + (1 | {group})",
            f" {outcome} ~ (1|{group}) ",
        ],
    )
    yield RIGHT, [f"{outcome} ~ 1 + (1|{group})"]
    yield "complete-pooling formula", [f"{outcome} ~ 1"]
    yield "outcome and group exchanged", [f"{group} ~ (1 | {outcome})"]
    yield "bar turned round", [f"{outcome} ~ ({group} | 1)"]
    yield "grouping factor as a varying slope", [f"{outcome} ~ (0 + {group} | {group})"]
    yield (
        UNNAMED,
        [f"{outcome} ~ 0 + (1 | {group})", f"{outcome} ~ 1 | {group}", f"{outcome} ~ (1 | id)", "", "y ~ x"],
    )
    yield (
        UNNAMED,
        [
            f"{outcome} ~ bedrooms + (1 | {group})",
            f"{outcome} ~ (1 + bedrooms | {group})",
            f"(1 | {group})",
            3.0,
        ],
    )
    yield (
        UNNAMED,
        [f"log({outcome}) ~ (1 | {group})", f"{outcome} ~ (1 || {group}", f"{outcome} ~ C({group})"],
    )


@answers("l01-formula")
def formula(w):
    """Give the formula of partial pooling with another outcome."""
    yield from _formulas("sqft_living", G)
    yield "no-pooling formula", ["sqft_living ~ zipcode", "sqft_living ~ 1 + zipcode"]
    yield "wrong outcome", ["price ~ (1 | zipcode)", "price~(1|zipcode)"]
    yield "outcome used as predictor", ["price ~ sqft_living + (1 | zipcode)"]


@answers("l01-practice-formula")
def practice_formula(w):
    """Give the formula of partial pooling with another grouping factor."""
    yield from _formulas("price", "grade")
    yield "wrong grouping factor", ["price ~ (1 | zipcode)"]
    yield "no bar", ["price ~ grade", "price ~ 1 + grade"]


@answers("l01-practice-few-sales")
def practice_few_sales(w):
    """Say where partial pooling puts a zip code with two sales."""
    group = "partial pooling keeps the group's own mean"
    small = "partial pooling is complete pooling for small groups"
    return letters("b", a=group, c="partial pooling is always halfway", d=small)


@answers("l01-practice-ranef")
def practice_ranef(w):
    """Give one random effect of the lecture's fit."""
    z = "98102"
    effect = w.ranef[z]
    yield RIGHT, [effect, w.coef[z] - w.mu, round(effect), round(effect, 2), w.coef[z] - w.by_numpy[0]]
    yield "coef for ranef", [w.coef[z], w.mu + effect]
    yield "no pooling for partial pooling", [w.means[z] - w.mu]
    yield "difference from the mean of all houses", [w.coef[z] - w.price.mean()]
    yield "wrong sign", [-effect, w.mu - w.coef[z]]
    yield "standard error for the estimate", [w.fit.se_ranef[G][ONE][z]]
    yield (
        UNNAMED,
        [w.ranef["98039"], w.ranef["98109"], w.mu, w.means[z], effect / 1000, 0.0, effect * 1.2, w.sizes[z]],
    )
    yield UNNAMED, [w.between, w.within, w.ten.ranef[z]]


@answers("l01-practice-complete")
def practice_complete(w):
    """Give the mean living area of all houses."""
    area = w.homes["sqft_living"]
    own = area.groupby(w.homes[G], observed=True).mean()
    mu, _, _ = _area(w)
    right = float(np.average(own, weights=w.sizes))
    yield RIGHT, [area.mean(), right, round(right), round(right, 2), area.sum() / w.n, f"{right:,.2f}"]
    yield "mean of zip codes for mean of houses", [own.mean(), mu, round(mu, 1)]
    yield "wrong outcome", [w.price.mean()]
    yield "median for mean", [area.median()]
    yield "standard deviation for mean", [area.std()]
    yield (
        UNNAMED,
        [0.0, 1.0, w.n, area.max(), area.min(), -right, right / 1000, right * 1.9, 9.0, area.sum(), 1e6],
    )


def _area(w):
    return one_way(w.homes["sqft_living"].to_numpy(float), w.homes[G].to_numpy())


@answers("l01-practice-sd-between")
def practice_sd_between(w):
    """Give how much the zip codes differ in living area."""
    fit, (mu, a, y) = w.lmer("sqft_living ~ (1 | zipcode)"), _area(w)
    yield RIGHT, [a, fit.varcorr[G].sd[ONE], round(a), round(a, 2), np.sqrt(fit.varcorr[G].cov.iloc[0, 0])]
    yield "variance for standard deviation", [a**2, fit.varcorr[G].cov.iloc[0, 0]]
    yield "residual for group standard deviation", [y, fit.sigma, round(y)]
    yield "wrong outcome", [w.between, round(w.between)]
    yield "standard error for standard deviation", [fit.se_fixef[ONE]]
    yield "mean for standard deviation", [mu, fit.fixef[ONE]]
    yield UNNAMED, [0.0, 1.0, w.n, a / 1000, -a, a * 1.9, w.within, 9.0, a + y, w.price.mean(), 1e7]


@answers("l01-practice-fixef")
def practice_fixef(w):
    """Give the fixed intercept of the living area."""
    fit, (mu, a, y) = w.lmer("sqft_living ~ (1 | zipcode)"), _area(w)
    yield RIGHT, [mu, fit.fixef[ONE], round(mu), round(mu, 1), fit.coef[G][ONE].mean(), f"{mu:,.1f}"]
    yield "mean of houses for mean of zip codes", [w.homes["sqft_living"].mean()]
    yield "wrong outcome", [w.mu, round(w.mu)]
    yield "standard error for the estimate", [fit.se_fixef[ONE]]
    yield "standard deviation for mean", [a, fit.varcorr[G].sd[ONE]]
    yield UNNAMED, [0.0, 1.0, w.n, y, -mu, mu / 1000, mu * 1.9, w.price.mean(), w.between, 9.0, a**2, 1e7]


@answers("l01-practice-interval")
def practice_interval(w):
    """Give two standard errors to each side of the fixed intercept of the living area."""
    fit, (mu, a, y) = w.lmer("sqft_living ~ (1 | zipcode)"), _area(w)
    area, se = w.homes["sqft_living"], fit.se_fixef[ONE]

    def ends(middle, half):
        return {"lower": middle - half, "upper": middle + half}

    right = ends(mu, 2 * se)
    yield RIGHT, [right, ends(mu, 1.96 * se), (mu - 2 * se, mu + 2 * se), pd.Series(right).round(1)]
    yield "one standard error for two", [ends(mu, se)]
    yield "standard deviation for standard error", [ends(mu, 2 * a)]
    yield "residual standard deviation for standard error", [ends(mu, 2 * y)]
    yield "complete-pooling interval", [ends(area.mean(), 2 * area.std() / np.sqrt(w.n))]
    yield (
        UNNAMED,
        [ends(0.0, 2 * se), ends(mu, 9 * se), ends(w.mu, 2 * w.se), ends(mu, 0.0), ends(-mu, se), mu],
    )
    yield UNNAMED, [se, ends(mu + 500, 2 * se), ends(a, se), ends(1.0, 1.0), (mu, se), ends(mu * 3, 2 * se)]


@answers("l01-practice-random")
def practice_random(w):
    """Say what is wrong with random effects only for random samples."""
    names = {"a": "random effects come from random sampling", "b": "fixed effects for groups of interest"}
    return letters("c", **names, d="random effects are noise")


@answers("l01-practice-extremes")
def practice_extremes(w):
    """Say where small groups stand in a list of means."""
    names = {"a": "extremes of small groups are real", "b": "only one end for small groups"}
    return letters("d", **names, c="more data, more extreme means")


@answers("l01-practice-three-groups")
def practice_three_groups(w):
    """Say what is wrong with a limit of five groups."""
    names = {"b": "fewer than five groups forbid random effects", "c": "few groups need complete pooling"}
    return letters("a", **names, d="more houses for more groups")


@answers("l01-practice-few")
def practice_few(w):
    """Give partial pooling of the first four sales."""
    four = w.part(w.homes.groupby(G, observed=True).head(4))
    mu, a, y = four.by_numpy
    weight = 4 / (4 + (y / a) ** 2)
    right = weight * four.means + (1 - weight) * mu
    yield RIGHT, [right, four.coef, four.mu + four.ranef, right.to_dict(), right.round(0), right.iloc[::-1]]
    yield "no pooling for partial pooling", [four.means, w.means]
    yield "all sales for the small sample", [w.coef]
    yield "ML for REML", [four.ml.coef[G][ONE]]
    yield "ranef for coef", [four.ranef, weight * (four.means - mu)]
    yield "complete pooling for partial pooling", [four.means * 0 + four.price.mean()]
    yield (
        UNNAMED,
        [
            w.sizes,
            right / 1000,
            right * 1.9,
            right * 0,
            four.prices.median() * 2,
            four.prices.std(),
            0.0,
            w.ranef,
        ],
    )
    yield UNNAMED, [right + 50_000, weight * four.means * 0.3, -right]


@answers("l01-ready-error")
def ready_error(w):
    """Give a standard error."""
    names = {"a": "standard deviation for standard error", "c": "square root forgotten"}
    return letters("b", **names, d="standard error of another number")


@answers("l01-ready-interval")
def ready_interval(w):
    """Give an interval of two standard errors."""
    names = {"a": "one standard error for two", "b": "too wide an interval"}
    return letters("c", **names, d="too narrow an interval")


@answers("l01-ready-slope")
def ready_slope(w):
    """Say what a slope means for two houses."""
    names = {"a": "slope for difference", "b": "intercept added to a difference"}
    return letters("d", **names, c="sum of the coefficients")


@answers("l01-ready-mean")
def ready_mean(w):
    """Give the mean of two groups."""
    names = {"b": "mean of means for mean of houses", "c": "own mean of the largest group"}
    return letters("a", **names, d="sum for mean")


@answers("l01-ready-pandas")
def ready_pandas(w):
    """Choose the code of a mean by group."""
    names = {"a": "complete pooling for no pooling", "c": "mean of names"}
    return letters("b", **names, d="sum for mean")
