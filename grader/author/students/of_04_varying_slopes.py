"""What students answer in lesson 04: varying slopes."""

import numpy as np
import pandas as pd

from grader.author.students import RIGHT, UNNAMED, answers
from grader.author.students.work import ONE, G, axes, letters, table
from mlmkit import complete_pooling, criterion_at, lmer, load_radon, no_pooling

X = "scale_sqft"
PARALLEL, VARYING = f"price ~ {X} + (1 | zipcode)", f"price ~ {X} + (1 + {X} | zipcode)"
RAW = "price ~ sqft_living + (1 + sqft_living | zipcode)"


def _step(w):
    """Give one standard deviation of the living area."""
    return w.homes["sqft_living"].std()


def _ols(w, *columns):
    """Return ordinary least squares, by NumPy."""
    design = np.column_stack([np.ones(w.n), *(w.homes[name].to_numpy(float) for name in columns)])
    return np.linalg.lstsq(design, w.price.to_numpy(float), rcond=None)[0]


def _sd(fit, term=ONE):
    return fit.varcorr[G].sd[term]


def _at(w, zero, reml=True):
    """Fit with the zero of the living area elsewhere, in thousands of square feet."""
    size = f"size{zero}"
    columns = {size: (w.homes["sqft_living"] - zero) / 1000}
    return w.lmer(f"price ~ {size} + (1 + {size} | zipcode)", reml, **columns)


@answers("l04-slope")
def slope(w):
    """Give the slope of the fixed-slope model."""
    fit = w.lmer(PARALLEL)
    right, per_foot = fit.fixef[X], w.lmer("price ~ sqft_living + (1 | zipcode)").fixef["sqft_living"]
    yield RIGHT, [right, round(right), round(right, 2), per_foot * _step(w)]
    yield (
        "complete pooling for a varying intercept",
        [_ols(w, X)[1], complete_pooling(f"price ~ {X}", w.homes).fixef[X]],
    )
    yield "varying-slope model", [w.lmer(VARYING).fixef[X]]
    yield "intercept for slope", [fit.fixef[ONE]]
    yield "standard error for the estimate", [fit.se_fixef[X]]
    yield "per square foot", [per_foot, right / _step(w)]
    yield f"intercept for slope or {UNNAMED}", [w.mu, w.price.mean()]  # intercepts of other models
    yield (
        UNNAMED,
        [w.between, fit.sigma, 0.0, 1.0, right / 1000, -right, right * 4.9, _step(w), w.n, fit.criterion],
    )
    yield UNNAMED, [w.price.max(), 5.0, right**2]


@answers("l04-per-100")
def per_100(w):
    """Give the price of 100 square feet."""
    return _per_100(w)


@answers("l04-practice-per-100")
def practice_per_100(w):
    """Give the same for the lecture's data."""
    return _per_100(w)


def _per_100(w):
    slope, step = w.lmer(PARALLEL).fixef[X], _step(w)
    per_foot = w.lmer("price ~ sqft_living + (1 | zipcode)").fixef["sqft_living"]
    right = slope / step * 100
    yield RIGHT, [right, 100 * per_foot, round(right), round(right, 2)]
    yield "per standard deviation", [slope]
    yield "per square foot", [slope / step, per_foot]
    yield "standard deviation taken for percent", [slope / 100]
    yield (
        "complete pooling for a varying intercept",
        [_ols(w, X)[1] / step * 100, 100 * _ols(w, "sqft_living")[1]],
    )
    yield "varying-slope model", [w.lmer(VARYING).fixef[X] / step * 100]
    yield "mean for standard deviation of the predictor", [slope / w.homes["sqft_living"].mean() * 100]
    yield (
        UNNAMED,
        [
            100,
            0.0,
            step,
            right * 1000,
            -right,
            w.mu,
            right**2,
            w.price.mean(),
            step / 100,
            slope * step,
            1.0,
            w.n + 0.5,
        ],
    )


@answers("l04-same-grade")
def same_grade(w):
    """Give the slope among houses of the same grade."""
    fit = w.lmer(f"price ~ {X} + grade + (1 | zipcode)")
    right, grade = fit.fixef[X], fit.fixef["grade"]
    yield (
        RIGHT,
        [right, round(right), round(right, 2), w.lmer(f"price ~ grade + {X} + (1 | zipcode)").fixef[X]],
    )
    yield "grade not held", [w.lmer(PARALLEL).fixef[X]]
    yield "other coefficient", [grade]
    yield "complete pooling for a varying intercept", [_ols(w, X, "grade")[1]]
    yield "two coefficients added", [right + grade]
    yield "per 100 square feet", [right / _step(w) * 100]
    yield (
        UNNAMED,
        [
            fit.fixef[ONE],
            0.0,
            fit.sigma,
            right - grade,
            -right,
            right / 1000,
            w.mu,
            grade * 100,
            w.n,
            5.0,
            w.price.max(),
        ],
    )
    yield UNNAMED, [right**2, right * 4.9, 1.0, w.price.mean()]


@answers("l04-slopes")
def slopes(w):
    """Give the slopes of all zip codes."""
    fit = w.lmer(VARYING)
    yield (
        RIGHT,
        [fit.coef[G][X], fit.coef[G][X].to_dict(), fit.fixef[X] + fit.ranef[G][X], fit.coef[G][X].round(1)],
    )
    yield from _slopes(w)


@answers("l04-few-slopes")
def few_slopes(w):
    """Give the slopes from the first ten sales."""
    fit = w.ten.lmer(VARYING)
    yield (
        RIGHT,
        [fit.coef[G][X], fit.coef[G][X].to_dict(), fit.fixef[X] + fit.ranef[G][X], fit.coef[G][X].round(1)],
    )
    yield "all sales for the small sample", [w.lmer(VARYING).coef[G][X]]
    yield from _slopes(w.ten)


def _own_slopes(w):
    return pd.Series(
        {z: np.polyfit(rows[X], rows["price"], 1)[0] for z, rows in w.homes.groupby(G, observed=True)}
    )


def _slopes(w):
    fit = w.lmer(VARYING)
    right = fit.coef[G][X]
    yield "ML for REML", [w.lmer(VARYING, False).coef[G][X]]
    yield "no pooling for partial pooling", [_own_slopes(w), no_pooling(VARYING, w.homes).coef[G][X]]
    yield "ranef for coef", [fit.ranef[G][X]]
    yield "intercept for slope", [fit.coef[G][ONE]]
    yield "fixef for coef", [right * 0 + fit.fixef[X], fit.fixef[X]]
    yield "fixed-slope model", [right * 0 + w.lmer(PARALLEL).fixef[X]]
    yield "per square foot", [right / _step(w)]
    yield (
        UNNAMED,
        [
            w.sizes,
            right * 0,
            right / 1000,
            w.means,
            -right,
            right * 4.9,
            w.coef,
            0.0,
            fit.ranef[G][ONE] + 7,
            right**2,
        ],
    )


@answers("l04-sd-table")
def sd_table(w):
    """Give the standard deviations by both criteria."""
    fits = [w.lmer(VARYING), w.lmer(VARYING, False)]
    rows = [[_sd(fit), _sd(fit, X), fit.sigma] for fit in fits]
    names = ["REML", "ML"], ["intercept", "slope", "residual"]
    right = table(rows, *names)
    yield (
        RIGHT,
        [right, right.iloc[::-1], right[["slope", "residual", "intercept"]], right.round(0), right.round(2)],
    )
    yield "variance for standard deviation", [right**2]
    yield "REML and ML exchanged", [table(rows[::-1], *names)]
    yield "intercept and slope exchanged", [table([[b, a, c] for a, b, c in rows], *names)]
    yield "REML twice", [table([rows[0]] * 2, *names)]
    yield "ML twice", [table([rows[1]] * 2, *names)]
    yield (
        "standard error for standard deviation",
        [table([[f.se_fixef[ONE], f.se_fixef[X], f.sigma] for f in fits], *names)],
    )
    yield (
        UNNAMED,
        [
            right * 0,
            right / 1000,
            table([[f.fixef[ONE], f.fixef[X], f.sigma] for f in fits], *names),
            right["slope"],
            0.0,
        ],
    )
    yield (
        UNNAMED,
        [
            right * 4.9,
            table([[c, a, b] for a, b, c in rows], *names),
            table([[w.between, 0.0, w.within]] * 2, *names),
            -right,
        ],
    )
    yield UNNAMED, [table([[_sd(w.ten.lmer(VARYING)), 1.0, 2.0]] * 2, *names)]


@answers("l04-correlations")
def correlations(w):
    """Give the correlation at two zeros."""
    fits = [w.lmer(VARYING), w.lmer(RAW)]
    a, b = (float(fit.varcorr[G].corr.iloc[0, 1]) for fit in fits)

    def both(first, second):
        return {"mean size": float(first), "0 square feet": float(second)}

    moved = _at(w, 0).varcorr[G].corr.iloc[0, 1]
    yield RIGHT, [both(a, b), [a, b], pd.Series(both(a, b)), both(round(a, 2), round(b, 2)), both(a, moved)]
    yield "correlation taken to be free of the zero", [both(a, a), both(b, b)]
    yield "covariance for correlation", [both(*(fit.varcorr[G].cov.iloc[0, 1] for fit in fits))]
    yield "zeros exchanged", [both(b, a)]
    yield "sign turned round", [both(a, -a)]
    yield "squared correlation", [both(a**2, b**2)]
    spread = [fit.coef[G].corr().iloc[0, 1] for fit in fits]
    yield "correlation of the estimates", [both(*spread)]
    yield (
        UNNAMED,
        [
            both(0, 0),
            both(1, 1),
            both(-1, 1),
            both(100 * a, 100 * b),
            a,
            both(np.arccos(a) + 2, 5),
            both(a - 0.5, -b - 0.5),
        ],
    )
    yield UNNAMED, [both(_sd(fits[0]), _sd(fits[1])), both(9.0, 9.0), both(a, 2.0), both(3.0, b), 0.5]


@answers("l04-sd-3000")
def sd_3000(w):
    """Say how much zip codes differ for a large house."""
    fit = _at(w, 3000)
    right = _sd(fit)
    raw = w.lmer(RAW).varcorr[G].cov.to_numpy()
    by_hand = np.sqrt(raw[0, 0] + 2 * 3000 * raw[0, 1] + 3000**2 * raw[1, 1])
    yield RIGHT, [right, round(right), round(right, 2), by_hand, np.sqrt(fit.varcorr[G].cov.iloc[0, 0])]
    yield "zero at the mean size", [_sd(w.lmer(VARYING))]
    yield "zero at no house", [_sd(w.lmer(RAW)), _sd(_at(w, 0))]
    yield "ML for REML", [_sd(_at(w, 3000, False))]
    yield "variance for standard deviation", [right**2]
    yield "slope for intercept", [_sd(fit, "size3000")]
    yield "fixed-slope model", [_sd(w.lmer(PARALLEL))]
    yield "residual for group standard deviation", [fit.sigma]
    yield (
        UNNAMED,
        [
            fit.fixef[ONE],
            3000,
            0.0,
            1.0,
            right / 1000,
            w.price.max(),
            right * 4.9,
            fit.criterion,
            w.n,
            -right,
        ],
    )


@answers("l04-height")
def height(w):
    """Say how far above the lowest point a reported fit lies."""
    return _height(w, 0.5, {"sd": [150_000, 60_000], "sigma": 170_000})


@answers("l04-practice-height")
def practice_height(w):
    """Say the same of another program, for the lecture's data."""
    return _height(w, 0.9, {"sd": [250_000, 200_000], "sigma": 200_000})


def _height(w, corr, report):
    fit, ml = w.lmer(VARYING), w.lmer(VARYING, False)
    there = criterion_at(fit, corr=corr, **report)
    right = there - fit.criterion
    yield RIGHT, [right, round(right, 2), round(right, 3), -2 * (fit.criterion - there) / 2]
    yield "wrong sign", [-right]
    yield "log-likelihood for criterion", [right / 2]
    yield "criterion itself", [there]
    yield "ML for REML", [criterion_at(ml, corr=corr, **report) - ml.criterion]
    yield "REML minus ML", [there - fit.deviance]
    yield "correlation left out", [criterion_at(fit, **report) - fit.criterion]
    yield (
        "residual standard deviation left out",
        [criterion_at(fit, sd=report["sd"], corr=corr) - fit.criterion],
    )
    yield (
        UNNAMED,
        [
            fit.criterion,
            0.0,
            1.0,
            right**2 + 9,
            np.sqrt(right) / 7,
            100 * right + 3,
            500,
            1000,
            w.mu,
            fit.sigma,
            ml.deviance,
            -1.0,
        ],
    )


@answers("l04-repaired")
def repaired(w):
    """Give the standard deviation of slopes of the decades."""
    decades = (w.homes["yr_built"] - 1970) / 10
    formula = "price ~ decades + (1 + decades | zipcode)"
    fit, ml = w.lmer(formula, decades=decades), w.lmer(formula, False, decades=decades)
    right = _sd(fit, "decades")
    centred = w.lmer("price ~ late + (1 + late | zipcode)", late=(w.homes["yr_built"] - 2000) / 10)
    yield RIGHT, [right, round(right), round(right, 2), _sd(centred, "late")]
    yield "per year", [right / 10]
    yield "per standard deviation", [right * w.homes["yr_built"].std() / 10]
    yield "intercept for slope", [_sd(fit)]
    yield "mean for standard deviation", [fit.fixef["decades"]]
    yield "ML for REML", [_sd(ml, "decades")]
    yield "variance for standard deviation", [right**2]
    yield (
        UNNAMED,
        [
            0.0,
            1970,
            fit.sigma,
            w.mu,
            right / 1000,
            w.n,
            right * 100,
            500,
            fit.fixef[ONE],
            -right,
            1.0,
            fit.criterion,
        ],
    )
    yield UNNAMED, [decades.std(), w.homes["yr_built"].std()]


@answers("l04-formula")
def formula(w):
    """Give all lines meet at the mean size."""
    yield (
        RIGHT,
        [
            f"price ~ {X} + (0 + {X} | zipcode)",
            f"price ~ 1 + {X} + (0+{X}|zipcode)",
            f"price~{X}+({X}-1|zipcode)",
        ],
    )
    yield "intercept varies too", [f"price ~ {X} + ({X} | zipcode)", VARYING]
    both = [
        f"price ~ {X} + (1 + {X} || zipcode)",
        f"price ~ {X} + (1 | zipcode) + (0 + {X} | zipcode)",
        f"price ~ {X} + ({X} || zipcode)",
    ]
    yield "correlation set to 0", both
    yield "fixed-slope model", [PARALLEL]
    yield "mean slope left out", [f"price ~ (0 + {X} | zipcode)", f"price ~ 1 + (0 + {X} | zipcode)"]
    yield "no intercept at all", [f"price ~ 0 + {X} + (0 + {X} | zipcode)"]
    yield "interaction for varying slope", [f"price ~ {X}:zipcode"]
    yield (
        UNNAMED,
        [
            f"price ~ {X}",
            "price ~ 1",
            f"price ~ {X} + zipcode",
            f"price ~ {X} * zipcode",
            "",
            3.0,
            f"{X} ~ price + (0 + price | zipcode)",
        ],
    )
    yield (
        UNNAMED,
        [
            "price ~ sqft_living + (0 + sqft_living | zipcode)",
            f"price ~ (1 | {X})",
            f"price ~ {X} + (0 + {X} | grade)",
        ],
    )


@answers("l04-two-groups")
def two_groups(w):
    """Give the correlation of two groups: two lines by least squares, one in each zip code."""
    sizes = w.homes.groupby(G, observed=True)["sqft_living"].mean()
    smallest, largest = (
        _ols(w.part(w.homes[w.homes[G] == place]), "sqft_living")
        for place in (sizes.idxmin(), sizes.idxmax())
    )
    right, other = "ab" if np.prod(largest - smallest) > 0 else "ba"
    names = {"c": "singular taken for not converged", "d": "edge taken for a discovery"}
    return letters(right, **{other: "sign of the correlation"}, **names)


@answers("l04-plot")
def plot(w):
    """Give partial-pooling against no-pooling slopes."""
    few = w.ten
    own, fit = _own_slopes(few), few.lmer(VARYING)
    right = fit.coef[G][X]

    def drawn(x, y, labels=("no pooling slope", "partial pooling slope"), line=False):
        ax = axes(*labels)
        (ax.plot if line else ax.scatter)(list(x), list(y))
        return ax

    of_lm = no_pooling(VARYING, few.homes).coef[G]
    yield RIGHT, [drawn(own, right), drawn(of_lm[X], right), drawn(own[::-1], right[::-1])]
    in_thousands = ("no pooling slope (thousands)", "partial pooling slope (thousands)")
    yield RIGHT, [drawn(own / 1000, right / 1000, in_thousands), drawn(own.round(0), right.round(0))]
    yield "intercept for slope", [drawn(of_lm[ONE], fit.coef[G][ONE])]
    yield "all sales for the small sample", [drawn(_own_slopes(w), w.lmer(VARYING).coef[G][X])]
    yield "ranef for coef", [drawn(own, fit.ranef[G][X])]
    yield "intercept against slope", [drawn(fit.coef[G][ONE], right)]
    yield "axes exchanged", [drawn(right, own)]
    yield "lines for points", [drawn(own, right, line=True)]
    yield (
        UNNAMED,
        [
            axes(),
            drawn(own, own * 0 + 1),
            drawn(own, -right),
            drawn(few.sizes, right * 5),
            3.0,
            right,
            drawn([1, 2], [3, 4]),
        ],
    )
    yield UNNAMED, [drawn(few.means, few.coef), drawn(right * 9, right * 9), drawn(own**2, right**2)]


@answers("l04-practice-98039")
def practice_98039(w):
    """Give the price of 100 square feet in one zip code."""
    fit, unit = w.lmer(VARYING, False), 100 / _step(w)
    slope = fit.coef[G][X]["98039"]
    yield (
        RIGHT,
        [
            slope * unit,
            round(slope * unit, 1),
            (fit.fixef[X] + fit.ranef[G][X]["98039"]) * unit,
            round(slope * unit),
        ],
    )
    yield "per standard deviation", [slope]
    yield "ranef for coef", [fit.ranef[G][X]["98039"] * unit]
    yield "fixef for coef", [fit.fixef[X] * unit]
    yield "fixed-slope model", [w.lmer(PARALLEL).fixef[X] * unit]
    yield (
        UNNAMED,
        [
            100,
            0.0,
            slope / _step(w),
            slope / 100,
            fit.coef[G][ONE]["98039"],
            w.mu,
            -slope,
            unit,
            slope * unit * 4.9,
            1.0,
            fit.coef[G][X]["98010"],
        ],
    )


@answers("l04-practice-formula")
def practice_formula(w):
    """Give a varying slope of the bedrooms."""
    b = "bedrooms"
    yield (
        RIGHT,
        [
            f"price ~ {b} + (1 + {b} | zipcode)",
            f"price~{b}+({b}|zipcode)",
            f"price ~ 1 + {b} + (1 + {b}|zipcode)",
        ],
    )
    yield "fixed-slope model", [f"price ~ {b} + (1 | zipcode)"]
    yield "mean slope left out", [f"price ~ (1 + {b} | zipcode)", f"price ~ 1 + ({b} | zipcode)"]
    yield "intercept doesn't vary", [f"price ~ {b} + (0 + {b} | zipcode)"]
    yield (
        "correlation set to 0",
        [f"price ~ {b} + ({b} || zipcode)", f"price ~ {b} + (1 | zipcode) + (0 + {b} | zipcode)"],
    )
    yield "interaction for varying slope", [f"price ~ {b} * zipcode", f"price ~ {b} + zipcode + {b}:zipcode"]
    yield "predictor as a grouping factor", [f"price ~ {b} + (1 | zipcode) + (1 | {b})"]
    yield (
        UNNAMED,
        [
            f"price ~ {b}",
            "price ~ (1 | zipcode)",
            f"{b} ~ price + (1 + price | zipcode)",
            "",
            2.0,
            f"price ~ {b} + (1 + {b} | grade)",
        ],
    )
    yield (
        UNNAMED,
        [
            f"log(price) ~ {b} + (1 + {b} | zipcode)",
            VARYING,
            f"price ~ {b} + zipcode",
            f"price ~ (zipcode | {b})",
        ],
    )


@answers("l04-practice-zero")
def practice_zero(w):
    """Say why the standard deviation of the intercepts depends on the zero."""
    names = {"a": "other zero taken for a failed search", "c": "other zero taken for ML bias"}
    return letters("b", **names, d="unit confused with zero")


@answers("l04-practice-3000")
def practice_3000(w):
    """Give the price of a large house in one zip code."""
    fit, z = _at(w, 3000), "98102"
    right = fit.coef[G][ONE][z]
    raw = w.lmer(RAW).coef[G].loc[z]
    yield (
        RIGHT,
        [right, round(right), raw[ONE] + 3000 * raw["sqft_living"], fit.fixef[ONE] + fit.ranef[G][ONE][z]],
    )
    yield "fixef for coef", [fit.fixef[ONE]]
    yield "ranef for coef", [fit.ranef[G][ONE][z]]
    yield "zero at the mean size", [w.lmer(VARYING).coef[G][ONE][z]]
    yield "slope for intercept", [fit.coef[G]["size3000"][z]]
    yield (
        UNNAMED,
        [
            3000,
            0.0,
            w.means[z],
            w.mu,
            right / 1000,
            raw["sqft_living"],
            raw[ONE] - 1e6,
            -right,
            w.price.max(),
            right * 4.9,
        ],
    )
    yield UNNAMED, [fit.coef[G][ONE]["98039"], w.coef["98109"], fit.sigma, 1.0]


@answers("l04-practice-programs")
def practice_programs(w):
    """Say which of two fits to use."""
    names = {"a": "no warning taken for convergence", "b": "mean of two fits"}
    return letters("d", **names, c="warning taken for no information")


@answers("l04-practice-schools")
def practice_schools(w):
    """Give a correlation of -1 in a singular fit."""
    names = {"a": "edge taken for a discovery", "b": "singular taken for not converged"}
    return letters("c", **names, d="correlation at the edge taken for zero variance")


@answers("l04-recall-icc")
def recall_icc(w):
    """Give the intraclass correlation."""
    a, y = w.between, w.within
    right = a**2 / (a**2 + y**2)
    yield RIGHT, [right, w.fit.icc()[G] if hasattr(w.fit.icc(), "keys") else w.fit.icc(), round(right, 4)]
    yield RIGHT, [w.by_numpy[1] ** 2 / (w.by_numpy[1] ** 2 + w.by_numpy[2] ** 2), 1 - y**2 / (a**2 + y**2)]
    yield "standard deviations for variances", [a / (a + y)]
    yield "share within for share between", [1 - right, y**2 / (a**2 + y**2)]
    yield "ratio for share", [a**2 / y**2]
    yield "percent for share", [100 * right, round(100 * right, 1)]
    yield UNNAMED, [0.0, 1.0, a, y, a / y, 0.5, 0.99, -right, a**2, w.mu, 0.05, 9]


@answers("l04-recall-error")
def recall_error(w):
    """Say what more groups make smaller."""
    names = dict.fromkeys("ab", "standard deviation for standard error")
    return letters("c", **names, d="everything falls with more data")


@answers("l04-recall-cancel")
def recall_cancel(w):
    """Say why a sum is known better than its first part."""
    names = {"b": "squares of dependent errors added", "c": "no error of a random effect"}
    return letters("a", **names, d="counting houses instead of groups")


@answers("l04-recall-new")
def recall_new(w):
    """Say which sources of spread a house in a new group has."""
    names = {"a": "spread between groups forgotten", "b": "spread within groups forgotten"}
    return letters("d", **names, c="standard error for spread")


@answers("l04-practice-away")
def practice_away(w):
    """Say why a slope moved away from the mean."""
    names = {"a": "shrinkage always towards the mean", "c": "shrinkage explained by group sizes"}
    return letters("b", **names, d="criterion for direction of shrinkage")


@answers("l04-practice-drop")
def practice_drop(w):
    """Say what is wrong with taking a slope out."""
    names = {"a": "slopes dropped until it converges", "b": "varying slopes kept always"}
    return letters("c", **names, d="fixed slope for varying slope")


@answers("l04-practice-zero-variance")
def practice_zero_variance(w):
    """Say what a standard deviation of zero tells."""
    names = {"a": "zero variance taken for equal groups", "b": "singular taken for not converged"}
    return letters("d", **names, c="other criterion for an edge")


@answers("l04-practice-land")
def practice_land(w):
    """Give the formula in which all lines meet at 0 square feet."""
    x = "sqft_living"
    yield (
        RIGHT,
        [
            f"price ~ {x} + (0 + {x} | zipcode)",
            f"price~1+{x}+(0+{x}|zipcode)",
            f"price ~ {x} + ({x} - 1 | zipcode)",
        ],
    )
    yield "intercept varies too", [f"price ~ {x} + (1 + {x} | zipcode)", f"price ~ {x} + ({x} | zipcode)"]
    yield "fixed-slope model", [f"price ~ {x} + (1 | zipcode)"]
    yield (
        "correlation set to 0",
        [f"price ~ {x} + ({x} || zipcode)", f"price ~ {x} + (1|zipcode) + (0+{x}|zipcode)"],
    )
    yield "mean slope left out", [f"price ~ (0 + {x} | zipcode)", f"price ~ 1 + (0 + {x} | zipcode)"]
    yield "zero at the mean size", [f"price ~ {X} + (0 + {X} | zipcode)"]
    yield "interaction for varying slope", [f"price ~ {x}:zipcode"]
    yield UNNAMED, [f"price ~ {x}", "price ~ 1", f"price ~ {x} * zipcode", "", 3.0, f"price ~ {x} + zipcode"]
    yield (
        UNNAMED,
        [f"{x} ~ price + (0 + price | zipcode)", f"price ~ (1 | {x})", f"price ~ {x} + (0 + {x} | grade)"],
    )


@answers("l04-practice-interaction")
def practice_interaction(w):
    """Give one zip code's slope in a regression with an interaction."""
    z, own = "98109", _own_slopes(w)
    whole = complete_pooling(f"price ~ {X} * zipcode", w.homes).fixef
    both = whole[X] + whole[f"{X}:zipcode{z}"]
    yield RIGHT, [both, own[z], round(both), round(both, 2), no_pooling(VARYING, w.homes).coef[G][X][z]]
    yield "difference for slope", [whole[f"{X}:zipcode{z}"], own[z] - own["98010"]]
    yield "reference group for this group", [whole[X], own["98010"]]
    yield "partial for no pooling", [w.lmer(VARYING).coef[G][X][z], w.lmer(VARYING, False).coef[G][X][z]]
    yield "intercept for slope", [no_pooling(VARYING, w.homes).coef[G][ONE][z]]
    yield (
        UNNAMED,
        [0.0, 1.0, both / 1000, -both, own["98039"], w.mu, w.within, both / _step(w), 98109, 2 * both],
    )


@answers("l04-practice-radon-slope")
def practice_radon_slope(w):
    """Give the slope of a county without a house on the first floor."""
    radon, place = load_radon(), "NICOLLET"
    reml, ml = (lmer("log_radon ~ floor + (1 + floor | county)", radon, REML=reml) for reml in (True, False))
    slopes = {fit: fit.coef["county"]["floor"] for fit in (reml, ml)}
    right, mean = slopes[reml][place], reml.fixef["floor"]
    by_effect = mean + reml.ranef["county"]["floor"][place]
    # the expected slope, given the county's intercept: its houses say nothing else about it
    cov = reml.varcorr["county"].cov.to_numpy()
    by_intercept = mean + cov[0, 1] / cov[0, 0] * reml.ranef["county"][ONE][place]
    yield RIGHT, [right, by_effect, by_intercept, round(right, 3), round(right, 4)]
    yield "ML for REML", [slopes[ml][place]]
    yield "fixef for coef", [mean, ml.fixef["floor"], slopes[reml].mean()]
    yield "ranef for coef", [by_effect - mean]
    yield "intercept for slope", [reml.coef["county"][ONE][place], ml.coef["county"][ONE][place]]
    double = lmer("log_radon ~ floor + (1 + floor || county)", radon)
    yield "correlation set to 0", [double.coef["county"]["floor"][place], double.fixef["floor"]]
    yield "fixed-slope model", [lmer("log_radon ~ floor + (1 | county)", radon).fixef["floor"]]
    yield "complete pooling for a varying slope", [np.polyfit(radon["floor"], radon["log_radon"], 1)[0]]
    yield "wrong sign", [-right]
    of_place = radon.loc[radon["county"] == place, "log_radon"].mean()
    yield (
        UNNAMED,
        [
            0.0,
            1.0,
            -1.0,
            of_place,
            np.exp(right),
            right**2,
            slopes[reml].min(),
            slopes[reml].max(),
            100 * right,
        ],
    )
