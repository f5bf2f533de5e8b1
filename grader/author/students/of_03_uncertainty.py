"""What students answer in lesson 03: uncertainty and prediction."""

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from grader.author.students import RIGHT, UNNAMED, answers
from grader.author.students.work import ONE, G, axes, letters, one_way, table
from mlmkit import lmer, load_king_county, load_radon, plot_caterpillar

DRAWS, MANY = 4000, 10_000


def _ends(middle, half):
    return {"lower": float(middle - half), "upper": float(middle + half)}


def _middle(draws, outside=0.05):
    low, high = np.quantile(draws, [outside / 2, 1 - outside / 2])
    return {"lower": float(low), "upper": float(high)}


def _sim(w, n=DRAWS):
    return w.fit.sim(n, seed=1000 + w.seed)


def _house(w):
    """Give standard deviation of a house in a new zip code."""
    return np.hypot(w.between, w.within)


@answers("l03-more-zip-codes")
def more_zip_codes(w):
    """Give the standard error with 36 zip codes."""
    se = w.se
    yield RIGHT, [se / 2, se / np.sqrt(4), w.between / 6, round(se / 2), round(se / 2, 2), w.by_numpy[1] / 6]
    yield "square root forgotten", [se / 4]
    yield "unchanged", [se, round(se), w.between / 3]
    yield "divided twice", [se / 6, se / np.sqrt(36)]
    yield "standard deviation for standard error", [w.between, w.by_numpy[1]]
    yield "counting houses instead of groups", [w.price.std() / np.sqrt(4 * w.n)]
    yield "wrong direction", [2 * se]
    yield (
        UNNAMED,
        [w.mu, w.within, 0.0, 36, se / 1000, se / 36, 0.5, w.within / 36, 100.0, w.mu / w.se, w.price.max()],
    )


@answers("l03-effect-intervals")
def effect_intervals(w):
    """Give intervals of the random effects."""
    effect, se = w.ranef, w.fit.se_ranef[G][ONE]

    def both(middle, half):
        return pd.DataFrame({"lower": middle - half, "upper": middle + half})

    yield RIGHT, [both(effect, 2 * se), both(effect, 1.96 * se), both(effect, 2 * se).iloc[::-1].round(0)]
    by_hand = (w.sizes / w.by_numpy[2] ** 2 + 1 / w.by_numpy[1] ** 2) ** -0.5
    yield (
        RIGHT,
        [
            both(effect, 2 * by_hand),
            both(effect, 2 * by_hand)[["upper", "lower"]],
            both(w.coef - w.mu, 2 * se),
        ],
    )
    of_sum = w.fit.se_coef[G][ONE]
    yield "coef for ranef", [both(w.coef, 2 * se), both(w.coef, 1.96 * se), both(w.coef, 2 * of_sum)]
    yield "one standard error for two", [both(effect, se)]
    weight = 1 - (se / w.between) ** 2
    yield "fixed effect not held", [both(effect, 2 * np.hypot(se, weight * w.se))]
    yield (
        "standard deviation for standard error",
        [both(effect, 2 * w.between), both(effect, effect * 0 + 2 * w.between)],
    )
    yield "ends exchanged", [both(effect, -2 * se)]
    yield UNNAMED, [both(effect, 3 * se), both(effect, 0 * se), both(effect * 0, 2 * se)]
    yield (
        UNNAMED,
        [both(effect, 2 * w.se), both(w.means, 2 * w.prices.std()), both(-effect, 2 * se), both(se, effect)],
    )
    yield UNNAMED, [effect, 2 * se, 0.0, both(effect, 2 * se) / 1000]


@answers("l03-totals")
def totals(w):
    """Give draws of the mean price in every zip code."""
    draws = _sim(w)
    fixed, effects = draws.fixef[ONE], draws.ranef[G][ONE]
    sums, rng = effects.add(fixed, axis=0), w.rng(3)
    yield RIGHT, [sums, draws.coef[G][ONE], sums[list(sums.columns)[::-1]]]
    yield (
        RIGHT,
        [
            w.coef.to_frame().T.loc[[ONE] * DRAWS].reset_index(drop=True)
            + rng.normal(size=(DRAWS, 9)) * w.fit.se_coef[G][ONE].to_numpy()
        ],
    )
    yield "ranef for coef", [effects]
    yield "draws of different rows added", [effects.add(rng.permutation(fixed), axis=0)]
    yield "fixed effect added as a number", [effects + w.mu]
    yield "house for mean", [sums + rng.normal(0, w.within, sums.shape)]
    # Zip codes may differ as much as houses do: then these look like prices of houses.
    yield f"house for mean or {UNNAMED}", [sums + rng.normal(0, w.between, sums.shape)]
    yield "fixef for coef", [pd.DataFrame(dict.fromkeys(sums, fixed))]
    yield UNNAMED, [sums / 1000, sums.iloc[:100], w.coef, sums.mean(), fixed, sums * 0, sums + 100_000, -sums]
    yield UNNAMED, [sums.describe(), 0.0, effects * 0 + w.mu]


@answers("l03-ratio")
def ratio(w):
    """Give the interval of the ratio of two means."""
    draws, rng = _sim(w).coef[G][ONE], w.rng(4)
    high, low = w.coef.idxmax(), w.coef.idxmin()
    a, b = draws[high].to_numpy(), draws[low].to_numpy()
    one, other = _middle(a), _middle(b)
    yield RIGHT, [_middle(a / b), list(_middle(a / b).values()), pd.Series(_middle(a / b))]
    symmetric = [_ends((a / b).mean(), 2 * (a / b).std()), _ends((a / b).mean(), 1.96 * (a / b).std())]
    yield "right or symmetric interval for a skewed ratio", symmetric
    se = w.fit.se_coef[G][ONE]
    yield RIGHT, [_middle(rng.normal(w.coef[high], se[high], MANY) / rng.normal(w.coef[low], se[low], MANY))]
    yield "ends divided", [{end: one[end] / other[end] for end in one}]
    yield (
        "difference for ratio",
        [_middle(a - b), _ends(w.coef[high] - w.coef[low], 2 * np.hypot(se[high], se[low]))],
    )
    yield "ratio upside down", [_middle(b / a)]
    noise = rng.normal(0, w.within, (2, DRAWS))
    yield "house for mean", [_middle((a + noise[0]) / (b + noise[1]))]
    yield "one standard deviation for two", [_ends((a / b).mean(), (a / b).std())]
    yield (
        UNNAMED,
        [one, other, _ends(0.0, 1.0), _ends(w.coef[high] / w.coef[low], 0.0), w.coef[high] / w.coef[low]],
    )
    yield (
        UNNAMED,
        [
            _middle(a),
            _middle(np.log(a / b)),
            _middle(a + b),
            _middle(a / w.coef.sum()),
            _middle(a * b),
            [1, 1],
        ],
    )
    yield UNNAMED, [_middle((a - b) / b), _middle(a / b, 0.1), _middle(a / b, 0.2)]
    yield "ends exchanged", [{"lower": _middle(a / b)["upper"], "upper": _middle(a / b)["lower"]}]


def _house_in(w, z):
    middle, se, rng = w.coef[z], w.fit.se_coef[G][ONE][z], w.rng(5)
    sd = np.hypot(se, w.within)
    draws = rng.normal(rng.normal(middle, se, DRAWS), w.within)
    house = w.fit.predict_draws(pd.DataFrame({G: [z]}), DRAWS, kind="outcome", seed=w.seed + 7)[0]
    yield (
        RIGHT,
        [_ends(middle, 2 * sd), _ends(middle, 1.96 * sd), _middle(draws), list(_middle(house).values())],
    )
    yield RIGHT, [_ends(middle, 2 * w.within), _ends(w.mu + w.ranef[z], 2 * sd)]
    yield (
        "interval of the mean for a house",
        [_ends(middle, 2 * se), _middle(rng.normal(middle, se, DRAWS)), _ends(middle, 1.96 * se)],
    )
    yield "lower end cut at zero", [{"lower": 0.0, "upper": middle + 2 * sd}]
    yield "fixef for coef", [_ends(w.mu, 2 * sd), _ends(w.mu, 2 * w.within)]
    yield "one standard deviation for two", [_ends(middle, sd), _ends(middle, w.within)]
    yield (
        "new group for a known group",
        [_ends(w.mu, 2 * _house(w)), _middle(rng.normal(w.mu, _house(w), DRAWS))],
    )
    yield "ranef for coef", [_ends(w.ranef[z], 2 * sd)]
    yield (
        UNNAMED,
        [
            _ends(0.0, 0.0),
            _ends(middle, 0.0),
            middle,
            _ends(middle, 4 * sd),
            _ends(middle / 1000, 2 * sd / 1000),
        ],
    )
    yield UNNAMED, [_ends(w.coef.drop(z).sum(), 2 * sd), [middle], _ends(middle, -2 * sd), 0.0]


@answers("l03-new-house")
def new_house(w):
    """Give a house in the cheapest zip code."""
    return _house_in(w, w.coef.idxmin())


@answers("l03-practice-new-house")
def practice_new_house(w):
    """Give a house in 98039."""
    yield from _house_in(w, "98039")
    own = w.prices.std()["98039"]
    yield (
        "the group's own standard deviation",
        [_ends(w.coef["98039"], 2 * own), _ends(w.coef["98039"], 1.96 * own)],
    )


@answers("l03-four-sds")
def four_sds(w):
    """Give standard deviations of four predictions."""
    se, a, y = w.se, w.between, w.within
    h = np.hypot
    names = (["zero", "marginal"], ["mean", "outcome"])

    def four(zm, zo, mm, mo):
        return table([[zm, zo], [mm, mo]], *names)

    right = four(se, h(se, y), h(se, a), h(se, h(a, y)))
    rng = w.rng(6)
    mu = rng.normal(w.mu, se, MANY)
    effect, noise = rng.normal(0, a, MANY), rng.normal(0, y, MANY)
    drawn = four(mu.std(), (mu + noise).std(), (mu + effect).std(), (mu + effect + noise).std())
    yield RIGHT, [right, drawn, right.iloc[::-1], right[["outcome", "mean"]], right.round(0), drawn.round(2)]
    yield "fixed effect taken as known", [four(0.0, y, a, h(a, y))]
    yield "zero and marginal exchanged", [right.iloc[::-1].set_axis(right.index)]
    yield "mean and outcome exchanged", [right.iloc[:, ::-1].set_axis(right.columns, axis=1)]
    yield "variance for standard deviation", [right**2, drawn**2]
    yield "standard deviations added", [four(se, se + y, se + a, se + a + y)]
    yield "twice the standard deviation", [2 * right, 2 * drawn]
    yield "spread between groups forgotten", [four(se, h(se, y), se, h(se, y))]
    yield (
        UNNAMED,
        [
            right * 0,
            right / 1000,
            3 * right,
            four(w.mu, w.mu, w.mu, w.mu),
            four(y, y, y, y),
            right.mean(),
            0.0,
        ],
    )
    yield UNNAMED, [four(a, a, a, a), -right, right / 2, four(y, a, se, 0.0), right + w.mu]


@answers("l03-house-draws")
def house_draws(w):
    """Give draws of a house in a new zip code."""
    rng = w.rng(7)
    houses = rng.normal(rng.normal(w.mu, w.between, MANY), w.within)
    uncertain = rng.normal(rng.normal(rng.normal(w.mu, w.se, MANY), w.between), w.within)
    yield (
        RIGHT,
        [houses, uncertain, pd.Series(houses), houses.tolist(), rng.normal(w.mu, _house(w), 2 * MANY)],
    )
    yield (
        RIGHT,
        [w.fit.predict_draws(pd.DataFrame({G: ["new"]}), MANY, "marginal", "outcome", seed=w.seed)[0]],
    )
    yield "spread between groups forgotten", [rng.normal(w.mu, w.within, MANY)]
    yield "spread within groups forgotten", [rng.normal(w.mu, w.between, MANY)]
    yield "standard error for spread", [rng.normal(w.mu, w.se, MANY)]
    yield "standard deviations added", [rng.normal(w.mu, w.between + w.within, MANY)]
    yield (
        "negative draws removed",
        [houses[houses > 0], np.maximum(houses, 0), np.abs(houses), np.clip(houses, 0, None)],
    )
    yield (
        UNNAMED,
        [houses[:100], houses / 1000, houses.mean(), w.price, houses + w.mu, np.full(MANY, w.mu), -houses],
    )
    yield (
        UNNAMED,
        [
            rng.normal(0, _house(w), MANY),
            rng.uniform(0, 2 * w.mu, MANY),
            rng.normal(w.mu, 2 * _house(w), MANY),
        ],
    )
    yield UNNAMED, [rng.normal(w.coef.max(), _house(w), MANY), np.sort(houses)[2000:]]


@answers("l03-below-zero")
def below_zero(w):
    """Give the share of prices below zero."""
    rng = w.rng(8)
    houses = rng.normal(rng.normal(w.mu, w.between, MANY), w.within)
    share, exact = float(np.mean(houses < 0)), norm.cdf(-w.mu / _house(w))
    yield (
        RIGHT,
        [
            share,
            exact,
            norm.cdf(0, w.mu, np.hypot(_house(w), w.se)),
            np.mean(rng.normal(w.mu, _house(w), MANY) < 0),
        ],
    )
    yield "opposite event", [1 - share, 1 - exact, np.mean(houses > 0)]
    yield "quantile for probability", [w.mu / _house(w), w.mu / np.hypot(_house(w), w.se)]
    yield "percent for share", [100 * share, round(100 * exact, 1)]
    yield "count for share", [int(np.sum(houses < 0)), np.sum(houses < 0)]
    yield (
        "spread between groups forgotten or one source of spread forgotten",
        [norm.cdf(-w.mu / w.within), np.mean(rng.normal(w.mu, w.within, MANY) < 0)],
    )
    yield (
        "spread within groups forgotten or one source of spread forgotten",
        [norm.cdf(-w.mu / w.between), np.mean(rng.normal(w.mu, w.between, MANY) < 0)],
    )
    yield (
        UNNAMED,
        [0.5, w.mu, -share, houses.min(), 60.0, houses.mean(), norm.pdf(-3.0) + 0.4],
    )
    yield UNNAMED, [0.3, 0.65]


@answers("l03-held")
def held(w):
    """Say how many houses of the other zip codes an interval holds."""
    county = load_king_county()
    others = county.loc[~county[G].astype(str).isin(w.homes[G].astype(str).unique()), "price"]

    def holds(half, houses=others):
        return int(np.sum(np.abs(houses - w.mu) < half))

    sd, both = _house(w), np.hypot(_house(w), w.se)
    drawn = w.rng(9).normal(w.mu, both, MANY).std()
    yield (
        RIGHT,
        [holds(2 * sd), holds(2 * both), holds(1.96 * sd), holds(2 * drawn), float(holds(1.96 * both))],
    )
    yield "all zip codes for the others", [holds(2 * sd, county["price"]), holds(2 * both, county["price"])]
    yield "standard error for spread", [holds(2 * w.se), holds(1.96 * w.se)]
    yield "spread within groups forgotten", [holds(2 * w.between)]
    yield "spread between groups forgotten", [holds(2 * w.within)]
    yield "one standard deviation for two", [holds(sd), holds(both)]
    yield "share for count", [holds(2 * sd) / len(others), np.mean(np.abs(others - w.mu) < 2 * both)]
    yield "percent for count", [100 * holds(2 * sd) / len(others)]
    yield "opposite event", [len(others) - holds(2 * sd), len(others) - holds(2 * both)]
    yield "all houses", [len(others)]
    yield UNNAMED, [0, 61, 9.0, w.mu, 40.4, 12, -5, holds(0.2 * sd), 3 * len(others)]
    yield "own zip codes for the others", [holds(2 * sd, w.price), holds(1.96 * sd, w.price)]


@answers("l03-which-call")
def which_call(w):
    """Give the draws for the mean of a new zip code."""
    return letters(
        "c", a="standard error for spread", b="spread between groups forgotten", d="house for mean"
    )


@answers("l03-log-formula")
def log_formula(w):
    """Give the formula of a model of a logarithm."""
    yield (
        RIGHT,
        [
            "log(sqft_living) ~ (1 | grade)",
            "log(sqft_living)~1+(1|grade)",
            "np.log(sqft_living) ~ (1 | grade)",
        ],
    )
    yield "no logarithm", ["sqft_living ~ (1 | grade)"]
    yield "wrong grouping factor", ["log(sqft_living) ~ (1 | zipcode)"]
    yield "no bar", ["log(sqft_living) ~ grade", "log(sqft_living) ~ 1 + grade"]
    yield "wrong outcome", ["log(price) ~ (1 | grade)"]
    yield "logarithm of the grouping factor", ["sqft_living ~ (1 | log(grade))"]
    yield "outcome used as predictor", ["price ~ log(sqft_living) + (1 | grade)"]
    yield (
        UNNAMED,
        [
            "log(sqft_living) ~ 1",
            "log10(sqft_living) ~ (1 | grade)",
            "log sqft_living ~ (1 | grade)",
            "",
            3.0,
        ],
    )
    yield (
        UNNAMED,
        [
            "log(sqft_living) ~ (1 + zipcode | grade)",
            "exp(sqft_living) ~ (1 | grade)",
            "grade ~ (1 | sqft_living)",
        ],
    )
    yield (
        UNNAMED,
        [
            "log(sqft_living) ~ grade + (1 | grade)",
            "sqft_lot ~ (1 | grade)",
            "log(sqft_living)",
            "(1 | grade)",
        ],
    )


@answers("l03-figure")
def figure(w):
    """Give a mark with an interval for each mean price."""
    se, names = w.fit.se_coef[G][ONE], [str(z) for z in w.coef.index]

    def drawn(middle, *, half=se, labels=names, bars=False, intervals=True, unit=1, across=False):
        middle, half = np.asarray(middle) / unit, 2 * np.asarray(half) / unit
        words = ("zip code", "mean price (thousands of dollars)" if unit > 1 else "mean price (dollars)")
        ax = axes(*(words[::-1] if across else words))
        sides = (middle, labels) if across else (labels, middle)
        bar = {"xerr" if across else "yerr": half} if intervals else {}
        if bars:
            (ax.barh if across else ax.bar)(labels, middle, **bar)
        elif intervals:
            ax.errorbar(*sides, **bar, fmt="o")
        else:
            ax.scatter(*sides)
        return ax

    yield RIGHT, [plot_caterpillar(w.fit, what="coef", ax=axes()), drawn(w.coef), drawn(w.coef, across=True)]
    yield (
        RIGHT,
        [
            drawn(w.coef, bars=True),
            drawn(w.coef, bars=True, across=True),
            drawn(w.coef, unit=1000),
            drawn(w.coef.round(-2)),
        ],
    )
    yield (
        "intervals missing",
        [
            drawn(w.coef, intervals=False),
            drawn(w.coef, bars=True, intervals=False),
            drawn(w.coef, intervals=False, across=True),
        ],
    )
    yield "ranef for coef", [drawn(w.ranef), plot_caterpillar(w.fit, ax=axes())]
    yield "labels that don't belong to their marks", [drawn(w.coef.sort_values())]
    yield "median for mean", [drawn(w.prices.median())]
    yield "standard error for the estimate", [drawn(se), drawn(se, bars=True)]
    yield "fixef for coef", [drawn(w.coef * 0 + w.mu)]
    yield (
        UNNAMED,
        [
            drawn(w.sizes),
            drawn(w.coef * 1.5),
            drawn(-w.coef),
            axes(),
            3.0,
            drawn(w.prices.max()),
            drawn(w.coef, labels=list("abcdefghi")),
        ],
    )


@answers("l03-practice-more-data")
def practice_more_data(w):
    """Say which data make the fixed effect better known."""
    names = {"a": "more houses instead of more groups", "c": "counting houses instead of groups"}
    return letters("b", **names, d="standard deviation for standard error")


@answers("l03-practice-se-effect")
def practice_se_effect(w):
    """Give the standard error of one random effect."""
    n, a, y = 50, w.between, w.within
    se = (n / y**2 + 1 / a**2) ** -0.5
    yield (
        RIGHT,
        [se, np.sqrt(1 / (n / y**2 + 1 / a**2)), round(se), round(se, 2), w.fit.se_ranef[G][ONE]["98039"]],
    )
    yield RIGHT, [(n / w.by_numpy[2] ** 2 + 1 / w.by_numpy[1] ** 2) ** -0.5]
    yield "houses only", [y / np.sqrt(n)]
    yield "variance for standard error", [se**2]
    yield "information for variance", [np.sqrt(n / y**2 + 1 / a**2)]
    yield "standard deviations for variances", [(n / y + 1 / a) ** -0.5]
    yield "variances added for information", [np.sqrt(y**2 / n + a**2)]
    yield (
        UNNAMED,
        [y, a, y / n, w.se, 0.0, se / 1000, se * 2, w.fit.se_coef[G][ONE]["98010"], a / np.sqrt(n), n, y / 9],
    )


@answers("l03-practice-se-total")
def practice_se_total(w):
    """Give the standard error of one mean."""
    z = "98148"
    se, of_effect = w.fit.se_coef[G][ONE][z], w.fit.se_ranef[G][ONE][z]
    drawn = _sim(w, 1000).coef[G][ONE][z].std()
    yield RIGHT, [se, round(se), drawn, w.within / np.sqrt(w.sizes[z]), round(drawn, 1)]
    yield "squares of dependent errors added", [np.hypot(w.se, of_effect)]
    yield "fixed effect alone", [w.se, round(w.se)]
    yield "standard errors added", [w.se + of_effect]
    yield "standard deviation of houses", [w.within]
    yield "variance for standard error", [se**2]
    yield (
        UNNAMED,
        [
            w.between / 2,
            0.0,
            289_527,
            se / 1000,
            2 * se,
            w.within / w.sizes[z],
            w.coef[z],
            3.0,
            w.se - of_effect,
            se / 2,
        ],
    )


@answers("l03-practice-probability")
def practice_probability(w):
    """Give the probability that one mean is higher than another."""
    draws = w.fit.sim(1000, seed=w.seed + 31).coef[G][ONE]
    wins = draws["98102"] > draws["98109"]
    se = w.fit.se_coef[G][ONE]
    gap, spread = w.coef["98102"] - w.coef["98109"], np.hypot(se["98102"], se["98109"])
    yield (
        RIGHT,
        [
            wins.mean(),
            norm.cdf(gap / spread),
            round(wins.mean(), 2),
            (_sim(w).coef[G][ONE].eval("`98102` > `98109`")).mean(),
        ],
    )
    yield (
        "opposite event",
        [1 - wins.mean(), 1 - norm.cdf(gap / spread), (draws["98102"] < draws["98109"]).mean()],
    )
    yield "house for mean", [norm.cdf(gap / (2**0.5 * w.within)), 0.52]
    yield "count for share", [wins.sum(), 1000 * norm.cdf(gap / spread)]
    yield "percent for share", [100 * wins.mean(), round(100 * norm.cdf(gap / spread))]
    yield "estimates for draws", [1.0, 1, float(w.coef["98102"] > w.coef["98109"])]
    yield UNNAMED, [0.0, 0.05, gap, 21_000, 0.95, -0.6, 2.0, gap / spread + 3, True, 0.99]


@answers("l03-practice-forgotten")
def practice_forgotten(w):
    """Say what the residual standard deviation leaves out."""
    return letters(
        "b", a="sources of spread exchanged", c="spread between groups forgotten", d="group sizes for spread"
    )


@answers("l03-practice-call")
def practice_call(w):
    """Give the draws for a house in a new zip code."""
    names = {"a": "standard error for spread", "b": "spread between groups forgotten"}
    return letters("d", **names, c="spread within groups forgotten")


@answers("l03-recall-intercept")
def recall_intercept(w):
    """Say what the fixed intercept estimates."""
    names = {"a": "mean of houses for mean of zip codes", "b": "median for mean"}
    return letters("c", **names, d="mean for standard deviation")


@answers("l03-recall-weight")
def recall_weight(w):
    """Give the weight of one zip code's own mean."""
    n, a, y = 57, w.between, w.within
    k = y**2 / a**2
    numpy = w.by_numpy[2] ** 2 / w.by_numpy[1] ** 2
    inside = (n / y**2) / (n / y**2 + 1 / a**2)
    yield RIGHT, [n / (n + k), inside, round(inside, 4), n / (n + numpy), 1 - k / (n + k), 57 / 57.6214]
    yield "standard deviations for variances", [n / (n + y / a), (n / y) / (n / y + 1 / a)]
    yield "weight of the centre", [k / (n + k)]
    yield "group size forgotten", [1 / (1 + k), a**2 / (a**2 + y**2)]
    yield "percent for share", [100 * inside, round(100 * inside, 2)]
    yield UNNAMED, [0.0, 1.0, 57, 57 / 869, 0.5, -inside, w.coef["98148"], 2.0, 1 / 9, k, 0.9]


@answers("l03-recall-extremes")
def recall_extremes(w):
    """Say why the most extreme groups are small."""
    names = {"a": "extremes of small groups are real", "c": "pooling moves outwards"}
    return letters("b", **names, d="weight in a plain mean")


@answers("l03-recall-criterion")
def recall_criterion(w):
    """Say which criterion gives the smaller standard deviation."""
    names = {"a": "REML and ML exchanged", "c": "REML and ML taken for equal"}
    return letters("b", **names, d="group sizes for the criterion")


@answers("l03-practice-factor")
def practice_factor(w):
    """Give the factor of an interval with five groups."""
    yield RIGHT, [t(4).ppf(0.975), -t(4).ppf(0.025), 2.776, 2.78, round(float(t(4).ppf(0.975)), 4)]
    yield "normal distribution for few groups", [2, 2.0, 1.96, norm.ppf(0.975)]
    yield "one side for two", [t(4).ppf(0.95), 2.13]
    yield "groups for degrees of freedom", [t(5).ppf(0.975), 2.57]
    yield "factor of another study", [t(8).ppf(0.975), 2.306]
    yield UNNAMED, [0.975, 4, 5, 0.0, -2.776, 1.0, 3.0, 0.95, norm.ppf(0.95), 20, t(4).ppf(0.995), 12.7]


@answers("l03-practice-confidence")
def practice_confidence(w):
    """Say what is wrong with a probability for one interval."""
    names = {"a": "probability for one interval", "b": "standard error for spread"}
    return letters("d", **names, c="interval of the mean for a house")


@answers("l03-practice-difference")
def practice_difference(w):
    """Give the interval of a difference."""
    one, other, se = "98024", "98010", w.fit.se_coef[G][ONE]
    a, b = _ends(w.coef[one], 2 * se[one]), _ends(w.coef[other], 2 * se[other])
    gap, sd = w.coef[one] - w.coef[other], np.hypot(se[one], se[other])
    few, many = (_sim(w, n).coef[G][ONE] for n in (1000, DRAWS))
    yield (
        RIGHT,
        [
            _middle(few[one] - few[other]),
            _middle(many[one] - many[other]),
            _ends(gap, 2 * sd),
            _ends(gap, 1.96 * sd),
            list(_middle(few[one] - few[other]).values()),
        ],
    )
    yield "difference turned round", [_middle(few[other] - few[one]), _ends(-gap, 2 * sd)]
    widest = {"lower": a["lower"] - b["upper"], "upper": a["upper"] - b["lower"]}
    yield "errors of two intervals added", [widest, _ends(gap, 2 * (se[one] + se[other]))]
    yield "ends subtracted", [{end: a[end] - b[end] for end in a}]
    houses = w.rng(21).normal(gap, 2**0.5 * w.within, DRAWS)
    yield "house for mean", [_middle(houses), _ends(gap, 2 * 2**0.5 * w.within)]
    yield "ratio for difference", [_middle(few[one] / few[other]), [w.coef[one] / w.coef[other]] * 2]
    yield (
        UNNAMED,
        [
            a,
            b,
            _ends(0, 0),
            _ends(gap / 1000, 2 * sd / 1000),
            gap,
            0.0,
            _ends(w.mu, 2 * w.se),
            _ends(gap, 9 * sd),
        ],
    )


@answers("l03-practice-held")
def practice_held(w):
    """Say how many of the other zip codes' means an interval holds."""
    county, own = load_king_county(), w.homes[G].astype(str).unique()
    others = county[~county[G].astype(str).isin(own)]
    means = others.groupby(others[G].astype(str))["price"].mean().to_numpy()
    kept = w.homes[w.homes[G].astype(str) != "98039"]
    mu, between, within = one_way(kept["price"].to_numpy(), kept[G].astype(str).to_numpy())
    fit = lmer("price ~ (1 | zipcode)", kept)
    se = fit.se_fixef[ONE]

    def holds(sd, values=means):
        return int(np.sum(np.abs(values - mu) < 2 * sd))

    right = holds(np.hypot(se, between))
    yield RIGHT, [right, float(right), holds(between), str(right)]
    yield "spread between groups forgotten", [holds(se)]
    yield "sources of spread exchanged", [holds(np.hypot(se, within)), holds(within)]
    yield "all zip codes", [len(means), int(np.sum(np.abs(means - w.mu) < 2 * np.hypot(w.se, w.between)))]
    yield "house for mean", [holds(np.hypot(se, between), others["price"].to_numpy())]
    yield "share for count", [right / len(means), round(right / len(means), 2)]
    yield "percent for count", [100 * right / len(means), round(100 * right / len(means), 1)]
    yield "opposite event", [len(means) - right]
    yield UNNAMED, [0, 9, 70, -58, 50, 869, len(others), 41, w.mu, 1000]


@answers("l03-practice-county")
def practice_county(w):
    """Give the spread of predictions for a county without data."""
    fit = lmer("log_radon ~ (1 | county)", load_radon())
    se, a, y, h = fit.se_fixef[ONE], fit.varcorr["county"].sd[ONE], fit.sigma, np.hypot

    def both(mean, house):
        return {"mean": float(mean), "house": float(house)}

    new = pd.DataFrame({"county": ["another"]})
    drawn = [
        fit.predict_draws(new, MANY, "marginal", kind, seed=w.seed + 40)[0].std()
        for kind in ("mean", "outcome")
    ]
    yield RIGHT, [both(h(se, a), h(h(se, a), y)), both(a, h(a, y)), both(*drawn), pd.Series(both(*drawn))]
    yield RIGHT, [both(round(h(se, a), 2), round(h(h(se, a), y), 2))]
    yield "spread between groups forgotten", [both(se, h(se, y))]
    yield "sources of spread exchanged", [both(y, h(a, y))]
    yield "spread within groups alone", [both(h(se, a), y), both(a, y)]
    yield "standard deviations added", [both(se + a, se + a + y)]
    yield "variance for standard deviation", [both(h(se, a) ** 2, h(h(se, a), y) ** 2)]
    yield "mean and outcome exchanged", [both(h(h(se, a), y), h(se, a))]
    yield (
        UNNAMED,
        [
            both(0, 0),
            both(fit.fixef[ONE], fit.fixef[ONE]),
            both(1, 2),
            0.0,
            both(2 * h(se, a), 2 * h(a, y)),
            both(-a, -y),
            both(w.between, w.within),
            both(h(se, a), a),
        ],
    )


@answers("l03-practice-below-zero")
def practice_below(w):
    """Give the share of impossible prices in a cheap zip code."""
    z = "98148"
    middle, sd = w.coef[z], np.hypot(w.fit.se_coef[G][ONE][z], w.within)
    draws = w.rng(22).normal(middle, sd, DRAWS)
    house = w.fit.predict_draws(pd.DataFrame({G: [z]}), DRAWS, kind="outcome", seed=w.seed + 9)[0]
    share = norm.cdf(-middle / sd)
    yield (
        RIGHT,
        [share, (draws < 0).mean(), (house < 0).mean(), norm.cdf(0, middle, w.within), round(share, 2)],
    )
    yield "opposite event", [1 - share, (house > 0).mean()]
    new = np.hypot(w.between, w.within)
    yield "new group for a known group", [norm.cdf(-w.mu / new), norm.cdf(-w.mu / np.hypot(new, w.se))]
    yield "fixef for coef", [norm.cdf(-w.mu / w.within)]
    yield "interval of the mean for a house", [0.0, 0, norm.cdf(-middle / w.fit.se_coef[G][ONE][z])]
    yield "percent for share", [100 * share, round(100 * share, 1)]
    yield "count for share", [int((draws < 0).sum()), DRAWS * share]
    yield "quantile for probability", [middle / sd]
    yield UNNAMED, [0.5, 1.0, middle, -share, 57, sd, 0.4, 2.0, w.mu]


@answers("l03-practice-log-formula")
def practice_log(w):
    """Give the formula of a model of a logarithm."""
    right = ["log(price) ~ (1 | grade)", "log(price)~1+(1|grade)", "np.log(price) ~ (1 | grade)"]
    yield RIGHT, right
    yield "no logarithm", ["price ~ (1 | grade)", "price~1+(1|grade)"]
    yield "wrong grouping factor", ["log(price) ~ (1 | zipcode)"]
    yield "no bar", ["log(price) ~ grade", "log(price) ~ 1 + grade"]
    yield "logarithm of the grouping factor", ["price ~ (1 | log(grade))"]
    yield UNNAMED, ["log(price) ~ 1", "log10(price) ~ (1 | grade)", "log price ~ (1 | grade)", "", 3.0]
    yield UNNAMED, ["grade ~ (1 | price)", "exp(price) ~ (1 | grade)", "(1 | grade)", "log(price)"]
    yield UNNAMED, ["log(price) ~ (1 | grade) + (1 | zipcode)", "log(sqft_living) ~ (1 | grade)"]
