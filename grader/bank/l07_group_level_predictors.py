"""Questions of lesson 07: group-level predictors.

Nine zip codes are too few for a line through groups. So graded questions fit the county **without** the
student's nine zip codes: 61 groups, another 61 for every student. The nine are predicted from the line.
`small_sample` keeps five sales of each of the 61, where a zip code's own sales don't yet decide. Predictors
of zip codes come from the places and sizes of all sales of the zip code, never from prices.
Tolerances are wider than what statsmodels stops away from the optimum on these data, and narrower than the
distance to the nearest mistake for nearly every student.
"""

from functools import cache

import numpy as np
import pandas as pd

from grader.bank import ByGroup, Choice, Formula, Number, practice, question
from grader.bank.builders.errors import se_for_estimate
from grader.bank.builders.mistake import half, wrong
from grader.bank.builders.pooling import (
    all_sales_for_sample,
    ml_for_reml,
    no_for_partial_pooling,
    sample_for_all_sales,
)
from grader.bank.builders.spread import residual_for_group, variance_for_sd
from grader.bank.builders.units import percent, wrong_sign
from grader.bank.parts import ONE, G, centre, effects, estimates, same_for_all, sd_between, sds
from grader.bank.reference_fits import fits
from mlmkit import complete_pooling, load_king_county

SIZE, LINE = "price ~ size + (1 | zipcode)", "price ~ size + miles + (1 | zipcode)"
BOTH_SLOPES = "price ~ within + mean_size + (1 | zipcode)"
CROSS, HELD = "price ~ within * miles + (1 + within | zipcode)", "price ~ within * miles + (1 | zipcode)"
CROSSED = "price ~ size + (1 | zipcode) + (1 | grade)"
PRODUCT = "within:miles"
KEPT = 5  # sales of each zip code in the small sample
C, U = "county", "log_uranium"
FLOOR, URANIUM = "log_radon ~ floor + (1 | county)", "log_radon ~ floor + log_uranium + (1 | county)"
PLACE = "LACQUIPARLE"  # the county of the practice questions
NEW, SOIL = 0.3, 0.5  # log uranium of a county without houses, and of the question about floors


# The data, as the lesson makes them: a test compares the two -------------------------------------------


@cache
def county():
    """Return all sales with size, distance, and the mean size of the zip code (thousands of square feet)."""
    sales = load_king_county()
    places = sales.groupby(G, observed=True)
    north = 69.0 * (places["lat"].transform("mean") - 47.61)
    east = 46.5 * (places["long"].transform("mean") + 122.33)
    size = sales["sqft_living"] / 1000 - 2
    mean_size = size.groupby(sales[G], observed=True).transform("mean")
    columns = {"size": size, "miles": np.hypot(north, east), "mean_size": mean_size}
    return sales[["price", G, "grade"]].assign(**columns, within=size - mean_size)


def sales_in(zipcodes):
    """Take the county's sales in some zip codes."""
    part = county()[county()[G].isin(zipcodes)].reset_index(drop=True)
    return part.assign(**{G: part[G].cat.remove_unused_categories()})


def rest_of_county(homes):
    """Take the sales in the 61 zip codes that are not the student's."""
    return sales_in(set(county()[G].cat.categories) - set(homes[G].cat.categories))


def small_sample(homes):
    """Keep the first five sales of each of the 61 zip codes."""
    return rest_of_county(homes).groupby(G, observed=True).head(KEPT)


def own_sales(homes):
    """Take the sales in the student's nine zip codes."""
    return sales_in(homes[G].cat.categories)


def book(radon):
    """Take the logarithms as Gelman and Hill do: of the radon, and of 0.1 where there is none."""
    measured = np.exp(radon["log_radon"]) - 0.1
    return radon.assign(log_radon=np.log(measured.clip(lower=0.1)))


def _line(fit, rows, predictor="miles", group=G):
    """Return the height of the group-level line in each group, where the other predictors are 0."""
    x = rows.groupby(group, observed=True)[predictor].first()
    return centre(fit) + fit.fixef[predictor] * x


def _own_levels(fit, rows):
    """Take each zip code's own mean, moved along the slope to a house of 2,000 square feet."""
    return (rows["price"] - fit.fixef["size"] * rows["size"]).groupby(rows[G], observed=True).mean()


# Practice: what you remember --------------------------------------------------------------------------


@practice(
    "l07-recall-weight",
    topic="weights",
    revisit="07: What you remember",
    hints=("Lesson 2: w = n / (n + k), where k is one variance divided by the other.",),
)
def recall_weight():
    """Ask what a smaller standard deviation between groups does to a weight."""
    yield Choice("a")
    yield wrong("b", "weights exchanged").says("""Groups that differ little tell much about each other. Does
        the own mean of a group then count more, or the others?""")
    yield wrong(
        "c", "group size forgotten"
    ).says("""The number of rows is one part of the weight. The ratio of
        the two variances is the other.""")
    yield wrong("d", "ratio upside down").says("""For a large k the weight n / (n + k) is near 0. Compute k
        for a small standard deviation between groups.""")


@practice(
    "l07-recall-coef",
    topic="reading the print-out",
    revisit="07: What you remember",
    hints=("Lesson 1: coef = fixef + ranef.",),
)
def recall_coef():
    """Ask what ranef means."""
    yield Choice("b")
    yield wrong("a", "coef for ranef").says("""This is coef: fixed plus random. A random effect is only the
        difference.""")
    yield wrong("c", "residual for group standard deviation").says("""This is a residual. A random effect
        belongs to the whole group.""")
    yield wrong("d", "standard error for the estimate").says("""How uncertain an estimate is tells its
        standard error.""")


@practice(
    "l07-recall-reml",
    topic="REML and ML",
    revisit="07: What you remember",
    hints=("Lesson 2: the REML criterion depends on which predictors are in the model.",),
)
def recall_reml():
    """Ask how to compare two models with different predictors."""
    yield Choice("c")
    yield wrong("a", "REML criteria compared").says("""The REML criterion depends on the predictors and on
        their units. Between models with other predictors its difference means nothing.""")
    yield wrong(
        "b", "REML minus ML"
    ).says("""The two criteria are different things. Never subtract one from the
        other.""")
    yield wrong("d", "residual for group standard deviation").says("""A predictor of the groups hardly changes
        the residual standard deviation: it is the same for all rows of a group.""")


# Practice: radon, answered at once --------------------------------------------------------------------


@practice(
    "l07-practice-explained",
    topic="variance between groups",
    revisit="07: A predictor of the groups",
    idea=r"1 - \sigma_{\alpha,\text{with}}^2 \,/\, \sigma_{\alpha,\text{without}}^2",
    hints=(
        "A share of variance needs variances: the squares of the two standard deviations.",
        "One minus the variance that is left, divided by the variance before.",
        "1 - sd_with**2 / sd_without**2, with the standard deviations between counties of the two fits.",
    ),
)
def practice_explained(radon):
    """Ask for the share of the variance between counties that uranium explains."""
    without, with_line = (fits(model, book(radon))[0] for model in (FLOOR, URANIUM))
    yield from _explained(without, with_line, C)


@practice(
    "l07-practice-level",
    topic="shrinkage to the line",
    revisit="07: Where the estimates shrink to",
    idea=r"w_j\,\bar y_j^{\,\text{own}} + (1 - w_j)\,(\gamma_0 + \gamma_1 u_j)",
    hints=(
        "Which point takes the place of the centre now?",
        "weight * own level + (1 - weight) * height of the line at the county's uranium.",
        'weights["LACQUIPARLE"] * own["LACQUIPARLE"] + (1 - weights["LACQUIPARLE"]) * line["LACQUIPARLE"]',
    ),
)
def practice_level(radon):
    """Ask for one county's level by hand."""
    rows = book(radon)
    plain, fit = fits(FLOOR, rows)[0], fits(URANIUM, rows)[0]
    own = (rows["log_radon"] - fit.fixef["floor"] * rows["floor"]).groupby(rows[C], observed=True).mean()
    line, n = _line(fit, rows, U, C), rows[C].value_counts()
    between, within = sd_between_of(fit, C), fit.sigma
    weight = n[PLACE] / (n[PLACE] + within**2 / between**2)
    yield Number(float(weight * own[PLACE] + (1 - weight) * line[PLACE]), rel=5e-4)
    yield wrong(
        float(fit.coef[C][ONE][PLACE]), "line left out", did=r"\gamma_0 + \text{ranef}_j"
    ).says("""This
        is the column (Intercept) of coef: the level that the county would have with log_uranium at 0. The
        part that its own uranium adds is missing.""")
    yield wrong(float(plain.coef[C][ONE][PLACE]), "mean for line").says("""This comes from the model without
        uranium, which pulls the county towards the mean of all counties.""")
    yield wrong(
        float(weight * own[PLACE] + (1 - weight) * centre(fit)),
        "mean for line",
        did=r"w_j\,\bar y_j^{\,\text{own}} + (1 - w_j)\,\gamma_0",
    ).says("""You pulled the county towards the fixed intercept. That is the line at log_uranium 0; this
        county has more uranium.""")
    yield wrong(
        float(line[PLACE]), "line for the estimate", did=r"\gamma_0 + \gamma_1 u_j"
    ).says("""This is the
        line alone. The two houses of the county have a small weight too.""")
    yield wrong(
        float(own[PLACE]), "no pooling for partial pooling"
    ).says("""This is the county's own level, from
        two houses: no pooling.""")
    yield wrong(float((1 - weight) * own[PLACE] + weight * line[PLACE]), "weights exchanged").says("""The two
        weights have changed places: two houses count less than the line.""")


@practice(
    "l07-practice-new",
    topic="new groups",
    revisit="07: Where the estimates shrink to",
    idea=r"\gamma_0 + \gamma_1 u_{\text{new}}",
    hints=(
        "For a county without houses the weight of its own level is 0. What is left?",
        "The height of the line at log_uranium = 0.3.",
        'with_uranium.fixef["(Intercept)"] + 0.3 * with_uranium.fixef["log_uranium"]',
    ),
)
def practice_new(radon):
    """Ask for the expected log radon in a basement of a county without houses."""
    plain, fit = (fits(model, book(radon))[0] for model in (FLOOR, URANIUM))
    right = centre(fit) + NEW * fit.fixef[U]
    yield Number(right, rel=5e-4)
    yield wrong(centre(fit), "predictor of the group forgotten", did=r"\gamma_0").says("""This is the line at
        log_uranium 0. The new county has another value, and you know it.""")
    yield wrong(
        centre(plain), "model without the predictor"
    ).says("""This is the mean of the counties, from the
        model without uranium. You know more about the new county than that.""")
    yield wrong(
        right + fit.fixef["floor"], "first floor for basement"
    ).says("""This is for the first floor. The
        question asks about the basement, where floor is 0.""")
    yield wrong(NEW * fit.fixef[U], "intercept left out", did=r"\gamma_1 u_{\text{new}}").says("""This is what
        the uranium adds. The intercept is missing.""")


@practice(
    "l07-practice-deviance",
    topic="REML and ML",
    revisit="07: Count the groups",
    idea=r"D_{\text{ML}}(\text{without}) - D_{\text{ML}}(\text{with})",
    hints=(
        "Which criterion may be compared when the predictors differ?",
        "fit.deviance is the criterion of maximum likelihood, for a REML fit too.",
        "without_uranium.deviance - with_uranium.deviance",
    ),
)
def practice_deviance(radon):
    """Ask by how much the deviance falls when uranium comes into the model."""
    (without, _), (with_line, _) = (fits(model, book(radon)) for model in (FLOOR, URANIUM))
    right = without.deviance - with_line.deviance
    yield Number(right, rel=1e-3)
    yield wrong(without.criterion - with_line.criterion, "REML criteria compared").says("""This is the
        difference of the REML criteria. They depend on which predictors are in the model, so for models with
        different predictors the difference means nothing.""")
    yield wrong_sign(right, "with one more predictor the deviance falls", credit=0.0)
    yield wrong(right / 2, "log-likelihood for criterion").says("""This is the difference of the
        log-likelihoods. The deviance is minus two times the log-likelihood.""")
    yield wrong(without.aic - with_line.aic, "AIC for deviance").says("""This is a difference of AIC, and it
        comes from REML fits.""")


@practice(
    "l07-practice-leak",
    topic="leaks",
    revisit="07: A predictor of your own making",
    hints=("For each candidate: does the price that you want to explain go into it?",),
)
def practice_leak():
    """Ask which predictor contains the outcome."""
    yield Choice("c")
    yield wrong("a", "predictor from other columns taken for a leak").says("""The grade is another column. A
        mean of it holds no price.""")
    yield wrong("b", "predictor from other rows taken for a leak").says("""Sales of the year before are other
        rows than those of the fit. Their prices may be used: they were known before.""")
    yield wrong(
        "d", "predictor from a map taken for a leak"
    ).says("""A distance comes from a map. No price goes
        into it.""")


@practice(
    "l07-practice-slopes",
    topic="within and between",
    revisit="07: Within and between",
    idea=r"\beta_W (x_i - \bar x_j) + \beta_B\, \bar x_j",
    hints=(
        "You need two columns: the mean of floor in the county, and what is left of floor.",
        '"log_radon ~ floor_within + floor_mean + (1 | county)"',
        'Fit it, and take fit.fixef["floor_within"] and fit.fixef["floor_mean"].',
    ),
)
def practice_slopes(radon):
    """Ask for the slopes of floor within and between counties."""
    rows = book(radon)
    mean = rows.groupby(C, observed=True)["floor"].transform("mean")
    rows = rows.assign(floor_mean=mean, floor_within=rows["floor"] - mean)
    yield from _two_slopes(
        rows,
        ("floor", "floor_within", "floor_mean"),
        "log_radon ~ floor_within + floor_mean",
        FLOOR,
        C,
        "county",
    )


@practice(
    "l07-practice-without",
    topic="cross-level interactions",
    revisit="07: Slopes that depend on the group",
    hints=("How many distances are there? How many sales? Which of the two does the small number count?",),
)
def practice_without():
    """Ask what is wrong with a report on a cross-level interaction."""
    yield Choice("b")
    yield wrong("a", "counting houses instead of groups").says("""The number of sales doesn't help here. The
        question is how slopes differ between zip codes, and there are 70 of them.""")
    yield wrong(
        "c", "smaller error taken for better"
    ).says("""A smaller standard error is no proof of a better
        model. It is too small: the model takes all slopes at the same distance for equal.""")
    yield wrong(
        "d", "estimate taken for the fault"
    ).says("""The estimates of the two models are close. What is
        wrong is how certain the colleague is.""")


@practice(
    "l07-practice-floor",
    topic="cross-level interactions",
    revisit="07: Slopes that depend on the group",
    idea=r"\gamma_{\text{floor}} + \gamma_{\text{floor:}u}\; u",
    hints=(
        "The slope of floor is a line too: it has an intercept and a slope.",
        "The coefficient of floor, plus 0.5 times the coefficient of the interaction.",
        'slopes_by_soil.fixef["floor"] + 0.5 * slopes_by_soil.fixef["floor:log_uranium"]',
    ),
)
def practice_floor(radon):
    """Ask for the expected difference between floors at a given uranium."""
    fit = fits("log_radon ~ floor * log_uranium + (1 + floor | county)", book(radon))[0]
    main, product = fit.fixef["floor"], fit.fixef["floor:log_uranium"]
    yield Number(main + SOIL * product, rel=2e-3)
    yield wrong(
        main, "interaction left out", did=r"\gamma_{\text{floor}}"
    ).says("""This is the difference where
        log_uranium is 0. The interaction says how it changes with the uranium.""")
    yield wrong(product, "interaction alone").says("""This is how much the difference changes for one unit of
        log_uranium. It is not the difference itself.""")
    yield wrong(
        main + product,
        "predictor of the group forgotten",
        did=r"\gamma_{\text{floor}} + \gamma_{\text{floor:}u}",
    ).says("This is the difference at log_uranium 1. The question has another value.")
    yield wrong(
        main + SOIL * product + SOIL * fit.fixef[U], "main effect of the group's predictor added"
    ).says("""You added what uranium does to both floors. It falls out of a difference between floors.""")
    yield wrong_sign(main + SOIL * product, "there is less radon on the first floor", credit=0.0)


@practice(
    "l07-practice-crossed",
    topic="crossed factors",
    revisit="07: Zip code and grade",
    hints=(
        "There is one predictor, and two things that vary.",
        "Each factor gets a bracket of its own.",
        "The brackets are (1 | zipcode) and (1 | condition); size stands outside.",
    ),
)
def practice_crossed():
    """Ask for the formula of two crossed factors."""
    yield Formula("price ~ size + (1 | zipcode) + (1 | condition)")
    yield wrong(
        "price ~ size + (1 | zipcode/condition)", "nested for crossed"
    ).says("""The slash nests: condition
        4 of one zip code would have nothing to do with condition 4 of another. It is the same condition
        everywhere.""")
    yield wrong("price ~ size + (1 | zipcode:condition)", "combinations for two factors").says("""This is one
        factor: every pair of zip code and condition is a group of its own.""")
    yield wrong(
        "price ~ size + condition + (1 | zipcode)", "factor taken for a number"
    ).says("""Here condition is
        a number with one slope, from 1 to 5 in equal steps. The question asks for a grouping factor.""")
    yield wrong(
        "price ~ size + (1 + condition | zipcode)", "varying slope for a second factor"
    ).says("""Here the
        slope of condition varies by zip code, and there is no factor condition.""")
    yield wrong("price ~ size + (1 | zipcode)", "one factor left out").says(
        "The factor condition is missing."
    )


# Graded, first part: a line through 61 zip codes -------------------------------------------------------


@question(
    "l07-miles",
    topic="group-level slope",
    revisit="07: A predictor of your own making",
    idea=r"\gamma_1 \text{ in } \alpha_j \sim N(\gamma_0 + \gamma_1 u_j,\ \sigma_\alpha^2)",
)
def miles(homes):
    """Ask for the group-level slope of the distance in the small sample."""
    few = small_sample(homes)
    reml, _ = fits(LINE, few)
    plain = estimates(fits(SIZE, few)[0])
    x = few.groupby(G, observed=True)["miles"].first()
    yield Number(reml.fixef["miles"], rel=1e-3, unit="dollars per mile")
    yield wrong(
        float(np.polyfit(x, plain, 1)[0]),
        "estimates used as data",
        did=r"\text{slope of a regression of } \hat\alpha_j \text{ on } u_j",
    ).says("""This is a second regression, on the estimates of a first fit. Those are already pulled towards
        one common mean, so the slope comes out too flat. Put miles into the model itself.""")
    yield half(
        complete_pooling("price ~ size + miles", few).fixef["miles"],
        "complete pooling for a varying intercept",
        did=r"y_i = \gamma_0 + \beta x_i + \gamma_1 u_{j[i]} + \epsilon_i",
    ).says("""This is the slope of ordinary regression: the varying intercept is missing.""")
    yield half(
        fits("price ~ miles + (1 | zipcode)", few)[0].fixef["miles"], "size not held"
    ).says("""This compares
        houses of any size. The question asks for a model with the size of the house in it.""")
    yield all_sales_for_sample(fits(LINE, rest_of_county(homes))[0].fixef["miles"], "This is the slope in")
    yield se_for_estimate(reml.se_fixef["miles"], "the slope")
    yield wrong(reml.fixef["size"], "other coefficient").says("""This is the coefficient of size. The question
        is about the distance.""")
    yield wrong_sign(reml.fixef["miles"], "farther away, prices are lower")


@question(
    "l07-se-ratio",
    topic="groups and rows",
    revisit="07: Count the groups",
    idea=r"se_{\text{multilevel}}(\gamma_1) \,/\, se_{\text{ordinary}}(\gamma_1)",
)
def se_ratio(homes):
    """Ask how many times too small the ordinary standard error of a group-level slope is."""
    rest, few = rest_of_county(homes), small_sample(homes)
    mixed, ordinary = fits(LINE, rest)[0], complete_pooling("price ~ size + miles", rest)
    right = mixed.se_fixef["miles"] / ordinary.se_fixef["miles"]
    yield Number(right, rel=8e-3)
    yield half(
        1 / right, "ratio upside down", did=r"se_{\text{ordinary}} \,/\, se_{\text{multilevel}}"
    ).says("""The
        ratio is upside down: the question asks for the multilevel error divided by the ordinary one.""")
    yield half(right**2, "variance for standard error").says("""This is the ratio of the squared errors. The
        question asks for the errors themselves.""")
    yield wrong(
        mixed.se_fixef["size"] / ordinary.se_fixef["size"], "other coefficient"
    ).says("""This is the ratio
        for size, which differs from house to house. Miles is the same for all houses of a zip code.""")
    yield wrong(
        mixed.fixef["miles"] / ordinary.fixef["miles"], "estimate for the standard error"
    ).says("""This is
        the ratio of the two slopes. The question asks how certain they are.""")
    of_few = (
        fits(LINE, few)[0].se_fixef["miles"] / complete_pooling("price ~ size + miles", few).se_fixef["miles"]
    )
    yield sample_for_all_sales(of_few, "This comes from")


@question(
    "l07-explained",
    topic="variance between groups",
    revisit="07: A predictor of the groups",
    idea=r"1 - \sigma_{\alpha,\text{with}}^2 \,/\, \sigma_{\alpha,\text{without}}^2",
)
def explained(homes):
    """Ask for the share of the variance between zip codes that the distance explains."""
    few, rest = small_sample(homes), rest_of_county(homes)
    (without, without_ml), (with_line, with_ml) = fits(SIZE, few), fits(LINE, few)
    yield from _explained(without, with_line, G)
    of_all = [sd_between(fits(model, rest)[0]) for model in (SIZE, LINE)]
    yield all_sales_for_sample(1 - of_all[1] ** 2 / of_all[0] ** 2, "This share is that of")
    yield ml_for_reml(1 - sd_between(with_ml) ** 2 / sd_between(without_ml) ** 2)


@question(
    "l07-levels",
    topic="shrinkage to the line",
    revisit="07: Where the estimates shrink to",
    idea=r"\hat\alpha_j = w_j\,\bar y_j^{\,\text{own}} + (1 - w_j)\,(\gamma_0 + \gamma_1 u_j)",
)
def levels(homes):
    """Ask for the level of each of the 61 zip codes, pulled towards the line."""
    few = small_sample(homes)
    reml, plain = fits(LINE, few)[0], fits(SIZE, few)[0]
    line, own = _line(reml, few), _own_levels(reml, few)
    between, within = sds(reml)
    weight = KEPT / (KEPT + within**2 / between**2)
    # Not "zipcode": a student's kernel would want the labels of the student's own nine.
    yield ByGroup(line + effects(reml), rel=1e-3, group="other zip code", unit="dollars")
    yield half(
        estimates(reml), "line left out", did=r"\gamma_0 + \text{ranef}_j"
    ).says("""These are the column
        (Intercept) of coef: the levels that the zip codes would have at 0 miles. What the distance takes away
        is missing.""")
    yield wrong(line, "line for the estimate", did=r"\gamma_0 + \gamma_1 u_j").says("""These are points on the
        line: the five sales of each zip code don't count.""")
    yield wrong(
        estimates(plain), "mean for line", did=r"w_j\,\bar y_j^{\,\text{own}} + (1 - w_j)\,\mu_\alpha"
    ).says("""These come from the model without miles. It pulls every zip code towards one common mean, near
        or far.""")
    yield no_for_partial_pooling(own, "These are the zip codes' own levels", centre="line")
    yield wrong(
        effects(reml), "ranef for coef"
    ).says("""These are the random effects: how far each zip code lies
        from the line. The question asks for the levels.""")
    yield half(weight * line + (1 - weight) * own, "weights exchanged").says("""The two weights have changed
        places: the weight w belongs to the zip code's own level, the rest to the line.""")
    full = fits(LINE, rest_of_county(homes))[0]
    yield all_sales_for_sample(_line(full, few) + effects(full), "These are the levels from")


@question(
    "l07-new",
    topic="new groups",
    revisit="07: Where the estimates shrink to",
    idea=r"\gamma_0 + \gamma_1 u_{\text{new}}",
)
def new(homes):
    """Ask for predictions in nine zip codes that the fit has not seen."""
    rest, few, own = rest_of_county(homes), small_sample(homes), own_sales(homes)
    fit, plain = fits(LINE, rest)[0], fits(SIZE, rest)[0]
    right = _line(fit, own)
    yield ByGroup(right, rel=1e-3, group=G, unit="dollars")
    yield wrong(
        same_for_all(centre(fit), right), "predictor of the group forgotten", did=r"\gamma_0"
    ).says("""You
        give every zip code the fixed intercept. That is the line at 0 miles. You know how far away yours
        are.""")
    yield wrong(
        same_for_all(centre(plain), right), "model without the predictor", did=r"\mu_\alpha"
    ).says("""You
        give every zip code the mean of the 61, from the model without miles. The distance tells more.""")
    own_fit = fits(SIZE, own)[0]
    yield wrong(
        estimates(own_fit), "own sales used"
    ).says("""These are estimates from the sales of your own nine
        zip codes. The question is what one can say without them.""")
    everything = fits(LINE, county())[0]
    with_own = _line(everything, own)
    yield half(with_own, "own zip codes in the fit").says("""This line is fitted to all 70 zip codes, yours
        included. Leave yours out: they are to be predicted.""")
    yield wrong(
        with_own + effects(everything).reindex(right.index), "own sales used"
    ).says("""This comes from a
        fit that has seen the sales of your nine zip codes. The question is what one can say without them.""")
    yield sample_for_all_sales(_line(fits(LINE, few)[0], own), "This line is fitted to")


# Graded, second part: slopes ---------------------------------------------------------------------------


@question(
    "l07-two-slopes",
    topic="within and between",
    revisit="07: Within and between",
    idea=r"\beta_W (x_i - \bar x_j) + \beta_B\, \bar x_j",
)
def two_slopes(homes):
    """Ask for the slopes of living area within and between zip codes."""
    rest = rest_of_county(homes)
    yield from _two_slopes(
        rest, ("size", "within", "mean_size"), "price ~ within + mean_size", SIZE, G, "zip code", "dollars"
    )


@question(
    "l07-centres",
    topic="centring",
    revisit="07: Two ways to centre",
    idea=r"\sigma_\alpha \text{ with } x_i - \bar x \text{ and with } x_i - \bar x_j",
)
def centres(homes):
    """Ask how much zip codes differ under two ways of centring."""
    rest = rest_of_county(homes)
    models = [fits(SIZE, rest), fits("price ~ within + (1 | zipcode)", rest)]
    (grand, grand_ml), (group, group_ml) = models
    a, b = sd_between(grand), sd_between(group)
    yield ByGroup(_centres(a, b), rel=4e-3, group="centre", in_order=True, unit="dollars")
    yield half(_centres(b, a), "centres exchanged").says("""The two numbers are right, but they have changed
        places. Which centring leaves the differences in size between zip codes in the intercepts?""")
    yield half(
        _centres(a, a), "centring taken to be harmless"
    ).says("""You give the same number twice, that of
        the grand mean. The mean of the zip code is another centre for every zip code, and so another
        model.""")
    yield half(
        _centres(b, b), "centring taken to be harmless"
    ).says("""You give the same number twice, that of
        the group mean. The grand mean is one centre for all zip codes, and so another model.""")
    yield variance_for_sd(_centres(a**2, b**2))
    yield residual_for_group(_centres(grand.sigma, group.sigma), "These are residual standard deviations")
    yield ml_for_reml(_centres(sd_between(grand_ml), sd_between(group_ml)))
    errors = _centres(grand.se_fixef[ONE], group.se_fixef[ONE])
    yield wrong(
        errors, "standard error for standard deviation"
    ).says("""These are standard errors of the fixed
        intercept: how well the mean is known. The question asks how much the zip codes differ.""")
    both = sd_between(fits(BOTH_SLOPES, rest)[0])
    yield half(
        _centres(a, both), "mean of the group put back"
    ).says("""The first number is right. The second one
        is from the model that has the mean size of the zip code as well. The question asks for the model with
        the centred size alone.""")


@question(
    "l07-cross-se",
    topic="cross-level interactions",
    revisit="07: Slopes that depend on the group",
    idea=r"se(\gamma_{11}) \text{ with } \sigma_\beta = 0 \text{ and with } \sigma_\beta > 0",
)
def cross_se(homes):
    """Ask for the standard error of a cross-level interaction without and with its random slope."""
    rest, few = rest_of_county(homes), small_sample(homes)
    held, varying = fits(HELD, rest)[0], fits(CROSS, rest)[0]

    def pair(of, term=PRODUCT):
        return _slopes_pair(getattr(held, of)[term], getattr(varying, of)[term])

    right = pair("se_fixef")
    a, b = right.values()
    yield ByGroup(right, rel=1e-2, group="random slope", in_order=True)
    yield wrong(pair("fixef"), "estimate for the standard error").says("""These are the two interactions
        themselves. The question asks for their standard errors.""")
    yield half(
        _slopes_pair(b, a), "models exchanged"
    ).says("""The two numbers have changed places. Which of the
        two models knows that slopes differ between zip codes at the same distance?""")
    yield wrong(
        pair("se_fixef", "within"), "other coefficient"
    ).says("""These are the standard errors of within,
        the slope at 0 miles. The question is about the interaction.""")
    yield wrong(
        pair("se_fixef", "miles"), "other coefficient"
    ).says("""These are the standard errors of miles.
        The question is about the interaction.""")
    yield half(
        _slopes_pair(a, a), "random slope left out"
    ).says("""You give the same number twice, without the
        random slope. Let the slope of within vary by zip code in the second model.""")
    of_few = _slopes_pair(*(fits(model, few)[0].se_fixef[PRODUCT] for model in (HELD, CROSS)))
    yield sample_for_all_sales(of_few, "These come from the fits to")


@question(
    "l07-price-of-size",
    topic="cross-level interactions",
    revisit="07: Slopes that depend on the group",
    idea=r"\gamma_{10} + \gamma_{11} u_{\text{new}}",
)
def price_of_size(homes):
    """Ask what 1,000 square feet add in nine zip codes that the fit has not seen."""
    rest, own = rest_of_county(homes), own_sales(homes)
    varying, held = fits(CROSS, rest)[0], fits(HELD, rest)[0]
    x = own.groupby(G, observed=True)["miles"].first()
    right = varying.fixef["within"] + varying.fixef[PRODUCT] * x
    yield ByGroup(right, rel=3e-3, group=G, unit="dollars")
    yield wrong(
        same_for_all(varying.fixef["within"], right), "interaction left out", did=r"\gamma_{10}"
    ).says("""You
        give the coefficient of within everywhere. That is the slope at 0 miles; the interaction says how it
        changes with the distance.""")
    yield wrong(
        varying.fixef[PRODUCT] * x, "intercept left out", did=r"\gamma_{11} u_{\text{new}}"
    ).says("""This is
        what the distance changes. The slope at 0 miles is missing.""")
    yield half(
        held.fixef["within"] + held.fixef[PRODUCT] * x, "random slope left out"
    ).says("""The calculation is
        right, but the model has one slope for all zip codes at the same distance. Let the slope vary.""")
    plain = fits("price ~ within + (1 + within | zipcode)", rest)[0].fixef["within"]
    yield wrong(
        same_for_all(plain, right), "model without the predictor"
    ).says("""You give the mean of the slopes,
        from a model without the interaction. Which of your zip codes are near, which are far?""")
    level = varying.fixef["miles"] * x
    yield wrong(
        right + level, "main effect of the group's predictor added"
    ).says("""You added what the distance
        does to the level of prices. It falls out when two houses in the same zip code are compared.""")
    own_fit = fits("price ~ within + (1 + within | zipcode)", own)[0]
    yield wrong(
        estimates(own_fit, "within"), "own sales used"
    ).says("""These are slopes from the sales of your own
        nine zip codes. The question is what one can say without them.""")


@question(
    "l07-crossed",
    topic="crossed factors",
    revisit="07: Zip code and grade",
    idea=r"y_i = \mu + \beta x_i + \alpha_{j[i]} + \gamma_{k[i]} + \epsilon_i",
)
def crossed(homes):
    """Ask for the standard deviations between zip codes and between grades."""
    rest = rest_of_county(homes)
    reml, ml = fits(CROSSED, rest)
    right = _three(reml)
    yield ByGroup(right, rel=4e-3, group="standard deviation", in_order=True, unit="dollars")
    yield variance_for_sd(right**2)
    alone = fits(SIZE, rest)[0], fits("price ~ size + (1 | grade)", rest)[0]
    separate = [sd_between(alone[0]), alone[1].varcorr["grade"].sd[ONE]]
    yield half(
        pd.Series([*separate, reml.sigma], right.index),
        "one factor at a time",
        did=r"\alpha_j \text{ from one fit, } \gamma_k \text{ from another}",
    ).says("""You fitted each factor on its own. A difference between grades is then counted as one between
        zip codes, where expensive zip codes have the better houses. Put both into one model.""")
    exchanged = pd.Series(right.to_numpy()[[1, 0, 2]], right.index)
    yield half(exchanged, "factors exchanged").says(
        """The numbers of zip code and grade have changed places."""
    )
    yield ml_for_reml(_three(ml))
    nested = fits("price ~ size + (1 | grade/zipcode)", rest)[0]
    of_nested = [nested.varcorr["zipcode:grade"].sd[ONE], nested.varcorr["grade"].sd[ONE], nested.sigma]
    yield wrong(pd.Series(of_nested, right.index), "nested for crossed").says("""Here zip codes are nested in
        grades: a zip code gets another effect for every grade. It is the same place for all grades.""")
    no_size = _three(fits("price ~ (1 | zipcode) + (1 | grade)", rest)[0])
    yield half(
        no_size, "size not held"
    ).says("""These compare houses of any size. The question asks for a model
        with the size of the house in it.""")


# What several questions share -------------------------------------------------------------------------


def sd_between_of(fit, group):
    """Take the standard deviation of the intercepts between groups."""
    return fit.varcorr[group].sd[ONE]


def _explained(without, with_line, group):
    before, after = sd_between_of(without, group), sd_between_of(with_line, group)
    share = 1 - after**2 / before**2
    yield Number(share, rel=8e-3)
    yield half(
        1 - after / before,
        "standard deviations for variances",
        did=r"1 - \sigma_{\alpha,\text{with}} \,/\, \sigma_{\alpha,\text{without}}",
    ).says("You used the standard deviations. A share of variance needs their squares.")
    yield half(
        after**2 / before**2,
        "share left",
        did=r"\sigma_{\alpha,\text{with}}^2 \,/\, \sigma_{\alpha,\text{without}}^2",
    ).says("This is the share that is left. The question asks for the share that is explained.")
    yield wrong(
        1 - with_line.sigma**2 / without.sigma**2, "residual for group standard deviation"
    ).says("""This
        compares the residual variances. A predictor of the groups explains differences between groups.""")
    total = [sd_between_of(fit, group) ** 2 + fit.sigma**2 for fit in (without, with_line)]
    yield half(1 - total[1] / total[0], "share of the total variance").says("""This is the share of the whole
        variance. The question asks for the part between groups only.""")
    yield half(
        before**2 / after**2 - 1, "wrong denominator"
    ).says("""You divided by the variance that is left.
        Divide by the variance before.""")
    yield percent(share)


def _pair(within, between):
    return {"within": float(within), "between": float(between)}


def _two_slopes(rows, names, fixed, naive, group, groups, unit=""):
    """Build the question about two slopes; ``names``: the predictor, its part within, its group mean."""
    _, inside, mean = names
    fit = fits(f"{fixed} + (1 | {group})", rows)[0]
    w, b = fit.fixef[inside], fit.fixef[mean]
    yield ByGroup(_pair(w, b), rel=4e-3, group="slope", in_order=True, unit=unit)
    yield half(
        _pair(b, w), "within and between exchanged"
    ).says(f"""The two slopes have changed places. Within
        compares rows of the same {groups}.""")
    yield half(
        _pair(w, b - w), "contextual effect for the slope between", did=r"\beta_B - \beta_W"
    ).says(f"""The
        slope within is right. The other number is the difference of the two slopes: what the mean of the
        {groups} adds beyond the row's own value. A model with the raw predictor and the group mean gives
        it.""")
    one = fits(naive, rows)[0].fixef[names[0]]
    yield wrong(
        _pair(one, one), "one slope for both", did=r"\beta_W = \beta_B"
    ).says(f"""You give one slope twice,
        from the model that has only one. It mixes the comparison within a {groups} with the one between
        them.""")
    ordinary = complete_pooling(fixed, rows).fixef
    yield half(
        _pair(ordinary[inside], ordinary[mean]), "complete pooling for a varying intercept"
    ).says(f"""This
        is ordinary regression, without the varying intercept. Every {groups} counts by its number of rows in
        the slope between.""")
    yield wrong(
        _pair(fit.se_fixef[inside], fit.se_fixef[mean]), "standard error for the estimate"
    ).says("""These
        are the standard errors of the two slopes: how uncertain each one is, not how large.""")


def _centres(grand, group):
    return {"grand mean": float(grand), "group mean": float(group)}


def _slopes_pair(without, with_slope):
    return {"without": float(without), "with": float(with_slope)}


def _three(fit):
    between = [fit.varcorr[factor].sd[ONE] for factor in (G, "grade")]
    return pd.Series([*between, fit.sigma], [G, "grade", "Residual"])
