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
from grader.bank.builders.mistake import half, wrong
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
from grader.bank.reference_fits import fits

MODEL = "price ~ (1 | zipcode)"
PLACE = "98024"  # the zip code of the practice questions
SHARE = 0.95  # the weight that l02-sales-needed asks for
SALES = range(1, 41)  # the horizontal axis of l02-curve


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


# Practice: the lecture's data, answered at once -------------------------------------------------------


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
    hints=(
        "Compute the two precisions, 81 / sd_within**2 and 1 / sd_between**2. The weight is the first "
        "divided by their sum.",
    ),
)
def practice_weight(seattle):
    """Ask for the weight of one zip code."""
    between, within = sds(fits(MODEL, seattle)[0])
    n = sizes(seattle)[PLACE]
    right = _weight(n, between, within)
    yield Number(right, rel=2e-4)
    yield sds_for_variances(n / (n + within / between), credit=0.0)
    yield wrong(1 - right, "weight of the centre").says("""This is the weight of the centre. The question asks
        for the weight of the zip code's own mean.""")
    yield wrong(_weight(1, between, within), "group size forgotten").says("""This is the weight of a single
        sale. The precision of a mean also depends on the number of sales.""")
    yield sds_exchanged(_weight(n, within, between))
    yield wrong(n / within**2, "precision for weight").says("""This is the precision of the own mean. To make
        it a weight, divide it by the sum of the two precisions.""")
    yield percent(right, credit=0.0)


@practice(
    "l02-practice-estimate",
    topic="weights",
    revisit="02: Three zip codes by hand",
    hints=("weight * own mean + (1 - weight) * centre.",),
)
def practice_estimate(seattle):
    """Ask for the partial-pooling estimate of one zip code."""
    reml, _ = fits(MODEL, seattle)
    weight = _weight(sizes(seattle)[PLACE], *sds(reml))
    own, middle, houses = means(seattle)[PLACE], centre(reml), seattle["price"].mean()
    yield Number(_mixed(weight, own, middle), rel=2e-4, unit="dollars")
    yield wrong(own, "no pooling for partial pooling").says("""This is the plain mean of its sales. The centre
        has a small weight too.""")
    yield houses_for_centre(_mixed(weight, own, houses), credit=0.0)
    yield wrong(_mixed(1 - weight, own, middle), "weights exchanged").says("""The two weights have changed
        places: with 81 sales the zip code's own mean counts more than the centre.""")
    yield wrong(weight * own, "centre left out").says("""This is the weighted own mean alone. The centre, with
        the rest of the weight, is missing.""")
    yield wrong((own + middle) / 2, "halfway").says("""This lies halfway between the own mean and the centre.
        Use the weights that you computed.""")


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
    "l02-practice-lecture",
    topic="the centre",
    revisit="02: The formula and the fit",
    hints=("weight_of(sizes, sd_between, sd_within) gives all nine weights at once.",),
)
def practice_lecture(seattle):
    """Ask for the lecture's formula, for all zip codes."""
    reml, _ = fits(MODEL, seattle)
    between, within = sds(reml)
    n, own, houses = sizes(seattle), means(seattle), seattle["price"].mean()
    weight = _weight(n, between, within)
    yield ByGroup(_mixed(weight, own, houses), rel=2e-4, group=G, unit="dollars")
    yield wrong(_mixed(weight, own, centre(reml)), "fit for the lecture's formula").says("""These are the
        estimates of the fit. They are pulled towards the fixed intercept. What stands in its place in the
        lecture's formula?""")
    yield wrong(own, "no pooling for partial pooling").says("These are the plain means, without any pull.")
    yield wrong(_mixed(1 - weight, own, houses), "weights exchanged").says("""The two weights have changed
        places: here each zip code's own mean should count much more than the mean of all houses.""")
    yield sds_for_variances(_mixed(n / (n + within / between), own, houses), credit=0.0)


@practice(
    "l02-practice-icc",
    topic="intraclass correlation",
    revisit="02: The intraclass correlation",
    hints=('The formula of the model is "sqft_living ~ (1 | zipcode)".',),
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
    hints=("A variance is the square of a standard deviation.",),
)
def practice_ratio(seattle):
    """Ask for the ratio of the variances between zip codes, ML to REML."""
    reml, ml = fits(MODEL, seattle)
    ratio = sd_between(ml) / sd_between(reml)
    yield Number(ratio**2, rel=3e-4)
    yield wrong(ratio, "standard deviations for variances").says("""This is the ratio of the standard
        deviations. The question asks for the variances.""")
    yield wrong(1 / ratio**2, "ratio upside down").says("""The ratio is upside down: the question asks for ML
        divided by REML.""")
    yield wrong(8 / 9, "rule of thumb for the ratio").says("""This is roughly what we expect. Compute the
        ratio from the two fits: with groups of different sizes it is a little different.""")
    yield wrong(
        (ml.sigma / reml.sigma) ** 2, "residual for group standard deviation", within=1e-6
    ).says("""This is about the houses within a zip code. The question asks about the variance between zip
        codes.""")


# Graded: the student's own zip codes ------------------------------------------------------------------


@question("l02-weights", topic="weights", revisit="02: Three zip codes by hand")
def weights(homes):
    """Ask for the weight of each zip code's own mean in the small sample."""
    small = small_sample(homes)
    between, within = sds(fits(MODEL, small)[0])
    all_sds, n = sds(fits(MODEL, homes)[0]), sizes(small)
    right = _weight(n, between, within)
    yield ByGroup(right, rel=2e-3, group=G)
    yield sds_for_variances(n / (n + within / between))
    yield half(1 - right, "weight of the centre").says("""These are the weights of the centre. The question
        asks how much each zip code's own mean counts.""")
    yield sds_exchanged(_weight(n, within, between))
    yield wrong(_weight(1, between, within), "group size forgotten").says("""You gave the same weight to every
        zip code: that of a single sale. The number of sales is missing.""")
    yield all_sales_for_sample(
        _weight(n, *all_sds), "The formula is right, but the standard deviations are those of"
    )
    yield all_sales_for_sample(_weight(sizes(homes), *all_sds), "These are the weights for")
    yield wrong(right / right.sum(), "weights scaled to add up to one").says("""You divided the weights by
        their sum. The weights of different zip codes don't add up to 1. What adds up to 1 is a zip code's own
        weight and the weight of the centre.""")
    yield wrong(n / n.sum(), "share of the sales").says("""This is each zip code's share of the sales. The
        weight compares the sales of one zip code with what the other zip codes tell, and needs the two
        standard deviations.""")
    yield wrong(n / within**2, "precision for weight").says("""These are the precisions of the own means. To
        make each a weight, divide it by the sum of the two precisions.""")
    yield percent(right)


@question("l02-estimates", topic="weights", revisit="02: Three zip codes by hand")
def by_hand(homes):
    """Ask for the partial-pooling estimates in the small sample."""
    small = small_sample(homes)
    (reml, ml), full = fits(MODEL, small), fits(MODEL, homes)[0]
    n, own, middle, houses = sizes(small), means(small), centre(reml), small["price"].mean()
    between, within = sds(reml)
    weight = _weight(n, between, within)
    yield ByGroup(_mixed(weight, own, middle), rel=3e-4, group=G, unit="dollars")
    yield no_for_partial_pooling(own, centre="centre")
    yield half(_mixed(1 - weight, own, middle), "weights exchanged").says("""The two weights have changed
        places: the weight w belongs to the zip code's own mean, the rest to the centre.""")
    yield houses_for_centre(
        _mixed(weight, own, houses),
        "The weights are right, but you pulled the means towards the mean of all houses",
    )
    yield all_sales_for_sample(
        _mixed(weight, own, centre(full)), "The weights are right, but the centre is that of"
    )
    yield sds_for_variances(_mixed(n / (n + within / between), own, middle))
    yield wrong(weight * own, "centre left out").says("""These are the weighted own means alone. The centre,
        with the rest of the weight, is missing.""")
    yield ranef_for_coef(effects(reml), "centre")
    yield half(estimates(ml), "ML for REML").says("""These come from maximum likelihood, which makes the zip
        codes look more alike than they are and pulls too far. small_fit uses REML.""")
    yield all_sales_for_sample(estimates(full), "These are the estimates from", credit=0.0)


@question("l02-sd-zipcode", topic="variance components", revisit="02: What varies between groups")
def sd_zipcode(homes):
    """Ask for the standard deviation between zip codes."""
    reml, ml = fits(MODEL, homes)
    sd = sd_between(reml)
    # statsmodels stops up to 0.36 % away: see spread_of_nine.
    yield Number(sd, rel=4e-3, unit="dollars")
    yield variance_for_sd(sd**2, "This is the variance of the zip-code effects")
    by_ml = sd_between(ml)
    yield half(
        by_ml, "ML for REML", within=1e-3 * by_ml
    ).says("""This is the maximum likelihood estimate. Maximum likelihood divides as if the mean of the
        zip codes were known, and makes them look too much alike.""")
    yield residual_for_group(reml.sigma)
    yield sample_for_all_sales(sd_between(fits(MODEL, small_sample(homes))[0]))
    yield se_for_sd(reml.se_fixef[ONE], "the zip codes", known="centre")
    yield from spread_of_nine(means(homes), estimates(reml))
    yield sd_of_all_prices(homes)


@question("l02-icc", topic="intraclass correlation", revisit="02: The intraclass correlation")
def icc(homes):
    """Ask for the intraclass correlation of the prices."""
    reml, ml = fits(MODEL, homes)
    # An error of 0.4 % in a standard deviation moves the share by up to 0.8 % of 1 - ICC.
    yield Number(reml.icc()[G], rel=7e-3)
    yield from _about_icc(*sds(reml))
    yield half(ml.icc()[G], "ML for REML").says("""This share comes from maximum likelihood, which makes the
        zip codes look too much alike. fit uses REML.""")
    yield sample_for_all_sales(fits(MODEL, small_sample(homes))[0].icc()[G])


@question("l02-sales-needed", topic="weights", revisit="02: Two sources of information")
def sales_needed(homes):
    """Ask how many sales a zip code needs for a weight of 0.95."""
    reml, ml = fits(MODEL, homes)
    between, within = sds(reml)
    ratio, odds = within**2 / between**2, SHARE / (1 - SHARE)
    by_ml = odds * (ml.sigma / sd_between(ml)) ** 2
    yield Number(odds * ratio, rel=1e-2, unit="sales", round_up=True)
    yield sds_for_variances(odds * within / between)
    yield wrong(odds / ratio, "standard deviations exchanged").says("""The ratio of the two variances is
        upside down. The more houses differ within a zip code, the more sales are needed.""")
    yield wrong(ratio, "weight of one half").says("""This is k, the number of sales for a weight of one half:
        the own mean and the centre then count the same. The question asks for more.""")
    yield wrong(SHARE * ratio, "weight times k").says("""You multiplied k by the weight. Put the weight into w
        = n / (n + k) and solve for n.""")
    yield half(ratio / (1 - SHARE), "odds mixed up").says("""You divided k by one minus the weight. Solve w =
        n / (n + k) for n once more: the weight itself appears in the result too.""")
    yield wrong((1 - SHARE) / SHARE * ratio, "weight of the centre").says("""With this number of sales the
        centre has the large weight, and the own mean the small one.""")
    yield ml_for_reml(by_ml, "This uses the standard deviations of maximum likelihood", "fit uses REML")


@question("l02-centre", topic="the centre", revisit="02: The formula and the fit")
def weighted_centre(homes):
    """Ask for the centre of the small sample, as a weighted mean of the zip-code means."""
    small = small_sample(homes)
    reml, _ = fits(MODEL, small)
    between, within = sds(reml)
    n, own = sizes(small), means(small)
    of_mean, of_sds = between**2 + within**2 / n, between + within / n**0.5
    # The weights of the means are nearly equal, so the centre hardly depends on them.
    yield Number(centre(reml), rel=2e-4, unit="dollars")
    yield wrong(small["price"].mean(), "mean of houses for mean of zip codes").says("""This is the mean of all
        houses: each zip code counts by its number of sales. That would be right if the zip codes did not
        differ.""")
    yield half(own.mean(), "plain mean of the means").says("""This counts each zip code the same. But a mean
        of four sales is less certain than a mean of thirty-six, and counts a little less.""")
    yield wrong((of_mean * own).sum() / of_mean.sum(), "variances for precisions").says("""You weighted by the
        variances themselves, so the least certain mean counts most. Weight by one divided by the
        variance.""")
    yield half((own / of_sds).sum() / (1 / of_sds).sum(), "standard deviations for variances").says("""You
        added standard deviations. Variances can be added, standard deviations can't.""")
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


@question("l02-limits", topic="limits", revisit="02: Where the weights go")
def limits(homes):
    """Ask where the estimates go in the two limits of the standard deviation between zip codes."""
    small = small_sample(homes)
    reml, _ = fits(MODEL, small)
    own, houses = means(small), small["price"].mean()
    yield Table(_limits(houses, own), rel=1e-3, unit="dollars", group=G)
    yield half(_limits(own, houses), "limits exchanged").says("""The two limits have changed places. If the
        zip codes hardly differ, should each keep its own mean?""")
    yield half(_limits(centre(reml), own), "centre held fixed").says("""The column infinity is right. In the
        other column you kept the centre of small_fit. The centre is estimated again: if the zip codes don't
        differ, all houses belong to one group.""")
    yield half(_limits(own.mean(), own), "plain mean of the means").says("""The column infinity is right. In
        the other column you took the plain mean of the nine means. If the zip codes don't differ, why should
        the houses of a small one count more?""")
    yield half(_limits(0.0, own), "effects for estimates").says("""The column infinity is right. In the other
        column the random effects go to 0, but the question asks for the estimates: where are the zip codes
        when their effects are 0?""")
    yield half(_limits(houses, estimates(reml)), "partial pooling for a limit").says("""The column zero is
        right. The other column holds the estimates of small_fit, which are still pulled towards the centre.
        In the limit nothing pulls.""")
    yield wrong(_limits(0.0, 1.0, index=own.index), "weights for estimates").says("""These are the limits of
        the weights. The question asks where the estimates go, in dollars.""")


@question("l02-reml-ml", topic="REML and ML", revisit="02: REML and maximum likelihood")
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
    yield variance_for_sd(right**2)
    yield wrong(both_shrunk, "both standard deviations scaled").says("""You multiplied both standard
        deviations by the same factor. The bias comes from the small number of groups. How many houses are
        there for the other one?""")
    yield sample_for_all_sales(
        _by_method(*map(sds, fits(MODEL, small_sample(homes)))), "These come from the fits to"
    )


@question("l02-curve", topic="weights", revisit="02: When groups differ in size")
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
    yield sds_for_variances(line(lambda n: n / (n + within / between)))
    yield half(line(lambda n: 1 - _weight(n, between, within)), "weight of the centre").says("""This curve
        falls: it is the weight of the centre. Draw the weight of the own mean.""")
    yield sds_exchanged(line(lambda n: _weight(n, within, between)))
    yield sample_for_all_sales(
        line(lambda n: _weight(n, *of_small)), "This curve uses the standard deviations of"
    )
    yield half(line(lambda n: _weight(n, *by_ml)), "ML for REML").says("""This curve uses the standard
        deviations of maximum likelihood. fit uses REML.""")


# What several questions share -------------------------------------------------------------------------


def _limits(zero, infinity, index=None):
    return pd.DataFrame({"zero": zero, "infinity": infinity}, index=index)


def _by_method(reml, ml):
    return pd.DataFrame({"REML": reml, "ML": ml}, index=[G, "Residual"])


def _about_icc(between, within):
    share = between**2 / (between**2 + within**2)
    yield sds_for_variances(between / (between + within), wants="A share of variance needs their squares")
    yield half(1 - share, "share within groups").says("""This is the share that lies within the zip codes. The
        question asks for the share between them.""")
    yield half(between**2 / within**2, "ratio for share").says("""This is one variance divided by the other. A
        share divides by the total variance.""")
    yield wrong(share**0.5, "square root of the share").says("""This is the square root of the share. A share
        of variance is not squared or rooted again.""")
    yield percent(share)
