"""What students answer in lesson 06: Bayesian comparison, drawn with each student's own seeds."""

from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import multivariate_normal, norm

from grader.author.students import RIGHT, UNNAMED, answers
from grader.author.students.work import ONE, G, letters
from mlmkit import cauchy, decov, kfold, loo, normal, stan_glmer

SEEN = "in-sample for left out"
SIGMA = "Sigma[zipcode:(Intercept),(Intercept)]"
PRICE, PRICE_SIZE = "price ~ (1 | zipcode)", "price ~ scale_sqft + (1 | zipcode)"
LOG, LOG_SIZE = "log_price ~ (1 | zipcode)", "log_price ~ scale_sqft + (1 | zipcode)"


class _Few:
    """Twenty sales of each zip code (or the lecture's sales), and what a student computes from them."""

    def __init__(self, homes, seed, whole=False):
        some = homes if whole else homes.groupby(G, observed=True).head(20)
        self.sales, self.seed = some.assign(log_price=np.log(some["price"])), 600 + seed
        self._fits, self._scores = {}, {}

    def fit(self, formula, scale=1.0, draws=1000):
        """Draw from the posterior, once."""
        key = formula, scale, draws
        if key not in self._fits:
            prior = decov(scale=scale)
            self._fits[key] = stan_glmer(
                formula, self.sales, prior_covariance=prior, draws=draws, seed=self.seed + len(self._fits)
            )
        return self._fits[key]

    def loo(self, formula):
        """Leave out rows."""
        return loo(self.fit(formula))

    def zips(self, formula):
        """Leave out zip codes."""
        if formula not in self._scores:
            self._scores[formula] = kfold(self.fit(formula), by=G, seed=self.seed).by_group
        return self._scores[formula]

    @cached_property
    def codes(self):
        """The zip code of each row, as a number."""
        return self.sales[G].cat.remove_unused_categories().cat.codes.to_numpy()

    def by_zip(self, parts):
        """Sum by zip code."""
        return parts.groupby(self.sales[G], observed=True).sum()

    @cached_property
    def rest(self):
        """Fits of the log prices to the other zip codes: name, its rows, draws."""
        found = []
        for name, rows in self.sales.groupby(G, observed=True):
            others = self.sales[self.sales[G] != name]
            others = others.assign(**{G: others[G].cat.remove_unused_categories()})
            found.append((name, rows["log_price"].to_numpy(), stan_glmer(LOG, others, seed=self.seed).draws))
        return found


_kept = {}


def _few(w, whole=False):
    """Keep what one student computes."""
    if _kept.get("work") is not w:
        _kept.clear()
        _kept["work"] = w
    if whole not in _kept:
        _kept[whole] = _Few(w.homes, w.seed, whole)
    return _kept[whole]


def _log_mean(logs):
    return float(np.logaddexp.reduce(logs) - np.log(len(logs)))


def _pair(difference, se):
    return {"difference": float(difference), "se": float(se)}


@answers("l06-recall-limit")
def recall_limit(w):
    """Say where partial pooling goes."""
    names = {"a": "limits exchanged", "c": "pooling goes halfway"}
    return letters("b", **names, d="limit taken for a failed fit")


@answers("l06-recall-new-zip")
def recall_new_zip(w):
    """Say what is known about a new zip code."""
    names = {"a": "a new group has effect zero", "b": "interval of a mean for a new group"}
    return letters("c", **names, d="nothing is known about a new group")


@answers("l06-recall-prior")
def recall_prior(w):
    """Say what a wide prior says."""
    names = {"a": "a flat prior says nothing", "b": "prior must look like the data"}
    return letters("d", **names, c="wider prior taken for a larger estimate")


def _tail(few, formula, draws=1000):
    fit, largest = few.fit(formula, draws=draws), few.sales["log_price"].max()
    rep = fit.posterior_predict(seed=few.seed).to_numpy()
    rng, drawn = np.random.default_rng(few.seed), fit.draws
    means = (drawn.filter(like="b[").to_numpy() + drawn[[ONE]].to_numpy())[:, few.codes]
    if "scale_sqft" in drawn:
        means = means + drawn[["scale_sqft"]].to_numpy() * few.sales["scale_sqft"].to_numpy()
    by_hand = (means + rng.standard_normal(rep.shape) * drawn[["sigma"]].to_numpy()).max(axis=1)
    share = np.mean(rep.max(axis=1) >= largest)
    yield RIGHT, [share, np.mean(by_hand >= largest), np.mean(np.exp(rep).max(axis=1) >= np.exp(largest))]
    yield "complement for probability", [1 - share]
    yield "houses counted for data sets", [np.mean(rep >= largest)]
    yield "mean for outcome", [np.mean(means.max(axis=1) >= largest)]
    yield "percent for share", [100 * share]
    yield UNNAMED, [largest * 20, rep.max() * 9, -share - 0.1, len(few.codes) + 0.5, 4000.0]


@answers("l06-practice-tail")
def practice_tail(w):
    """Give the tail probability of the largest of all prices."""
    return _tail(_few(w, whole=True), LOG)


@answers("l06-tail")
def tail(w):
    """Give the tail probability of the largest of few prices."""
    return _tail(_few(w), LOG_SIZE, draws=5000)


@answers("l06-practice-density")
def practice_density(w):
    """Give a log density."""
    right = -np.log(0.5 * np.sqrt(2 * np.pi)) - 0.5
    yield RIGHT, [right, norm.logpdf(13.8, 13.3, 0.5), np.log(norm.pdf(1) / 0.5), round(right, 3)]
    yield "density for log density", [norm.pdf(13.8, 13.3, 0.5)]
    yield "constant of the density forgotten", [-0.5]
    yield "probability below for density", [np.log(norm.cdf(1))]
    yield "variance for standard deviation", [norm.logpdf(13.8, 13.3, 0.25)]
    yield "wrong sign", [-right]
    yield UNNAMED, [13.8, 0.0, 1.0, 0.5, norm.cdf(1), -2.0, norm.logpdf(1), 27.1, -1.0, 0.25]


@answers("l06-practice-k")
def practice_k(w):
    """Say what to do about a large k."""
    names = {"b": "row with a large k deleted", "c": "large k ignored"}
    return letters("a", **names, d="more draws to cure a large k")


def _scale(few, formula):
    elpd, prices = few.loo(formula).elpd, few.sales["price"]
    total = np.log(prices).sum()
    yield RIGHT, [elpd - total, (few.loo(formula).by_row - np.log(prices)).sum(), round(elpd - total, 1)]
    yield "scale of the outcome forgotten", [elpd]
    yield "sign of the change of scale", [elpd + total]
    yield "mean for sum", [elpd - total / len(prices)]
    yield "log of the sum for sum of the logs", [elpd - np.log(prices.sum())]
    yield UNNAMED, [total, 0.0, -total, elpd * prices.mean(), elpd / prices.mean(), 1.0, elpd - prices.sum()]


@answers("l06-practice-scale")
def practice_scale(w):
    """Give an elpd on the scale of all prices."""
    return _scale(_few(w, whole=True), LOG)


@answers("l06-scale")
def scale(w):
    """Give an elpd on the scale of few prices."""
    return _scale(_few(w), LOG_SIZE)


@answers("l06-practice-diff")
def practice_diff(w):
    """Give the standard error of a difference."""
    few = _few(w, whole=True)
    size, slopes = few.loo(LOG_SIZE), few.loo("log_price ~ scale_sqft + (1 + scale_sqft | zipcode)")
    gain = slopes.by_row - size.by_row
    n, sd = len(gain), gain.std()
    yield RIGHT, [sd * n**0.5, np.sqrt(n * np.var(gain)), round(sd * n**0.5, 2)]
    yield "se without the square root of n", [sd]
    yield "se of the mean for se of the sum", [sd / n**0.5]
    yield "errors of paired sums added", [np.hypot(size.se, slopes.se)]
    yield "difference for its standard error", [gain.sum()]
    yield UNNAMED, [0.0, n, 1.0, -sd, sd * n, size.elpd, gain.var() * n, 100.0]


@answers("l06-practice-which")
def practice_which(w):
    """Say what must be left out."""
    names = {"a": "rows left out to predict a new group", "c": "in-sample fit for prediction"}
    return letters("b", **names, d="ten parts of the rows for a new group")


@answers("l06-practice-interval")
def practice_interval(w):
    """Say what an interval means."""
    names = {"a": "confidence interval read as probability", "b": "all values in an interval equally likely"}
    return letters("c", **names, d="not significant taken for no effect")


@answers("l06-practice-schools")
def practice_schools(w):
    """Compare two schools."""
    data = pd.DataFrame(
        {
            "school": list("ABCDEFGH"),
            "effect": [28, 8, -3, 7, -1, 1, 18, 12],
            "se": [15, 10, 16, 11, 9, 11, 10, 18],
        }
    )
    priors = {"prior_intercept": normal(0, 5), "prior_covariance": cauchy(0, 5)}
    fit = stan_glmer("effect ~ (1 | school)", data, sigma="se", draws=2500, seed=w.seed + 1, **priors)
    effects = fit.draws.filter(like="b[").to_numpy()  # the mean cancels in a difference
    share = np.mean(effects[:, 0] < effects[:, 2])
    yield RIGHT, [share, np.mean(effects[:, 2] - effects[:, 0] > 0)]
    yield "complement for probability", [1 - share]
    yield "no pooling for partial pooling", [norm.cdf(-31 / np.sqrt(15**2 + 16**2))]
    yield "medians compared instead of draws", [0.0, 0]
    yield "best of all for better than one", [np.mean(effects.argmax(axis=1) == 0)]
    yield "percent for share", [100 * share]
    yield UNNAMED, [0.5, 1.0, -share, 28.0, 5.7, 0.95, 31.0]


@answers("l06-practice-best")
def practice_best(w):
    """Say what follows from a small difference."""
    names = {"a": "best elpd decides", "b": "equal scores taken for equal models"}
    return letters("d", **names, c="weights read as probabilities")


@answers("l06-prior-below")
def prior_below(w):
    """Give the share of prices below zero under the prior."""
    few, rng = _few(w), w.rng(6)
    fit, s = few.fit(PRICE), few.sales["price"].std()
    invented = fit.prior_only(seed=few.seed).posterior_predict(seed=few.seed).to_numpy()
    mean, sigma = rng.normal(few.sales["price"].mean(), 2.5 * s, 4000), rng.exponential(s, 4000)
    effects = rng.normal(size=(4000, 9)) * (sigma * rng.exponential(1, 4000))[:, None]
    spread = sigma[:, None] * rng.normal(size=(4000, len(few.codes)))
    by_hand = (mean[:, None] + effects)[:, few.codes] + spread
    share = np.mean(invented < 0)
    yield RIGHT, [share, np.mean(by_hand < 0)]
    after = np.mean(fit.posterior_predict(seed=few.seed).to_numpy() < 0)
    yield "posterior for prior", [after]
    yield "complement for probability", [1 - share]
    yield "data sets counted for houses", [(invented < 0).any(axis=1).mean()]
    yield "percent for share", [100 * share]
    yield "observed for invented", [np.mean(few.sales["price"] < 0), 0]
    yield UNNAMED, [1.0, -share, few.sales["price"].min(), 4000.0, few.sales["price"].mean(), 0.5 * 1.999]


@answers("l06-dearest")
def dearest(w):
    """Give the score of the most expensive house."""
    few = _few(w)
    row, fit, found = few.sales["price"].idxmax(), few.fit(PRICE_SIZE), few.loo(PRICE_SIZE)
    right = found.by_row[row]
    inside = fit.log_lik()[row].to_numpy()
    yield RIGHT, [right, found.by_row.loc[row], round(right, 2)]
    yield SEEN, [_log_mean(inside)]
    plug = norm.logpdf(few.sales["price"][row], fit.posterior_epred()[row].mean(), fit.sigma)
    # Both have seen the house.
    yield f"uncertainty of the parameters forgotten or {SEEN}", [inside.mean(), plug]
    # For some houses the living area changes nothing, and for a villa no draws can tell.
    other = few.loo(PRICE).by_row[row]
    near = abs(other - right) < max(1.0, 0.04 * abs(right))
    yield "other model or right" if near else "other model", [other]
    yield "sum for one house", [found.elpd]
    yield "wrong sign", [-right]
    yield (
        UNNAMED,
        [0.0, 1.0, few.sales["price"][row], found.pareto_k[row], right * 10, found.p, np.exp(right)],
    )
    yield f"{UNNAMED} or {SEEN}", [found.by_row.drop(row).min()]  # another house's may be as low by chance


@answers("l06-outlier")
def outlier(w):
    """Say what to do about a villa."""
    names = {"a": "row with a large k deleted", "b": "large k ignored"}
    return letters("c", **names, d="model with fewest bad rows chosen")


@answers("l06-diff")
def diff(w):
    """Give a difference of elpd and its standard error."""
    few = _few(w)
    plain, size = few.loo(LOG), few.loo(LOG_SIZE)
    gain = size.by_row - plain.by_row
    n, total, sd = len(gain), size.elpd - plain.elpd, gain.std()
    right = _pair(total, np.sqrt(n) * sd)
    yield RIGHT, [right, list(right.values()), _pair(gain.sum(), np.sqrt(n * np.var(gain))), pd.Series(right)]
    yield "difference the other way round", [_pair(-total, np.sqrt(n) * sd)]
    yield "errors of paired sums added", [_pair(total, np.hypot(plain.se, size.se))]
    yield "se without the square root of n", [_pair(total, sd)]
    yield "se of the mean for se of the sum", [_pair(total, sd / np.sqrt(n))]
    yield "standard errors subtracted", [_pair(total, abs(size.se - plain.se))]
    yield "mean for sum", [_pair(gain.mean(), sd / np.sqrt(n))]
    yield UNNAMED, [_pair(0, 0), total, _pair(size.elpd, plain.elpd), _pair(total, total), _pair(sd, total)]
    yield UNNAMED, [_pair(2 * total, 2 * right["se"]), _pair(total, -1), _pair(size.p, plain.p)]


@answers("l06-new-zip")
def new_zip(w):
    """Give the score of each zip code left out."""
    few = _few(w)
    right, zero, by_hand = few.zips(LOG), {}, {}
    for name, y, draws in few.rest:
        mean, sigma = draws[ONE].to_numpy(), draws["sigma"].to_numpy()
        zero[name] = _log_mean(norm.logpdf(y[:, None], mean, sigma).sum(axis=0))
        if w.seed % 10 == 0:
            same, own = np.ones((len(y), len(y))), np.eye(len(y))
            parts = zip(mean, draws[SIGMA], sigma, strict=True)
            by_hand[name] = _log_mean(
                [
                    multivariate_normal.logpdf(y, np.full(len(y), m), v * same + s**2 * own)
                    for m, v, s in parts
                ]
            )
    yield RIGHT, [right, right.to_dict(), right.round(2), *([by_hand] if by_hand else [])]
    yield "rows left out to predict a new group", [few.by_zip(few.loo(LOG).by_row)]
    yield "other model", [few.zips(LOG_SIZE)]
    yield "mean for sum", [right / 20]
    yield "a new group has effect zero", [zero]
    yield (
        UNNAMED,
        [right * 0, right.sum(), -right * 3, right * 2 - 7, few.sales["price"].median(), right - 30],
    )


@answers("l06-zip-diff")
def zip_diff(w):
    """Give the mean gain over zip codes left out."""
    few = _few(w)
    gain = few.zips(LOG_SIZE) - few.zips(LOG)
    mean, se = np.mean(gain), gain.sem()
    rows = few.loo(LOG_SIZE).by_row - few.loo(LOG).by_row
    yield RIGHT, [_pair(mean, se), [mean, se], _pair(round(mean, 2), round(se, 2))]
    yield "rows counted for groups", [_pair(mean, rows.std() * np.sqrt(len(rows)) / 9)]
    yield "sum for mean", [_pair(gain.sum(), 9 * se)]
    yield "standard deviation for standard error", [_pair(mean, gain.std())]
    yield "difference the other way round", [_pair(-mean, se)]
    by_zip = few.by_zip(rows)
    yield "rows left out to predict a new group", [_pair(by_zip.mean(), by_zip.sem())]
    yield UNNAMED, [_pair(0, 0), _pair(se, mean), mean, _pair(2 * mean, 3 * se), _pair(mean * 20, se), "b"]


@answers("l06-verdict")
def verdict(w):
    """Say what a small difference allows one to say."""
    names = {"a": "best elpd decides", "c": "more draws decide"}
    return letters("b", **names, d="weights read as probabilities")


@answers("l06-row-or-group")
def row_or_group(w):
    """Say what is wrong with the report."""
    names = {"a": "more draws decide", "b": "large k blamed for everything"}
    return letters("d", **names, c="rows left out to predict a new group")


@answers("l06-prior-ratio")
def prior_ratio(w):
    """Give the largest ratio of three medians."""
    few = _few(w)
    variances = [few.fit(LOG, scale, 5000).draws[SIGMA] for scale in (0.1, 1.0, 10.0)]
    a, b, c = (float(np.median(np.sqrt(one))) for one in variances)
    yield RIGHT, [c / a, np.sqrt(variances[2].median() / variances[0].median()), round(c / a, 3)]
    yield "variance for standard deviation", [(c / a) ** 2]
    yield "smaller ratio for the largest", [b / a, c / b]
    yield "ratio upside down", [a / c]
    yield "root of the mean variance for the median", [np.sqrt(variances[2].mean() / variances[0].mean())]
    yield "difference for ratio", [c - a]
    yield UNNAMED, [100.0, 10.0, 0.0, 3 * c / a, -c / a, few.sales["price"].std(), 4 * c / a]
