"""What students answer in lesson 09: simulation. Each student simulates with own seeds, without a fit.

The studies have groups of one size, so lmer's estimates follow from the means and standard deviations by
group: the analysis of variance, with zero where that would be negative.
"""

from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import stats

from grader.author.students import RIGHT, UNNAMED, answers
from grader.author.students.work import MODEL, ONE, G, axes, letters
from mlmkit import bootstrap, lmer, power, simulate_data

STUDIES = 1000


class World:
    """A student's fake world: its truth, and studies made in it house by house."""

    def __init__(self, mean, between, within):
        self.mean, self.between, self.within = mean, between, within

    def prices(self, rng, groups=9, size=10, effects=None, studies=STUDIES):
        """Invent prices; shape (studies, groups, size)."""
        if effects is None:
            effects = rng.normal(0, self.between, (studies, groups))
        means = self.mean + np.broadcast_to(effects, (studies, groups))
        return rng.normal(means[..., None], self.within, (studies, groups, size))


def _fitted(prices, reml=True):
    """Fit each study by the analysis of variance; a dict of arrays."""
    _, groups, size = prices.shape
    n, free = groups * size, groups - reml
    means = prices.mean(axis=2)
    between = size * means.var(axis=1) * groups
    within = (prices.var(axis=2) * size).sum(axis=1)
    over = np.maximum(between / free - within / (n - groups), 0)
    zero = over == 0
    sigma2 = np.where(zero, (between + within) / (n - reml), within / (n - groups))
    gain = _gain(between, within, groups, n, zero)
    return {
        "mean": means.mean(axis=1),
        "se": np.sqrt((sigma2 + over) / n),
        "between": np.sqrt(over / size),
        "sigma": np.sqrt(sigma2),
        "icc": over / size / (over / size + sigma2),
        "ratio": gain,
        "zero": zero,
    }


def _gain(between, within, groups, n, zero):
    """Twice the gain in log-likelihood by (1 | group), fitted by ML."""
    small = n * np.log((between + within) / n)
    large = (n - groups) * np.log(within / (n - groups)) + groups * np.log(between / groups)
    return np.where(between / groups <= within / (n - groups), 0.0, small - large)


def _world(w):
    return World(w.mu, w.between, w.within)


@lru_cache(maxsize=4)
def _ten(w):
    return lmer(MODEL, w.ten.homes)


@lru_cache(maxsize=4)
def _column(w):
    """Choose the doubtful column and its sales, as the lesson does."""
    found = []
    for size in range(6, 13):
        rows = w.homes.groupby(G, observed=True).head(size)
        for name in ["bedrooms", "bathrooms", "condition", "floors", "grade", "sqft_living", "yr_built"]:
            f = stats.f_oneway(*[one[name] for _, one in rows.groupby(G, observed=True)])[0]
            found.append((abs(f - 2.2), name, size))
    _, name, size = min(found)
    rows = w.homes.groupby(G, observed=True).head(size).sort_values(G, kind="stable")
    return rows[name].to_numpy(float).reshape(1, 9, size), name


def _null(w, studies=500, spread=1.0, effects=None, seed=31):
    size = _column(w)[0].shape[2]
    rng = w.rng(seed)
    world = World(0.0, 0.0 if effects is None else effects, spread)
    return _fitted(world.prices(rng, size=size, studies=studies))["ratio"]


@answers("l09-recall-random")
def recall_random(w):
    """Say what makes effects random."""
    names = {"a": "random effects need random sampling", "b": "few groups forbid random effects"}
    return letters("c", **names, d="random means without a cause")


@answers("l09-recall-reml")
def recall_reml(w):
    """Say what is wrong with comparing REML criteria."""
    names = {"a": "REML criteria compared across fixed effects", "c": "smaller model always better"}
    return letters("b", **names, d="REML is wrong for standard deviations")


@answers("l09-recall-blups")
def recall_blups(w):
    """Say what is wrong with effects as data."""
    names = {"b": "predicted effects used as data", "c": "own means pulled too"}
    return letters("a", **names, d="groups can't be compared")


@answers("l09-practice-mcse")
def practice_mcse(w):
    """Give the Monte Carlo error of a share."""
    yield RIGHT, [0.011075, (0.92 * 0.08 / 600) ** 0.5, np.std([1] * 552 + [0] * 48) / 600**0.5, 0.0111]
    yield "variance for standard error", [0.92 * 0.08 / 600]
    yield "standard deviation for standard error", [(0.92 * 0.08) ** 0.5, np.std([1] * 552 + [0] * 48)]
    yield "square root forgotten", [(0.92 * 0.08) ** 0.5 / 600]
    yield "share of misses left out", [(0.92 / 600) ** 0.5]
    yield UNNAMED, [0.0, 1.0, 0.92, 0.08, 600, 0.92 / 600, 600**0.5, 0.5, 2 * 0.011075, -0.011075]


@answers("l09-practice-t")
def practice_t(w):
    """Give Student's quantile."""
    yield RIGHT, [stats.t.ppf(0.975, 5), 2.571, -stats.t.ppf(0.025, 5), 2.5706]
    yield "normal quantile for t", [1.96, 2, 2.0, stats.norm.ppf(0.975)]
    yield "groups for degrees of freedom", [stats.t.ppf(0.975, 6), 2.447]
    yield "one-sided quantile", [stats.t.ppf(0.95, 5), 2.015]
    yield "rows for groups", [stats.t.ppf(0.975, 59)]
    yield (
        UNNAMED,
        [0.0, 5, 6, 0.975, 1.0, stats.t.ppf(0.975, 3), stats.t.cdf(2, 5), 3.0, stats.t.ppf(0.995, 5)],
    )


@answers("l09-practice-overlap")
def practice_overlap(w):
    """Say what overlap means."""
    names = {"a": "overlap means no difference", "b": "not significant means no effect"}
    return letters("d", **names, c="standard errors added")


@answers("l09-practice-boot")
def practice_boot(w):
    """Give the 95 % interval of the intraclass correlation by lmer's own bootstrap."""
    boot = bootstrap(_ten(w), n_sims=400, seed=3)
    between, within = boot[f"sd__{ONE}|{G}"], boot["sigma"]
    icc = between**2 / (between**2 + within**2)
    yield RIGHT, [list(icc.quantile([0.025, 0.975])), tuple(np.percentile(icc, [2.5, 97.5]))]
    yield f"share within groups or {RIGHT}", [list((1 - icc).quantile([0.025, 0.975]))]
    for_mean = 1.96 * icc.std() / 20
    yield "Monte Carlo error for spread", [[icc.mean() - for_mean, icc.mean() + for_mean]]
    reach = 1.96 * icc.std()
    yield (
        "symmetric interval for a skewed distribution or right",
        [[icc.mean() - reach, icc.mean() + reach]],
    )
    yield "standard deviation for share", [list(between.quantile([0.025, 0.975]))]
    yield UNNAMED, [[0, 1], [0.025, 0.975], icc.mean(), [0.0, 0.0], list(icc.quantile([0.25, 0.75]))]


@answers("l09-practice-p")
def practice_p(w):
    """Give a bootstrap p-value."""
    yield RIGHT, [8 / 501, 7 / 500, 0.016, 0.014, 7 / 501]
    yield "share below for share above", [1 - 8 / 501, 493 / 500]
    yield "p-value doubled", [16 / 501, 14 / 500]
    yield "p-value halved", [4 / 501, 3.5 / 500]
    yield "count for share", [7, 8]
    yield UNNAMED, [0.0, 1.0, 0.05, 500, 493, 0.5, 501 / 8, 0.1]


@answers("l09-practice-zero")
def practice_zero(w):
    """Say what an estimate of zero means."""
    names = {"a": "zero variance means equal groups", "c": "a singular fit is a failed one"}
    return letters("b", **names, d="grouping dropped where its variance is zero")


@answers("l09-practice-difference")
def practice_difference(w):
    """Give the standard error of a difference."""
    b, s = 500_000.0, 460_000.0
    one = b**2 + s**2 / 10
    yield RIGHT, [np.sqrt(4 * one / 8), np.sqrt(one / 4 + one / 4), round(np.sqrt(one / 2)), 368_212]
    yield "rows for groups", [np.sqrt(4 * (b**2 + s**2) / 80)]
    yield "mean for difference", [np.sqrt(one / 8)]
    yield "variance for standard error", [one / 2]
    yield "standard deviations added", [(b + s / np.sqrt(10)) / np.sqrt(2)]
    yield "size of groups forgotten", [np.sqrt((b**2 + s**2) / 2)]
    yield "spread between groups forgotten", [np.sqrt(4 * s**2 / 80)]
    yield UNNAMED, [0.0, b, s, 8, 80, np.sqrt(one), 1e6, -np.sqrt(one / 2), b / 8, np.sqrt(2 * one)]


@answers("l09-practice-absent")
def practice_absent(w):
    """Say what follows from a study that found nothing."""
    names = {"a": "not significant means no effect", "b": "rows for groups"}
    return letters("c", **names, d="interval around zero proves zero")


@answers("l09-practice-shape")
def practice_shape(w):
    """Say what two high ends mean."""
    names = {"b": "ranks read upside down", "c": "shape of ranks taken for a shift"}
    return letters("a", **names, d="prior taken for a fault")


@answers("l09-recovery")
def recovery(w):
    """Give estimates of the standard deviation between zip codes of fake studies."""
    world, rng = _world(w), w.rng(41)
    found = _fitted(world.prices(rng))
    yield RIGHT, [found["between"], list(found["between"]), pd.Series(found["between"])]
    if w.seed < 4:  # the slow way, house by house
        plan = w.ten.homes[[G]]
        one = {"fixef": [w.mu], "sd": w.between, "sigma": w.within, "seed": rng}
        start = lmer(MODEL, simulate_data(MODEL, plan, **one))
        slow = [start.refit(simulate_data(MODEL, plan, **one)["price"].to_numpy()) for _ in range(STUDIES)]
        yield RIGHT, [[fit.varcorr[G].sd[ONE] for fit in slow]]
    yield "variance for standard deviation", [found["between"] ** 2]
    yield "residual for group standard deviation", [found["sigma"]]
    yield "mean for standard deviation", [found["mean"]]
    yield "standard error for standard deviation", [found["se"]]
    same = _fitted(world.prices(rng, effects=w.ranef.to_numpy()))
    yield f"zip codes not drawn again or {UNNAMED}", [same["between"]]
    swapped = _fitted(World(w.mu, w.within, w.between).prices(rng))
    either = f"standard deviations exchanged or {RIGHT} or {UNNAMED}"
    yield either, [swapped["between"]]
    yield f"ML for REML or {RIGHT} or {UNNAMED}", [_fitted(world.prices(rng), reml=False)["between"]]
    yield (
        UNNAMED,
        [
            found["between"][:100],
            found["between"].mean(),
            -found["between"],
            found["between"] / 1000,
            np.sort(found["between"]),
            np.full(STUDIES, w.between),
            rng.normal(0, 1, STUDIES),
            found["between"] * 3,
            w.price,
        ],
    )


@answers("l09-coverage")
def coverage(w):
    """Give the coverage of two standard errors with three zip codes."""
    world, rng = _world(w), w.rng(42)
    prices = world.prices(rng, groups=3)
    found = _fitted(prices)
    off = np.abs(found["mean"] - w.mu)
    share = np.mean(off < 2 * found["se"])
    yield RIGHT, [share, np.mean(off <= 1.96 * found["se"]), float(np.mean(off < 2 * found["se"]))]
    yield "share of misses", [1 - share]
    df = np.where(found["zero"], 29, 2)
    by_t = np.mean(off < stats.t.ppf(0.975, df) * found["se"])
    yield f"t interval for two standard errors or {UNNAMED}", [by_t]
    houses = prices.reshape(STUDIES, 30)
    by_rows = np.mean(off < 2 * houses.std(axis=1, ddof=1) / 30**0.5)
    yield f"rows for groups or one standard error for two or {UNNAMED}", [by_rows]
    yield f"one standard error for two or rows for groups or {UNNAMED}", [np.mean(off < found["se"])]
    yield "estimate for truth", [1.0]
    yield "percent for share", [100 * share]
    yield "count for share", [STUDIES * share]
    yield UNNAMED, [0.0, -share, 0.25, 3.0, w.mu, w.between, found["se"].mean(), 2.0, off.mean()]


@answers("l09-t-interval")
def t_interval(w):
    """Give the t interval of the mean."""
    fit = _ten(w)
    mu, se = fit.fixef[ONE], fit.se_fixef[ONE]
    means = w.ten.means
    by_means = means.std() / 3

    def around(reach, middle=mu):
        return [middle - reach, middle + reach]

    quantile = stats.t.ppf(0.975, 8)
    yield (
        RIGHT,
        [
            around(quantile * se),
            list(fit.confint(method="t").loc[ONE, ["low", "high"]]),
            around(quantile * by_means, means.mean()),
            around(2.306 * se),
            {"lower": mu - quantile * se, "upper": mu + quantile * se},
        ],
    )
    wald = list(fit.confint(method="wald").loc[ONE, ["low", "high"]])
    yield (
        "normal quantile for t",
        [around(1.96 * se), around(2 * se), wald, around(stats.t.ppf(0.975, 89) * se)],
    )
    rows = w.ten.price.std() / 90**0.5
    yield "rows for groups", [around(1.96 * rows), around(2 * rows), around(quantile * rows)]
    between = fit.varcorr[G].sd[ONE]
    yield (
        "standard deviation for standard error",
        [around(2 * between), around(1.96 * between), around(quantile * between)],
    )
    yield "all sales for the small sample", [around(quantile * w.se, w.mu)]
    ml = lmer(MODEL, w.ten.homes, REML=False)
    yield "ML for REML", [around(quantile * ml.se_fixef[ONE], ml.fixef[ONE])]
    yield (
        UNNAMED,
        [
            around(0),
            [0, 0],
            mu,
            around(se * 9),
            [-1, 1],
            around(quantile * se)[::-1],
            around(se * 0.5),
            [se, mu],
        ],
    )


@answers("l09-boot-icc")
def boot_icc(w):
    """Give bootstrap values of the intraclass correlation."""
    fit, rng = _ten(w), w.rng(44)
    world = World(*(fit.fixef[ONE], fit.varcorr[G].sd[ONE], fit.sigma))
    found = _fitted(world.prices(rng))
    yield RIGHT, [found["icc"], list(found["icc"]), pd.Series(found["icc"])]
    if w.seed < 3:
        yield RIGHT, [bootstrap(fit, lambda one: one.icc()[G], n_sims=STUDIES, seed=w.seed + 9)]
    yield f"share within groups or {UNNAMED} or {RIGHT}", [1 - found["icc"]]
    yield (
        f"standard deviations for variances or {UNNAMED}",
        [found["between"] / (found["between"] + found["sigma"])],
    )
    yield "standard deviation for share", [found["between"]]
    yield "ratio for share", [found["between"] ** 2 / found["sigma"] ** 2]
    same = _fitted(world.prices(rng, effects=fit.ranef[G][ONE].to_numpy()))["icc"]
    yield f"zip codes not drawn again or {UNNAMED} or {RIGHT}", [same]
    house = w.ten.homes.sort_values(G, kind="stable")["price"].to_numpy().reshape(9, 10)
    rows = np.array([[one[rng.integers(10, size=10)] for one in house] for _ in range(STUDIES)])
    yield f"zip codes not drawn again or all sales for the small sample or {UNNAMED}", [_fitted(rows)["icc"]]
    whole = _fitted(_world(w).prices(rng))["icc"]
    yield f"all sales for the small sample or {UNNAMED} or {RIGHT} or zip codes not drawn again", [whole]
    yield (
        UNNAMED,
        [
            found["icc"][:100],
            found["icc"].mean(),
            -found["icc"],
            100 * found["icc"],
            np.sort(found["icc"]),
            np.full(STUDIES, w.fit.icc()[G]),
            rng.uniform(0, 1, STUDIES) ** 8,
            w.price,
        ],
    )


@answers("l09-boot-interval")
def boot_interval(w):
    """Give the 90 % interval of the intraclass correlation."""
    fit, rng = _ten(w), w.rng(45)
    found = _fitted(World(0.0, fit.varcorr[G].sd[ONE], fit.sigma).prices(rng))
    icc, share = found["icc"], fit.icc()[G]

    def ends(draws, low=0.05):
        return [float(np.quantile(draws, low)), float(np.quantile(draws, 1 - low))]

    yield (
        RIGHT,
        [ends(icc), dict(zip(["lower", "upper"], ends(icc), strict=True)), [round(x, 4) for x in ends(icc)]],
    )
    yield f"95% for 90% or {UNNAMED} or {RIGHT}", [ends(icc, 0.025)]
    yield f"80% for 90% or {UNNAMED} or {RIGHT}", [ends(icc, 0.1)]
    reach = 1.645 * icc.std()
    symmetric = "symmetric interval for a skewed distribution"
    yield f"{symmetric} or 95% for 90% or {UNNAMED} or {RIGHT}", [[share - reach, share + reach]]
    error = reach / STUDIES**0.5
    yield (
        "Monte Carlo error for spread",
        [[icc.mean() - error, icc.mean() + error], [share - error, share + error]],
    )
    yield f"share within groups or {UNNAMED} or {RIGHT}", [ends(1 - icc)]
    roots = found["between"] / (found["between"] + found["sigma"])
    yield "standard deviations for variances", [ends(roots)]
    yield UNNAMED, [[0, 0], [0.9, 0.95], ends(found["between"]), share, [0, 1], [x / 100 for x in ends(icc)]]


@answers("l09-null")
def null(w):
    """Give likelihood ratios where zip codes don't differ."""
    column, name = _column(w)
    rng = w.rng(46)
    right = _null(w)
    yield (
        RIGHT,
        [right, list(right), _null(w, spread=9.0, seed=47), pd.Series(_null(w, studies=1000, seed=48))],
    )
    if w.seed < 3:
        sales = w.homes.groupby(G, observed=True).head(column.shape[2])
        large = lmer(f"{name} ~ (1 | {G})", sales, REML=False)
        slow = []
        for _ in range(500):
            y = rng.normal(size=len(sales))
            slow.append(2 * (large.refit(y).loglik - stats.norm.logpdf(y, y.mean(), y.std()).sum()))
        yield RIGHT, [slow]
    yield "chi-square at the boundary", [rng.chisquare(1, 500), rng.normal(size=1000) ** 2]
    fit = _fitted(column)
    other = _null(w, spread=fit["sigma"][0], effects=fit["between"][0], seed=49)
    yield "alternative for null", [other]
    yield f"factor two forgotten or {RIGHT} or {UNNAMED}", [right / 2]
    yield "p-values for statistics", [stats.chi2.sf(right, 1)]
    yield f"chi-square at the boundary or {UNNAMED}", [_positive(w)]
    yield (
        UNNAMED,
        [
            right[:50],
            right.mean(),
            -right - 1,
            right * 50 + 40,
            rng.normal(size=500) - 5,
            np.full(500, 7.0),
        ],
    )


def _positive(w):
    many = _null(w, studies=2000, seed=50)
    return many[many > 0]


@answers("l09-edge-p")
def edge_p(w):
    """Give two p-values."""
    column, _ = _column(w)
    observed = _fitted(column)["ratio"][0]
    ratios = _null(w, seed=51)
    share, table = (1 + np.sum(ratios >= observed)) / 501, stats.chi2.sf(observed, 1)

    def both(first, second):
        return {"chi-square": float(first), "bootstrap": float(second)}

    exact = stats.f_oneway(*column[0]).pvalue
    yield (
        RIGHT,
        [both(table, share), [table, share], both(table, np.mean(ratios >= observed)), both(table, exact)],
    )
    yield "p-values exchanged", [both(share, table)]
    yield "chi-square at the boundary", [both(table, table)]
    yield "p-value halved", [both(table / 2, share)]
    yield "half of chi-square for bootstrap", [both(table, table / 2)]
    yield "share below for share above", [both(table, 1 - share)]
    fit = _fitted(column)
    other = np.mean(_null(w, spread=fit["sigma"][0], effects=fit["between"][0], seed=52) >= observed)
    yield f"alternative for null or {UNNAMED}", [both(table, other)]
    yield (
        UNNAMED,
        [both(1, 1), both(0.001, 0.9), share, both(observed, share), both(1 - table, 0.9), both(100, 5)],
    )


@answers("l09-power")
def study_power(w):
    """Give the power of three designs."""
    b, s, rng = w.between, w.within, w.rng(53)

    def three(values):
        return dict(
            zip(["planned", "twice the houses", "twice the zip codes"], map(float, values), strict=True)
        )

    def counted(groups, size, quantile=None, one_by_one=False, studies=600):
        halves = rng.normal(0, b, (studies, 2, groups // 2))
        if one_by_one:
            sd, arm = np.hypot(b, s), groups * size // 2
            halves = rng.normal(0, sd, (studies, 2, arm))
        else:
            arm = groups // 2
            halves = halves + rng.normal(0, s / size**0.5, halves.shape)
        estimate = 2.4 * b + halves[:, 1].mean(axis=1) - halves[:, 0].mean(axis=1)
        se = np.sqrt(halves.var(axis=2, ddof=1).sum(axis=1) / arm)
        return np.mean(np.abs(estimate) > (quantile or stats.t.ppf(0.975, 2 * arm - 2)) * se)

    designs = [(6, 10), (6, 20), (12, 10)]
    formula = []
    for groups, size in designs:
        shift = 2.4 * b / np.sqrt(4 * (b**2 + s**2 / size) / groups)
        formula.append(stats.nct.sf(stats.t.ppf(0.975, groups - 2), groups - 2, shift))
    yield (
        RIGHT,
        [
            three(formula),
            formula,
            three(counted(*one) for one in designs),
            three(counted(*one, studies=5000) for one in designs),
        ],
    )
    if w.seed < 2:
        found = []
        for groups, size in designs:
            rows = pd.DataFrame({G: np.repeat(np.arange(groups), size)})
            rows["water"] = rows[G] % 2
            truth = {"fixef": [w.mu, 2.4 * b], "sd": b, "sigma": s, "n_sims": 600, "seed": w.seed}
            found.append(power(f"price ~ water + (1 | {G})", rows, "water", method="t", **truth)["power"])
        yield RIGHT, [three(found)]
    normal = three(counted(*one, quantile=1.96) for one in designs)
    yield f"normal quantile for t or {UNNAMED}", [normal]
    yield "designs exchanged", [three([formula[0], formula[2], formula[1]])]
    yield "share of misses", [three(1 - x for x in formula)]
    yield "rows for groups", [three(counted(*one, one_by_one=True) for one in designs)]
    yield "percent for share", [three(100 * x for x in formula)]
    yield (
        UNNAMED,
        [
            three([0, 0, 0]),
            three([0.05] * 3),
            formula[0],
            three([0.8] * 3),
            three([2.4 * b] * 3),
            three([0.1, 0.5, 0.2]),
        ],
    )


@answers("l09-groups-needed")
def groups_needed(w):
    """Give the number of zip codes for a power of 80 %."""
    b, s = w.by_numpy[1:]
    one = b**2 + s**2 / 10
    right = 2.8**2 * 4 * one / b**2
    yield (
        RIGHT,
        [
            right,
            4 * one * (2.8 / b) ** 2,
            float(np.ceil(right)),
            31.36 * (1 + (w.within / w.between) ** 2 / 10),
        ],
    )
    yield "one arm for both", [right / 2]
    yield "rows for groups", [10 * right]
    yield "power of one half", [1.96**2 * 4 * one / b**2]
    yield "size of groups forgotten", [2.8**2 * 4 * (b**2 + s**2) / b**2]
    yield "standard deviations added", [2.8**2 * 4 * (b + s / 10**0.5) ** 2 / b**2]
    yield "square forgotten", [2.8 * 2 * one**0.5 / b]
    yield f"spread between groups forgotten or {UNNAMED}", [2.8**2 * 4 * s**2 / 10 / b**2]
    yield UNNAMED, [0.0, 1.0, b, -right, right * 3, 2000.0, right / 1000, 0.8, right**2, right * 0.8]


@answers("l09-curve")
def curve(w):
    """Draw the power against the number of zip codes."""
    b, s = w.between, w.within
    many = np.arange(4, 61, 2)

    def line(size=10, effect=b, quantile=None, one_by_one=False):
        values = []
        for groups in many:
            j = groups * size if one_by_one else groups
            variance = (b**2 + s**2) if one_by_one else b**2 + s**2 / size
            shift = effect / np.sqrt(4 * variance / j)
            limit = quantile or stats.t.ppf(0.975, j - 2)
            values.append(stats.nct.sf(limit, j - 2, shift) + stats.nct.cdf(-limit, j - 2, shift))
        return np.nan_to_num(np.array(values), nan=1.0)

    def drawn(y, labels=("number of zip codes", "power"), style="-", x=many):
        ax = axes(*labels)
        ax.plot(x, y, style)
        return ax

    right = line()
    yield (
        RIGHT,
        [drawn(right), drawn(right.round(4)), drawn(right, ("zip codes", "power of the t test"), "--")],
    )
    yield "normal quantile for t", [drawn(line(quantile=1.96))]
    yield "share of misses", [drawn(1 - right)]
    yield "rows for groups", [drawn(line(one_by_one=True))]
    yield "difference of another question", [drawn(line(effect=2.4 * b))]
    yield "size of groups forgotten", [drawn(line(size=1))]
    yield "points for lines", [drawn(right, style="o")]
    yield (
        UNNAMED,
        [axes(), drawn(right * 0), drawn(right / 2), right, 0.8, drawn(right[::-1]), drawn([1, 2], x=[3, 4])],
    )


@answers("l09-sbc")
def calibration(w):
    """Give the share of outer ranks of the colleague's program."""
    rng = w.rng(54)
    b, s, mu = w.between, w.within, w.mu

    def ranks(own=False, flat=False):
        truth = rng.normal(mu, b, STUDIES)
        effects = 0 if flat else rng.normal(0, b, (STUDIES, 9, 1))
        prices = truth[:, None, None] + effects + rng.normal(0, s, (STUDIES, 9, 10))
        house = (9 * b**2 * 10 + 9 * s**2) if own else b**2 + s**2
        precision = 1 / b**2 + (1 / (b**2 / 9 + s**2 / 90) if own else 90 / house)
        data = prices.mean(axis=(1, 2)) * (precision - 1 / b**2)
        middle = (mu / b**2 + data) / precision
        draws = rng.normal(middle[:, None], precision**-0.5, (STUDIES, 99))
        return (draws < truth[:, None]).sum(axis=1)

    found = ranks()
    outer = np.mean((found < 10) | (found >= 90))
    yield RIGHT, [outer, float(outer), np.mean(np.abs(found - 49.5) > 39.9)]
    correct = ranks(own=True)
    yield "calibrated taken for wrong", [np.mean((correct < 10) | (correct >= 90)), 0.2]
    yield f"share of the middle or {RIGHT} or one end for both", [1 - outer]
    yield "one end for both", [np.mean(found < 10), np.mean(found >= 90)]
    yield "percent for share", [100 * outer]
    yield "count for share", [STUDIES * outer]
    yield f"percent for share or {UNNAMED}", [found.mean()]  # "seems to be in percent"
    yield UNNAMED, [0.0, 1.0, -outer, 99.0, found.std(), 5.0, mu, 0.02]
