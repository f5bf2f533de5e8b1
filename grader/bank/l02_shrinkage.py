"""Questions of lesson 02: shrinkage.

The graded questions use two sets of sales: all of the student's homes, and a small sample with 4 to 36 of
them in each zip code, where the weights are far enough from 1 to tell one formula from another.
Tolerances are wider than the difference between lmer, statsmodels and a hand formula. For all homes
statsmodels stops up to 0.4 % away in the standard deviation between zip codes; for the sample 40 students'
fits agreed within 0.02 %.
"""

import pandas as pd

from grader.bank import ByGroup, Choice, Figure, Mistake, Number, Table, practice, question
from grader.bank.mistakes import spread_of_plain_means
from grader.bank.reference_fits import fits

MODEL = "price ~ (1 | zipcode)"
G = "zipcode"
ONE = "98024"  # the zip code of the practice questions
SHARE = 0.95  # the weight that l02-sales-needed asks for
SALES = range(1, 41)  # the horizontal axis of l02-curve


def small_sample(sales):
    """Keep the first 4 sales of the first zip code, 8 of the second, …, 36 of the ninth.

    As `uneven_sample` in the lesson. With fewer sales some students' fits would be singular; with these, none
    of the 8,192 sets of zip codes gives one.
    """
    groups = sales.groupby(G, observed=True)
    return pd.concat([rows.head(4 * place) for place, (_, rows) in enumerate(groups, start=1)])


def _sizes(sales):
    return _prices(sales).size()


def _means(sales):
    return _prices(sales).mean()


def _prices(sales):
    return sales.groupby(G, observed=True)["price"]


def _sds(fit):
    """Return the standard deviations between and within zip codes."""
    return fit.varcorr[G].sd["(Intercept)"], fit.sigma


def _centre(fit):
    return fit.fixef["(Intercept)"]


def _weight(n, between, within):
    """Weight of the own mean of a group with n sales (Gelman and Hill 2007, equation 12.1)."""
    return n / (n + within**2 / between**2)


def _mixed(weight, own, centre):
    return weight * own + (1 - weight) * centre


# Practice: the lecture's data, answered at once -------------------------------------------------------


@practice("l02-practice-spread", topic="variance components", revisit="02: What varies between groups")
def practice_spread():
    """Ask why plain means vary more than the true means."""
    return Choice(
        "b",
        mistakes=[
            Mistake(
                "a",
                name="spread of means explained by group sizes",
                says="Within one zip code each house counts the same, and that is right for its mean. The "
                "question is what else, besides the true mean, is in the mean of a few dozen prices.",
            ),
            Mistake(
                "c",
                name="lmer makes zip codes equal",
                says="Estimates of partial pooling lie closer together, but not at one place. And the "
                "question is about the plain means, which lmer doesn't touch.",
            ),
            Mistake(
                "d",
                name="standard deviation always too large",
                says="With n − 1 the variance of nine numbers is right on average. The nine numbers "
                "themselves are not the true means: think of what separates the two.",
            ),
        ],
    )


@practice(
    "l02-practice-weight",
    topic="weights",
    revisit="02: Three zip codes by hand",
    hint="Compute the two precisions, 81 / sd_within**2 and 1 / sd_between**2. The weight is the first "
    "divided by their sum.",
)
def practice_weight(seattle):
    """Ask for the weight of one zip code."""
    between, within = _sds(fits(MODEL, seattle)[0])
    n = _sizes(seattle)[ONE]
    right = _weight(n, between, within)
    return Number(
        right,
        rel=2e-4,
        mistakes=[
            Mistake(
                n / (n + within / between),
                name="standard deviations for variances",
                says="You used the standard deviations. The formula wants their squares, the variances.",
            ),
            Mistake(
                1 - right,
                name="weight of the centre",
                says="This is the weight of the centre. The question asks for the weight of the zip code's "
                "own mean.",
            ),
            Mistake(
                _weight(1, between, within),
                name="group size forgotten",
                says="This is the weight of a single sale. The precision of a mean also depends on the "
                "number of sales.",
            ),
            Mistake(
                _weight(n, within, between),
                name="standard deviations exchanged",
                says="The two standard deviations have changed places: the number of sales belongs to the "
                "one within zip codes.",
            ),
            Mistake(
                n / within**2,
                name="precision for weight",
                says="This is the precision of the own mean. To make it a weight, divide it by the sum of "
                "the two precisions.",
            ),
            Mistake(
                100 * right,
                name="percent for share",
                says="This is in percent. The question asks for a number between 0 and 1.",
            ),
        ],
    )


@practice(
    "l02-practice-estimate",
    topic="weights",
    revisit="02: Three zip codes by hand",
    hint="weight * own mean + (1 - weight) * centre.",
)
def practice_estimate(seattle):
    """Ask for the partial-pooling estimate of one zip code."""
    reml, _ = fits(MODEL, seattle)
    weight = _weight(_sizes(seattle)[ONE], *_sds(reml))
    own, centre = _means(seattle)[ONE], _centre(reml)
    return Number(
        _mixed(weight, own, centre),
        rel=2e-4,
        unit="dollars",
        mistakes=[
            Mistake(
                own,
                name="no pooling for partial pooling",
                says="This is the plain mean of its sales. The centre has a small weight too.",
            ),
            Mistake(
                _mixed(weight, own, seattle["price"].mean()),
                name="mean of houses for the centre",
                says="You pulled the mean towards the mean of all houses. The fit pulls towards the mean "
                "of the zip codes.",
            ),
            Mistake(
                _mixed(1 - weight, own, centre),
                name="weights exchanged",
                says="The two weights have changed places: with 81 sales the zip code's own mean counts "
                "more than the centre.",
            ),
            Mistake(
                weight * own,
                name="centre left out",
                says="This is the weighted own mean alone. The centre, with the rest of the weight, is "
                "missing.",
            ),
            Mistake(
                (own + centre) / 2,
                name="halfway",
                says="This lies halfway between the own mean and the centre. Use the weights that you "
                "computed.",
            ),
        ],
    )


@practice("l02-practice-both", topic="limits", revisit="02: Where the weights go")
def practice_both():
    """Ask what happens to the weights when both standard deviations double."""
    return Choice(
        "c",
        mistakes=[
            Mistake(
                "a",
                name="more spread, less weight",
                says="More spread within the zip codes lowers the weights. But here the spread between "
                "them grows as well. Put both into the formula.",
            ),
            Mistake(
                "b",
                name="more spread, more weight",
                says="More spread between the zip codes raises the weights. But here the spread within "
                "them grows as well. Put both into the formula.",
            ),
            Mistake(
                "d",
                name="sizes act without the ratio",
                says="The number of sales has not changed. Write the formula with k, and look at what "
                "becomes of k.",
            ),
        ],
    )


@practice(
    "l02-practice-lecture",
    topic="the centre",
    revisit="02: The formula and the fit",
    hint="weight_of(sizes, sd_between, sd_within) gives all nine weights at once.",
)
def practice_lecture(seattle):
    """Ask for the lecture's formula, for all zip codes."""
    reml, _ = fits(MODEL, seattle)
    weight, means, houses = _weight(_sizes(seattle), *_sds(reml)), _means(seattle), seattle["price"].mean()
    between, within = _sds(reml)
    return ByGroup(
        _mixed(weight, means, houses),
        rel=2e-4,
        group=G,
        unit="dollars",
        mistakes=[
            Mistake(
                _mixed(weight, means, _centre(reml)),
                name="fit for the lecture's formula",
                says="These are the estimates of the fit. They are pulled towards the fixed intercept. "
                "What stands in its place in the lecture's formula?",
            ),
            Mistake(
                means,
                name="no pooling for partial pooling",
                says="These are the plain means, without any pull.",
            ),
            Mistake(
                _mixed(1 - weight, means, houses),
                name="weights exchanged",
                says="The two weights have changed places: here each zip code's own mean should count much "
                "more than the mean of all houses.",
            ),
            Mistake(
                _mixed(_sizes(seattle) / (_sizes(seattle) + within / between), means, houses),
                name="standard deviations for variances",
                says="You used the standard deviations. The formula wants their squares, the variances.",
            ),
        ],
    )


@practice(
    "l02-practice-icc",
    topic="intraclass correlation",
    revisit="02: The intraclass correlation",
    hint='The formula of the model is "sqft_living ~ (1 | zipcode)".',
)
def practice_icc(seattle):
    """Ask for the intraclass correlation of another outcome."""
    reml, _ = fits("sqft_living ~ (1 | zipcode)", seattle)
    price, _ = fits(MODEL, seattle)
    return Number(
        reml.icc()[G],
        rel=5e-3,
        mistakes=[
            Mistake(
                price.icc()[G],
                name="wrong outcome",
                says="This is the share for the prices. The question is about the living area.",
            ),
            *_mistakes_about_icc(*_sds(reml)),
        ],
    )


@practice(
    "l02-practice-ratio",
    topic="REML and ML",
    revisit="02: REML and maximum likelihood",
    hint="A variance is the square of a standard deviation.",
)
def practice_ratio(seattle):
    """Ask for the ratio of the variances between zip codes, ML to REML."""
    reml, ml = fits(MODEL, seattle)
    ratio = _sds(ml)[0] / _sds(reml)[0]
    return Number(
        ratio**2,
        rel=3e-4,
        mistakes=[
            Mistake(
                ratio,
                name="standard deviations for variances",
                says="This is the ratio of the standard deviations. The question asks for the variances.",
            ),
            Mistake(
                1 / ratio**2,
                name="ratio upside down",
                says="The ratio is upside down: the question asks for ML divided by REML.",
            ),
            Mistake(
                8 / 9,
                name="rule of thumb for the ratio",
                says="This is what we expect roughly. Compute the ratio from the two fits: with groups of "
                "different size it is a little different.",
            ),
            Mistake(
                (ml.sigma / reml.sigma) ** 2,
                name="residual for group standard deviation",
                says="This is about the houses within a zip code. The question asks about the variance "
                "between zip codes.",
            ),
        ],
    )


# Graded: the student's own zip codes ------------------------------------------------------------------


@question("l02-weights", topic="weights", revisit="02: Three zip codes by hand")
def weights(homes):
    """Ask for the weight of each zip code's own mean in the small sample."""
    small = small_sample(homes)
    between, within = _sds(fits(MODEL, small)[0])
    n = _sizes(small)
    right = _weight(n, between, within)
    return ByGroup(
        right,
        rel=2e-3,
        group=G,
        mistakes=[
            Mistake(
                n / (n + within / between),
                name="standard deviations for variances",
                says="You used the standard deviations where the formula wants their squares, the variances.",
                credit=0.5,
            ),
            Mistake(
                1 - right,
                name="weight of the centre",
                says="These are the weights of the centre. The question asks how much each zip code's own "
                "mean counts.",
                credit=0.5,
            ),
            Mistake(
                _weight(n, within, between),
                name="standard deviations exchanged",
                says="The two standard deviations have changed places. The number of sales makes the own "
                "mean more precise, so it belongs to the standard deviation within zip codes.",
            ),
            Mistake(
                _weight(1, between, within),
                name="group size forgotten",
                says="You gave the same weight to every zip code: that of a single sale. The number of "
                "sales is missing.",
            ),
            Mistake(
                _weight(n, *_sds(fits(MODEL, homes)[0])),
                name="standard deviations of the other fit",
                says="The formula is right, but the standard deviations are those of all your sales. The "
                "question is about the sample.",
                credit=0.5,
            ),
            Mistake(
                _weight(_sizes(homes), *_sds(fits(MODEL, homes)[0])),
                name="all sales for the small sample",
                says="These are the weights for all your sales. The question is about the sample.",
                credit=0.5,
            ),
            Mistake(
                right / right.sum(),
                name="weights scaled to add up to one",
                says="You divided the weights by their sum. The weights of different zip codes don't add "
                "up to 1. What adds up to 1 is a zip code's own weight and the weight of the centre.",
            ),
            Mistake(
                n / n.sum(),
                name="share of the sales",
                says="This is each zip code's share of the sales. The weight compares the sales of one zip "
                "code with what the other zip codes tell, and needs the two standard deviations.",
            ),
            Mistake(
                n / within**2,
                name="precision for weight",
                says="These are the precisions of the own means. To make each a weight, divide it by the "
                "sum of the two precisions.",
            ),
            Mistake(
                100 * right,
                name="percent for share",
                says="These are percentages. The question asks for numbers between 0 and 1.",
                credit=0.5,
            ),
        ],
    )


@question("l02-estimates", topic="weights", revisit="02: Three zip codes by hand")
def estimates(homes):
    """Ask for the partial-pooling estimates in the small sample."""
    small = small_sample(homes)
    reml, ml = fits(MODEL, small)
    n, means, centre = _sizes(small), _means(small), _centre(reml)
    between, within = _sds(reml)
    weight = _weight(n, between, within)
    return ByGroup(
        _mixed(weight, means, centre),
        rel=3e-4,
        group=G,
        unit="dollars",
        mistakes=[
            Mistake(
                means,
                name="no pooling for partial pooling",
                says="These are the plain means of the sales. Nothing was pulled towards the centre.",
            ),
            Mistake(
                _mixed(1 - weight, means, centre),
                name="weights exchanged",
                says="The two weights have changed places: the weight w belongs to the zip code's own "
                "mean, the rest to the centre.",
                credit=0.5,
            ),
            Mistake(
                _mixed(weight, means, small["price"].mean()),
                name="mean of houses for the centre",
                says="The weights are right. But you pulled the means towards the mean of all houses. The "
                "fit pulls towards the mean of the zip codes, the fixed intercept.",
                credit=0.5,
            ),
            Mistake(
                _mixed(weight, means, _centre(fits(MODEL, homes)[0])),
                name="centre of the other fit",
                says="The weights are right, but the centre is that of all your sales. The question is "
                "about the sample.",
                credit=0.5,
            ),
            Mistake(
                _mixed(n / (n + within / between), means, centre),
                name="standard deviations for variances",
                says="You used the standard deviations where the formula wants their squares, the variances.",
                credit=0.5,
            ),
            Mistake(
                weight * means,
                name="centre left out",
                says="These are the weighted own means alone. The centre, with the rest of the weight, is "
                "missing.",
            ),
            Mistake(
                reml.ranef[G]["(Intercept)"],
                name="ranef for coef",
                says="These are differences to the centre: the random effects. The question asks for mean "
                "prices.",
            ),
            Mistake(
                ml.coef[G]["(Intercept)"],
                name="ML for REML",
                says="These come from maximum likelihood, which takes the zip codes for more alike than "
                "they are and pulls too far. small_fit uses REML.",
                credit=0.5,
            ),
            Mistake(
                fits(MODEL, homes)[0].coef[G]["(Intercept)"],
                name="all sales for the small sample",
                says="These are the estimates from all your sales. The question is about the sample.",
            ),
        ],
    )


@question("l02-sd-zipcode", topic="variance components", revisit="02: What varies between groups")
def sd_zipcode(homes):
    """Ask for the standard deviation between zip codes."""
    reml, ml = fits(MODEL, homes)
    sd = reml.varcorr["zipcode"].sd["(Intercept)"]
    return Number(
        sd,
        rel=4e-3,  # statsmodels stops up to 0.36 % away: see mistakes.spread_of_plain_means
        unit="dollars",
        mistakes=[
            Mistake(
                sd**2,
                name="variance for standard deviation",
                says="This is the variance of the zip-code effects. Its square root is in dollars.",
                credit=0.5,
            ),
            Mistake(
                ml.varcorr["zipcode"].sd["(Intercept)"],
                name="ML for REML",
                says="This is the maximum likelihood estimate, or one that divides by nine. Maximum "
                "likelihood divides as if the mean of the zip codes were known, and makes them look too "
                "much alike.",
                credit=0.5,
            ),
            Mistake(
                reml.sigma,
                name="residual for group standard deviation",
                says="This is how much houses differ within a zip code. The question is about the zip "
                "codes themselves.",
            ),
            Mistake(
                fits(MODEL, small_sample(homes))[0].varcorr["zipcode"].sd["(Intercept)"],
                name="small sample for all sales",
                says="This comes from the fit to the small sample. The question is about all your sales.",
                credit=0.5,
            ),
            Mistake(
                reml.se_fixef["(Intercept)"],
                name="standard error for standard deviation",
                says="This is the standard error of the fixed intercept: how well the centre is known. The "
                "question asks how much the zip codes differ.",
            ),
            spread_of_plain_means(homes),
            Mistake(
                homes["price"].std(),
                name="standard deviation of all prices",
                says="This is the standard deviation of all prices together. It mixes the differences "
                "between zip codes with the differences inside them.",
            ),
        ],
    )


@question("l02-icc", topic="intraclass correlation", revisit="02: The intraclass correlation")
def icc(homes):
    """Ask for the intraclass correlation of the prices."""
    reml, ml = fits(MODEL, homes)
    return Number(
        reml.icc()[G],
        rel=7e-3,  # an error of 0.4 % in a standard deviation moves the share by up to 0.8 % of 1 - ICC
        mistakes=[
            *_mistakes_about_icc(*_sds(reml)),
            Mistake(
                ml.icc()[G],
                name="ML for REML",
                says="This share comes from maximum likelihood, which makes the zip codes look too much "
                "alike. fit uses REML.",
                credit=0.5,
            ),
            Mistake(
                fits(MODEL, small_sample(homes))[0].icc()[G],
                name="small sample for all sales",
                says="This comes from the fit to the small sample. The question is about all your sales.",
                credit=0.5,
            ),
        ],
    )


@question("l02-sales-needed", topic="weights", revisit="02: Two sources of information")
def sales_needed(homes):
    """Ask how many sales a zip code needs for a given weight."""
    reml, ml = fits(MODEL, homes)
    between, within = _sds(reml)
    ratio, odds = within**2 / between**2, SHARE / (1 - SHARE)
    return Number(
        odds * ratio,
        rel=1e-2,
        unit="sales",
        mistakes=[
            Mistake(
                odds * within / between,
                name="standard deviations for variances",
                says="You used the standard deviations where the formula wants their squares, the variances.",
                credit=0.5,
            ),
            Mistake(
                odds / ratio,
                name="standard deviations exchanged",
                says="The ratio of the two variances is upside down. The more houses differ within a zip "
                "code, the more sales are needed.",
            ),
            Mistake(
                ratio,
                name="weight of one half",
                says="This is k, the number of sales for a weight of one half: the own mean and the centre "
                "then count the same. The question asks for more.",
            ),
            Mistake(
                SHARE * ratio,
                name="weight times k",
                says="You multiplied k by the weight. Put the weight into w = n / (n + k) and solve for n.",
            ),
            Mistake(
                ratio / (1 - SHARE),
                name="odds mixed up",
                says="You divided k by one minus the weight. Solve w = n / (n + k) for n once more: the "
                "weight itself appears in the result too.",
                credit=0.5,
            ),
            Mistake(
                (1 - SHARE) / SHARE * ratio,
                name="weight of the centre",
                says="With this number of sales the centre has the large weight, and the own mean the "
                "small one.",
            ),
            Mistake(
                odds * (_sds(ml)[1] / _sds(ml)[0]) ** 2,
                name="ML for REML",
                says="This uses the standard deviations of maximum likelihood. fit uses REML.",
                credit=0.5,
            ),
        ],
    )


@question("l02-centre", topic="the centre", revisit="02: The formula and the fit")
def centre(homes):
    """Ask for the centre of the small sample, as a weighted mean of the zip-code means."""
    small = small_sample(homes)
    reml, _ = fits(MODEL, small)
    between, within = _sds(reml)
    n, means = _sizes(small), _means(small)
    of_mean = between**2 + within**2 / n
    return Number(
        _centre(reml),
        rel=2e-4,  # the weights of the means are nearly equal, so the centre hardly depends on them
        unit="dollars",
        mistakes=[
            Mistake(
                small["price"].mean(),
                name="mean of houses for the centre",
                says="This is the mean of all houses: each zip code counts by its number of sales. That "
                "would be right if the zip codes did not differ.",
            ),
            Mistake(
                means.mean(),
                name="plain mean of the means",
                says="This counts each zip code the same. But a mean of four sales is less certain than a "
                "mean of thirty-six, and counts a little less.",
                credit=0.5,
            ),
            Mistake(
                (of_mean * means).sum() / of_mean.sum(),
                name="variances for precisions",
                says="You weighted by the variances themselves, so the least certain mean counts most. "
                "Weight by one divided by the variance.",
            ),
            Mistake(
                (means / (between + within / n**0.5)).sum() / (1 / (between + within / n**0.5)).sum(),
                name="standard deviations for variances",
                says="You added standard deviations. Variances can be added, standard deviations can't.",
                credit=0.5,
            ),
            Mistake(
                _centre(fits(MODEL, homes)[0]),
                name="all sales for the small sample",
                says="This is the centre of all your sales. The question is about the sample.",
            ),
            Mistake(
                _centre(reml) / 1000,
                name="thousands of dollars",
                says="This is in thousands of dollars. The question asks for dollars.",
                credit=0.5,
            ),
        ],
    )


@question("l02-direction", topic="the centre", revisit="02: The formula and the fit")
def direction(homes):
    """Ask on which side the lecture's formula lies, and why."""
    small = small_sample(homes)
    higher = small["price"].mean() > _centre(fits(MODEL, small)[0])
    return Choice(
        "a" if higher else "b",
        mistakes=[
            Mistake(
                "b" if higher else "a",
                name="direction of the difference",
                says="All estimates are shifted to the same side, that is right, but look once more to "
                "which: towards which point does each formula pull?",
            ),
            Mistake(
                "c",
                name="the two formulas are the same",
                says="The weights are the same in both formulas. The point towards which they pull is not.",
            ),
            Mistake(
                "d",
                name="less shrinkage for a shift",
                says="This is what less pooling would look like. Both formulas have the same weights, so "
                "they pool as much. Only the point towards which they pull differs.",
            ),
        ],
    )


@question("l02-limits", topic="limits", revisit="02: Where the weights go")
def limits(homes):
    """Ask where the estimates go in the two limits of the standard deviation between zip codes."""
    small = small_sample(homes)
    reml, _ = fits(MODEL, small)
    means, houses, own = _means(small), small["price"].mean(), reml.coef[G]["(Intercept)"]
    return Table(
        _limits(houses, means),
        rel=1e-3,
        unit="dollars",
        group=G,
        mistakes=[
            Mistake(
                _limits(means, houses),
                name="limits exchanged",
                says="The two limits have changed places. If the zip codes hardly differ, should each keep "
                "its own mean?",
                credit=0.5,
            ),
            Mistake(
                _limits(_centre(reml), means),
                name="centre held fixed",
                says="The column infinity is right. In the other column you kept the centre of small_fit. "
                "The centre is estimated again: if the zip codes don't differ, all houses come from one "
                "pot.",
                credit=0.5,
            ),
            Mistake(
                _limits(means.mean(), means),
                name="plain mean of the means",
                says="The column infinity is right. In the other column you took the plain mean of the "
                "nine means. If the zip codes don't differ, why should the houses of a small one count "
                "more?",
                credit=0.5,
            ),
            Mistake(
                _limits(0.0, means),
                name="effects for estimates",
                says="The column infinity is right. In the other column the random effects go to 0, but "
                "the question asks for the estimates: where are the zip codes when their effects are 0?",
                credit=0.5,
            ),
            Mistake(
                _limits(houses, own),
                name="partial pooling for a limit",
                says="The column zero is right. In the other column stand the estimates of small_fit, "
                "which are still pulled towards the centre. In the limit nothing pulls.",
                credit=0.5,
            ),
            Mistake(
                _limits(0.0, 1.0, index=means.index),
                name="weights for estimates",
                says="These are the limits of the weights. The question asks where the estimates go, in "
                "dollars.",
            ),
        ],
    )


@question("l02-reml-ml", topic="REML and ML", revisit="02: REML and maximum likelihood")
def reml_and_ml(homes):
    """Ask for the standard deviations by REML and by maximum likelihood."""
    reml, ml = _sds(fits(MODEL, homes)[0]), _sds(fits(MODEL, homes)[1])
    small_reml, small_ml = (_sds(fit) for fit in fits(MODEL, small_sample(homes)))
    shrunk = (8 / 9) ** 0.5
    return Table(
        _by_method(reml, ml),
        rel=4e-3,
        unit="dollars",
        group="standard deviation",
        mistakes=[
            Mistake(
                _by_method(reml, reml),
                name="REML twice",
                says="Both columns hold the REML estimates. For the other one, lmer needs an argument.",
                credit=0.5,
            ),
            Mistake(
                _by_method(ml, reml),
                name="REML and ML exchanged",
                says="The two columns have changed places. Which of the two makes the zip codes look more "
                "alike?",
                credit=0.5,
            ),
            Mistake(
                _by_method(reml[::-1], ml[::-1]),
                name="rows exchanged",
                says="The two rows have changed places: the row zipcode is for the differences between zip "
                "codes, the row Residual for the differences within.",
                credit=0.5,
            ),
            Mistake(
                _by_method(reml, ml) ** 2,
                name="variance for standard deviation",
                says="These are variances. The question asks for standard deviations, in dollars.",
                credit=0.5,
            ),
            Mistake(
                _by_method(reml, (shrunk * reml[0], shrunk * reml[1])),
                name="both standard deviations scaled",
                says="You multiplied both standard deviations by the same factor. The bias comes from the "
                "small number of groups. How many houses are there for the other one?",
            ),
            Mistake(
                _by_method(small_reml, small_ml),
                name="small sample for all sales",
                says="These come from the small sample. The question is about all your sales.",
                credit=0.5,
            ),
        ],
    )


@question("l02-curve", topic="weights", revisit="02: When groups differ in size")
def curve(homes):
    """Ask for a picture: the weight against the number of sales."""
    (between, within), (ml_between, ml_within) = (_sds(fit) for fit in fits(MODEL, homes))
    small = _sds(fits(MODEL, small_sample(homes))[0])

    def line(weight):
        return {"y": [weight(n) for n in SALES]}

    return Figure(
        x=list(SALES),
        **line(lambda n: _weight(n, between, within)),
        mark="lines",
        xlabel=("sales", "houses", "observations", "n"),
        ylabel=("weight", "w"),
        rel=1e-2,
        mistakes=[
            Mistake(
                line(lambda n: n / (n + within / between)),
                name="standard deviations for variances",
                says="The curve uses the standard deviations where the formula wants their squares.",
                credit=0.5,
            ),
            Mistake(
                line(lambda n: 1 - _weight(n, between, within)),
                name="weight of the centre",
                says="This curve falls: it is the weight of the centre. Draw the weight of the own mean.",
                credit=0.5,
            ),
            Mistake(
                line(lambda n: _weight(n, within, between)),
                name="standard deviations exchanged",
                says="The two standard deviations have changed places in this curve.",
            ),
            Mistake(
                line(lambda n: _weight(n, *small)),
                name="small sample for all sales",
                says="This curve uses the standard deviations of the small sample. The question is about "
                "all your sales.",
                credit=0.5,
            ),
            Mistake(
                line(lambda n: _weight(n, ml_between, ml_within)),
                name="ML for REML",
                says="This curve uses the standard deviations of maximum likelihood. fit uses REML.",
                credit=0.5,
            ),
        ],
    )


# What several questions share -------------------------------------------------------------------------


def _limits(zero, infinity, index=None):
    return pd.DataFrame({"zero": zero, "infinity": infinity}, index=index)


def _by_method(reml, ml):
    return pd.DataFrame({"REML": reml, "ML": ml}, index=[G, "Residual"])


def _mistakes_about_icc(between, within):
    share = between**2 / (between**2 + within**2)
    return [
        Mistake(
            between / (between + within),
            name="standard deviations for variances",
            says="You used the standard deviations. A share of variance needs their squares.",
            credit=0.5,
        ),
        Mistake(
            1 - share,
            name="share within groups",
            says="This is the share that lies within the zip codes. The question asks for the share "
            "between them.",
            credit=0.5,
        ),
        Mistake(
            between**2 / within**2,
            name="ratio for share",
            says="This is one variance divided by the other. A share has the total variance below the line.",
            credit=0.5,
        ),
        Mistake(
            share**0.5,
            name="square root of the share",
            says="This is the square root of the share. A share of variance is not squared or rooted again.",
        ),
        Mistake(
            100 * share,
            name="percent for share",
            says="This is in percent. The question asks for a number between 0 and 1.",
            credit=0.5,
        ),
    ]
