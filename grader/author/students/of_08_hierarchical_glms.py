"""What students answer in lesson 08: hierarchical GLMs, by mlmkit and by a Laplace approximation by hand."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, gammaln, logit

from grader.author.students import RIGHT, UNNAMED, answers
from grader.author.students.work import ONE, G, letters
from mlmkit import complete_pooling, glmer, no_pooling

DAYS = {2: 28, 4: 30, 6: 30, 9: 30, 11: 30}
COUNTS = "sales ~ busy + offset(log(days)) + (1 | zipcode)"
_made = {"of": None}


def _once(w, key, make):
    """Compute something once for each student."""
    if _made["of"] is not w:
        _made.clear()
        _made["of"] = w
    if key not in _made:
        _made[key] = make()
    return _made[key]


# What students make of their sales --------------------------------------------------------------------


def _sales(w, limit=None, few=False):
    """Ask of each sale whether it was dear: above a limit, or among the upper 15 percent."""

    def make():
        rows = w.homes.groupby(G, observed=True).head(15) if few else w.homes
        above = np.percentile(rows["price"], 85) if limit is None else limit
        return rows.assign(dear=np.where(rows["price"] > above, 1, 0), area=rows["sqft_living"] / 1e3 - 2)

    return _once(w, ("sales", limit, few), make)


def _fit(w, formula, data, family="binomial"):
    return _once(w, (formula, family, id(data)), lambda: glmer(formula, data, family=family))


def _cells(w):
    """Count sales by zip code and month, with a loop over both."""

    def make():
        months = sorted(set(w.homes["month"]))
        rows = [
            (zipcode, month, int(((w.homes[G] == zipcode) & (w.homes["month"] == month)).sum()))
            for zipcode in w.homes[G].cat.categories
            for month in months
        ]
        cells = pd.DataFrame(rows, columns=[G, "month", "sales"])
        number = cells["month"].str[-2:].astype(int)
        days = number.map(DAYS).fillna(31).where(cells["month"] != "2015-05", 14)
        days = days.where(cells["month"] != "2014-05", 30)
        return cells.assign(days=days, busy=number.between(4, 7).astype(int))

    return _once(w, "cells", make)


def by_laplace(y, groups, x=None, offset=0.0, family="binomial"):
    """Fit a varying intercept by the Laplace approximation, by hand.

    Returns
    -------
    tuple
        Coefficients (ndarray, intercept first), standard deviation between groups, and a Series with the
        intercept of each group.

    Examples
    --------
    >>> y, groups = np.array([0, 0, 1, 1, 1, 0, 1, 0, 0, 0]), np.array(list("aaaabbbbbb"))
    >>> beta, sd, each = by_laplace(y, groups)
    >>> bool(each["a"] >= each["b"]), len(beta)
    (True, 1)
    """
    codes, names = pd.factorize(np.asarray(groups, dtype=str), sort=True)
    y, columns = np.asarray(y, dtype=float), [np.ones(len(y))] + ([] if x is None else [np.asarray(x)])
    fixed = np.column_stack(columns)
    best = {}

    def sums(rows):
        return np.bincount(codes, rows, minlength=len(names))

    def loss(at):
        beta, sd = at[:-1], np.exp(at[-1])
        u, line = best.get("u", np.zeros(len(names))), fixed @ beta + offset
        for _ in range(60):
            eta = line + u[codes]
            mean = expit(eta) if family == "binomial" else np.exp(eta)
            weight = mean * (1 - mean) if family == "binomial" else mean
            step = (sums(y - mean) - u / sd**2) / (sums(weight) + 1 / sd**2)
            u = u + np.clip(step, -2, 2)
            if np.abs(step).max() < 1e-11:
                break
        best["u"], eta = u, line + u[codes]
        level = np.logaddexp(0, eta) if family == "binomial" else np.exp(eta) + gammaln(y + 1)
        return (level - y * eta).sum() + 0.5 * (u**2 / sd**2 + np.log1p(sd**2 * sums(weight))).sum()

    mean = y.mean() if family == "binomial" else (y / np.exp(offset)).mean()
    start = np.append(np.zeros(fixed.shape[1]), 0.0)
    start[0] = logit(mean) if family == "binomial" else np.log(mean)
    for _ in range(3):
        found = minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10})
        start = found.x
    loss(start)
    return start[:-1], float(np.exp(start[-1])), pd.Series(start[0] + best["u"], index=names)


def _hand(w, sales, area=False):
    key = ("hand", area, id(sales))
    return _once(w, key, lambda: by_laplace(sales["dear"], sales[G], sales["area"] if area else None))


def _over(centre, sd, slope, *areas):
    """Average probabilities over a normal distribution of zip codes, on a fine grid."""
    z = np.linspace(-8, 8, 4001)
    density = np.exp(-(z**2) / 2)
    return [float((density * expit(centre + slope * area + sd * z)).sum() / density.sum()) for area in areas]


def _coef(fit):
    return fit.coef[G][ONE]


def _odds_of(p):
    return p / (1 - p)


# What you remember ------------------------------------------------------------------------------------


@answers("l08-recall-weight")
def recall_weight(w):
    """Say which zip code moves more."""
    names = {"a": "more sales, more shrinkage", "c": "distance alone decides"}
    return letters("b", **names, d="partial pooling keeps the means")


@answers("l08-recall-coef")
def recall_coef(w):
    """Add fixed and random effect."""
    yield RIGHT, [1.8, 3 - 1.2, "1.8", 9 / 5]
    yield "ranef for coef", [-1.2]
    yield "fixef for coef", [3.0, 3]
    yield "sign of the random effect", [4.2]
    yield UNNAMED, [0.0, 1.2, -3.6, 18, -1.8, 2.5, 180.0, np.exp(1.8)]


@answers("l08-recall-draws")
def recall_draws(w):
    """Say in which order draws are transformed."""
    names = {"a": "transformed after averaging", "b": "median for mean"}
    return letters("c", **names, d="formula of a normal distribution")


# Practice ---------------------------------------------------------------------------------------------


@answers("l08-practice-odds")
def practice_odds(w):
    """Give odds from counts."""
    yield RIGHT, [27 / 82, 27 / 109 / (1 - 27 / 109), 0.3293, np.exp(np.log(27) - np.log(82))]
    yield "probability for odds", [27 / 109, 0.2477]
    yield "odds upside down", [82 / 27, 3.037]
    yield "log odds for odds", [np.log(27 / 82), logit(27 / 109)]
    yield UNNAMED, [27, 82, 0.0, 109 / 27, 1.0, -0.3293, 0.7523, 32.93, 0.5]


@answers("l08-practice-ratio")
def practice_ratio(w):
    """Find what is wrong in a report."""
    names = {"a": "odds ratio read as ratio of probabilities", "b": "odds ratio upside down"}
    return letters("c", **names, d="odds ratio needs a model")


@answers("l08-practice-probabilities")
def practice_probabilities(w):
    """Give the probabilities of a price above half a million."""
    sales = _sales(w, 500_000)
    yield from _probabilities(w, sales)
    yield "wrong outcome", [expit(_coef(_fit(w, "dear ~ (1 | zipcode)", _sales(w, 1_000_000))))]


@answers("l08-practice-separated")
def practice_separated(w):
    """Say what a p value of a runaway estimate means."""
    names = {"a": "not significant means no effect", "b": "separation taken for too few data"}
    return letters("d", **names, c="runaway estimate repaired by a factor")


@answers("l08-practice-odds-ratio")
def practice_odds_ratio(w):
    """Give the odds ratio of 500 square feet."""
    return _odds_ratio(w, _sales(w, 1_000_000), 0.5)


@answers("l08-practice-house")
def practice_house(w):
    """Give three probabilities of a house of 2,000 square feet."""
    return _house(w, _sales(w, 1_000_000), 0.0)


@answers("l08-practice-population")
def practice_population(w):
    """Give the population odds ratio of 4,000 against 3,000 square feet."""
    sales = _sales(w, 1_000_000)
    (centre, slope), sd, each = _hand(w, sales, area=True)
    zero, one, two = _over(centre, sd, slope, 0.0, 1.0, 2.0)
    right = _odds_of(two) / _odds_of(one)
    fit = _fit(w, "dear ~ area + (1 | zipcode)", sales)
    p = fit.predict(pd.DataFrame({"area": [1.0, 2.0], G: "new"}), new_levels="marginal")
    drawn = expit(np.add.outer([centre + slope, centre + 2 * slope], sd * w.rng(8).standard_normal(200_000)))
    simulated = _odds_of(drawn.mean(axis=1))
    yield RIGHT, [right, _odds_of(p[1]) / _odds_of(p[0]), round(right, 2), simulated[1] / simulated[0]]
    yield "conditional for population", [np.exp(slope), np.exp(fit.fixef["area"])]
    yield "odds ratio read as ratio of probabilities", [two / one]
    yield "log odds for odds ratio", [np.log(right)]
    yield "wrong houses", [_odds_of(one) / _odds_of(zero)]
    counts = sales[G].value_counts()[each.index]
    nine = [np.average(expit(each + slope * area), weights=counts) for area in (1, 2)]
    yield "known zip codes for the population", [_odds_of(nine[1]) / _odds_of(nine[0])]
    yield UNNAMED, [1.0, 0.0, two, one, 1 / right, slope, -right, 100.0, sd, centre]


@answers("l08-practice-zeros")
def practice_zeros(w):
    """Say what missing zeros do."""
    names = {"a": "logarithm of a zero count", "b": "zeros replaced"}
    return letters("c", **names, d="missing zeros are harmless")


@answers("l08-practice-rate")
def practice_rate(w):
    """Give the expected count of 98102 in a quiet month of 28 days."""
    for deserved, given in _rates(w, 28):
        yield deserved, [float(one["98102"]) if isinstance(one, pd.Series) else one for one in given]


@answers("l08-practice-dispersion")
def practice_dispersion(w):
    """Give the dispersion of the model with months."""
    cells = _cells(w)
    fit = _fit(w, f"{COUNTS} + (1 | month)", cells, "poisson")
    yield from _dispersion(w, fit, 4)
    plain = _fit(w, COUNTS, cells, "poisson")
    yield "model without months", [((cells["sales"] - plain.fitted) ** 2 / plain.fitted).sum() / 114]


@answers("l08-practice-variance")
def practice_variance(w):
    """Give the variance of a count with mean 7."""
    return _variance(w, 7)


@answers("l08-practice-busy")
def practice_busy(w):
    """Give the rate ratio with its interval."""
    return _busy(w)


# Graded -----------------------------------------------------------------------------------------------


@answers("l08-odds")
def odds(w):
    """Give the odds of a dear sale by zip code."""
    sales = _sales(w)
    fit = _fit(w, "dear ~ (1 | zipcode)", sales)
    a, p = _coef(fit), expit(_coef(fit))
    _, _, by_hand = _hand(w, sales)
    yield RIGHT, [np.exp(a), np.exp(by_hand), (p / (1 - p)).to_dict(), np.exp(a).iloc[::-1]]
    yield "log odds for odds", [a, by_hand]
    yield "probability for odds", [p]
    yield "ranef for coef", [np.exp(fit.ranef[G][ONE])]
    yield "odds upside down", [np.exp(-a), (1 - p) / p]
    share = sales.groupby(G, observed=True)["dear"].mean()
    if share.max() < 1:
        yield "no pooling for partial pooling", [share / (1 - share)]
    rate = sales["dear"].mean()
    yield "complete pooling for partial pooling", [a * 0 + rate / (1 - rate)]
    few = _fit(w, "dear ~ (1 | zipcode)", _sales(w, few=True))
    yield "small sample for all sales", [np.exp(_coef(few))]
    yield UNNAMED, [a * 0, a * 0 + 1, np.exp(a) * 1.9, w.sizes, w.means, 0.0, -np.exp(a), np.exp(a) / 1000]


@answers("l08-few-probabilities")
def few_probabilities(w):
    """Give the probabilities of a dear sale in the small sample."""
    yield from _probabilities(w, _sales(w, few=True))
    yield "all sales for the small sample", [expit(_coef(_fit(w, "dear ~ (1 | zipcode)", _sales(w))))]


@answers("l08-separated")
def separated(w):
    """Say what to report of a zip code without a dear sale."""
    names = {"a": "extremes of small groups are real", "c": "group with an extreme share left out"}
    return letters("b", **names, d="not significant means no effect")


@answers("l08-odds-ratio")
def odds_ratio(w):
    """Give the odds ratio of 300 square feet."""
    return _odds_ratio(w, _sales(w), 0.3)


@answers("l08-house")
def house(w):
    """Give three probabilities of a house of 3,000 square feet."""
    return _house(w, _sales(w), 1.0)


@answers("l08-population")
def population(w):
    """Give the conditional and the population odds ratio."""
    sales = _sales(w)
    (centre, slope), sd, each = _hand(w, sales, area=True)
    zero, one = _over(centre, sd, slope, 0.0, 1.0)
    wide, within = _odds_of(one) / _odds_of(zero), np.exp(slope)
    fit = _fit(w, "dear ~ area + (1 | zipcode)", sales)
    p = fit.predict(pd.DataFrame({"area": [0.0, 1.0], G: "new"}), new_levels="marginal")

    def pair(conditional, population):
        return {"conditional": float(conditional), "population": float(population)}

    drawn = expit(np.add.outer([centre, centre + slope], sd * w.rng(8).standard_normal(200_000)))
    simulated = _odds_of(drawn.mean(axis=1))
    yield (
        RIGHT,
        [
            pair(within, wide),
            pair(np.exp(fit.fixef["area"]), _odds_of(p[1]) / _odds_of(p[0])),
            pair(within, simulated[1] / simulated[0]),
            pd.Series(pair(within, wide)),
            [float(within), float(wide)],
        ],
    )
    yield "conditional for population", [pair(within, within)]
    yield "conditional and population exchanged", [pair(wide, within)]
    plain = complete_pooling("dear ~ area", sales, family="binomial")
    yield "complete pooling for the population", [pair(within, np.exp(plain.fixef["area"]))]
    counts = sales[G].value_counts()[each.index]
    nine = [np.average(expit(each + slope * area), weights=counts) for area in (0, 1)]
    yield "known zip codes for the population", [pair(within, _odds_of(nine[1]) / _odds_of(nine[0]))]
    typical = expit([centre, centre + slope])
    yield "odds ratio read as ratio of probabilities", [pair(typical[1] / typical[0], one / zero)]
    yield "log odds for odds ratio", [pair(slope, np.log(wide))]
    yield (
        UNNAMED,
        [pair(1, 1), pair(0, 0), pair(zero, one), pair(1 / within, 1 / wide), 2.0, pair(-within, -wide)],
    )


@answers("l08-rates")
def rates(w):
    """Give the expected counts of a quiet month."""
    return _rates(w, 30)


@answers("l08-dispersion")
def dispersion(w):
    """Give the dispersion of the Poisson fit."""
    return _dispersion(w, _fit(w, COUNTS, _cells(w), "poisson"), 3)


@answers("l08-variance")
def variance(w):
    """Give the variance of a count with mean 20."""
    return _variance(w, 20)


@answers("l08-busy")
def busy(w):
    """Give the rate ratio with its interval."""
    return _busy(w)


@answers("l08-overdispersed")
def overdispersed(w):
    """Say what to do about spread that is shared by a month."""
    names = {"a": "overdispersion ignored", "b": "overdispersion cured by dropping data"}
    return letters("d", **names, c="rows counted for months")


# What several questions share -------------------------------------------------------------------------


def _probabilities(w, sales):
    fit = _fit(w, "dear ~ (1 | zipcode)", sales)
    a = _coef(fit)
    p = expit(a)
    _, _, by_hand = _hand(w, sales)
    yield RIGHT, [p, expit(by_hand), (1 / (1 + np.exp(-a))).to_dict(), np.exp(a) / (1 + np.exp(a))]
    yield "no pooling for partial pooling", [sales.groupby(G, observed=True)["dear"].mean()]
    alone = no_pooling("dear ~ (1 | zipcode)", sales, family="binomial")
    yield "no pooling for partial pooling", [expit(alone.coef[G][ONE])]
    yield "log odds for probability", [a]
    yield "odds for probability", [np.exp(a)]
    yield "ranef for coef", [expit(fit.ranef[G][ONE])]
    yield "complete pooling for partial pooling", [p * 0 + sales["dear"].mean()]
    yield "fixef for coef", [p * 0 + expit(fit.fixef[ONE])]
    yield "percent for share", [100 * p]
    yield UNNAMED, [p * 0, p * 0 + 0.5, w.sizes, w.means, 1 - p, 0.0, p / 1000, -p, p * 1.9]


def _odds_ratio(w, sales, step):
    fit = _fit(w, "dear ~ area + (1 | zipcode)", sales)
    b = fit.fixef["area"]
    (centre, slope), _, _ = _hand(w, sales, area=True)
    right = np.exp(step * b)
    per_foot = glmer("dear ~ sqft_living + (1 | zipcode)", sales).fixef["sqft_living"]
    yield (
        RIGHT,
        [right, np.exp(step * slope), np.exp(b) ** step, np.exp(1000 * step * per_foot), round(right, 3)],
    )
    yield "ratio of a whole unit", [np.exp(b)]
    yield "part of the ratio", [step * np.exp(b)]
    yield "log odds for odds ratio", [step * b]
    yield "coefficient for odds ratio", [b, slope]
    yield "ratio upside down", [1 / right]
    plain = complete_pooling("dear ~ area", sales, family="binomial")
    yield "complete pooling for partial pooling", [np.exp(step * plain.fixef["area"])]
    ratio = expit(centre + step * slope) / expit(centre)
    yield "right or odds ratio read as ratio of probabilities", [ratio]
    yield UNNAMED, [1.0, 0.0, expit(b), 100.0, -right, fit.se_fixef["area"], right + 0.9, 1e6, step]


def _house(w, sales, area):
    fit = _fit(w, "dear ~ area + (1 | zipcode)", sales)
    (centre, slope), sd, each = _hand(w, sales, area=True)
    typical, (new,) = expit(centre + slope * area), _over(centre, sd, slope, area)
    weights = sales[G].value_counts(normalize=True)[each.index]
    unknown = (weights * expit(each + slope * area)).sum()

    def places(*values):
        return dict(zip(["typical", "new", "unknown"], map(float, values), strict=True))

    row = pd.DataFrame({"area": [area], G: ["new"]})
    every = sales.assign(area=area)
    by_mlmkit = places(
        fit.predict(row, new_levels="zero")[0],
        fit.predict(row, new_levels="marginal")[0],
        fit.predict(every).mean(),
    )
    drawn = expit(centre + slope * area + sd * w.rng(5).standard_normal(200_000)).mean()
    right = places(typical, new, unknown)
    yield (
        RIGHT,
        [right, by_mlmkit, places(typical, drawn, unknown), pd.Series(right)],
    )
    yield "effect zero for a new group", [places(typical, typical, unknown)]
    yield "unknown group taken for a new one", [places(typical, new, new)]
    yield "new and unknown exchanged", [places(typical, unknown, new)]
    yield "zip codes not weighted", [places(typical, new, expit(each + slope * area).mean())]
    of_mean = expit((weights * each).sum() + slope * area)
    yield "probability of the average", [places(typical, new, of_mean)]
    yield "log odds for probability", [places(*logit([typical, new, unknown]))]
    yield (
        UNNAMED,
        [places(0, 0, 0), places(1, 1, 1), places(unknown, typical, new), 0.5, places(0.9, 0.01, 0.5)],
    )


def _rates(w, days):
    cells = _cells(w)
    fit = _fit(w, COUNTS, cells, "poisson")
    bare = _fit(w, "sales ~ busy + (1 | zipcode)", cells, "poisson")
    a, b = _coef(fit), fit.fixef["busy"]
    _, _, by_hand = _once(
        w,
        "rates by hand",
        lambda: by_laplace(
            cells["sales"], cells[G], cells["busy"], np.log(cells["days"].to_numpy()), "poisson"
        ),
    )
    right = days * np.exp(a)
    yield RIGHT, [right, days * np.exp(by_hand), np.exp(a + np.log(days)), right.round(3)]
    yield "rate per day", [np.exp(a)]
    yield "log rate for rate", [a]
    yield "busy for quiet", [days * np.exp(a + b)]
    yield "exposure forgotten", [np.exp(_coef(bare)), days * np.exp(_coef(bare))]
    yield "ranef for coef", [days * np.exp(fit.ranef[G][ONE])]
    yield "plain mean of the counts", [cells.groupby(G)["sales"].mean()]
    yield UNNAMED, [right * 0, right * 100, -right, 0.0, right + 1e4, right * 1.9]


def _dispersion(w, fit, parameters):
    cells = _cells(w)
    n, residual = len(cells), cells["sales"] - fit.fitted
    squares = (residual**2 / fit.fitted).sum()
    right = squares / (n - parameters)
    yield RIGHT, [right, (fit.resid("pearson") ** 2).sum() / (n - parameters), round(right, 3)]
    yield "parameters not subtracted", [squares / n, (fit.resid("pearson") ** 2).mean()]
    yield "standard deviations not counted", [squares / (n - 2)]
    yield "sum for mean", [squares]
    yield "square root of the dispersion", [right**0.5]
    yield "deviance residuals for Pearson residuals", [(fit.resid("deviance") ** 2).sum() / (n - parameters)]
    yield "variance of all counts over their mean", [cells["sales"].var() / cells["sales"].mean()]
    yield "residuals not divided", [(residual**2).sum() / (n - parameters)]
    yield UNNAMED, [0.0, 100.0, -right, right / 1000, 1e6, n, fit.aic, right + 7.3]


def _variance(w, mean):
    cells = _cells(w)
    size = _fit(w, COUNTS, cells, "negative_binomial").size
    right = mean + mean**2 / size
    yield RIGHT, [right, mean * (1 + mean / size), round(right, 2)]
    yield "Poisson variance", [mean, float(mean)]
    yield "Poisson part forgotten", [mean**2 / size]
    yield "standard deviations for variances", [right**0.5]
    yield "size upside down", [mean + mean**2 * size]
    yield "mean not squared", [mean + mean / size]
    plain = _fit(w, COUNTS, cells, "poisson")
    factor = ((cells["sales"] - plain.fitted) ** 2 / plain.fitted).sum() / (len(cells) - 3)
    yield "dispersion for negative binomial", [mean * factor]
    yield UNNAMED, [0.0, 1e6, -right, right / 1000, right * 7, 3 * mean + 100]


def _busy(w):
    cells = _cells(w)
    fit = _fit(w, f"{COUNTS} + (1 | month)", cells, "poisson")

    def three(fit, times=1.96, back=np.exp):
        b, se = fit.fixef["busy"], fit.se_fixef["busy"]
        values = [back(b), back(b - times * se), back(b + times * se)]
        return dict(zip(["estimate", "lower", "upper"], map(float, values), strict=True))

    right = three(fit)
    yield RIGHT, [right, three(fit, 2.0), three(fit, 1.959964), pd.Series(right), list(right.values())]
    yield "log for ratio", [three(fit, back=np.asarray)]
    b, se = fit.fixef["busy"], fit.se_fixef["busy"]
    ratio = np.exp(b)

    def flat(half_width):
        return {"estimate": ratio, "lower": ratio - half_width, "upper": ratio + half_width}

    yield "symmetric interval of a ratio", [flat(1.96 * ratio * se)]
    yield "log standard error beside a ratio", [flat(1.96 * se)]
    yield "one standard error for two", [three(fit, 1.0)]
    yield "overdispersion ignored", [three(_fit(w, COUNTS, cells, "poisson"))]
    yield "rows counted for months", [three(_fit(w, COUNTS, cells, "negative_binomial"))]
    bare = _fit(w, "sales ~ busy + (1 | zipcode) + (1 | month)", cells, "poisson")
    yield "exposure forgotten", [three(bare)]
    yield UNNAMED, [three(fit, 0.0), flat(9.0), 1.3, {"estimate": 0.0, "lower": 0.0, "upper": 0.0}]
