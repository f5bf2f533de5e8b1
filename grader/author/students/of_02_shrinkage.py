"""What students answer in lesson 02: shrinkage."""

import math

import numpy as np
import pandas as pd

from grader.author.students import RIGHT, UNNAMED, answers
from grader.author.students.of_01_pooling import sd_zipcode as _sd_zipcode
from grader.author.students.work import ONE, G, axes, letters, one_way
from mlmkit import lmer, load_radon

PLACE = "98024"


def _weight(n, between, within):
    return n / (n + (within / between) ** 2)


@answers("l02-weights")
def weights(w):
    """Give the weights in the small sample."""
    s = w.uneven
    n, (_, a, y) = s.sizes, s.by_numpy
    right = _weight(n, s.between, s.within)
    yield (
        RIGHT,
        [right, _weight(n, a, y), right.to_dict(), (n / y**2) / (n / y**2 + 1 / a**2), right.round(5)],
    )
    yield (
        "standard deviations for variances",
        [n / (n + s.within / s.between), (n / s.within) / (n / s.within + 1 / s.between)],
    )
    yield "weight of the centre", [1 - right]
    yield "standard deviations exchanged", [_weight(n, s.within, s.between)]
    yield "group size forgotten", [_weight(1, s.between, s.within), n * 0 + _weight(1, a, y)]
    yield (
        "all sales for the small sample",
        [_weight(n, w.between, w.within), _weight(w.sizes, w.between, w.within)],
    )
    yield "weights scaled to add up to one", [right / right.sum()]
    yield "share of the sales", [n / n.sum()]
    yield "precision for weight", [n / s.within**2]
    yield "percent for share", [100 * right]
    yield (
        UNNAMED,
        [
            n,
            n * 0,
            n * 0 + 1,
            right**2,
            s.within**2 / n,
            n / n.max(),
            right * 0.37,
            s.means,
            0.0,
            n * 0 + 0.2,
        ],
    )


@answers("l02-estimates")
def estimates(w):
    """Give partial pooling by hand in the small sample."""
    s = w.uneven
    n, mu, a, y = s.sizes, s.mu, s.between, s.within
    weight = _weight(n, a, y)

    def mixed(weight, centre, own=s.means):
        return weight * own + (1 - weight) * centre

    by_hand = mixed(_weight(n, *s.by_numpy[1:]), s.by_numpy[0])
    yield RIGHT, [mixed(weight, mu), by_hand, s.coef, s.coef.to_dict(), s.coef.round(0), mu + s.ranef]
    yield "no pooling for partial pooling", [s.means]
    yield "weights exchanged", [mixed(1 - weight, mu)]
    yield "mean of houses for mean of zip codes", [mixed(weight, s.price.mean())]
    yield "all sales for the small sample", [mixed(weight, w.mu), w.coef]
    yield "standard deviations for variances", [mixed(n / (n + y / a), mu)]
    yield "centre left out", [weight * s.means]
    yield "ranef for coef", [s.ranef, weight * (s.means - mu)]
    yield "ML for REML", [s.ml.coef[G][ONE]]
    yield (
        UNNAMED,
        [w.means, s.prices.median(), n, weight, n * 0 + mu, (s.means + mu) / 2, s.coef / 1000, s.coef * 1.9],
    )
    yield UNNAMED, [mixed(weight, 0.0, w.means), 0.0]


@answers("l02-sd-zipcode")
def sd_zipcode(w):
    """Give the standard deviation between zip codes."""
    yield from _sd_zipcode(w)
    yield "small sample for all sales", [w.uneven.between]
    yield "standard deviation of all prices", [w.price.std()]


@answers("l02-icc")
def icc(w):
    """Give the intraclass correlation of the prices."""
    yield from _icc(w.fit, w.by_numpy)
    yield "ML for REML", [w.ml.icc()[G]]
    yield "small sample for all sales", [w.uneven.fit.icc()[G]]
    sm = w.by_statsmodels
    yield RIGHT, [float(sm.cov_re[0, 0] / (sm.cov_re[0, 0] + sm.scale))]


def _icc(fit, by_numpy):
    (_, a, y), share = by_numpy, fit.icc()[G]
    yield (
        RIGHT,
        [
            share,
            a**2 / (a**2 + y**2),
            1 / (1 + (y / a) ** 2),
            round(share, 4),
            fit.varcorr[G].cov.iloc[0, 0] / (a**2 + y**2),
        ],
    )
    yield "standard deviations for variances", [a / (a + y)]
    yield "share within groups", [1 - share, y**2 / (a**2 + y**2)]
    yield "ratio for share", [a**2 / y**2]
    yield "square root of the share", [share**0.5, a / np.hypot(a, y)]
    yield "percent for share", [100 * share, round(100 * share, 2)]
    yield UNNAMED, [a, y, 0.0, 1.0, a**2, a - y, -share, 9.0, share / 1000, y**2 / a**2 + 3, 1e6]


@answers("l02-sales-needed")
def sales_needed(w):
    """Give the number of sales for a weight of 0.95."""
    ratio = (w.within / w.between) ** 2
    right = 19 * ratio
    yield (
        RIGHT,
        [
            right,
            0.95 / 0.05 * (w.by_numpy[2] / w.by_numpy[1]) ** 2,
            round(right, 3),
            0.95 * ratio / (1 - 0.95),
            math.ceil(right),
            float(math.ceil(right)),
        ],
    )
    yield "standard deviations for variances", [19 * w.within / w.between]
    yield "standard deviations exchanged", [19 / ratio]
    yield "weight of one half", [ratio]
    yield "weight times k", [0.95 * ratio]
    yield "odds mixed up", [ratio / 0.05]
    yield "weight of the centre", [ratio / 19]
    yield "ML for REML", [19 * (w.ml.sigma / w.ml.varcorr[G].sd[ONE]) ** 2]
    yield UNNAMED, [w.n, 0.95, 0.0, w.within, w.between, right / 1000, -right, 1e6, 100 * right, right**2 + 7]


@answers("l02-centre")
def centre(w):
    """Give the centre of the small sample, by hand."""
    s = w.uneven
    a, y, n = s.between, s.within, s.sizes
    v = 1 / (a**2 + y**2 / n)
    yield (
        RIGHT,
        [
            (v * s.means).sum() / v.sum(),
            s.mu,
            s.by_numpy[0],
            round(s.mu),
            round(s.mu, 2),
            np.average(s.means, weights=v),
        ],
    )
    yield "mean of houses for mean of zip codes", [s.price.mean(), np.average(s.means, weights=n)]
    yield "plain mean of the means", [s.means.mean(), np.mean(s.means.tolist())]
    yield "variances for precisions", [np.average(s.means, weights=1 / v)]
    yield "right or standard deviations for variances", [np.average(s.means, weights=1 / (a + y / n**0.5))]
    yield "all sales for the small sample", [w.mu]
    yield "thousands of dollars", [s.mu / 1000, round(s.mu / 1000, 2)]
    yield (
        UNNAMED,
        [(v * s.means).sum(), v.sum(), w.within, 0.0, a, s.price.median(), s.mu * 1.9, w.price.max(), 9.0],
    )


@answers("l02-direction")
def direction(w):
    """Give on which side the lecture's formula lies."""
    s = w.uneven
    right, other = "ab" if s.price.mean() > s.by_numpy[0] else "ba"
    others = {other: "direction of the difference", "c": "the two formulas are the same"}
    return letters(right, **others, d="less shrinkage for a shift")


@answers("l02-limits")
def limits(w):
    """Give the limits of the estimates."""
    s = w.uneven
    own, houses = s.means, s.price.mean()

    def both(zero, infinity):
        return pd.DataFrame({"zero": zero, "infinity": infinity}, index=own.index)

    right = both(houses, own)
    yield (
        RIGHT,
        [
            right,
            right.iloc[::-1],
            right[["infinity", "zero"]],
            right.round(0),
            both(np.average(own, weights=s.sizes), own),
        ],
    )
    yield "limits exchanged", [both(own, houses)]
    yield "centre held fixed", [both(s.mu, own), both(s.by_numpy[0], own)]
    yield "plain mean of the means", [both(own.mean(), own)]
    yield "effects for estimates", [both(0.0, own)]
    yield "partial pooling for a limit", [both(houses, s.coef)]
    yield "weights for estimates", [both(0.0, 1.0)]
    yield (
        UNNAMED,
        [right * 0, both(own, own), both(s.coef, s.coef), right / 1000, both(0.0, 0.0), own, houses],
    )
    yield (
        UNNAMED,
        [both(1.0, 0.0), both(s.ranef, own), both(s.prices.median(), 7.0), right * 1.9, both(-houses, -own)],
    )


@answers("l02-reml-ml")
def reml_and_ml(w):
    """Give the two standard deviations by both criteria."""

    def by_method(reml, ml):
        return pd.DataFrame({"REML": reml, "ML": ml}, index=[G, "Residual"])

    reml, ml = [w.between, w.within], [w.ml.varcorr[G].sd[ONE], w.ml.sigma]
    by_hand = one_way(w.price.to_numpy(), w.homes[G].to_numpy(), reml=False)[1:]
    right = by_method(reml, ml)
    yield (
        RIGHT,
        [right, by_method(w.by_numpy[1:], by_hand), right[["ML", "REML"]], right.iloc[::-1], right.round(0)],
    )
    yield "REML twice", [by_method(reml, reml)]
    yield "REML and ML exchanged", [by_method(ml, reml)]
    yield "rows exchanged", [by_method(reml[::-1], ml[::-1])]
    yield "variance for standard deviation", [right**2]
    shrunk = [(8 / 9) ** 0.5 * sd for sd in reml]
    yield "both standard deviations scaled", [by_method(reml, shrunk)]
    s = w.uneven
    yield (
        "small sample for all sales",
        [by_method([s.between, s.within], [s.ml.varcorr[G].sd[ONE], s.ml.sigma])],
    )
    yield (
        UNNAMED,
        [
            right * 0,
            right / 1000,
            by_method(w.mu, w.mu),
            right * 1.9,
            w.between,
            right["REML"],
            by_method(1.0, 2.0),
        ],
    )
    yield (
        UNNAMED,
        [
            by_method([w.mu, w.se], [w.mu, w.se]),
            -right,
            right.iloc[[0, 0]].set_axis(right.index),
            by_method(reml, 0.0),
        ],
    )


@answers("l02-curve")
def curve(w):
    """Give the weight against the number of sales."""
    n = np.arange(1, 41)

    def drawn(y, x=n, labels=("number of sales", "weight"), **how):
        ax = axes(*labels)
        ax.plot(x, y, **how)
        return ax

    right = _weight(n, w.between, w.within)
    fine = np.linspace(1, 40, 500)
    yield (
        RIGHT,
        [drawn(right), drawn(_weight(n, *w.by_numpy[1:])), drawn(_weight(fine, w.between, w.within), fine)],
    )
    yield (
        RIGHT,
        [
            drawn(right, marker="o"),
            drawn(_weight(np.arange(101), w.between, w.within), np.arange(101)),
            drawn(right.round(4)),
        ],
    )
    yield "standard deviations for variances", [drawn(n / (n + w.within / w.between))]
    yield "weight of the centre", [drawn(1 - right)]
    yield "standard deviations exchanged", [drawn(_weight(n, w.within, w.between))]
    yield "small sample for all sales", [drawn(_weight(n, w.uneven.between, w.uneven.within))]
    yield "ML for REML", [drawn(_weight(n, w.ml.varcorr[G].sd[ONE], w.ml.sigma))]
    yield "points for lines", [drawn(right, marker="o", linestyle="")]
    yield "axes exchanged", [drawn(n, right, ("weight", "number of sales"))]
    yield (
        UNNAMED,
        [
            drawn(n),
            drawn(right * 0),
            drawn(right**2 + 1),
            drawn(right * 7),
            axes(),
            3.0,
            drawn(n / 41.0, n[::-1]),
            drawn(-right),
        ],
    )


@answers("l02-practice-spread")
def practice_spread(w):
    """Say why plain means differ more than true means."""
    names = {"a": "spread of means explained by group sizes", "c": "lmer makes zip codes equal"}
    return letters("b", **names, d="standard deviation always too large")


@answers("l02-practice-weight")
def practice_weight(w):
    """Give one weight of the lecture's data."""
    n, a, y = 81, w.between, w.within
    right = _weight(n, a, y)
    yield (
        RIGHT,
        [
            right,
            (n / y**2) / (n / y**2 + 1 / a**2),
            round(right, 5),
            _weight(n, *w.by_numpy[1:]),
            n * a**2 / (n * a**2 + y**2),
        ],
    )
    yield "standard deviations for variances", [n / (n + y / a)]
    yield "weight of the centre", [1 - right]
    yield "group size forgotten", [_weight(1, a, y)]
    yield "standard deviations exchanged", [_weight(n, y, a)]
    yield "precision for weight", [n / y**2]
    yield "percent for share", [100 * right]
    yield UNNAMED, [81, 0.0, 1.0, 0.5, y, a, right - 0.5, 81 / w.n, -right, 2.0, y / a, w.mu]


@answers("l02-practice-estimate")
def practice_estimate(w):
    """Give one estimate of the lecture's data."""
    own, mu = w.means[PLACE], w.mu
    weight = _weight(w.sizes[PLACE], w.between, w.within)
    right = weight * own + (1 - weight) * mu
    yield (
        RIGHT,
        [right, w.coef[PLACE], mu + w.ranef[PLACE], round(right), round(right, 2), mu + weight * (own - mu)],
    )
    yield "no pooling for partial pooling", [own, round(own)]
    yield "mean of houses for mean of zip codes", [weight * own + (1 - weight) * w.price.mean()]
    yield "weights exchanged", [(1 - weight) * own + weight * mu]
    yield "centre left out", [weight * own]
    yield "halfway", [(own + mu) / 2]
    yield (
        UNNAMED,
        [
            mu,
            w.price.mean(),
            w.ranef[PLACE],
            0.0,
            weight,
            right / 1000,
            w.means["98039"],
            right * 1.9,
            (1 - weight) * mu,
            w.within,
        ],
    )


@answers("l02-practice-both")
def practice_both(w):
    """Say what happens when both standard deviations double."""
    names = {"a": "more spread, less weight", "b": "more spread, more weight"}
    return letters("c", **names, d="sizes act without the ratio")


@answers("l02-practice-lecture")
def practice_lecture(w):
    """Give the lecture's formula for all zip codes."""
    n, own, houses = w.sizes, w.means, w.price.mean()
    weight = _weight(n, w.between, w.within)
    right = weight * own + (1 - weight) * houses
    top, bottom = n / w.within**2 * own + houses / w.between**2, n / w.within**2 + 1 / w.between**2
    yield RIGHT, [right, top / bottom, right.to_dict(), right.round(0), houses + weight * (own - houses)]
    yield "fit for the lecture's formula", [w.coef, weight * own + (1 - weight) * w.mu]
    yield "no pooling for partial pooling", [own, own.to_dict()]
    yield "weights exchanged", [(1 - weight) * own + weight * houses]
    of_sds = n / (n + w.within / w.between)
    yield "standard deviations for variances", [of_sds * own + (1 - of_sds) * houses]
    yield (
        UNNAMED,
        [
            weight,
            n,
            own * 0 + houses,
            w.ranef,
            right / 1000,
            weight * own * 0.1,
            right * 1.9,
            w.prices.median(),
            0.0,
            own * 0,
        ],
    )


@answers("l02-practice-icc")
def practice_icc(w):
    """Give the share between zip codes for the living area."""
    fit = w.lmer("sqft_living ~ (1 | zipcode)")
    yield from _icc(fit, one_way(w.homes["sqft_living"].to_numpy(float), w.homes[G].to_numpy()))
    yield "wrong outcome", [w.fit.icc()[G], w.between**2 / (w.between**2 + w.within**2)]


@answers("l02-practice-ratio")
def practice_ratio(w):
    """Give the ratio of the variances by ML and by REML."""
    ml = w.ml.varcorr[G].sd[ONE]
    right = (ml / w.between) ** 2
    yield (
        RIGHT,
        [
            right,
            ml**2 / w.between**2,
            round(right, 4),
            w.ml.varcorr[G].cov.iloc[0, 0] / w.fit.varcorr[G].cov.iloc[0, 0],
        ],
    )
    yield "standard deviations for variances", [ml / w.between]
    yield "ratio upside down", [1 / right]
    yield "rule of thumb for the ratio", [8 / 9]
    yield "residual for group standard deviation", [(w.ml.sigma / w.within) ** 2]
    yield (
        UNNAMED,
        [
            0.0,
            1.0,
            ml,
            w.between,
            ml - w.between,
            100 * right,
            ml**2,
            right - 1,
            0.5,
            9 / 8 + 1,
            w.mu,
            1.5,
            1e6,
            -right,
            w.n,
        ],
    )


# What you remember ------------------------------------------------------------------------------------


@answers("l02-recall-ranef")
def recall_ranef(w):
    """Say what a random effect is measured from."""
    names = {"a": "ranef for coef", "c": "difference from the mean of all houses"}
    return letters("b", **names, d="group for residual standard deviation")


@answers("l02-recall-centre")
def recall_centre(w):
    """Say where the fixed intercept of two zip codes lies."""
    names = {"a": "mean of houses for mean of zip codes", "b": "own mean of the largest group"}
    return letters("c", **names, d="own mean of the dearest group")


@answers("l02-recall-residual")
def recall_residual(w):
    """Say what the residual standard deviation is."""
    names = {"b": "group for residual standard deviation", "c": "standard error for standard deviation"}
    return letters("a", **names, d="standard deviation of all prices")


@answers("l02-recall-coef")
def recall_coef(w):
    """Give one estimate of the lecture's data."""
    z = "98102"
    mu, a, y = w.by_numpy
    own, weight = w.means[z], _weight(w.sizes[z], a, y)
    right = weight * own + (1 - weight) * mu
    yield RIGHT, [right, w.coef[z], w.mu + w.ranef[z], round(w.coef[z]), round(right, 2), f"{right:,.2f}"]
    yield "ranef for coef", [w.ranef[z], weight * (own - mu), round(w.ranef[z])]
    yield "no pooling for partial pooling", [own, round(own)]
    yield "fixef for coef", [mu, round(mu)]
    yield "complete pooling for partial pooling", [w.price.mean()]
    yield UNNAMED, [0.0, w.coef["98109"], a, y, right / 1000, w.se, -right, right + mu, w.n, 0.5, 1e6]


# Radon: its counties differ much in size --------------------------------------------------------------


class _Radon:
    """The counties of Minnesota, and what students compute from them, without the bank."""

    def __init__(self):
        self.houses = load_radon()
        self.y = self.houses["log_radon"]
        groups = self.houses.groupby("county", observed=True)["log_radon"]
        self.n, self.own = groups.size(), groups.mean()
        self.mu, self.between, self.within = one_way(
            self.y.to_numpy(), self.houses["county"].astype(str).to_numpy()
        )
        self.k = (self.within / self.between) ** 2


@answers("l02-practice-needed")
def practice_needed(w):
    """Give the number of houses for a weight of 0.9."""
    r = _Radon()
    right = 9 * r.k
    yield (
        RIGHT,
        [right, 0.9 / 0.1 * r.k, round(right, 3), math.ceil(right), float(math.ceil(right)), r.k / 0.1 - r.k],
    )
    yield "standard deviations for variances", [9 * r.within / r.between]
    yield "standard deviations exchanged", [9 / r.k]
    yield "weight of one half", [r.k]
    yield "weight times k", [0.9 * r.k]
    yield "odds mixed up", [r.k / 0.1]
    yield "weight of the centre", [r.k / 9]
    yield (
        UNNAMED,
        [919, 0.9, 0.0, r.within, r.between, -right, 1e6, right**2, right + 30, 85, r.n.max(), 90.0],
    )


@answers("l02-practice-curve")
def practice_curve(w):
    """Draw the weight against the number of houses."""
    r, n = _Radon(), np.arange(1, 121)

    def drawn(y, x=n, labels=("number of houses", "weight"), **how):
        ax = axes(*labels)
        ax.plot(x, y, **how)
        return ax

    right, fine = _weight(n, r.between, r.within), np.linspace(1, 120, 700)
    yield RIGHT, [drawn(right), drawn(_weight(fine, r.between, r.within), fine), drawn(right, marker="o")]
    yield RIGHT, [drawn(right.round(4)), drawn(_weight(np.arange(150), r.between, r.within), np.arange(150))]
    yield "standard deviations for variances", [drawn(n / (n + r.within / r.between))]
    yield "weight of the centre", [drawn(1 - right)]
    yield "standard deviations exchanged", [drawn(_weight(n, r.within, r.between))]
    yield "points for lines", [drawn(right, marker="o", linestyle="")]
    yield "axes exchanged", [drawn(n, right, ("weight", "number of houses"))]
    yield (
        UNNAMED,
        [
            drawn(n),
            drawn(right * 0),
            drawn(right**2 + 1),
            drawn(right * 7),
            axes(),
            3.0,
            drawn(-right),
            right,
        ],
    )


@answers("l02-practice-extremes")
def practice_extremes(w):
    """Say why small counties stand at both ends."""
    names = {"a": "extremes of small groups are real", "b": "partial pooling makes the extremes"}
    return letters("d", **names, c="extremes explained by the share of small groups")


@answers("l02-practice-ranks")
def practice_ranks(w):
    """Say what is wrong with a ranking."""
    names = {"a": "ranks should use the plain means", "c": "ranks are as sure as the estimates look"}
    return letters("b", **names, d="large groups favoured")


@answers("l02-practice-limits")
def practice_limits(w):
    """Give the limits of the counties' estimates."""
    r = _Radon()
    weight = _weight(r.n, r.between, r.within)
    estimated = weight * r.own + (1 - weight) * r.mu

    def both(zero, infinity):
        return pd.DataFrame({"zero": zero, "infinity": infinity}, index=r.own.index)

    right = both(r.y.mean(), r.own)
    yield RIGHT, [right, right.iloc[::-1], right[["infinity", "zero"]], right.round(5), right.reset_index()]
    yield "limits exchanged", [both(r.own, r.y.mean())]
    yield "centre held fixed", [both(r.mu, r.own)]
    yield "plain mean of the means", [both(r.own.mean(), r.own)]
    yield "effects for estimates", [both(0.0, r.own)]
    yield "partial pooling for a limit", [both(r.y.mean(), estimated)]
    yield "weights for estimates", [both(0.0, 1.0)]
    yield (
        UNNAMED,
        [both(1.0, 0.0), both(weight, r.own), both(r.n, r.own), right * 1.9, both(9.0, r.own), r.own, 0.0],
    )
    yield UNNAMED, [both(r.y.median(), r.own + 1), both(estimated, estimated), both(r.own, r.own)]


@answers("l02-practice-centre")
def practice_centre(w):
    """Give the centre of the counties, by hand."""
    r = _Radon()
    v = 1 / (r.between**2 + r.within**2 / r.n)
    right = (v * r.own).sum() / v.sum()
    fit = lmer("log_radon ~ (1 | county)", r.houses)
    yield RIGHT, [right, r.mu, fit.fixef[ONE], np.average(r.own, weights=v), fit.coef["county"][ONE].mean()]
    yield RIGHT, [np.average(r.own, weights=_weight(r.n, r.between, r.within)), round(right, 4)]
    yield "mean of houses for mean of zip codes", [r.y.mean(), np.average(r.own, weights=r.n)]
    yield "plain mean of the means", [r.own.mean()]
    yield "variances for precisions", [np.average(r.own, weights=1 / v)]
    yield (
        "standard deviations for variances",
        [np.average(r.own, weights=1 / (r.between + r.within / r.n**0.5))],
    )
    yield "weighted sum for weighted mean", [(v * r.own).sum()]
    yield UNNAMED, [v.sum(), 0.0, r.between, r.within, -right, 1.9 * right, r.own.max(), r.y.median(), 9.0]
