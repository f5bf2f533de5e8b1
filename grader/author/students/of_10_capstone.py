"""What students answer in lesson 10: the capstone."""

import numpy as np
import pandas as pd

from grader.author.students import RIGHT, UNNAMED, answers
from grader.author.students.work import ONE, G, letters
from mlmkit import complete_pooling, lmer, no_pooling, stan_glmer

MODEL = "log_price ~ log_size + (1 | zipcode)"


class Study:
    """A student's pilot, the other sales, and fits to the pilot.

    Parameters
    ----------
    homes : DataFrame
    seed : int
        Of the draws.
    """

    def __init__(self, homes, seed):
        self.all = homes.assign(
            log_price=np.log(homes["price"]), log_size=np.log(homes["sqft_living"]) - np.log(2000)
        )
        place = self.all.groupby(G, observed=True).cumcount()
        self.pilot = self.all[place < 5 * (self.all[G].cat.codes + 1)]
        self.rest = self.all[place >= 5 * (self.all[G].cat.codes + 1)]
        self.fit = lmer(MODEL, self.pilot)
        self.level, self.sigma = self.fit.coef[G][ONE], self.fit.sigma
        self.seed, self._levels = seed, None

    @property
    def levels(self):
        """Draws of the levels: a column a zip code."""
        if self._levels is None:
            fit = stan_glmer(MODEL, self.pilot, draws=5000, seed=900 + self.seed)
            names = list(self.level.index)
            effects = fit.draws[[f"b[(Intercept) zipcode:{name}]" for name in names]].to_numpy()
            values = effects + fit.draws[[ONE]].to_numpy()
            noise = (
                np.random.default_rng(self.seed).normal(size=values.shape) * fit.draws[["sigma"]].to_numpy()
            )
            self._levels = pd.DataFrame(values, columns=names)
            self.houses = pd.DataFrame(values + noise, columns=names)
        return self._levels

    def off(self, rows, fit=None):
        """Errors of predictions."""
        return rows["log_price"].to_numpy() - np.asarray((fit or self.fit).predict(rows))


_kept = {}


def _of(w):
    """Make a student's study, once."""
    if id(w) not in _kept:
        _kept.clear()
        _kept[id(w)] = w, Study(w.homes, w.seed)
    return _kept[id(w)][1]


# Practice ---------------------------------------------------------------------------------------------


@answers("l10-recall-seen")
def recall_seen(w):
    """Say whether errors on seen data are fair."""
    names = {"a": "errors on seen data taken for fair", "c": "errors on seen data taken for too large"}
    return letters("b", **names, d="shrinkage taken for a cure")


@answers("l10-recall-overlap")
def recall_overlap(w):
    """Say what overlapping intervals tell."""
    names = {"a": "overlap taken for no difference", "b": "middles outside taken for a difference"}
    return letters("c", **names, d="difference without its uncertainty")


@answers("l10-recall-median")
def recall_median(w):
    """Say what exp of a mean log is."""
    names = {"b": "exp of the mean log for the mean", "c": "mean below median"}
    return letters("a", **names, d="logarithm without a way back")


@answers("l10-practice-estimand")
def practice_estimand(w):
    """Say which summary a sum needs."""
    names = {"a": "median for mean", "b": "extreme for mean"}
    return letters("d", **names, c="estimand of another question")


@answers("l10-practice-needed")
def practice_needed(w):
    """Give a number of sales."""
    yield RIGHT, [36, 36.0, 0.3**2 / 0.05**2]
    yield "square forgotten", [6, 0.3 / 0.05]
    yield "difference for level", [72, 2 * (0.3 / 0.05) ** 2]
    yield "two standard errors for one", [144, (2 * 0.3 / 0.05) ** 2]
    yield UNNAMED, [0, 1, 35, 37, 18, 225, 0.05, 1296, 360, -36, 1.8, 9]


@answers("l10-practice-price")
def practice_price(w):
    """Give a median price at another size."""
    s = _of(w)
    level, slope = s.level["98148"], s.fit.fixef["log_size"]
    right = np.exp(level) * 1.5**slope
    yield RIGHT, [right, round(right), np.exp(level + slope * (np.log(3000) - np.log(2000)))]
    yield "predictor forgotten", [np.exp(level)]
    yield "price in proportion to size", [1.5 * np.exp(level)]
    yield "fixef for coef", [np.exp(s.fit.fixef[ONE]) * 1.5**slope]
    yield "ratio for its logarithm", [np.exp(level + 1.5 * slope)]
    yield "logarithms for dollars", [np.log(right)]
    yield "mean for median", [right * np.exp(s.sigma**2 / 2)]
    yield (
        UNNAMED,
        [0.0, 1.0, right / 1000, -right, right * 3, np.exp(level + slope * 3000 / 200), w.price.max()],
    )


@answers("l10-practice-inside")
def practice_inside(w):
    """Give the share of new sales within one standard deviation."""
    s = _of(w)
    off = np.abs(s.off(s.rest))
    right = np.mean(off < s.sigma)
    yield RIGHT, [right, round(right, 3), np.sum(off < s.sigma) / 644]
    yield "two standard deviations for one", [np.mean(off < 2 * s.sigma)]
    yield "share outside for inside", [1 - right]
    yield "seen data for new data", [np.mean(np.abs(s.off(s.pilot)) < s.sigma)]
    yield "percent for share", [100 * right]
    yield "count for share", [right * 644]
    yield UNNAMED, [0.0, 1.0, 0.5, s.sigma, 644, off.mean(), 0.6827, -right, 2 * right]


def _pair(s, cheaper, dearer):
    yield (
        RIGHT,
        [
            np.mean(s.levels[cheaper] < s.levels[dearer]),
            (s.levels[[cheaper, dearer]].rank(axis=1)[cheaper] == 1).mean(),
        ],
    )
    right = float(np.mean(s.levels[cheaper] < s.levels[dearer]))
    yield RIGHT, [round(right, 3)]
    yield "right or complement for probability", [1 - right]
    yield "right or houses for medians", [np.mean(s.houses[cheaper] < s.houses[dearer])]
    yield "right or ranks without their uncertainty", [1.0]
    yield "percent for share", [100 * right]
    gap = float((s.levels[dearer] - s.levels[cheaper]).median())
    yield "right or difference for probability or houses for medians", [gap]
    yield UNNAMED, [-right, 3.0, 20_000.0, np.exp(s.level[cheaper]), right + 2, 1e6, 5, 6]


@answers("l10-practice-pair")
def practice_pair(w):
    """Give the probability that one zip code is cheaper."""
    return _pair(_of(w), "98010", "98148")


@answers("l10-practice-second")
def practice_second(w):
    """Say what is wrong with estimates as data."""
    names = {"a": "estimates taken for data", "c": "rule of thumb for the number of groups"}
    return letters("b", **names, d="transformation for model")


@answers("l10-practice-design")
def practice_design(w):
    """Give a factor of a standard error."""
    yield RIGHT, [np.sqrt(3.95), 1.987, 1.99]
    yield "variance for standard error", [3.95]
    yield "small ICC ignored", [1.0, 1]
    yield "group size forgotten", [np.sqrt(1.05), 1.0247]
    yield "n for n - 1", [2.0, np.sqrt(1 + 60 * 0.05)]
    yield UNNAMED, [0.0, 0.05, 60, 59, 3.0, 2.95, 0.2236, 15.6, -1.987, 0.503, 4.0, 1.72]


# Graded -----------------------------------------------------------------------------------------------


@answers("l10-formula")
def formula(w):
    """Give the formula."""
    yield (
        RIGHT,
        [
            MODEL,
            "log_price~log_size+(1|zipcode)",
            "log_price ~ 1 + log_size + (1 | zipcode)",
            "log_price ~ (1 | zipcode) + log_size",
        ],
    )
    yield "predictor forgotten", ["log_price ~ (1 | zipcode)"]
    yield "varying-slope model", ["log_price ~ log_size + (log_size | zipcode)"]
    yield "no-pooling formula", ["log_price ~ log_size + zipcode"]
    yield "complete-pooling formula", ["log_price ~ log_size"]
    yield "outcome in dollars for its logarithm", ["price ~ log_size + (1 | zipcode)"]
    yield "predictor not logged", ["log_price ~ sqft_living + (1 | zipcode)"]
    yield "predictor inside the brackets only", ["log_price ~ (log_size | zipcode)"]
    yield UNNAMED, ["log_size ~ log_price + (1 | zipcode)", "log_price ~ 1", "", 3.0, "price ~ (1 | zipcode)"]
    yield UNNAMED, ["log_price ~ log_size + (0 + log_size | zipcode)", "log_price ~ log_size * zipcode"]


@answers("l10-prices")
def level_prices(w):
    """Give median prices at 2,000 square feet."""
    s = _of(w)
    right = np.exp(s.level)
    at = pd.DataFrame({G: s.level.index, "log_size": 0.0})
    groups = s.pilot.groupby(G, observed=True)["price"]
    yield (
        RIGHT,
        [right, right.round(0), dict(right), pd.Series(np.exp(s.fit.predict(at)).to_numpy(), s.level.index)],
    )
    yield "logarithms for dollars", [s.level]
    yield "mean for median", [np.exp(s.level + s.sigma**2 / 2)]
    yield "ranef for coef", [np.exp(s.fit.ranef[G][ONE])]
    yield "raw means for levels", [groups.mean()]
    yield "raw medians for levels", [groups.median()]
    own = pd.Series(np.exp(np.asarray(no_pooling(MODEL, s.pilot).predict(at))), s.level.index)
    yield "no pooling for partial pooling", [own]
    yield "predictor forgotten", [np.exp(lmer("log_price ~ (1 | zipcode)", s.pilot).coef[G][ONE])]
    yield "all sales for the small sample", [np.exp(lmer(MODEL, s.all).coef[G][ONE])]
    yield "right or ML for REML", [np.exp(lmer(MODEL, s.pilot, REML=False).coef[G][ONE])]
    yield "thousands of dollars", [right / 1000]
    yield (
        UNNAMED,
        [right * 0, 0.0, -right, 3 * right, np.log(s.level), w.sizes, s.fit.ranef[G][ONE], right**2],
    )


@answers("l10-needed")
def needed(w):
    """Give a number of sales."""
    s = _of(w)
    sigma, between = s.sigma, s.fit.varcorr[G].sd[ONE]
    right = sigma**2 / 0.03**2
    yield RIGHT, [right, int(np.ceil(right)), round(right, 1)]
    yield "square forgotten", [sigma / 0.03]
    yield "difference for level", [2 * right]
    yield "two standard errors for one", [4 * right]
    yield "group for residual standard deviation", [(between / 0.03) ** 2]
    yield "total for residual variance", [(sigma**2 + between**2) / 0.03**2]
    yield "standard error not squared", [sigma**2 / 0.03]
    yield "percent for logarithms", [((np.exp(sigma) - 1) / 0.03) ** 2]
    yield UNNAMED, [0, 1, 0.03, -right, 100 * right, right**2, sigma, 5000]


@answers("l10-inside")
def inside(w):
    """Give the share of new sales within two standard deviations."""
    s = _of(w)
    off = np.abs(s.off(s.rest))
    right = np.mean(off < 2 * s.sigma)
    z = off / s.sigma
    yield RIGHT, [right, round(right, 3), np.mean(z**2 < 4)]
    yield "one standard deviation for two", [np.mean(z < 1)]
    yield "right or seen data for new data", [np.mean(np.abs(s.off(s.pilot)) < 2 * s.sigma)]
    yield "share outside for inside", [1 - right]
    yield "group for residual standard deviation", [np.mean(off < 2 * s.fit.varcorr[G].sd[ONE])]
    yield "percent for share", [100 * right]
    yield "count for share", [int(np.sum(z < 2))]
    yield UNNAMED, [0.0, 0.5, s.sigma, 2.0, -right, off.mean(), len(s.all)]


@answers("l10-errors")
def errors(w):
    """Give the errors of three poolings."""
    s = _of(w)
    of = {"complete": complete_pooling(MODEL, s.pilot), "no": no_pooling(MODEL, s.pilot), "partial": s.fit}

    def each(measure, rows=s.rest):
        return {name: float(measure(s.off(rows, fit))) for name, fit in of.items()}

    right = each(lambda e: np.sqrt(np.mean(e**2)))
    yield (
        RIGHT,
        [right, list(right.values()), each(lambda e: np.linalg.norm(e) / len(e) ** 0.5), pd.Series(right)],
    )
    yield "seen data for new data", [each(lambda e: np.sqrt(np.mean(e**2)), s.pilot)]
    yield "right or all sales for new data", [each(lambda e: np.sqrt(np.mean(e**2)), s.all)]
    yield "root forgotten", [each(lambda e: np.mean(e**2))]
    yield "mean absolute error", [each(lambda e: np.abs(e).mean())]
    yield "mean error for typical error", [each(np.mean)]
    price = s.rest["price"].to_numpy()
    dollars = {
        n: float(np.sqrt(np.mean((price - np.exp(np.asarray(f.predict(s.rest)))) ** 2)))
        for n, f in of.items()
    }
    yield "dollars for logarithms", [dollars]
    swapped = {"complete": right["partial"], "no": right["no"], "partial": right["complete"]}
    yield "methods exchanged", [swapped]
    yield (
        UNNAMED,
        [each(lambda e: 0.0), each(lambda e: -1.0), right["no"], {n: 9 * v for n, v in right.items()}],
    )


@answers("l10-cheapest")
def cheapest(w):
    """Give the probabilities to be the cheapest."""
    s = _of(w)
    lowest = s.levels.idxmin(axis=1).value_counts(normalize=True).reindex(s.level.index).fillna(0.0)
    ranks = s.levels.rank(axis=1)
    yield RIGHT, [lowest, dict(lowest), (ranks == 1).mean(), lowest.round(3)]
    yield "right or ranks without their uncertainty", [(s.level == s.level.min()).astype(float)]
    yield "right or order reversed", [(ranks == 9).mean()]
    yield "mean rank for probability", [ranks.mean()]
    yield "right or houses for medians", [(s.houses.rank(axis=1) == 1).mean()]
    yield "percent for share", [100 * lowest]
    yield "count for share", [20_000 * lowest]
    yield (
        UNNAMED,
        [lowest * 0, lowest * 0 - 1, s.level, np.exp(s.level), lowest.max(), lowest * 0 + 1 / 9, -lowest],
    )


@answers("l10-mean-rank")
def mean_rank(w):
    """Give mean ranks."""
    s = _of(w)
    ranks = s.levels.rank(axis=1)
    right = ranks.mean()
    by_count = (
        sum(
            (s.levels.lt(s.levels[one], axis=0))
            .astype(float)
            .sum(axis=1)
            .rename(one)
            .to_frame()
            .reindex(columns=s.levels.columns, fill_value=0.0)
            for one in s.levels
        ).mean()
        + 1
    )
    yield RIGHT, [right, dict(right), right.round(2), by_count]
    yield "right or ranks without their uncertainty", [s.level.rank()]
    yield "right or order reversed", [(-s.levels).rank(axis=1).mean()]
    yield "ranks from 0", [right - 1]
    order = pd.DataFrame(np.argsort(s.levels.to_numpy(), axis=1), columns=s.levels.columns).mean()
    yield "right or order for rank or order reversed or ranks from 0", [order, order + 1]
    yield "probability for mean rank", [(ranks == 1).mean()]
    raw = s.pilot.groupby(G, observed=True)["price"].mean().rank()
    yield "right or raw means for levels or ranks without their uncertainty", [raw]
    yield "right or houses for medians", [s.houses.rank(axis=1).mean()]
    yield UNNAMED, [right * 0, right * 3, s.level, right.mean(), -right, right / 9, right * 100]


@answers("l10-pair")
def pair(w):
    """Give the probability that two zip codes stand in the right order."""
    s = _of(w)
    listed = list(s.level.sort_values().index)
    yield from _pair(s, listed[4], listed[5])
    ranks = s.levels.rank(axis=1)
    exact = (ranks[listed[4]] == 5).mean()
    yield "right or probability of a rank for a comparison or houses for medians", [exact]


@answers("l10-sentence")
def sentence(w):
    """Choose a sentence for a report."""
    names = {"a": "ranks without their uncertainty", "b": "overlap taken for no difference"}
    return letters("c", **names, d="extremes of small groups are real")
