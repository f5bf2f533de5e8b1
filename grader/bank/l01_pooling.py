"""Questions of lesson 01: pooling.

Every question is about prices in dollars by zip code. Tolerances are wider than the difference between
lmer, statsmodels and a hand formula (in the fifth digit; the standard deviation between zip codes in the
third), and narrower than the distance to the nearest mistake: partial pooling moves a large zip code by
only a few tenths of a percent.
"""

from grader.bank import ByGroup, Choice, Formula, Number, practice, question
from grader.bank.builders.errors import one_se_for_two, se_for_estimate, se_for_sd
from grader.bank.builders.mistake import half, wrong
from grader.bank.builders.pooling import median_for_mean, no_for_partial_pooling, ranef_for_coef
from grader.bank.builders.spread import (
    residual_for_group,
    sd_of_all_prices,
    spread_of_nine,
    variance_for_sd,
)
from grader.bank.builders.units import thousands, wrong_sign
from grader.bank.parts import (
    ONE,
    G,
    around,
    centre,
    effects,
    estimates,
    first_ten,
    means,
    prices,
    same_for_all,
    sd_between,
)
from grader.bank.reference_fits import fits, statsmodels_gap

MODEL = "price ~ (1 | zipcode)"
AREA = "sqft_living ~ (1 | zipcode)"

# In symbols: what is asked for.
OWN_MEAN = r"\bar y_j = \frac{1}{n_j} \sum_{i \in j} y_i"
MEAN_OF_HOUSES = r"\bar y_{all} = \frac{1}{n} \sum_i y_i"
MEAN_OF_MEANS = r"\frac{1}{J} \sum_j \bar y_j"
EFFECT = r"\hat\alpha_j - \hat\mu_\alpha"
INTERVAL = r"\hat\mu_\alpha \pm 2\,\text{se}(\hat\mu_\alpha)"

# Where do you start? ------------------------------------------------------------------------------------


@practice("l01-ready-error", topic="what you bring along", revisit="01: Where do you start?")
def ready_error():
    """Ask for a standard error."""
    yield Choice("b")
    yield wrong(
        "a", "standard deviation for standard error"
    ).says("""This is how much single houses differ. The
        mean of 100 houses is much more certain than one house.""")
    yield wrong(
        "c", "square root forgotten"
    ).says("""You divided by the number of houses. Divide by its square
        root.""")
    yield wrong(
        "d", "standard error of another number"
    ).says("""Divide the standard deviation by the square root
        of the number of houses. The mean price itself does not matter.""")


@practice("l01-ready-interval", topic="what you bring along", revisit="01: Where do you start?")
def ready_interval():
    """Ask for an interval of two standard errors."""
    yield Choice("c")
    yield wrong(
        "a", "one standard error for two"
    ).says("""This is one standard error to each side: it holds the
        truth in about 68 of 100 studies.""")
    yield wrong(
        "b", "too wide an interval"
    ).says("""This is five standard errors to each side. Estimates hardly
        ever miss by so much.""")
    yield wrong("d", "too narrow an interval").says("""This is a fifth of a standard error to each side. Most
        estimates miss by more.""")


@practice("l01-ready-slope", topic="what you bring along", revisit="01: Where do you start?")
def ready_slope():
    """Ask what a slope says about two houses."""
    yield Choice("d")
    yield wrong(
        "a", "slope for difference"
    ).says("""This is the difference for one square foot. The houses differ
        by 500.""")
    yield wrong(
        "b", "intercept added to a difference"
    ).says("""You counted the intercept. Both houses have it, so
        it does not matter for their difference.""")
    yield wrong(
        "c", "sum of the coefficients"
    ).says("""You added the intercept and the slope. For a difference
        only the slope counts, once for each square foot.""")


@practice("l01-ready-mean", topic="what you bring along", revisit="01: Where do you start?")
def ready_mean():
    """Ask for the mean of two groups of different size."""
    yield Choice("a")
    yield wrong(
        "b", "mean of means for mean of houses"
    ).says("""This is the mean of the two means. But there are
        nine times as many houses in the second group.""")
    yield wrong(
        "c", "own mean of the largest group"
    ).says("""This is the mean of the larger group alone. The ten
        dear houses count too.""")
    yield wrong("d", "sum for mean").says("""You added the two means. A mean lies between them.""")


@practice("l01-ready-pandas", topic="what you bring along", revisit="01: Where do you start?")
def ready_pandas():
    """Ask for the code of a mean by group."""
    yield Choice("b")
    yield wrong(
        "a", "complete pooling for no pooling"
    ).says("""This is one mean of all prices. It forgets the zip
        codes.""")
    yield wrong("c", "mean of names").says("""A zip code is a name. Names have no mean.""")
    yield wrong("d", "sum for mean").says("""This adds up whole columns, over all rows.""")


# Practice: the lecture's data, answered at once -------------------------------------------------------


@practice(
    "l01-practice-complete",
    topic="complete pooling",
    revisit="01: Complete pooling",
    idea=MEAN_OF_HOUSES,
    hints=(
        "Complete pooling forgets the zip codes. What is left is one mean of all 869 houses.",
        'A column of a data frame has a method .mean(). The column is seattle["sqft_living"].',
        'seattle["sqft_living"].mean()',
    ),
)
def practice_complete(seattle):
    """Ask for the complete-pooling estimate of the living area."""
    area = seattle["sqft_living"]
    own = _mean_areas(seattle)
    yield Number(area.mean(), rel=5e-4, unit="square feet")
    for of_means, did in ((own.mean(), MEAN_OF_MEANS), (centre(fits(AREA, seattle)[0]), r"\hat\mu_\alpha")):
        yield wrong(
            of_means, "mean of zip codes for mean of houses", did=did
        ).says("""This is a mean of the nine
            zip codes: each zip code has about the same weight. Complete pooling forgets the zip codes.""")
    yield wrong(
        seattle["price"].mean(), "wrong outcome"
    ).says("""This is the mean price. The question is about
        another column, the living area.""")
    yield wrong(area.median(), "median for mean", did=r"\text{median of the } y_i").says("""This is the median
        living area. The model estimates the mean.""")
    yield wrong(
        area.std(), "standard deviation for mean"
    ).says("""This shows how much living areas differ from
        house to house. The question asks for their mean.""")


@practice(
    "l01-practice-group-means",
    topic="no pooling",
    revisit="01: No pooling",
    idea=OWN_MEAN,
    hints=(
        "No pooling uses the sales of each zip code alone. So first group the sales by zip code.",
        "Three steps, joined by dots: the groups, the column price in square brackets, the mean.",
        'seattle.groupby("zipcode", observed=True)["price"].mean()',
    ),
)
def practice_group_means(seattle):
    """Ask for the mean price in each zip code."""
    yield ByGroup(means(seattle), unit="dollars")
    yield from _about_group_means(seattle)


@practice(
    "l01-practice-formula",
    topic="formulas",
    revisit="01: Partial pooling",
    hints=(
        "The formula of the lesson is for zip codes. Which word of it names the groups?",
        "The outcome stands left of the ~. In brackets: what varies (1), a bar, and the groups.",
        "Take 'price ~ (1 | zipcode)' and put grade in the place of zipcode.",
    ),
)
def practice_formula():
    """Ask for the formula of a model with another grouping factor."""
    yield Formula("price ~ (1 | grade)")
    yield wrong(MODEL, "wrong grouping factor").says("""This formula groups the houses by zip code. The
        question groups them in another way.""")
    yield from _about_formula("price", "grade")


@practice(
    "l01-practice-sd-within",
    topic="variance components",
    revisit="01: Read the print-out",
    idea=r"\hat\sigma_y",
    hints=(
        "The table 'Error terms' in the print-out has one line for each level.",
        "Houses in the same zip code differ by what is left when the zip codes are known: Residual.",
        "lmer1.sigma",
    ),
)
def practice_sd_within(seattle):
    """Ask for the residual standard deviation, read from the print-out."""
    return _sd_within(seattle)


@practice(
    "l01-practice-sd-between",
    topic="variance components",
    revisit="01: Read the print-out",
    idea=r"\hat\sigma_\alpha",
    hints=(
        "Fit first: the same model, with sqft_living in the place of price.",
        "The print-out of this fit has two standard deviations. One of them is about zip codes.",
        'lmer_area.varcorr["zipcode"].sd["(Intercept)"]',
    ),
)
def practice_sd_between(seattle):
    """Ask for the standard deviation between zip codes of another outcome."""
    reml, _ = fits(AREA, seattle)
    sd = sd_between(reml)
    yield Number(sd, rel=4e-3, unit="square feet")
    yield wrong(sd**2, "variance for standard deviation", did=r"\hat\sigma_\alpha^2").says("""This is the
        variance, in squared units that nobody can imagine. Its square root is in square feet.""")
    yield residual_for_group(reml.sigma)
    yield wrong(
        sd_between(fits(MODEL, seattle)[0]), "wrong outcome"
    ).says("""This is about prices. The question
        is about the living area: fit the other model first.""")
    yield se_for_sd(reml.se_fixef[ONE], "the zip codes")
    yield wrong(centre(reml), "mean for standard deviation", did=r"\hat\mu_\alpha").says("""This is the fixed
        intercept: where the middle of the zip codes is. The question asks how much they differ.""")


@practice(
    "l01-practice-fixef",
    topic="fixef, ranef, coef",
    revisit="01: What the fixed intercept means",
    idea=r"\hat\mu_\alpha",
    hints=(
        "The mean of the zip-code means is a number of the fit lmer_area. It is the same for all groups.",
        "What is the same for all groups is a fixed effect: fixef.",
        'lmer_area.fixef["(Intercept)"]',
    ),
)
def practice_fixef(seattle):
    """Ask for the fixed intercept of the living area."""
    reml, _ = fits(AREA, seattle)
    yield Number(centre(reml), unit="square feet")
    yield wrong(
        seattle["sqft_living"].mean(), "mean of houses for mean of zip codes", did=MEAN_OF_HOUSES
    ).says("""This is the mean of all houses: a zip code with many sales counts for more in it. The fixed
        intercept is about zip codes.""")
    yield wrong(
        centre(fits(MODEL, seattle)[0]), "wrong outcome"
    ).says("""This is about prices. The question is
        about the living area.""")
    yield se_for_estimate(reml.se_fixef[ONE], "the fixed intercept", did=r"\text{se}(\hat\mu_\alpha)")
    yield wrong(sd_between(reml), "standard deviation for mean", did=r"\hat\sigma_\alpha").says("""This is how
        much the zip codes differ. The question asks where their middle is.""")


@practice(
    "l01-practice-interval",
    topic="uncertainty",
    revisit="01: What the fixed intercept means",
    idea=INTERVAL,
    hints=(
        "The interval reaches two standard errors to each side. Both numbers belong to the fixed intercept.",
        'The standard error is lmer_area.se_fixef["(Intercept)"].',
        'With m for the fixed intercept and s for its error: {"lower": m - 2 * s, "upper": m + 2 * s}',
    ),
)
def practice_interval(seattle):
    """Ask for the interval of two standard errors around the fixed intercept of the living area."""
    reml, _ = fits(AREA, seattle)
    yield from _interval(reml, seattle["sqft_living"], unit="square feet")


@practice(
    "l01-practice-ranef",
    topic="fixef, ranef, coef",
    revisit="01: fixef, ranef and coef",
    idea=EFFECT,
    hints=(
        "The question asks for a difference from the mean of the zip codes. One table holds these.",
        "Differences are the random effects: ranef. Read the row 98102.",
        'lmer1.ranef["zipcode"].loc["98102", "(Intercept)"]',
    ),
)
def practice_ranef(seattle):
    """Ask how much more expensive one zip code is than the average zip code."""
    reml, _ = fits(MODEL, seattle)
    where = "98102"
    effect, estimate = effects(reml)[where], estimates(reml)[where]
    yield Number(effect, unit="dollars")
    yield wrong(estimate, "coef for ranef", did=r"\hat\alpha_j").says("""This is the estimated mean price in
        98102 itself. The question asks how far it lies above the mean of the zip codes.""")
    of_plain = r"\bar y_j - \hat\mu_\alpha"
    yield wrong(
        means(seattle)[where] - centre(reml), "no pooling for partial pooling", did=of_plain
    ).says("""You
        started from the plain mean of the sales in 98102. That is the no-pooling estimate. Start from the
        partial-pooling estimate.""")
    of_houses = r"\hat\alpha_j - \bar y_{all}"
    yield wrong(
        estimate - seattle["price"].mean(), "difference from the mean of all houses", did=of_houses
    ).says("""You compared with the mean of all houses. The model's centre is another number: the mean of the
        zip codes.""")
    why = "a zip code above the mean has a positive effect"
    yield wrong_sign(effect, why, credit=0.0, did=r"\hat\mu_\alpha - \hat\alpha_j")
    yield se_for_estimate(reml.se_ranef[G][ONE][where], "the random effect", did=r"\text{se}(\hat\alpha_j)")


@practice("l01-practice-random", topic="fixef, ranef, coef", revisit="01: fixef, ranef and coef")
def practice_random():
    """Ask what is wrong with random effects only for random samples of groups."""
    yield Choice("c")
    yield wrong(
        "a", "random effects come from random sampling"
    ).says("""The word misleads. Nothing in the model
        says how the groups were chosen. It says that their means are relatives, from one distribution.""")
    yield wrong("b", "fixed effects for groups of interest").says("""We may well be interested in these nine
        zip codes. Partial pooling then gives an estimate for each of them, and on average a better one.""")
    yield wrong(
        "d", "random effects are noise"
    ).says("""The random effect of a zip code is no noise: it is what
        makes this zip code dearer or cheaper than the mean. The noise is in the residual.""")


@practice("l01-practice-few-sales", topic="partial pooling", revisit="01: When data are few")
def practice_few_sales():
    """Ask to predict where partial pooling puts a zip code with two sales."""
    yield Choice("b")
    yield wrong("a", "partial pooling keeps the group's own mean").says("""Staying at its own mean is what no
        pooling does. Partial pooling also uses the other zip codes, and two sales say little on their
        own.""")
    yield wrong("c", "partial pooling is always halfway").says("""Halfway would mean that both sources of
        information count the same, whatever the number of sales. Think of what changes when a zip code has
        two sales instead of two hundred.""")
    yield wrong("d", "partial pooling is complete pooling for small groups").says("""That would throw the two
        sales away, as complete pooling does. They carry little information, but not none.""")


@practice("l01-practice-extremes", topic="small groups", revisit="01: When data are few")
def practice_extremes():
    """Ask which of small and large groups stand at the ends of a list of means."""
    yield Choice("d")
    yield wrong("a", "extremes of small groups are real").says("""Nothing is said about the small agencies'
        houses, and they may be like all others. Think of the luck in a mean of three prices, in both
        directions.""")
    yield wrong(
        "b", "only one end for small groups"
    ).says("""Luck goes both ways. What holds for the lowest means
        holds for the highest ones, too.""")
    yield wrong("c", "more data, more extreme means").says("""A single very high price is likelier among 300
        sales. But in a mean of 300 it hardly counts.""")


@practice("l01-practice-three-groups", topic="partial pooling", revisit="01: When data are few")
def practice_three_groups():
    """Ask what is wrong with a rule that forbids random effects for few groups."""
    yield Choice("a")
    yield wrong(
        "b", "fewer than five groups forbid random effects"
    ).says("""No formula changes at five. With few
        groups one number gets uncertain: how much the groups differ.""")
    yield wrong("c", "few groups need complete pooling").says("""Complete pooling says that the groups don't
        differ at all. Three groups are no reason to believe that.""")
    yield wrong("d", "more houses for more groups").says("""More houses tell more about these three zip codes.
        How much zip codes differ can only be learned from more zip codes.""")


@practice(
    "l01-practice-few",
    topic="partial pooling",
    revisit="01: When data are few",
    idea=r"\hat\alpha_j \text{ from four sales each}",
    hints=(
        "Two steps: keep the first four sales of each zip code, then fit the same model to them.",
        "The estimates of the mean prices are the coefficients: coef of the new fit.",
        'With four_fit for the new fit: four_fit.coef["zipcode"]["(Intercept)"]',
    ),
)
def practice_few(seattle):
    """Ask for the partial-pooling estimates from the first four sales of each zip code."""
    yield from _few(seattle, seattle.groupby(G, observed=True).head(4), "four")


# Graded: the student's own zip codes ------------------------------------------------------------------


@question("l01-mean-price", topic="complete pooling", revisit="01: Complete pooling", idea=MEAN_OF_HOUSES)
def mean_price(homes):
    """Ask for the complete-pooling estimate: the mean price of all houses."""
    price = homes["price"]
    yield Number(price.mean(), rel=5e-4, unit="dollars")
    nearly_the_same = (means(homes).mean(), MEAN_OF_MEANS), (centre(fits(MODEL, homes)[0]), r"\hat\mu_\alpha")
    for of_means, did in nearly_the_same:
        yield half(
            of_means, "mean of zip codes for mean of houses", did=did
        ).says("""This is a mean of the nine zip
            codes: each zip code has about the same weight. Complete pooling forgets the zip codes and gives
            each house the same weight.""")
    yield median_for_mean(price.median(), "This is the median price: half of the houses cost less")
    yield thousands(price.mean())
    yield wrong(price.std(), "standard deviation for mean").says("""This shows how much prices differ from
        house to house. The question asks for their mean.""")


@question("l01-group-means", topic="no pooling", revisit="01: No pooling", idea=OWN_MEAN)
def group_means(homes):
    """Ask for the no-pooling estimates: the mean price in each zip code."""
    yield ByGroup(means(homes), rel=5e-4, unit="dollars")
    yield from _about_group_means(homes)


@question(
    "l01-fixef",
    topic="fixef, ranef, coef",
    revisit="01: What the fixed intercept means",
    idea=r"\hat\mu_\alpha",
)
def fixed_intercept(homes):
    """Ask for the fixed intercept: the estimated mean of the zip-code means."""
    reml, _ = fits(MODEL, homes)
    yield Number(centre(reml), unit="dollars")
    yield wrong(
        homes["price"].mean(), "mean of houses for mean of zip codes", did=MEAN_OF_HOUSES
    ).says("""This is the mean of all houses. A zip code with many sales counts for more in it. The fixed
        intercept is about zip codes: it estimates the mean of their means.""")
    of_means = r"\text{median of the } \bar y_j"
    yield wrong(means(homes).median(), "median for mean", did=of_means).says("""This is the median of the nine
        zip-code means. The model estimates their mean.""")
    yield se_for_estimate(reml.se_fixef[ONE], "the fixed intercept", did=r"\text{se}(\hat\mu_\alpha)")
    yield wrong(
        sd_between(reml), "standard deviation for mean", did=r"\hat\sigma_\alpha"
    ).says("""This is how much the zip codes
        differ. The question asks where their middle is.""")
    yield thousands(centre(reml))


@question("l01-interval", topic="uncertainty", revisit="01: What the fixed intercept means", idea=INTERVAL)
def interval(homes):
    """Ask for the interval of two standard errors around the fixed intercept."""
    reml, _ = fits(MODEL, homes)
    yield from _interval(reml, homes["price"], unit="dollars")


@question(
    "l01-sd-zipcode",
    topic="variance components",
    revisit="01: Read the print-out",
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
    ).says("""This comes from a fit with REML=False. It makes the zip codes look more alike than they are.
        The lesson uses REML.""")
    yield residual_for_group(reml.sigma)
    yield se_for_sd(reml.se_fixef[ONE], "the zip codes")
    yield from spread_of_nine(means(homes), estimates(reml))


@question(
    "l01-sd-within",
    topic="variance components",
    revisit="01: Read the print-out",
    idea=r"\hat\sigma_y",
)
def sd_within(homes):
    """Ask for the standard deviation of prices within a zip code."""
    return _sd_within(homes)


@question("l01-ranef", topic="fixef, ranef, coef", revisit="01: fixef, ranef and coef", idea=EFFECT)
def random_effects(homes):
    """Ask for the random effects of the zip codes."""
    reml, _ = fits(MODEL, homes)
    raw, houses = means(homes), homes["price"].mean()
    # Where statsmodels stops early, an effect moves by twice that share of its shrinkage.
    early = 2.5 * statsmodels_gap(homes) * (raw - estimates(reml)).abs().max()
    yield ByGroup(effects(reml), rel=5e-4, abs=early, group=G, unit="dollars")
    yield wrong(estimates(reml), "coef for ranef", did=r"\hat\alpha_j").says("""These are the estimated
        mean prices of the zip codes: fixed effect plus random effect. The question asks for the random
        effects alone.""")
    of_plain = r"\bar y_j - \hat\mu_\alpha"
    yield half(raw - centre(reml), "no pooling for partial pooling", did=of_plain).says("""These are the
        differences of the plain means from the fixed intercept. Partial pooling pulls each of them
        towards 0; yours are not pulled.""")
    of_houses = r"\bar y_j - \bar y_{all}"
    yield wrong(raw - houses, "difference from the mean of all houses", did=of_houses).says("""These are the
        plain means minus the mean of all houses. Random effects are measured from the mean of the zip
        codes, and they are pulled towards 0.""")
    of_houses = r"\hat\alpha_j - \bar y_{all}"
    yield half(estimates(reml) - houses, "difference from the mean of all houses", did=of_houses).says("""You
        took the partial-pooling estimates, which is right, and subtracted the mean of all houses. Random
        effects are measured from the fixed intercept.""")
    why = "a zip code above the mean has a positive effect"
    yield wrong_sign(effects(reml), why, did=r"\hat\mu_\alpha - \hat\alpha_j")
    yield se_for_estimate(reml.se_ranef[G][ONE], "the random effects", did=r"\text{se}(\hat\alpha_j)")


@question(
    "l01-few-sales",
    topic="partial pooling",
    revisit="01: When data are few",
    idea=r"\hat\alpha_j \text{ from ten sales each}",
)
def few_sales(homes):
    """Ask for the partial-pooling estimates from the first ten sales of each zip code."""
    yield from _few(homes, first_ten(homes), "ten")


@question("l01-which-average", topic="fixef, ranef, coef", revisit="01: What the fixed intercept means")
def which_average(homes):
    """Ask why the fixed intercept differs from the mean of all houses."""
    right, other = "ab" if centre(fits(MODEL, homes)[0]) > homes["price"].mean() else "ba"
    yield Choice(right)
    yield wrong(other, "direction of the difference").says("""The reason is right, the direction is not.
        Compare the two numbers once more, and look at how many sales your most expensive zip codes have.""")
    yield wrong("c", "fixed intercept is the mean of houses").says("""They are two different quantities, and
        they would differ however much data you had: one is a mean of houses, the other a mean of zip
        codes.""")
    yield wrong("d", "partial pooling drops houses").says("""Partial pooling uses every house. What changes is
        how much weight each zip code has.""")


@question("l01-formula", topic="formulas", revisit="01: Partial pooling")
def formula():
    """Ask for the formula of a model with another outcome."""
    yield Formula("sqft_living ~ (1 | zipcode)")
    yield wrong(MODEL, "wrong outcome").says("""This is the model for the price. The question is about another
        outcome.""")
    yield wrong("price ~ sqft_living + (1 | zipcode)", "outcome used as predictor").says("""Here the living
        area helps to predict the price. In the question the living area is itself what is predicted: the
        outcome, to the left of the ~.""")
    yield from _about_formula("sqft_living", G)


# Asked in practice and again for a grade --------------------------------------------------------------


def _mean_areas(sales):
    return sales.groupby(G, observed=True)["sqft_living"].mean()


def _interval(reml, outcome, unit):
    """Ask for two standard errors to each side of the fixed intercept; 1.96 are right too."""
    middle, se = centre(reml), reml.se_fixef[ONE]
    of_houses = around(outcome.mean(), 2 * outcome.std() / len(outcome) ** 0.5)
    yield ByGroup(around(middle, 2 * se), rel=0.0, abs=0.07 * se, unit=unit, group="end")
    yield one_se_for_two(around(middle, se), did=r"\hat\mu_\alpha \pm 1\,\text{se}(\hat\mu_\alpha)")
    of_sd = r"\hat\mu_\alpha \pm 2\,\hat\sigma_\alpha"
    yield wrong(
        around(middle, 2 * sd_between(reml)), "standard deviation for standard error", did=of_sd
    ).says("""This is the range in which the means of most zip codes lie. It does not get shorter when the
        mean is known better. The question asks how uncertain the mean itself is.""")
    by_sigma, of_sigma = around(middle, 2 * reml.sigma), r"\hat\mu_\alpha \pm 2\,\hat\sigma_y"
    yield wrong(
        by_sigma, "residual standard deviation for standard error", did=of_sigma
    ).says("""You used the residual standard deviation, which describes single houses. The uncertainty of the
        mean has its own number in the print-out.""")
    of_all = r"\bar y_{all} \pm 2\,\frac{s}{\sqrt n}"
    yield wrong(of_houses, "complete-pooling interval", did=of_all).says("""This is the interval of complete
        pooling. It treats all houses as independent and is far too short: houses in one zip code are
        alike.""")


def _few(sales, few, many):
    """Ask for the partial-pooling estimates from a few sales of each zip code."""
    (reml, ml), (full, _) = fits(MODEL, few), fits(MODEL, sales)
    yield ByGroup(estimates(reml), group=G, unit="dollars")
    yield no_for_partial_pooling(means(few), f"These are the plain means of the {many} sales")
    of_all = r"\hat\alpha_j \text{ from all sales}"
    yield half(estimates(full), "all sales for the small sample", did=of_all).says("""These are
        partial-pooling estimates, but from all sales. The question asks for the fit to the small sample.""")
    yield half(estimates(ml), "ML for REML", did=r"\hat\alpha_j \text{ by ML}").says("""These come from a fit
        with REML=False. It makes the zip codes look more alike than they are and pulls the estimates too far.
        The lesson uses REML.""")
    yield ranef_for_coef(effects(reml), "fixed intercept")
    pooled = same_for_all(few["price"].mean(), means(few))
    yield wrong(pooled, "complete pooling for partial pooling", did=r"\bar y_{all}").says(
        "Every zip code has the same number here: that is complete pooling."
    )
    yield wrong(
        means(sales), "no pooling for partial pooling", did=r"\bar y_j \text{ from all sales}"
    ).says("""These are the plain means of all sales. The question asks for the partial-pooling estimates from
        the small sample.""")


def _about_group_means(sales):
    """List what is given instead of the mean price of each zip code."""
    houses, own = sales["price"].mean(), means(sales)
    for fit in fits(MODEL, sales):
        yield half(
            estimates(fit), "partial pooling for no pooling", did=r"\hat\alpha_j"
        ).says("""These are partial-pooling
            estimates: each one is pulled a little towards the mean of the zip codes. No pooling uses the
            sales of that zip code alone.""")
    yield median_for_mean(prices(sales).median())
    yield wrong(
        own - houses, "differences for means", did=r"\bar y_j - \bar y_{all}"
    ).says("""These are differences from the mean of all
        houses. The question asks for the mean prices themselves.""")
    yield thousands(own)
    pooled = same_for_all(houses, own)
    yield wrong(pooled, "complete pooling for no pooling", did=r"\bar y_{all}").says("""This is one number for
        all zip codes: complete pooling. No pooling has a number for each zip code.""")
    yield wrong(prices(sales).std(), "standard deviation for mean").says("""These show how much prices differ
        inside each zip code. The question asks for their means.""")


def _sd_within(sales):
    reml, ml = fits(MODEL, sales)
    yield Number(reml.sigma, unit="dollars")
    yield variance_for_sd(reml.sigma**2, did=r"\hat\sigma_y^2")
    name, did = "group for residual standard deviation", r"\hat\sigma_\alpha"
    yield wrong(sd_between(reml), name, did=did).says(
        """This is how much the zip codes differ from each other. The question asks how much houses in the
        same zip code differ."""
    )
    yield sd_of_all_prices(sales)
    of_sds = r"\frac{1}{J} \sum_j s_j"
    yield half(
        prices(sales).std().mean(), "mean of the groups' standard deviations", did=of_sds
    ).says("""This is the mean of the nine standard deviations. The model has one standard deviation for
        all zip codes, which averages variances and counts the sales.""")
    yield se_for_sd(reml.se_fixef[ONE], "single houses")
    yield wrong(sd_between(ml), name, did=r"\hat\sigma_{\alpha, ML}").says("""This is a standard deviation
        between zip codes. The question asks about houses in the same zip code.""")


def _about_formula(outcome, group):
    """List what is written instead of ``outcome ~ (1 | group)``."""
    says = "gives each group a coefficient of its own and nothing in common: no pooling"
    if group != G:  # a column of numbers
        says = f"takes {group} for an ordinary predictor, with one slope: there are no groups in it"
    yield wrong(f"{outcome} ~ {group}", "no-pooling formula" if group == G else "no bar").says(
        f"This formula {says}. Partial pooling needs a term with a bar."
    )
    yield wrong(f"{outcome} ~ 1", "complete-pooling formula").says("""This formula has one mean for all
        houses: complete pooling. The groups don't appear in it.""")
    yield wrong(f"{group} ~ (1 | {outcome})", "outcome and group exchanged").says("""The outcome and the
        grouping factor have changed places. The outcome stands to the left of the ~, the grouping factor to
        the right of the bar.""")
    yield wrong(f"{outcome} ~ ({group} | 1)", "bar turned round").says("""The bar is the right idea, but the
        two sides have changed places: what varies stands on the left of it, the groups on the right.""")
    yield wrong(f"{outcome} ~ (0 + {group} | {group})", "grouping factor as a varying slope").says("""What
        varies here is an effect of the grouping factor inside each of its own groups. Only the intercept,
        written 1, should vary.""")
