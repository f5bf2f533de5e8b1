"""What students answer in lesson 07: group-level predictors."""

from functools import cache, lru_cache

import numpy as np
import pandas as pd

from grader.author.students import RIGHT, UNNAMED, answers
from grader.author.students.work import ONE, G, Work, letters
from mlmkit import complete_pooling, lmer, load_king_county, load_radon, no_pooling

WITHOUT, WITH = "price ~ size + (1 | zipcode)", "price ~ size + miles + (1 | zipcode)"
PAIR = "price ~ within + mean_size + (1 | zipcode)"
HELD, VARYING = "price ~ within * miles + (1 | zipcode)", "price ~ within * miles + (1 + within | zipcode)"
PRODUCT = "within:miles"


# The data ----------------------------------------------------------------------------------------------


@cache
def _county():
    """Make the columns of the lesson by merging a table of zip codes."""
    sales = load_king_county().astype({G: str})
    table = sales.groupby(G).agg(lat=("lat", "mean"), long=("long", "mean"), area=("sqft_living", "mean"))
    away = ((69.0 * (table["lat"] - 47.61)) ** 2 + (46.5 * (table["long"] + 122.33)) ** 2) ** 0.5
    table = pd.DataFrame({"miles": away, "mean_size": table["area"] / 1000 - 2})
    sales = sales[["price", G, "grade", "sqft_living"]].merge(table, left_on=G, right_index=True)
    sales["size"] = (sales["sqft_living"] - 2000) / 1000
    sales["within"] = sales["size"] - sales["mean_size"]
    return sales.sort_index()


@lru_cache(maxsize=1)
def _parts(own):
    """Split the county: the 61 other zip codes, five sales of each, and the student's nine."""
    sales = _county()
    is_own = sales[G].isin(own)
    rest = sales[~is_own]
    few = rest[rest.groupby(G).cumcount() < 5]
    return Work(rest), Work(few), Work(sales[is_own])


def parts(w):
    """Give `rest`, `few` and `mine` of a student."""
    return _parts(tuple(sorted(w.homes[G].astype(str).unique())))


def _miles(w):
    return w.homes.groupby(G)["miles"].first()


def _sd(fit, group=G, term=ONE):
    return fit.varcorr[group].sd[term]


def _line(fit, x):
    return fit.fixef[ONE] + fit.fixef["miles"] * x


def _ols(w, *columns):
    design = np.column_stack([np.ones(w.n), *(w.homes[name].to_numpy(float) for name in columns)])
    beta, squares = np.linalg.lstsq(design, w.price.to_numpy(float), rcond=None)[:2]
    cov = np.linalg.inv(design.T @ design) * squares[0] / (w.n - design.shape[1])
    return beta, np.sqrt(np.diag(cov))


# Practice ----------------------------------------------------------------------------------------------


@cache
def _radon():
    table = load_radon()
    value = np.exp(table["log_radon"]) - 0.1
    table["log_radon"] = [np.log(v) if v > 0.01 else np.log(0.1) for v in value]
    return table


@cache
def _soil(formula, reml=True):
    return lmer(f"log_radon ~ {formula}", _radon(), REML=reml)


FLOOR, URANIUM = "floor + (1 | county)", "floor + log_uranium + (1 | county)"


@answers("l07-recall-weight")
def recall_weight(w):
    """Say what a smaller standard deviation between groups does."""
    return letters("a", b="weights exchanged", c="group size forgotten", d="ratio upside down")


@answers("l07-recall-coef")
def recall_coef(w):
    """Say what a random effect is."""
    names = {"a": "coef for ranef", "c": "residual for group standard deviation"}
    return letters("b", **names, d="standard error for the estimate")


@answers("l07-recall-reml")
def recall_reml(w):
    """Say how models with other predictors are compared."""
    names = {"a": "REML criteria compared", "b": "REML minus ML"}
    return letters("c", **names, d="residual for group standard deviation")


@answers("l07-practice-explained")
def practice_explained(w):
    """Give the share that uranium explains."""
    fits = [_soil(FLOOR), _soil(URANIUM)]
    yield from _explained(*fits, "county")


def _explained(before, after, group):
    a, b = _sd(before, group), _sd(after, group)
    right = 1 - b**2 / a**2
    covs = [fit.varcorr[group].cov.iloc[0, 0] for fit in (before, after)]
    yield RIGHT, [right, (a**2 - b**2) / a**2, round(right, 3), 1 - covs[1] / covs[0]]
    yield "standard deviations for variances", [1 - b / a, (a - b) / a]
    yield "share left", [b**2 / a**2]
    yield "residual for group standard deviation", [1 - after.sigma**2 / before.sigma**2]
    totals = [a**2 + before.sigma**2, b**2 + after.sigma**2]
    yield "share of the total variance", [1 - totals[1] / totals[0]]
    yield "wrong denominator", [a**2 / b**2 - 1]
    yield "percent for share", [100 * right]
    yield UNNAMED, [0.0, 1.0, a, b, a - b, a**2 - b**2, -right - 2, after.sigma, 12.0, right / 40, 7, 1e6]


@answers("l07-practice-level")
def practice_level(w):
    """Give the level of Lac qui Parle."""
    place, fit, plain, table = "LACQUIPARLE", _soil(URANIUM), _soil(FLOOR), _radon()
    rows = table[table["county"] == place]
    soil = rows["log_uranium"].iloc[0]
    right = fit.fixef[ONE] + fit.fixef["log_uranium"] * soil + fit.ranef["county"].loc[place, ONE]
    new = pd.DataFrame({"county": [place], "floor": [0], "log_uranium": [soil]})
    yield RIGHT, [right, float(fit.predict(new).iloc[0]), round(right, 4)]
    own = (rows["log_radon"] - fit.fixef["floor"] * rows["floor"]).mean()
    line = fit.fixef[ONE] + fit.fixef["log_uranium"] * soil
    weight = 2 / (2 + (fit.sigma / _sd(fit, "county")) ** 2)
    yield "line left out", [fit.coef["county"].loc[place, ONE]]
    yield (
        "mean for line",
        [plain.coef["county"].loc[place, ONE], weight * own + (1 - weight) * fit.fixef[ONE]],
    )
    yield "line for the estimate", [line]
    yield "no pooling for partial pooling", [own]
    yield "weights exchanged", [(1 - weight) * own + weight * line]
    yield UNNAMED, [0.0, weight, soil, fit.ranef["county"].loc[place, ONE], -right, 100.0, 1 - weight, 0.5]


@answers("l07-practice-new")
def practice_new(w):
    """Give the prediction for a new county."""
    fit, plain = _soil(URANIUM), _soil(FLOOR)
    right = fit.fixef[ONE] + 0.3 * fit.fixef["log_uranium"]
    new = pd.DataFrame({"county": ["new"], "floor": [0], "log_uranium": [0.3]})
    yield RIGHT, [right, float(fit.predict(new, new_levels="zero").iloc[0]), round(right, 4)]
    yield "predictor of the group forgotten", [fit.fixef[ONE]]
    yield "model without the predictor", [plain.fixef[ONE]]
    yield "first floor for basement", [right + fit.fixef["floor"]]
    yield "intercept left out", [0.3 * fit.fixef["log_uranium"]]
    yield (
        UNNAMED,
        [0.3, 0.0, fit.fixef["log_uranium"], np.exp(right), -right, 10.0, _radon()["log_radon"].max()],
    )


@answers("l07-practice-deviance")
def practice_deviance(w):
    """Give the drop of the deviance."""
    a, b = _soil(FLOOR, False), _soil(URANIUM, False)
    right = a.deviance - b.deviance
    yield RIGHT, [right, 2 * (b.loglik - a.loglik), round(right, 2)]
    yield "REML criteria compared", [_soil(FLOOR).criterion - _soil(URANIUM).criterion]
    yield "wrong sign", [-right]
    yield "log-likelihood for criterion", [b.loglik - a.loglik]
    yield "AIC for deviance", [_soil(FLOOR).aic - _soil(URANIUM).aic]
    yield UNNAMED, [0.0, 1.0, a.deviance, b.deviance, 1e-10, 7.85, right**2, 85, 919.0]


@answers("l07-practice-leak")
def practice_leak(w):
    """Say which predictor leaks."""
    others = {
        "a": "predictor from other columns taken for a leak",
        "b": "predictor from other rows taken for a leak",
    }
    return letters("c", **others, d="predictor from a map taken for a leak")


@answers("l07-practice-slopes")
def practice_slopes(w):
    """Give the slopes of floor within and between counties."""
    table = _radon()
    mean = table["county"].map(table.groupby("county", observed=True)["floor"].mean()).astype(float)
    table = table.assign(m=mean, d=table["floor"] - mean)
    fit = lmer("log_radon ~ d + m + (1 | county)", table)
    raw = lmer("log_radon ~ floor + m + (1 | county)", table)
    one = lmer("log_radon ~ floor + (1 | county)", table).fixef["floor"]
    ordinary = complete_pooling("log_radon ~ d + m", table).fixef
    yield from _two_slopes(fit, raw, one, [ordinary["d"], ordinary["m"]], "d", "floor", "m")


def _both(within, between):
    return {"within": float(within), "between": float(between)}


def _two_slopes(fit, raw, one, ordinary, inside, x, mean):
    a, b = fit.fixef[inside], fit.fixef[mean]
    yield (
        RIGHT,
        [_both(a, b), pd.Series(_both(a, b)), [a, b], _both(raw.fixef[x], raw.fixef[x] + raw.fixef[mean])],
    )
    yield "within and between exchanged", [_both(b, a)]
    yield "contextual effect for the slope between", [_both(a, raw.fixef[mean]), _both(a, b - a)]
    yield "one slope for both", [_both(one, one)]
    yield "complete pooling for a varying intercept", [_both(*ordinary)]
    yield "standard error for the estimate", [_both(fit.se_fixef[inside], fit.se_fixef[mean])]
    yield (
        UNNAMED,
        [_both(0, 0), _both(a, 0), _both(-a, -b), _both(b * 9, a * 9), 3.0, _both(a / 1000, b / 1000)],
    )


@answers("l07-practice-without")
def practice_without(w):
    """Say what is wrong with a report."""
    names = {"a": "counting houses instead of groups", "c": "smaller error taken for better"}
    return letters("b", **names, d="estimate taken for the fault")


@answers("l07-practice-floor")
def practice_floor(w):
    """Give the difference between floors at a log uranium of 0.5."""
    fit = _soil("floor * log_uranium + (1 + floor | county)")
    main, product, soil = fit.fixef["floor"], fit.fixef["floor:log_uranium"], fit.fixef["log_uranium"]
    moved = lmer(
        "log_radon ~ floor * u + (1 + floor | county)", _radon().assign(u=_radon()["log_uranium"] - 0.5)
    )
    right = main + 0.5 * product
    yield RIGHT, [right, moved.fixef["floor"], round(right, 4)]
    yield "interaction left out", [main]
    yield "interaction alone", [product]
    yield "predictor of the group forgotten", [main + product]
    yield "main effect of the group's predictor added", [right + 0.5 * soil]
    yield "wrong sign", [-right]
    yield UNNAMED, [0.0, 0.5, 0.5 * product, soil, fit.fixef[ONE], 30.0, np.exp(right), right * 100]


@answers("l07-practice-crossed")
def practice_crossed(w):
    """Give the formula of two crossed factors."""
    yield (
        RIGHT,
        [
            "price ~ size + (1 | zipcode) + (1 | condition)",
            "price~1+size+(1|condition)+(1|zipcode)",
            "price ~ (1 | zipcode) + size + (1 | condition)",
        ],
    )
    nested = [
        "price ~ size + (1 | zipcode/condition)",
        "price ~ size + (1 | zipcode) + (1 | zipcode:condition)",
    ]
    yield "nested for crossed", nested
    yield "combinations for two factors", ["price ~ size + (1 | zipcode:condition)"]
    yield "factor taken for a number", ["price ~ size + condition + (1 | zipcode)"]
    slope = ["price ~ size + (1 + condition | zipcode)", "price ~ size + (condition | zipcode)"]
    yield "varying slope for a second factor", slope
    yield "one factor left out", ["price ~ size + (1 | zipcode)"]
    yield (
        UNNAMED,
        ["price ~ size", "price ~ (1 | zipcode) + (1 | condition)", "", 3.0, "size ~ price + (1 | zipcode)"],
    )


# Graded, first part ------------------------------------------------------------------------------------


@answers("l07-miles")
def miles(w):
    """Give the slope of the distance in the small sample."""
    rest, few, _ = parts(w)
    fit, plain = few.lmer(WITH), few.lmer(WITHOUT)
    right = fit.fixef["miles"]
    kept = few.lmer("price ~ sqft_living + miles + (1 | zipcode)").fixef["miles"]
    yield RIGHT, [right, round(right), round(right, 2), kept, few.lmer(WITH, False).fixef["miles"]]
    levels = plain.coef[G][ONE]
    yield "estimates used as data", [np.polyfit(_miles(few), levels, 1)[0]]
    yield "complete pooling for a varying intercept", [_ols(few, "size", "miles")[0][2]]
    yield "size not held", [few.lmer("price ~ miles + (1 | zipcode)").fixef["miles"]]
    yield "all sales for the small sample", [rest.lmer(WITH).fixef["miles"]]
    yield "standard error for the estimate", [fit.se_fixef["miles"]]
    yield "other coefficient", [fit.fixef["size"]]
    yield "wrong sign", [-right]
    yield (
        UNNAMED,
        [0.0, 1.0, fit.fixef[ONE], _sd(fit), fit.sigma, right / 1000, right * 4.9, 5280, _miles(few).mean()],
    )


@answers("l07-se-ratio")
def se_ratio(w):
    """Give the ratio of two standard errors."""
    rest, few, _ = parts(w)
    fit, (beta, ordinary) = rest.lmer(WITH), _ols(rest, "size", "miles")
    right = fit.se_fixef["miles"] / ordinary[2]
    of_pooling = complete_pooling("price ~ size + miles", rest.homes).se_fixef["miles"]
    ml = rest.lmer(WITH, False).se_fixef["miles"] / ordinary[2]
    yield RIGHT, [right, fit.se_fixef["miles"] / of_pooling, round(right, 2)]
    yield f"right or {UNNAMED}", [ml]
    yield "ratio upside down", [1 / right]
    yield "variance for standard error", [right**2]
    yield "other coefficient", [fit.se_fixef["size"] / ordinary[1]]
    yield "estimate for the standard error", [fit.fixef["miles"] / beta[2]]
    yield "small sample for all sales", [few.lmer(WITH).se_fixef["miles"] / _ols(few, "size", "miles")[1][2]]
    yield (
        UNNAMED,
        [
            0.0,
            fit.se_fixef["miles"],
            ordinary[2],
            (rest.n / 61) ** 0.5,
            right - 1.5,
            61.0,
            100 * right,
            -right,
        ],
    )


@answers("l07-explained")
def explained(w):
    """Give the share that the distance explains."""
    rest, few, _ = parts(w)
    yield from _explained(few.lmer(WITHOUT), few.lmer(WITH), G)
    of_rest = [_sd(rest.lmer(model)) for model in (WITHOUT, WITH)]
    yield "all sales for the small sample", [1 - of_rest[1] ** 2 / of_rest[0] ** 2]
    by_ml = [_sd(few.lmer(model, False)) for model in (WITHOUT, WITH)]
    yield "ML for REML", [1 - by_ml[1] ** 2 / by_ml[0] ** 2]


@answers("l07-levels")
def levels(w):
    """Give the levels of the 61 zip codes."""
    rest, few, _ = parts(w)
    fit, plain, x = few.lmer(WITH), few.lmer(WITHOUT), _miles(few)
    right = _line(fit, x) + fit.ranef[G][ONE]
    own = (few.price - fit.fixef["size"] * few.homes["size"]).groupby(few.homes[G]).mean()
    weight = 5 / (5 + (fit.sigma / _sd(fit)) ** 2)
    new = pd.DataFrame({G: x.index, "size": 0.0, "miles": x.to_numpy()})
    by_hand = weight * own + (1 - weight) * _line(fit, x)
    yield (
        RIGHT,
        [right, by_hand, fit.predict(new).set_axis(x.index), right.round(0), right[::-1], right.to_dict()],
    )
    yield "line left out", [fit.coef[G][ONE], fit.fixef[ONE] + fit.ranef[G][ONE]]
    yield "line for the estimate", [_line(fit, x)]
    yield "mean for line", [plain.coef[G][ONE]]
    yield "no pooling for partial pooling", [own]
    yield "ranef for coef", [fit.ranef[G][ONE]]
    yield "weights exchanged", [weight * _line(fit, x) + (1 - weight) * own]
    yield "all sales for the small sample", [_line(rest.lmer(WITH), x) + rest.lmer(WITH).ranef[G][ONE]]
    yield (
        UNNAMED,
        [
            x,
            few.means,
            right * 0,
            right / 1000,
            -right,
            fit.fixef[ONE],
            few.prices.median(),
            right * 1.9,
            plain.ranef[G][ONE],
        ],
    )


@answers("l07-new")
def new(w):
    """Predict nine zip codes from the line."""
    rest, few, mine = parts(w)
    fit, plain, x = rest.lmer(WITH), rest.lmer(WITHOUT), _miles(mine)
    right = _line(fit, x)
    frame = pd.DataFrame({G: x.index, "size": 0.0, "miles": x.to_numpy()})
    by_predict = fit.predict(frame, new_levels="zero").set_axis(x.index)
    yield RIGHT, [right, by_predict, right.round(0), right.to_dict(), right[::-1]]
    yield "predictor of the group forgotten", [right * 0 + fit.fixef[ONE], fit.fixef[ONE]]
    yield "model without the predictor", [right * 0 + plain.fixef[ONE]]
    yield "own sales used", [mine.lmer(WITHOUT).coef[G][ONE]]
    whole = Work(_county())
    line = _line(whole.lmer(WITH), x)
    yield "own zip codes in the fit", [line]
    yield "own sales used", [line + whole.lmer(WITH).ranef[G][ONE].reindex(x.index)]
    yield "small sample for all sales", [_line(few.lmer(WITH), x)]
    yield (
        UNNAMED,
        [
            x,
            right * 0,
            right / 1000,
            mine.prices.median() * 3,
            -right,
            right * 1.9,
            0.0,
            x * fit.fixef["miles"],
        ],
    )


# Graded, second part -----------------------------------------------------------------------------------


@answers("l07-two-slopes")
def two_slopes(w):
    """Give the slopes within and between zip codes."""
    rest, _, _ = parts(w)
    fit, raw = rest.lmer(PAIR), rest.lmer("price ~ size + mean_size + (1 | zipcode)")
    one, ordinary = rest.lmer(WITHOUT).fixef["size"], _ols(rest, "within", "mean_size")[0]
    yield from _two_slopes(fit, raw, one, ordinary[1:], "within", "size", "mean_size")


def _centres(grand, group):
    return {"grand mean": float(grand), "group mean": float(group)}


@answers("l07-centres")
def centres(w):
    """Give the standard deviation between zip codes under two centrings."""
    rest, _, _ = parts(w)
    moved = {"c": rest.homes["size"] - rest.homes["size"].mean()}
    fits = [
        (rest.lmer("price ~ c + (1 | zipcode)", r, **moved), rest.lmer("price ~ within + (1 | zipcode)", r))
        for r in (True, False)
    ]
    (grand, group), (grand_ml, group_ml) = fits
    a, b = _sd(grand), _sd(group)
    raw = _sd(rest.lmer(WITHOUT))
    yield (
        RIGHT,
        [_centres(a, b), pd.Series(_centres(a, b)), [a, b], _centres(raw, b), _centres(round(a), round(b))],
    )
    yield "centres exchanged", [_centres(b, a)]
    yield "centring taken to be harmless", [_centres(a, a), _centres(b, b)]
    yield "variance for standard deviation", [_centres(a**2, b**2)]
    yield "residual for group standard deviation", [_centres(grand.sigma, group.sigma)]
    yield "ML for REML", [_centres(_sd(grand_ml), _sd(group_ml))]
    yield "standard error for standard deviation", [_centres(grand.se_fixef[ONE], group.se_fixef[ONE])]
    yield "mean of the group put back", [_centres(a, _sd(rest.lmer(PAIR)))]
    yield (
        UNNAMED,
        [
            _centres(0, 0),
            _centres(a * 4.9, b * 4.9),
            a,
            _centres(a / 1000, b / 1000),
            _centres(grand.fixef[ONE], group.fixef[ONE]),
        ],
    )


def _errors(without, with_slope):
    return {"without": float(without), "with": float(with_slope)}


@answers("l07-cross-se")
def cross_se(w):
    """Give the standard errors of the interaction."""
    rest, few, _ = parts(w)
    fits = [rest.lmer(HELD), rest.lmer(VARYING)]
    a, b = (fit.se_fixef[PRODUCT] for fit in fits)
    yield RIGHT, [_errors(a, b), pd.Series(_errors(a, b)), [a, b], _errors(round(a, 2), round(b, 2))]
    yield "estimate for the standard error", [_errors(*(fit.fixef[PRODUCT] for fit in fits))]
    yield "models exchanged", [_errors(b, a)]
    yield "random slope left out", [_errors(a, a)]
    for term in ("within", "miles"):
        yield "other coefficient", [_errors(*(fit.se_fixef[term] for fit in fits))]
    of_few = [few.lmer(model).se_fixef[PRODUCT] for model in (HELD, VARYING)]
    yield "small sample for all sales", [_errors(*of_few)]
    yield (
        UNNAMED,
        [_errors(0, 0), _errors(b, b), b / a, _errors(a**2, b**2), _errors(a, 9 * b), _errors(1, 2)],
    )


@answers("l07-price-of-size")
def price_of_size(w):
    """Give what 1,000 square feet add in nine zip codes."""
    rest, _, mine = parts(w)
    fit, held, x = rest.lmer(VARYING), rest.lmer(HELD), _miles(mine)
    right = fit.fixef["within"] + fit.fixef[PRODUCT] * x
    yield RIGHT, [right, right.round(0), right.to_dict(), right[::-1]]
    yield "interaction left out", [right * 0 + fit.fixef["within"], fit.fixef["within"]]
    yield "intercept left out", [fit.fixef[PRODUCT] * x]
    yield "random slope left out", [held.fixef["within"] + held.fixef[PRODUCT] * x]
    yield (
        "model without the predictor",
        [right * 0 + rest.lmer("price ~ within + (1 + within | zipcode)").fixef["within"]],
    )
    yield "main effect of the group's predictor added", [right + fit.fixef["miles"] * x]
    yield "own sales used", [mine.lmer("price ~ within + (1 + within | zipcode)").coef[G]["within"]]
    separate = no_pooling("price ~ within + (1 + within | zipcode)", mine.homes).coef[G]["within"]
    yield f"own sales used or {UNNAMED}", [separate]  # close to those with partial pooling
    yield (
        UNNAMED,
        [x, right * 0, right / 1000, -right, right * 4.9, mine.means, 0.0, _line(rest.lmer(WITH), x)],
    )


@answers("l07-crossed")
def crossed(w):
    """Give three standard deviations of crossed factors."""
    rest, _, _ = parts(w)
    labels, both = [G, "grade", "Residual"], "price ~ size + (1 | zipcode) + (1 | grade)"
    fit, ml = rest.lmer(both), rest.lmer(both, False)

    def three(a, b, c):
        return pd.Series([float(a), float(b), float(c)], labels)

    a, b, c = _sd(fit), _sd(fit, "grade"), fit.sigma
    right = three(a, b, c)
    kept = rest.lmer("price ~ sqft_living + (1 | grade) + (1 | zipcode)")
    again = three(_sd(kept), _sd(kept, "grade"), kept.sigma)
    yield RIGHT, [right, right.to_dict(), right[::-1], right.round(0), again]
    yield "variance for standard deviation", [right**2]
    of_grade = rest.lmer("price ~ size + (1 | grade)")
    yield "one factor at a time", [three(_sd(rest.lmer(WITHOUT)), _sd(of_grade, "grade"), c)]
    yield "factors exchanged", [three(b, a, c)]
    yield "ML for REML", [three(_sd(ml), _sd(ml, "grade"), ml.sigma)]
    inside = rest.lmer("price ~ size + (1 | grade/zipcode)")
    yield "nested for crossed", [three(_sd(inside, "zipcode:grade"), _sd(inside, "grade"), inside.sigma)]
    bare = rest.lmer("price ~ (1 | zipcode) + (1 | grade)")
    yield "size not held", [three(_sd(bare), _sd(bare, "grade"), bare.sigma)]
    yield (
        UNNAMED,
        [right * 0, right / 1000, right * 4.9, three(c, a, b), 3.0, a, three(a, 0, c), three(1, 2, 3)],
    )
