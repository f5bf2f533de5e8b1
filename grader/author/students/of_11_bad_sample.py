"""What students answer in lesson 11: from a bad sample to good estimates."""

from functools import cache

import numpy as np
import pandas as pd

from grader.author.students import RIGHT, UNNAMED, answers
from grader.author.students.work import ONE, G, letters
from mlmkit import complete_pooling, lmer, load_king_county, no_pooling, stan_glmer

CLASSES = ["small", "medium", "large", "very large"]
EVERY = (40, 20, 8, 3)
COUNTY_EVERY = (200, 100, 40, 10)
SIZE = "size_class"
DOLLARS, LOGS = "price ~ size_class + (1 | zipcode)", "log_price ~ size_class + (1 | zipcode)"


def _class_of(feet):
    """Sort living areas into the four classes."""
    place = np.searchsorted([1500, 2500, 3500], feet, side="left")
    return pd.Categorical.from_codes(place, CLASSES)


def _prepared(sales):
    return sales.assign(**{SIZE: _class_of(sales["sqft_living"]), "log_price": np.log(sales["price"])})


def _listed(sales, every):
    """Walk through the sales and keep the first of each class, then every so-many-th."""
    seen, keep = dict.fromkeys(CLASSES, 0), []
    for name in sales[SIZE]:
        keep.append(seen[name] % every[CLASSES.index(name)] == 0)
        seen[name] += 1
    return sales[keep]


class Bad:
    """A population, its bad sample, and fits to it.

    Parameters
    ----------
    sales : DataFrame
    every : tuple of int
        Of each size class, one sale in so many.
    """

    def __init__(self, sales, every=EVERY):
        self.all, self.every = _prepared(sales), every
        self.sample = _listed(self.all, every)
        self.truth = self.all.groupby(G, observed=True)["price"].mean()
        self.raw = self.sample.groupby(G, observed=True)["price"].mean()
        self.houses = self.table(self.all)
        self.sampled = self.table(self.sample)
        self.cells = pd.DataFrame(
            {
                G: np.repeat(self.houses.index, 4),
                SIZE: pd.Categorical(CLASSES * len(self.houses), CLASSES),
            }
        )

    @staticmethod
    def table(sales):
        """Count houses: zip codes by size classes."""
        return pd.crosstab(sales[G], sales[SIZE], dropna=False)[CLASSES].astype(float)

    def predicted(self, fit):
        """Predict each cell."""
        how = {"new_levels": "zero"} if hasattr(fit, "ranef") else {}
        values = np.asarray(fit.predict(self.cells, **how)).reshape(-1, 4)
        return pd.DataFrame(values, self.houses.index, CLASSES)

    def by_zipcode(self, cells, weights=None):
        """Average the cells in each zip code."""
        weights = self.houses if weights is None else weights
        weights = weights.reindex(self.houses.index).fillna(0.0)
        return pd.Series(np.average(cells, axis=1, weights=weights), self.houses.index)

    def total(self, cells):
        """Average all cells."""
        return float((cells.to_numpy() * self.houses.to_numpy()).sum() / len(self.all))

    def class_means(self, sales=None):
        """Mean price of each class in the sample."""
        return (self.sample if sales is None else sales).groupby(SIZE, observed=False)["price"].mean()

    @property
    def mix(self):
        """Share of each class in the population."""
        return self.houses.sum() / len(self.all)

    @property
    def reweighted(self):
        """The mean poststratified by class."""
        return float((self.class_means() * self.mix).sum())


@cache
def _county():
    bad = Bad(load_king_county(), COUNTY_EVERY)
    return bad, lmer(DOLLARS, bad.sample)


_kept = {}


def _of(w):
    """Make a student's sample and fits, once."""
    if id(w) not in _kept:
        _kept.clear()
        bad = Bad(w.homes.iloc[np.argsort(w.homes[G].astype(str), kind="stable")])
        _kept[id(w)] = w, bad, lmer(DOLLARS, bad.sample), lmer(LOGS, bad.sample)
    return _kept[id(w)][1:]


# Practice ---------------------------------------------------------------------------------------------


@answers("l11-recall-weight")
def recall_weight(w):
    """Say which zip code moves further."""
    names = {"a": "more data, more shrinkage", "c": "same share for all groups"}
    return letters("b", **names, d="pooling changes the mean only")


@answers("l11-recall-new")
def recall_new(w):
    """Say what a model predicts for a new zip code."""
    names = {"a": "nothing is known of a new group", "b": "mean of houses for mean of zip codes"}
    return letters("c", **names, d="new group taken for a small one")


@answers("l11-recall-draws")
def recall_draws(w):
    """Say how to summarise a weighted average."""
    names = {"a": "summaries before arithmetic", "c": "draws mixed instead of averaged"}
    return letters("b", **names, d="standard deviations added")


@answers("l11-practice-weight")
def practice_weight(w):
    """Give the weight of a small house."""
    bad, _ = _county()
    n, k = len(bad.all), len(bad.sample)
    population, sample = bad.houses["small"].sum() / n, bad.sampled["small"].sum() / k
    right = population / sample
    yield RIGHT, [right, round(right, 2), (0.2929 / 0.0827)]
    yield "ratio upside down", [1 / right]
    yield "share for weight", [population]
    yield "houses for each sampled one", [right * n / k]
    yield "difference for ratio", [population - sample]
    yield (
        UNNAMED,
        [sample, 0.0, 1.0, -right, 100 * right, 200, 2 * right, n, k, 10.0, right**2, np.sqrt(right)],
    )


@answers("l11-practice-weighted")
def practice_weighted(w):
    """Give the weighted mean of the county."""
    bad, _ = _county()
    price, means = bad.sample["price"], bad.class_means()
    share = bad.sampled.sum() / len(bad.sample)
    upside = bad.sample[SIZE].map(share / bad.mix).astype(float)
    yield RIGHT, [bad.reweighted, round(bad.reweighted), np.average(means, weights=bad.mix)]
    yield "ratio upside down", [np.average(price, weights=upside)]
    yield "raw mean for weighted mean", [price.mean()]
    yield "truth for estimate", [bad.all["price"].mean()]
    yield "each class counted the same", [means.mean()]
    yield "sum for mean", [bad.reweighted * len(price)]
    yield UNNAMED, [0.0, 1.0, bad.reweighted / 1000, price.median(), bad.reweighted * 1.1, -1.0, price.std()]


@answers("l11-practice-mrp")
def practice_mrp(w):
    """Give the MrP estimate of one zip code."""
    bad, fit = _county()
    cells = bad.predicted(fit)
    right = bad.by_zipcode(cells)["98118"]
    yield RIGHT, [right, round(right), np.average(cells.loc["98118"], weights=bad.houses.loc["98118"])]
    sampled = bad.sampled.loc["98118"]
    yield "sample's sizes for the population's", [np.average(cells.loc["98118"], weights=sampled)]
    yield "each cell counted the same", [cells.loc["98118"].mean()]
    yield "intercept for group mean", [fit.coef[G].loc["98118", ONE], cells.loc["98118", "small"]]
    yield "raw mean for MrP", [bad.raw["98118"]]
    yield "truth for estimate", [bad.truth["98118"]]
    yield UNNAMED, [0.0, right / 1000, right * 1.2, cells.loc["98118"].sum(), bad.all["price"].max(), -right]


@answers("l11-practice-error")
def practice_error(w):
    """Say what a mean of errors hides."""
    names = {"a": "mean error for typical error", "c": "rows counted instead of groups"}
    return letters("d", **names, b="error for standardised error")


@answers("l11-practice-lognormal")
def practice_lognormal(w):
    """Give the mean of a lognormal distribution."""
    right = np.exp(12.8) * np.exp(0.08)
    yield RIGHT, [right, round(right), np.exp(12.88), np.exp(12.8 + 0.16 / 2)]
    yield "exp of the mean log for the mean", [np.exp(12.8), round(np.exp(12.8))]
    yield "standard deviations for variances", [np.exp(13.0)]
    yield "half of the variance forgotten", [np.exp(12.96)]
    yield "logarithms for dollars", [12.88]
    yield UNNAMED, [np.exp(13.2), 12.8, 0.0, 10**12.88, right / 1000, -right, 13.2, 1e6]


@answers("l11-practice-unknown")
def practice_unknown(w):
    """Say how to predict a house whose zip code is lost."""
    names = {"a": "unknown group taken for a new one", "c": "most probable group taken for certain"}
    return letters("b", **names, d="raw mean for MrP")


# Graded -----------------------------------------------------------------------------------------------


@answers("l11-raw-bias")
def raw_bias(w):
    """Give the error of the raw mean."""
    bad, _, _ = _of(w)
    raw, true = bad.sample["price"].mean(), w.price.mean()
    right = raw - true
    yield RIGHT, [right, round(right), round(right, 2), np.mean(bad.sample["price"]) - np.mean(w.price)]
    yield "wrong sign", [-right]
    yield "raw mean for its error", [raw]
    yield "truth for error", [true]
    yield "share for dollars", [right / true]
    yield "percent for dollars", [100 * right / true]
    yield "mean of the zip codes' errors", [(bad.raw - bad.truth).mean()]
    yield "standard error for bias", [bad.sample["price"].sem()]
    yield "thousands of dollars", [right / 1000, round(right / 1000, 1)]
    yield UNNAMED, [0.0, 1.0, right * 3, raw + true, w.price.std() * 5, -true, right**2, len(bad.sample)]


@answers("l11-weighted")
def weighted(w):
    """Give the mean poststratified by size class."""
    bad, fit, _ = _of(w)
    price, means, right = bad.sample["price"], bad.class_means(), bad.reweighted
    share = bad.sampled.sum() / len(bad.sample)
    straight, upside = (bad.sample[SIZE].map(one).astype(float) for one in (bad.mix / share, share / bad.mix))
    yield RIGHT, [right, round(right), np.average(price, weights=straight)]
    each = bad.sample[SIZE].map(bad.houses.sum() / bad.sampled.sum()).astype(float)
    yield RIGHT, [np.average(price, weights=each)]
    yield "raw mean for weighted mean", [price.mean()]
    yield "truth for estimate", [w.price.mean()]
    yield "each class counted the same", [means.mean()]
    yield "ratio upside down", [np.average(price, weights=upside)]
    yield "zip codes for size classes", [np.average(bad.raw, weights=w.sizes[bad.raw.index])]
    yield "model for weights", [bad.total(bad.predicted(fit))]
    yield "thousands of dollars", [right / 1000]
    yield UNNAMED, [0.0, right * 1.3, -right, price.std(), 1.0, right * 9, (right - w.price.mean()) / 7 - 1e7]


@answers("l11-shares")
def shares(w):
    """Give the shares of the size classes in each zip code."""
    bad, _, _ = _of(w)
    houses, sampled = bad.houses, bad.sampled
    right = houses.div(houses.sum(axis=1), axis=0)
    yield RIGHT, [right, right.round(4), right.T, pd.crosstab(bad.all[G], bad.all[SIZE], normalize="index")]
    yield "count for share", [houses, houses.astype(int)]
    yield "shares of all houses", [houses / len(bad.all)]
    yield "shares within size classes", [houses / houses.sum()]
    yield "sample's sizes for the population's", [sampled.div(sampled.sum(axis=1), axis=0)]
    yield "one mix for all zip codes", [right * 0 + bad.mix]
    yield "percent for share", [100 * right]
    yield UNNAMED, [right * 0, right * 2, 1 - right, right["small"], bad.mix, 0.3, houses * 10, sampled]


def _averaged_wrongly(bad, cells):
    yield "sample's sizes for the population's", [bad.by_zipcode(cells, bad.sampled)]
    yield "each cell counted the same", [cells.mean(axis=1)]
    yield "one mix for all zip codes", [(cells * bad.mix).sum(axis=1)]


@answers("l11-mrp")
def mrp(w):
    """Give the MrP estimates."""
    bad, fit, _ = _of(w)
    cells = bad.predicted(fit)
    right = bad.by_zipcode(cells)
    steps = pd.Series([0.0, *fit.fixef.iloc[1:]], CLASSES)
    by_coef = fit.coef[G][ONE] + (bad.houses * steps).sum(axis=1) / bad.houses.sum(axis=1)
    yield RIGHT, [right, right.round(0), right.to_dict(), by_coef, right[::-1]]
    yield from _averaged_wrongly(bad, cells)
    yield "intercept for group mean", [fit.coef[G][ONE]]
    yield "raw mean for MrP", [bad.raw]
    yield "truth for estimate", [bad.truth]
    yield "no pooling for partial pooling", [bad.by_zipcode(bad.predicted(no_pooling(DOLLARS, bad.sample)))]
    yield (
        "complete pooling for partial pooling",
        [bad.by_zipcode(bad.predicted(complete_pooling(DOLLARS, bad.sample)))],
    )
    yield "predictor forgotten", [lmer("price ~ (1 | zipcode)", bad.sample).coef[G][ONE]]
    yield "thousands of dollars", [right / 1000]
    ml = lmer(DOLLARS, bad.sample, REML=False)
    yield "right or ML for REML", [bad.by_zipcode(bad.predicted(ml))]
    yield (
        UNNAMED,
        [right * 0, 0.0, -right, right * 1.5, w.sizes, fit.ranef[G][ONE], cells.sum(axis=1), right**2],
    )


@answers("l11-errors")
def errors(w):
    """Give the typical errors of raw means and MrP."""
    bad, fit, _ = _of(w)
    off = [bad.raw - bad.truth, bad.by_zipcode(bad.predicted(fit)) - bad.truth]

    def both(measure):
        return dict(zip(("raw", "mrp"), (float(measure(one)) for one in off), strict=True))

    right = both(lambda e: np.sqrt(np.mean(e**2)))
    size = w.sizes / w.n
    yield (
        RIGHT,
        [right, list(right.values()), both(lambda e: np.linalg.norm(e) / 3), pd.Series(right).round(0)],
    )
    yield "root forgotten", [both(lambda e: np.mean(e**2))]
    yield "mean error for typical error", [both(np.mean)]
    yield "mean absolute error", [both(lambda e: np.abs(e).mean())]
    yield "sum for mean", [both(np.linalg.norm)]
    yield "spread of the errors", [both(lambda e: e.std()), both(lambda e: e.std(ddof=0))]
    yield "rows counted instead of groups", [both(lambda e: np.sqrt((size * e**2).sum()))]
    yield "methods exchanged", [dict(zip(("mrp", "raw"), right.values(), strict=True))]
    wrong = [
        both(lambda e: 0.0),
        both(lambda e: e.iloc[0] * 5e3),
        0.0,
        both(lambda e: -np.sqrt(np.mean(e**2))),
    ]
    yield UNNAMED, [*wrong, {"raw": w.price.mean() * 3, "mrp": w.price.mean() * 2}, right["raw"]]


@answers("l11-mrp-log")
def mrp_log(w):
    """Give MrP estimates from the model of logarithms."""
    bad, fit, logs = _of(w)
    cells, s = bad.predicted(logs), logs.sigma
    prices = np.exp(cells + s**2 / 2)
    right = bad.by_zipcode(prices)
    mean_log = bad.by_zipcode(cells)
    yield RIGHT, [right, right.round(0), dict(right), bad.by_zipcode(np.exp(cells)) * np.exp(s**2 / 2)]
    yield "exp of the mean log for the mean", [bad.by_zipcode(np.exp(cells))]
    yield "standard deviations for variances", [bad.by_zipcode(np.exp(cells + s / 2))]
    yield "half of the variance forgotten", [bad.by_zipcode(np.exp(cells + s**2))]
    yield "averaged before the exponential", [np.exp(mean_log), np.exp(mean_log + s**2 / 2)]
    yield "logarithms for dollars", [mean_log]
    yield from _averaged_wrongly(bad, prices)
    yield "outcome in dollars for its logarithm", [bad.by_zipcode(bad.predicted(fit))]
    yield "truth for estimate", [bad.truth]
    yield (
        UNNAMED,
        [right * 0, right * 2, right / 1000, -right, logs.ranef[G][ONE], logs.coef[G][ONE], w.sizes],
    )


@answers("l11-draws")
def draws(w):
    """Give posterior draws of the mean of all houses."""
    bad, _, _ = _of(w)
    fit = stan_glmer(LOGS, bad.sample, draws=5000, seed=700 + w.seed)
    logs, s = fit.posterior_linpred(bad.cells).to_numpy(), fit.draws[["sigma"]].to_numpy()
    prices, share = np.exp(logs + s**2 / 2), bad.houses.to_numpy().ravel() / len(bad.all)
    right = prices @ share
    of_sample = bad.sampled.reindex(bad.houses.index).to_numpy().ravel() / len(bad.sample)
    yield RIGHT, [right, pd.Series(right), right.tolist(), np.average(prices, axis=1, weights=share)]
    yield "sample's sizes for the population's", [prices @ of_sample]
    yield "each cell counted the same", [prices.mean(axis=1)]
    yield "exp of the mean log for the mean", [np.exp(logs) @ share]
    yield "logarithms for dollars", [logs @ share]
    yield "houses for mean prices", [np.exp(fit.posterior_predict(bad.cells, seed=w.seed).to_numpy()) @ share]
    yield (
        UNNAMED,
        [right[:100], right.mean(), right / 1000, -right, right * 2, prices[:, 0], fit.draws, w.price],
    )


@answers("l11-dear")
def dear(w):
    """Give the error of MrP after a selection on the price."""
    bad, fit, _ = _of(w)
    middle = {name: rows["price"].median() for name, rows in bad.all.groupby(SIZE, observed=True)}
    above = bad.all[
        [price > middle[name] for price, name in zip(bad.all["price"], bad.all[SIZE], strict=True)]
    ]
    listed, true = _listed(above, EVERY), w.price.mean()
    one = lmer(DOLLARS, listed)
    estimate = bad.total(bad.predicted(one))
    right = estimate - true
    yield RIGHT, [right, round(right), round(right, 2)]
    yield "wrong sign", [-right]
    yield "estimate for its error", [estimate]
    yield "raw mean for MrP", [listed["price"].mean() - true]
    yield "first sample for the second", [bad.total(bad.predicted(fit)) - true]
    weights = float((bad.class_means(listed) * bad.mix).sum()) - true
    yield "right or weights for model", [weights]
    yield "sample mean for truth", [estimate - listed["price"].mean()]
    yield "thousands of dollars", [right / 1000]
    yield UNNAMED, [0.0, 1.0, right * 7, -true * 3, right**2, len(listed), right / true, w.price.std() * 4]


@answers("l11-unseen")
def unseen(w):
    """Give the MrP estimate of a zip code without sales."""
    bad, fit, _ = _of(w)
    first = bad.houses.index[0]
    rest = bad.sample[bad.sample[G] != first]
    one = lmer(DOLLARS, rest)
    cells = bad.predicted(one)
    here = cells.loc[first]
    right = np.average(here, weights=bad.houses.loc[first])
    steps = np.array([0.0, *one.fixef.iloc[1:]])
    yield RIGHT, [right, round(right), one.fixef[ONE] + np.average(steps, weights=bad.houses.loc[first])]
    yield "group's own sales not removed", [bad.by_zipcode(bad.predicted(fit))[first]]
    yield "each cell counted the same", [here.mean()]
    yield "intercept for group mean", [one.fixef[ONE]]
    flat = bad.predicted(complete_pooling(DOLLARS, rest)).loc[first]
    yield "complete pooling for partial pooling", [np.average(flat, weights=bad.houses.loc[first])]
    yield "mean of the other groups", [bad.by_zipcode(cells).iloc[1:].mean()]
    yield "one mix for all zip codes", [(here * bad.mix).sum()]
    yield "truth for estimate", [bad.truth[first]]
    yield "raw mean for MrP", [bad.raw[first]]
    yield "sample's sizes for the population's", [np.average(here, weights=bad.sampled.loc[first])]
    yield UNNAMED, [0.0, right / 1000, right * 3, -right, w.price.max(), here.sum(), 1.0, w.n, right**2]


@answers("l11-hopeless")
def hopeless(w):
    """Say which bad sample can't be repaired."""
    names = {
        "a": "preference in the cells taken for hopeless",
        "b": "preference for groups taken for hopeless",
    }
    return letters("c", **names, d="empty cell taken for hopeless")
