"""Questions of lesson 02: shrinkage.

The graded questions use two sets of sales: all of the student's homes, and a small sample with 4 to 36 of
them in each zip code, where the weights are far enough from 1 to tell one formula from another.
Tolerances are wider than the difference between lmer, statsmodels and a hand formula. For all homes
statsmodels stops up to 0.4 % away in the standard deviation between zip codes; for the sample 40 students'
fits agreed within 0.02 %.
"""

import pandas as pd

from grader.bank import ByGroup, Choice, Figure, Number, Table, practice, question
from grader.bank.builders.errors import se_for_sd
from grader.bank.builders.mistake import Unsaid, half, wrong
from grader.bank.builders.pooling import (
    all_sales_for_sample,
    houses_for_centre,
    ml_for_reml,
    no_for_partial_pooling,
    ranef_for_coef,
    sample_for_all_sales,
)
from grader.bank.builders.spread import (
    residual_for_group,
    sd_of_all_prices,
    sds_exchanged,
    sds_for_variances,
    spread_of_nine,
    variance_for_sd,
)
from grader.bank.builders.units import percent, thousands
from grader.bank.parts import ONE, G, centre, effects, estimates, means, sd_between, sds, sizes
from grader.bank.reference_fits import fits, statsmodels_gap

MODEL = "price ~ (1 | zipcode)"
RADON = "log_radon ~ (1 | county)"
PLACE = "98024"  # the zip code of the practice questions
SHARE = 0.95  # the weight that l02-sales-needed asks for
SALES = range(1, 41)  # the horizontal axis of l02-curve
HOUSES = range(1, 121)  # and of l02-practice-curve

# In symbols: what is asked for, and what is computed instead by more than one question.
WEIGHT = r"w_j = \frac{n_j / \sigma_y^2}{n_j / \sigma_y^2 + 1 / \sigma_\alpha^2}"
WEIGHT_OF_SDS = r"\frac{n_j / \sigma_y}{n_j / \sigma_y + 1 / \sigma_\alpha}"
OF_ONE_SALE = r"\frac{1 / \sigma_y^2}{1 / \sigma_y^2 + 1 / \sigma_\alpha^2}"
ESTIMATE = r"w_j\,\bar y_j + (1 - w_j)\,\hat\mu_\alpha"
EXCHANGED = r"(1 - w_j)\,\bar y_j + w_j\,\hat\mu_\alpha"
LECTURE = r"w_j\,\bar y_j + (1 - w_j)\,\bar y_{all}"
ICC = r"\frac{\sigma_\alpha^2}{\sigma_\alpha^2 + \sigma_y^2}"
CENTRE = r"\frac{\sum_j v_j\,\bar y_j}{\sum_j v_j}, \quad v_j = \frac{1}{\sigma_\alpha^2 + \sigma_y^2 / n_j}"
LIMITS = r"\sigma_\alpha \to 0: \ \bar y_{all} \qquad \sigma_\alpha \to \infty: \ \bar y_j"


def small_sample(sales):
    """Keep the first 4 sales of the first zip code, 8 of the second, …, 36 of the ninth.

    As the lesson's `uneven_sample`: a test compares the two. With fewer sales some students' fits would be
    singular; with these, none of the 8,192 sets of zip codes gives one.
    """
    groups = sales.groupby(G, observed=True)
    return pd.concat([rows.head(4 * place) for place, (_, rows) in enumerate(groups, start=1)])


def _weight(n, between, within):
    """Weight of the own mean of a group with n sales (Gelman and Hill 2007, equation 12.1)."""
    return n / (n + within**2 / between**2)


def _mixed(weight, own, other):
    return weight * own + (1 - weight) * other


# What you remember: lesson 1 ------------------------------------------------------------------------------


@practice("l02-recall-ranef", topic="fixef, ranef, coef", revisit="02: What you remember")
def recall_ranef():
    """Ask what a random effect is measured from."""
    yield Choice("b")
    yield wrong("a", "ranef for coef").says("""A random effect is not a price, it is a difference. No zip code
        has a negative mean price.""")
    yield wrong("c", "difference from the mean of all houses").says("""The difference is the right idea. But
        the model measures it from another point: the mean of the zip codes.""")
    yield wrong("d", "group for residual standard deviation").says("""How much single houses differ is one
        number for all zip codes, the residual standard deviation. A random effect is about one zip code.""")


@practice("l02-recall-centre", topic="the centre", revisit="02: What you remember")
def recall_centre():
    """Ask for the fixed intercept of two groups of very different size."""
    yield Choice("c")
    yield wrong("a", "mean of houses for mean of zip codes").says("""This is the mean of all houses: complete
        pooling. For the fixed intercept a zip code with 90 sales counts hardly more than one with 10.""")
    yield wrong("b", "own mean of the largest group").says("""This is the mean of the larger zip code alone.
        The fixed intercept is about both.""")
    yield wrong("d", "own mean of the dearest group").says("""This is the mean of the dearer zip code alone.
        The fixed intercept is about both.""")


@practice("l02-recall-residual", topic="variance components", revisit="02: What you remember")
def recall_residual():
    """Ask what the line Residual of the print-out says."""
    yield Choice("a")
    yield wrong("b", "group for residual standard deviation").says("""How much the zip codes differ is the
        other line of the print-out, zipcode.""")
    yield wrong("c", "standard error for standard deviation").says("""How uncertain the fixed intercept is
        stands next to it, under coef.se. It would get smaller with more zip codes.""")
    yield wrong("d", "standard deviation of all prices").says("""All prices together differ more. Houses of
        different zip codes differ also because their zip codes do, and that part has a line of its own.""")


@practice(
    "l02-recall-coef",
    topic="fixef, ranef, coef",
    revisit="02: What you remember",
    idea=r"\hat\alpha_j = \hat\mu_\alpha + (\hat\alpha_j - \hat\mu_\alpha)",
    hints=(
        "A group's estimate is the fixed intercept plus its random effect.",
        "Of fixef, ranef and coef, one holds these sums. It is a table with a row for each zip code.",
        'Take lmer1.coef["zipcode"], and of it .loc["98102", "(Intercept)"].',
    ),
)
def recall_coef(seattle):
    """Ask for the partial-pooling estimate of one zip code."""
    reml, _ = fits(MODEL, seattle)
    where = "98102"
    yield Number(estimates(reml)[where], rel=2e-4, unit="dollars")
    yield ranef_for_coef(effects(reml)[where])
    yield no_for_partial_pooling(means(seattle)[where], "This is the plain mean of its sales")
    yield wrong(centre(reml), "fixef for coef", did=r"\hat\mu_\alpha").says("""This is the fixed intercept,
        the same for all zip codes. What the model says about 98102 also holds its random effect.""")
    yield wrong(seattle["price"].mean(), "complete pooling for partial pooling", did=r"\bar y_{all}").says(
        "This is the mean of all houses: complete pooling. It is the same for every zip code."
    )


# Practice: the lecture's data and radon, answered at once -----------------------------------------------


@practice("l02-practice-spread", topic="variance components", revisit="02: What varies between groups")
def practice_spread():
    """Ask why plain means vary more than the true means."""
    yield Choice("b")
    yield wrong("a", "spread of means explained by group sizes").says("""Within one zip code each house counts
        the same, and that is right for its mean. The question is what else, besides the true mean, is in the
        mean of a few dozen prices.""")
    yield wrong("c", "lmer makes zip codes equal").says("""Estimates of partial pooling lie closer together,
        but they are not all equal. And the question is about the plain means, which lmer doesn't touch.""")
    yield wrong("d", "standard deviation always too large").says("""With n − 1 the variance of nine numbers is
        right on average. The nine numbers themselves are not the true means: think of what separates the
        two.""")


@practice(
    "l02-practice-weight",
    topic="weights",
    revisit="02: Three zip codes by hand",
    idea=WEIGHT,
    hints=(
        "There are two sources of information, and each has a precision. The weight is a share.",
        "The weight of the own mean: its precision, divided by the sum of the two precisions.",
        "precision_own / (precision_own + precision_others), with the two numbers of the cell.",
    ),
)
def practice_weight(seattle):
    """Ask for the weight of one zip code."""
    between, within = sds(fits(MODEL, seattle)[0])
    n = sizes(seattle)[PLACE]
    right = _weight(n, between, within)
    yield Number(right, rel=2e-4)
    yield sds_for_variances(n / (n + within / between), credit=0.0, did=WEIGHT_OF_SDS)
    yield wrong(1 - right, "weight of the centre", did=r"1 - w_j").says("""This is the weight of the centre.
        The question asks for the weight of the zip code's own mean.""")
    yield wrong(_weight(1, between, within), "group size forgotten", did=OF_ONE_SALE).says("""This is the
        weight of a single sale. The precision of a mean also depends on the number of sales.""")
    yield sds_exchanged(_weight(n, within, between))
    yield wrong(n / within**2, "precision for weight", did=r"n_j / \sigma_y^2").says("""This is the precision
        of the own mean. To make it a weight, divide it by the sum of the two precisions.""")
    yield percent(right, credit=0.0, did=r"100\,w_j")


@practice(
    "l02-practice-estimate",
    topic="weights",
    revisit="02: Three zip codes by hand",
    idea=ESTIMATE,
    hints=(
        "The estimate is a weighted average of two prices. You have the weight of the first one already.",
        "The own mean has the weight w, and the centre has the rest, 1 - w.",
        'practice_weight * means["98024"] + (1 - practice_weight) * centre',
    ),
)
def practice_estimate(seattle):
    """Ask for the partial-pooling estimate of one zip code."""
    reml, _ = fits(MODEL, seattle)
    weight = _weight(sizes(seattle)[PLACE], *sds(reml))
    own, middle, houses = means(seattle)[PLACE], centre(reml), seattle["price"].mean()
    yield Number(_mixed(weight, own, middle), rel=2e-4, unit="dollars")
    yield wrong(own, "no pooling for partial pooling", did=r"\bar y_j").says("""This is the plain mean of its
        sales. The centre has a small weight too.""")
    yield houses_for_centre(_mixed(weight, own, houses), credit=0.0)
    yield wrong(_mixed(1 - weight, own, middle), "weights exchanged", did=EXCHANGED).says("""The two weights
        have changed places: with 81 sales the zip code's own mean counts more than the centre.""")
    yield wrong(weight * own, "centre left out", did=r"w_j\,\bar y_j").says("""This is the weighted own mean
        alone. The centre, with the rest of the weight, is missing.""")
    yield wrong((own + middle) / 2, "halfway", did=r"(\bar y_j + \hat\mu_\alpha) / 2").says("""This lies
        halfway between the own mean and the centre. Use the weights that you computed.""")


@practice(
    "l02-practice-needed",
    topic="weights",
    revisit="02: When groups differ in size",
    idea=r"n = \frac{w}{1 - w}\,k, \quad k = \frac{\sigma_y^2}{\sigma_\alpha^2}",
    hints=(
        "You know the weight, and look for the number of houses. Start from w = n / (n + k).",
        "Multiply by n + k, and bring all that has n to one side: n (1 - w) = w k.",
        "0.9 / (1 - 0.9) * radon_within**2 / radon_between**2",
    ),
)
def practice_needed(radon):
    """Ask how many houses a county needs for a weight of 0.9."""
    between, within = _radon_sds(radon)
    return _needed(0.9, within**2 / between**2, within / between, unit="houses")


@practice(
    "l02-practice-curve",
    topic="weights",
    revisit="02: When groups differ in size",
    idea=WEIGHT,
    hints=(
        "One line is missing: the one that draws. Its two arguments are what is across and what is up.",
        "Up goes the weight of each number of houses. The function weight_of takes the whole list at once.",
        "practice_axes.plot(houses, weight_of(houses, radon_between, radon_within))",
    ),
)
def practice_curve(radon):
    """Ask for a figure: the weight against the number of houses."""
    between, within = _radon_sds(radon)

    def line(weight):
        return {"y": [weight(n) for n in HOUSES]}

    yield Figure(
        x=list(HOUSES),
        **line(lambda n: _weight(n, between, within)),
        mark="lines",
        xlabel=("houses", "observations", "n"),
        ylabel=("weight", "w"),
        rel=1e-2,
    )
    yield sds_for_variances(line(lambda n: n / (n + within / between)), credit=0.0, did=WEIGHT_OF_SDS)
    yield wrong(line(lambda n: 1 - _weight(n, between, within)), "weight of the centre", did=r"1 - w_j").says(
        "This curve falls: it is the weight of the centre. Draw the weight of the own mean."
    )
    yield sds_exchanged(line(lambda n: _weight(n, within, between)))


@practice("l02-practice-extremes", topic="small groups", revisit="02: When groups differ in size")
def practice_extremes():
    """Ask why the counties at both ends of the list are small ones."""
    yield Choice("d")
    yield wrong("a", "extremes of small groups are real").says("""That could explain one end of the list. But
        small counties stand at the other end as well, among the lowest means.""")
    yield wrong("b", "partial pooling makes the extremes").says("""The list holds plain means. Partial pooling
        had no hand in them.""")
    yield wrong("c", "extremes explained by the share of small groups").says("""Three counties in four have
        fewer than ten houses. Among twenty counties you would then expect about fifteen, not twenty.""")


@practice("l02-practice-ranks", topic="small groups", revisit="02: When groups differ in size")
def practice_ranks():
    """Ask what is wrong with a ranking of the counties."""
    yield Choice("b")
    yield wrong("a", "ranks should use the plain means").says("""The plain means would be worse: at the top
        would stand the counties with two houses and much luck.""")
    yield wrong("c", "ranks are as sure as the estimates look").says("""Partial pooling makes each estimate
        better on average. It does not say which of two near estimates is really the higher one.""")
    yield wrong("d", "large groups favoured").says("""A large county is pulled less, towards neither end. Its
        place is where its own houses put it, and that is no reason to leave it out.""")


@practice("l02-practice-both", topic="limits", revisit="02: Where the weights go")
def practice_both():
    """Ask what happens to the weights when both standard deviations double."""
    yield Choice("c")
    yield wrong("a", "more spread, less weight").says("""More spread within the zip codes lowers the weights.
        But here the spread between them grows as well. Put both into the formula.""")
    yield wrong("b", "more spread, more weight").says("""More spread between the zip codes raises the weights.
        But here the spread within them grows as well. Put both into the formula.""")
    yield wrong("d", "sizes act without the ratio").says("""The number of sales has not changed. Write the
        formula with k, and look at what happens to k.""")


@practice(
    "l02-practice-limits",
    topic="limits",
    revisit="02: Where the weights go",
    idea=LIMITS,
    hints=(
        "In one limit all counties get the same number, in the other each keeps its own. Which is which?",
        "If the counties don't differ, all 919 houses belong to one group. What is its mean?",
        'pd.DataFrame({"zero": radon["log_radon"].mean(), "infinity": county_means})',
    ),
)
def practice_limits(radon):
    """Ask where the counties' estimates go in the two limits."""
    (reml, _), (_, own) = fits(RADON, radon), _counties(radon)
    return _at_the_limits(
        radon["log_radon"].mean(), own, centre(reml), reml.coef["county"][ONE], group="county"
    )


@practice(
    "l02-practice-lecture",
    topic="the centre",
    revisit="02: The formula and the fit",
    idea=LECTURE,
    hints=(
        "First the nine weights, then the nine weighted averages. Both are one line with whole Series.",
        "weight_of(sizes, sd_between, sd_within) gives all nine weights at once.",
        "With all_weights for these: all_weights * means + (1 - all_weights) * mean_of_houses",
    ),
)
def practice_lecture(seattle):
    """Ask for the lecture's formula, for all zip codes."""
    reml, _ = fits(MODEL, seattle)
    between, within = sds(reml)
    n, own, houses = sizes(seattle), means(seattle), seattle["price"].mean()
    weight = _weight(n, between, within)
    yield ByGroup(_mixed(weight, own, houses), rel=2e-4, group=G, unit="dollars")
    yield wrong(
        _mixed(weight, own, centre(reml)), "fit for the lecture's formula", did=ESTIMATE
    ).says("""These are the estimates of the fit. They are pulled towards the fixed intercept. What stands in
        its place in the lecture's formula?""")
    yield wrong(own, "no pooling for partial pooling", did=r"\bar y_j").says(
        "These are the plain means, without any pull."
    )
    exchanged = r"(1 - w_j)\,\bar y_j + w_j\,\bar y_{all}"
    yield wrong(_mixed(1 - weight, own, houses), "weights exchanged", did=exchanged).says("""The two weights
        have changed places: here each zip code's own mean should count much more than the mean of all
        houses.""")
    yield sds_for_variances(_mixed(n / (n + within / between), own, houses), credit=0.0, did=WEIGHT_OF_SDS)


@practice(
    "l02-practice-centre",
    topic="the centre",
    revisit="02: The formula and the fit",
    idea=CENTRE,
    hints=(
        "The weights v are there. What remains is a weighted mean of the counties' own means.",
        "A weighted mean: the sum of weight times value, divided by the sum of the weights.",
        "(v_county * county_means).sum() / v_county.sum()",
    ),
)
def practice_centre(radon):
    """Ask for the centre of the counties, as a weighted mean of their means."""
    reml, _ = fits(RADON, radon)
    n, own = _counties(radon)
    between, within = _radon_sds(radon)
    yield Number(centre(reml), rel=2e-4)
    yield wrong(
        radon["log_radon"].mean(), "mean of houses for mean of zip codes", did=r"\bar y_{all}"
    ).says("""This is the mean of all houses: each county counts by its number of houses. That would be right
        if the counties did not differ.""")
    yield from _about_centre(own, n, between, within)
    total = (own / (between**2 + within**2 / n)).sum()
    yield wrong(total, "weighted sum for weighted mean", did=r"\sum_j v_j\,\bar y_j").says("""This is a
        weighted sum. To make it a mean, divide it by the sum of the weights.""")


@practice(
    "l02-practice-icc",
    topic="intraclass correlation",
    revisit="02: The intraclass correlation",
    idea=ICC,
    hints=(
        "First the fit. Its outcome is not the price.",
        'The formula of the model is "sqft_living ~ (1 | zipcode)". The share is made of variances.',
        'With lmer_area for the fit: lmer_area.icc()["zipcode"], or the formula with its two variances.',
    ),
)
def practice_icc(seattle):
    """Ask for the intraclass correlation of another outcome."""
    reml, _ = fits("sqft_living ~ (1 | zipcode)", seattle)
    yield Number(reml.icc()[G], rel=5e-3)
    yield wrong(fits(MODEL, seattle)[0].icc()[G], "wrong outcome").says("""This is the share for the prices.
        The question is about the living area.""")
    yield from _about_icc(*sds(reml))


@practice(
    "l02-practice-ratio",
    topic="REML and ML",
    revisit="02: REML and maximum likelihood",
    idea=r"\frac{\hat\sigma^2_{\alpha, ML}}{\hat\sigma^2_{\alpha, REML}}",
    hints=(
        "You need the standard deviation between zip codes of each fit. You have one of them: sd_between.",
        "A variance is the square of a standard deviation. Square both, then divide ML by REML.",
        'With sd_ml = lmer1_ml.varcorr["zipcode"].sd["(Intercept)"]: sd_ml**2 / sd_between**2',
    ),
)
def practice_ratio(seattle):
    """Ask for the ratio of the variances between zip codes, ML to REML."""
    reml, ml = fits(MODEL, seattle)
    ratio = sd_between(ml) / sd_between(reml)
    yield Number(ratio**2, rel=3e-4)
    of_sds = r"\frac{\hat\sigma_{\alpha, ML}}{\hat\sigma_{\alpha, REML}}"
    yield wrong(ratio, "standard deviations for variances", did=of_sds).says("""This is the ratio of the
        standard deviations. The question asks for the variances.""")
    upside_down = r"\frac{\hat\sigma^2_{\alpha, REML}}{\hat\sigma^2_{\alpha, ML}}"
    yield wrong(1 / ratio**2, "ratio upside down", did=upside_down).says("""The ratio is upside down: the
        question asks for ML divided by REML.""")
    yield wrong(8 / 9, "rule of thumb for the ratio", did=r"\frac{J - 1}{J}").says("""This is roughly what we
        expect. Compute the ratio from the two fits: with groups of different sizes it is a little
        different.""")
    residual = r"\frac{\hat\sigma^2_{y, ML}}{\hat\sigma^2_{y, REML}}"
    yield wrong(
        (ml.sigma / reml.sigma) ** 2, "residual for group standard deviation", within=1e-6, did=residual
    ).says("""This is about the houses within a zip code. The question asks about the variance between zip
        codes.""")


# Graded: the student's own zip codes ------------------------------------------------------------------


@question("l02-weights", topic="weights", revisit="02: Three zip codes by hand", idea=WEIGHT)
def weights(homes):
    """Ask for the weight of each zip code's own mean in the small sample."""
    small = small_sample(homes)
    between, within = sds(fits(MODEL, small)[0])
    all_sds, n = sds(fits(MODEL, homes)[0]), sizes(small)
    right = _weight(n, between, within)
    yield ByGroup(right, rel=2e-3, group=G)
    yield sds_for_variances(n / (n + within / between), did=WEIGHT_OF_SDS)
    yield half(
        1 - right, "weight of the centre", did=r"1 - w_j"
    ).says("""These are the weights of the centre. The question
        asks how much each zip code's own mean counts.""")
    yield sds_exchanged(_weight(n, within, between))
    yield wrong(_weight(1, between, within), "group size forgotten", did=OF_ONE_SALE).says("""You gave the
        same weight to every zip code: that of a single sale. The number of sales is missing.""")
    yield all_sales_for_sample(
        _weight(n, *all_sds), "The formula is right, but the standard deviations are those of"
    )
    yield all_sales_for_sample(_weight(sizes(homes), *all_sds), "These are the weights for")
    scaled, share = r"w_j / \sum_k w_k", r"n_j / \sum_k n_k"
    yield wrong(right / right.sum(), "weights scaled to add up to one", did=scaled).says("""You divided the
        weights by their sum. The weights of different zip codes don't add up to 1. What adds up to 1 is a zip
        code's own weight and the weight of the centre.""")
    yield wrong(n / n.sum(), "share of the sales", did=share).says("""This is each zip code's share of the
        sales. The weight compares the sales of one zip code with what the other zip codes tell, and needs the
        two standard deviations.""")
    yield wrong(n / within**2, "precision for weight", did=r"n_j / \sigma_y^2").says("""These are the
        precisions of the own means. To make each a weight, divide it by the sum of the two precisions.""")
    yield percent(right, did=r"100\,w_j")


@question("l02-estimates", topic="weights", revisit="02: Three zip codes by hand", idea=ESTIMATE)
def by_hand(homes):
    """Ask for the partial-pooling estimates in the small sample."""
    small = small_sample(homes)
    (reml, ml), full = fits(MODEL, small), fits(MODEL, homes)[0]
    n, own, middle, houses = sizes(small), means(small), centre(reml), small["price"].mean()
    between, within = sds(reml)
    weight = _weight(n, between, within)
    yield ByGroup(_mixed(weight, own, middle), rel=3e-4, group=G, unit="dollars")
    yield no_for_partial_pooling(own, centre="centre")
    yield half(_mixed(1 - weight, own, middle), "weights exchanged", did=EXCHANGED).says("""The two weights
        have changed places: the weight w belongs to the zip code's own mean, the rest to the centre.""")
    yield houses_for_centre(
        _mixed(weight, own, houses),
        "The weights are right, but you pulled the means towards the mean of all houses",
    )
    yield all_sales_for_sample(
        _mixed(weight, own, centre(full)), "The weights are right, but the centre is that of"
    )
    yield sds_for_variances(_mixed(n / (n + within / between), own, middle), did=WEIGHT_OF_SDS)
    yield wrong(
        weight * own, "centre left out", did=r"w_j\,\bar y_j"
    ).says("""These are the weighted own means alone. The centre,
        with the rest of the weight, is missing.""")
    yield ranef_for_coef(effects(reml), "centre")
    yield half(estimates(ml), "ML for REML").says("""These come from maximum likelihood, which makes the zip
        codes look more alike than they are and pulls too far. small_fit uses REML.""")
    yield all_sales_for_sample(estimates(full), "These are the estimates from", credit=0.0)


@question(
    "l02-sd-zipcode",
    topic="variance components",
    revisit="02: What varies between groups",
    idea=r"\hat\sigma_\alpha",
)
def sd_zipcode(homes):
    """Ask for the standard deviation between zip codes."""
    reml, ml = fits(MODEL, homes)
    sd = sd_between(reml)
    # statsmodels stops up to 0.36 % away, and rarely farther: see spread_of_nine.
    yield Number(sd, rel=max(4e-3, 1.1 * statsmodels_gap(homes)), unit="dollars")
    yield variance_for_sd(sd**2, "This is the variance of the zip-code effects", did=r"\hat\sigma_\alpha^2")
    by_ml = sd_between(ml)
    yield half(
        by_ml, "ML for REML", within=1e-3 * by_ml, did=r"\hat\sigma_{\alpha, ML}"
    ).says("""This is the maximum likelihood estimate. Maximum likelihood divides as if the mean of the
        zip codes were known, and makes them look too much alike.""")
    yield residual_for_group(reml.sigma)
    yield sample_for_all_sales(sd_between(fits(MODEL, small_sample(homes))[0]))
    yield se_for_sd(reml.se_fixef[ONE], "the zip codes", known="centre")
    yield from spread_of_nine(means(homes), estimates(reml))
    yield sd_of_all_prices(homes)


@question("l02-icc", topic="intraclass correlation", revisit="02: The intraclass correlation", idea=ICC)
def icc(homes):
    """Ask for the intraclass correlation of the prices."""
    reml, ml = fits(MODEL, homes)
    # An error of 0.4 % in a standard deviation moves the share by up to 0.8 % of 1 - ICC.
    yield Number(reml.icc()[G], rel=max(7e-3, 2.2 * statsmodels_gap(homes) * (1 - reml.icc()[G])))
    yield from _about_icc(*sds(reml))
    yield half(ml.icc()[G], "ML for REML").says("""This share comes from maximum likelihood, which makes the
        zip codes look too much alike. fit uses REML.""")
    yield sample_for_all_sales(fits(MODEL, small_sample(homes))[0].icc()[G])


@question(
    "l02-sales-needed",
    topic="weights",
    revisit="02: Two sources of information",
    idea=r"n = \frac{w}{1 - w}\,k, \quad k = \frac{\sigma_y^2}{\sigma_\alpha^2}",
)
def sales_needed(homes):
    """Ask how many sales a zip code needs for a weight of 0.95."""
    reml, ml = fits(MODEL, homes)
    between, within = sds(reml)
    by_ml = SHARE / (1 - SHARE) * (ml.sigma / sd_between(ml)) ** 2
    yield from _needed(SHARE, within**2 / between**2, within / between, unit="sales")
    yield ml_for_reml(by_ml, "This uses the standard deviations of maximum likelihood", "fit uses REML")


@question("l02-centre", topic="the centre", revisit="02: The formula and the fit", idea=CENTRE)
def weighted_centre(homes):
    """Ask for the centre of the small sample, as a weighted mean of the zip-code means."""
    small = small_sample(homes)
    reml, _ = fits(MODEL, small)
    between, within = sds(reml)
    # The weights of the means are nearly equal, so the centre hardly depends on them.
    yield Number(centre(reml), rel=2e-4, unit="dollars")
    yield wrong(
        small["price"].mean(), "mean of houses for mean of zip codes", did=r"\bar y_{all}"
    ).says("""This is the mean of all houses: each zip code counts by its number of sales. That would be right
        if the zip codes did not differ.""")
    yield from _about_centre(means(small), sizes(small), between, within, credit=0.5)
    yield all_sales_for_sample(centre(fits(MODEL, homes)[0]), "This is the centre of", credit=0.0)
    yield thousands(centre(reml))


@question("l02-direction", topic="the centre", revisit="02: The formula and the fit")
def direction(homes):
    """Ask on which side the lecture's formula lies, and why."""
    small = small_sample(homes)
    right, other = "ab" if small["price"].mean() > centre(fits(MODEL, small)[0]) else "ba"
    yield Choice(right)
    yield wrong(other, "direction of the difference").says("""All estimates are shifted to the same side, that
        is right, but look once more at which side: towards which point does each formula pull?""")
    yield wrong("c", "the two formulas are the same").says("""The weights are the same in both formulas. The
        point towards which they pull is not.""")
    yield wrong("d", "less shrinkage for a shift").says("""This is what less pooling would look like. Both
        formulas have the same weights, so they pool as much. Only the point towards which they pull
        differs.""")


@question("l02-limits", topic="limits", revisit="02: Where the weights go", idea=LIMITS)
def limits(homes):
    """Ask where the estimates go in the two limits of the standard deviation between zip codes."""
    small = small_sample(homes)
    reml, _ = fits(MODEL, small)
    own, houses = means(small), small["price"].mean()
    return _at_the_limits(houses, own, centre(reml), estimates(reml), group=G, credit=0.5, unit="dollars")


@question(
    "l02-reml-ml",
    topic="REML and ML",
    revisit="02: REML and maximum likelihood",
    idea=r"\hat\sigma_\alpha, \ \hat\sigma_y \ \text{by REML and by ML}",
)
def reml_and_ml(homes):
    """Ask for the standard deviations by REML and by maximum likelihood."""
    reml, ml = map(sds, fits(MODEL, homes))
    right, shrunk = _by_method(reml, ml), (8 / 9) ** 0.5
    both_shrunk = _by_method(reml, (shrunk * reml[0], shrunk * reml[1]))
    yield Table(right, rel=4e-3, unit="dollars", group="standard deviation")
    yield half(_by_method(reml, reml), "REML twice").says("""Both columns hold the REML estimates. For the
        other one, lmer needs an argument.""")
    yield half(_by_method(ml, reml), "REML and ML exchanged").says("""The two columns have changed places.
        Which of the two makes the zip codes look more alike?""")
    yield half(_by_method(reml[::-1], ml[::-1]), "rows exchanged").says("""The two rows have changed places:
        the row zipcode is for the differences between zip codes, the row Residual for the differences
        within.""")
    yield variance_for_sd(right**2, did=r"\hat\sigma_\alpha^2, \ \hat\sigma_y^2")
    scaled = r"\sqrt{\frac{J - 1}{J}}\,\hat\sigma_\alpha, \ \sqrt{\frac{J - 1}{J}}\,\hat\sigma_y"
    yield wrong(both_shrunk, "both standard deviations scaled", did=scaled).says("""You multiplied both
        standard deviations by the same factor. The bias comes from the small number of groups. How many
        houses are there for the other one?""")
    yield sample_for_all_sales(
        _by_method(*map(sds, fits(MODEL, small_sample(homes)))), "These come from the fits to"
    )


@question("l02-curve", topic="weights", revisit="02: When groups differ in size", idea=WEIGHT)
def curve(homes):
    """Ask for a figure: the weight against the number of sales."""
    (between, within), by_ml = map(sds, fits(MODEL, homes))
    of_small = sds(fits(MODEL, small_sample(homes))[0])

    def line(weight):
        return {"y": [weight(n) for n in SALES]}

    yield Figure(
        x=list(SALES),
        **line(lambda n: _weight(n, between, within)),
        mark="lines",
        xlabel=("sales", "houses", "observations", "n"),
        ylabel=("weight", "w"),
        rel=1e-2,
    )
    yield sds_for_variances(line(lambda n: n / (n + within / between)), did=WEIGHT_OF_SDS)
    yield half(line(lambda n: 1 - _weight(n, between, within)), "weight of the centre", did=r"1 - w_j").says(
        "This curve falls: it is the weight of the centre. Draw the weight of the own mean."
    )
    yield sds_exchanged(line(lambda n: _weight(n, within, between)))
    yield sample_for_all_sales(
        line(lambda n: _weight(n, *of_small)), "This curve uses the standard deviations of"
    )
    yield half(line(lambda n: _weight(n, *by_ml)), "ML for REML").says("""This curve uses the standard
        deviations of maximum likelihood. fit uses REML.""")


# Asked in practice and again for a grade ----------------------------------------------------------------


def _counties(radon):
    """Count the houses of each county, and take their mean."""
    groups = radon.groupby("county", observed=True)["log_radon"]
    return groups.size(), groups.mean()


def _radon_sds(radon):
    """Take the standard deviations between and within counties."""
    reml, _ = fits(RADON, radon)
    return reml.varcorr["county"].sd[ONE], reml.sigma


def _needed(share, ratio, of_sds, unit):
    """Ask for the size of a group whose own mean has the weight `share`; `ratio` is k."""
    odds = share / (1 - share)
    yield Number(odds * ratio, rel=1e-2, unit=unit, round_up=True)
    yield sds_for_variances(odds * of_sds, did=r"\frac{w}{1 - w} \cdot \frac{\sigma_y}{\sigma_\alpha}")
    yield wrong(
        odds / ratio, "standard deviations exchanged", did=r"\frac{w}{1 - w} \cdot \frac{1}{k}"
    ).says("""The ratio of the two variances is upside down. The more houses differ within a group, the more
        of them are needed.""")
    yield wrong(ratio, "weight of one half", did="k").says("""This is k, the size of a group with a weight of
        one half: the own mean and the centre then count the same. The question asks for more.""")
    yield wrong(share * ratio, "weight times k", did=r"w\,k").says("""You multiplied k by the weight. Put the
        weight into w = n / (n + k) and solve for n.""")
    yield half(ratio / (1 - share), "odds mixed up", did=r"\frac{k}{1 - w}").says("""You divided k by one
        minus the weight. Solve w = n / (n + k) for n once more: the weight itself appears in the result
        too.""")
    yield wrong(ratio / odds, "weight of the centre", did=r"\frac{1 - w}{w}\,k").says("""With a group of
        this size the centre has the large weight, and the own mean the small one.""")


def _about_centre(own, n, between, within, credit=0.0):
    """List what is computed instead of the weighted mean of the groups' means."""
    of_mean, of_sds = between**2 + within**2 / n, between + within / n**0.5
    yield Unsaid(own.mean(), "plain mean of the means", credit, did=r"\frac{1}{J} \sum_j \bar y_j").says(
        f"""This counts each group the same. But the mean of a group with {n.max()} observations is more
        certain than that of one with {n.min()}, and counts more."""
    )
    yield wrong(
        (of_mean * own).sum() / of_mean.sum(),
        "variances for precisions",
        did=r"v_j = \sigma_\alpha^2 + \sigma_y^2 / n_j",
    ).says("""You weighted by the variances themselves, so the least certain mean counts most. Weight by one
        divided by the variance.""")
    yield Unsaid(
        (own / of_sds).sum() / (1 / of_sds).sum(),
        "standard deviations for variances",
        credit,
        did=r"v_j = \frac{1}{\sigma_\alpha + \sigma_y / \sqrt{n_j}}",
    ).says("You added standard deviations. Variances can be added, standard deviations can't.")


def _at_the_limits(houses, own, middle, estimated, *, group, credit=0.0, unit=""):
    """Ask for the estimates in the two limits: the mean of all houses, and the groups' own means."""
    yield Table(_limits(houses, own), rel=1e-3, unit=unit, group=group)
    yield Unsaid(_limits(own, houses), "limits exchanged", credit).says("""The two limits have changed places.
        If the groups hardly differ, should each keep its own mean?""")
    yield Unsaid(
        _limits(middle, own), "centre held fixed", credit, did=r"\sigma_\alpha \to 0: \ \hat\mu_\alpha"
    ).says("""The column infinity is right. In the other column you kept the centre of the fit. The centre is
        estimated again: if the groups don't differ, all houses belong to one group.""")
    plain = r"\sigma_\alpha \to 0: \ \frac{1}{J} \sum_j \bar y_j"
    yield Unsaid(_limits(own.mean(), own), "plain mean of the means", credit, did=plain).says("""The column
        infinity is right. In the other column you took the plain mean of the groups' means. If the groups
        don't differ, why should the houses of a small one count more?""")
    yield Unsaid(
        _limits(0.0, own),
        "effects for estimates",
        credit,
        did=r"\sigma_\alpha \to 0: \ \alpha_j - \mu_\alpha \to 0",
    ).says("""The column infinity is right. In the other column the random effects go to 0, but the question
        asks for the estimates: where are the groups when their effects are 0?""")
    yield Unsaid(
        _limits(houses, estimated),
        "partial pooling for a limit",
        credit,
        did=r"\sigma_\alpha \to \infty: \ w_j\,\bar y_j + (1 - w_j)\,\hat\mu_\alpha",
    ).says("""The column zero is right. The other column holds the estimates of the fit, which are still
        pulled towards the centre. In the limit nothing pulls.""")
    yield wrong(
        _limits(0.0, 1.0, index=own.index), "weights for estimates", did=r"w_j \to 0, \quad w_j \to 1"
    ).says("""These are the limits of the weights. The question asks where the estimates go.""")


def _limits(zero, infinity, index=None):
    return pd.DataFrame({"zero": zero, "infinity": infinity}, index=index)


def _by_method(reml, ml):
    return pd.DataFrame({"REML": reml, "ML": ml}, index=[G, "Residual"])


def _about_icc(between, within):
    share = between**2 / (between**2 + within**2)
    of_sds = r"\frac{\sigma_\alpha}{\sigma_\alpha + \sigma_y}"
    yield sds_for_variances(
        between / (between + within), wants="A share of variance needs their squares", did=of_sds
    )
    of_within = r"\frac{\sigma_y^2}{\sigma_\alpha^2 + \sigma_y^2}"
    yield half(1 - share, "share within groups", did=of_within).says("""This is the share that lies within the
        zip codes. The question asks for the share between them.""")
    of_both = r"\frac{\sigma_\alpha^2}{\sigma_y^2}"
    yield half(between**2 / within**2, "ratio for share", did=of_both).says("""This is one variance divided by
        the other. A share divides by the total variance.""")
    yield wrong(share**0.5, "square root of the share", did=rf"\sqrt{{{ICC}}}").says("""This is the square
        root of the share. A share of variance is not squared or rooted again.""")
    yield percent(share, did=r"100 \times \text{ICC}")
