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
from grader.bank.reference_fits import fits

MODEL = "price ~ (1 | zipcode)"

# Practice: the lecture's data, answered at once -------------------------------------------------------


@practice(
    "l01-practice-group-means",
    topic="no pooling",
    revisit="01: No pooling",
    hints=("Group the sales by zip code, take the column price, and compute the mean.",),
)
def practice_group_means(seattle):
    """Ask for the mean price in each zip code."""
    yield ByGroup(means(seattle), unit="dollars")
    yield from _about_group_means(seattle)


@practice(
    "l01-practice-sd-within",
    topic="variance components",
    revisit="01: Read the print-out",
    hints=("Look at the table 'Error terms' in the print-out.",),
)
def practice_sd_within(seattle):
    """Ask for the residual standard deviation, read from the print-out."""
    return _sd_within(seattle)


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


@practice(
    "l01-practice-ranef",
    topic="fixef, ranef, coef",
    revisit="01: fixef, ranef and coef",
    hints=("Find the table in which the numbers are differences, and read the row 98102.",),
)
def practice_ranef(seattle):
    """Ask how much more expensive one zip code is than the average zip code."""
    reml, _ = fits(MODEL, seattle)
    where = "98102"
    effect, estimate = effects(reml)[where], estimates(reml)[where]
    yield Number(effect, unit="dollars")
    yield wrong(estimate, "coef for ranef").says("""This is the estimated mean price in 98102 itself. The
        question asks how far it lies above the mean of the zip codes.""")
    yield wrong(means(seattle)[where] - centre(reml), "no pooling for partial pooling").says("""You started
        from the plain mean of the sales in 98102. That is the no-pooling estimate. Start from the
        partial-pooling estimate.""")
    yield wrong(estimate - seattle["price"].mean(), "difference from the mean of all houses").says("""You
        compared with the mean of all houses. The model's centre is another number: the mean of the zip
        codes.""")
    yield wrong_sign(effect, "a zip code above the mean has a positive effect", credit=0.0)
    yield se_for_estimate(reml.se_ranef[G][ONE][where], "the random effect")


@practice("l01-practice-formula", topic="formulas", revisit="01: Partial pooling")
def practice_formula():
    """Ask for the formula of a model with another grouping factor."""
    yield Formula("price ~ (1 | grade)")
    yield wrong(MODEL, "wrong grouping factor").says("""This formula groups the houses by zip code. The
        question groups them in another way.""")
    yield from _about_formula("price", "grade")


# Graded: the student's own zip codes ------------------------------------------------------------------


@question("l01-mean-price", topic="complete pooling", revisit="01: Complete pooling")
def mean_price(homes):
    """Ask for the complete-pooling estimate: the mean price of all houses."""
    price = homes["price"]
    yield Number(price.mean(), rel=5e-4, unit="dollars")
    for of_means in (means(homes).mean(), centre(fits(MODEL, homes)[0])):  # nearly the same number
        yield half(of_means, "mean of zip codes for mean of houses").says("""This is a mean of the nine zip
            codes: each zip code has about the same weight. Complete pooling forgets the zip codes and gives
            each house the same weight.""")
    yield median_for_mean(price.median(), "This is the median price: half of the houses cost less")
    yield thousands(price.mean())
    yield wrong(price.std(), "standard deviation for mean").says("""This shows how much prices differ from
        house to house. The question asks for their mean.""")


@question("l01-group-means", topic="no pooling", revisit="01: No pooling")
def group_means(homes):
    """Ask for the no-pooling estimates: the mean price in each zip code."""
    yield ByGroup(means(homes), rel=5e-4, unit="dollars")
    yield from _about_group_means(homes)


@question("l01-fixef", topic="fixef, ranef, coef", revisit="01: What the fixed intercept means")
def fixed_intercept(homes):
    """Ask for the fixed intercept: the estimated mean of the zip-code means."""
    reml, _ = fits(MODEL, homes)
    yield Number(centre(reml), unit="dollars")
    yield wrong(homes["price"].mean(), "mean of houses for mean of zip codes").says("""This is the mean of all
        houses. A zip code with many sales counts for more in it. The fixed intercept is about zip codes: it
        estimates the mean of their means.""")
    yield wrong(means(homes).median(), "median for mean").says("""This is the median of the nine zip-code
        means. The model estimates their mean.""")
    yield se_for_estimate(reml.se_fixef[ONE], "the fixed intercept")
    yield wrong(sd_between(reml), "standard deviation for mean").says("""This is how much the zip codes
        differ. The question asks where their middle is.""")
    yield thousands(centre(reml))


@question("l01-interval", topic="uncertainty", revisit="01: What the fixed intercept means")
def interval(homes):
    """Ask for the interval of two standard errors around the fixed intercept."""
    reml, _ = fits(MODEL, homes)
    middle, se, price = centre(reml), reml.se_fixef[ONE], homes["price"]
    of_houses = around(price.mean(), 2 * price.std() / len(price) ** 0.5)
    # 1.96 standard errors are right too.
    yield ByGroup(around(middle, 2 * se), rel=0.0, abs=0.05 * se, unit="dollars", group="end")
    yield one_se_for_two(around(middle, se))
    yield wrong(around(middle, 2 * sd_between(reml)), "standard deviation for standard error").says("""This is
        the range in which the means of most zip codes lie. It does not get shorter when the mean is known
        better. The question asks how uncertain the mean itself is.""")
    by_sigma = around(middle, 2 * reml.sigma)
    yield wrong(by_sigma, "residual standard deviation for standard error").says("""You used the residual
        standard deviation, which describes single houses. The uncertainty of the mean has its own number in
        the print-out.""")
    yield wrong(of_houses, "complete-pooling interval").says("""This is the interval of complete pooling. It
        treats all houses as independent and is far too short: houses in one zip code are alike.""")


@question("l01-sd-zipcode", topic="variance components", revisit="01: Read the print-out")
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
    ).says("""This comes from a fit with REML=False. It makes the zip codes look more alike than they are.
        The lesson uses REML.""")
    yield residual_for_group(reml.sigma)
    yield se_for_sd(reml.se_fixef[ONE], "the zip codes")
    yield from spread_of_nine(means(homes), estimates(reml))


@question("l01-sd-within", topic="variance components", revisit="01: Read the print-out")
def sd_within(homes):
    """Ask for the standard deviation of prices within a zip code."""
    return _sd_within(homes)


@question("l01-ranef", topic="fixef, ranef, coef", revisit="01: fixef, ranef and coef")
def random_effects(homes):
    """Ask for the random effects of the zip codes."""
    reml, _ = fits(MODEL, homes)
    raw, houses = means(homes), homes["price"].mean()
    yield ByGroup(effects(reml), rel=5e-4, group=G, unit="dollars")
    yield wrong(estimates(reml), "coef for ranef").says("""These are the estimated mean prices of the zip
        codes: fixed effect plus random effect. The question asks for the random effects alone.""")
    yield half(raw - centre(reml), "no pooling for partial pooling").says("""These are the differences of the
        plain means from the fixed intercept. Partial pooling pulls each of them towards 0; yours are not
        pulled.""")
    yield wrong(raw - houses, "difference from the mean of all houses").says("""These are the plain means
        minus the mean of all houses. Random effects are measured from the mean of the zip codes, and they are
        pulled towards 0.""")
    yield half(estimates(reml) - houses, "difference from the mean of all houses").says("""You took the
        partial-pooling estimates, which is right, and subtracted the mean of all houses. Random effects are
        measured from the fixed intercept.""")
    yield wrong_sign(effects(reml), "a zip code above the mean has a positive effect")
    yield se_for_estimate(reml.se_ranef[G][ONE], "the random effects")


@question("l01-few-sales", topic="partial pooling", revisit="01: When data are few")
def few_sales(homes):
    """Ask for the partial-pooling estimates from the first ten sales of each zip code."""
    few = first_ten(homes)
    reml, ml = fits(MODEL, few)
    full, _ = fits(MODEL, homes)
    yield ByGroup(estimates(reml), group=G, unit="dollars")
    yield no_for_partial_pooling(means(few), "These are the plain means of the ten sales")
    yield half(estimates(full), "all sales for the small sample").says("""These are partial-pooling estimates,
        but from all your sales. The question asks for the fit to the small sample.""")
    yield half(estimates(ml), "ML for REML").says("""These come from a fit with REML=False. It makes the zip
        codes look more alike than they are and pulls the estimates too far. The lesson uses REML.""")
    yield ranef_for_coef(effects(reml), "fixed intercept")
    yield wrong(same_for_all(few["price"].mean(), means(few)), "complete pooling for partial pooling").says(
        "Every zip code has the same number here: that is complete pooling."
    )
    yield wrong(means(homes), "no pooling for partial pooling").says("""These are the plain means of all your
        sales. The question asks for the partial-pooling estimates from the small sample.""")


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


def _about_group_means(sales):
    """List what is given instead of the mean price of each zip code."""
    houses, own = sales["price"].mean(), means(sales)
    for fit in fits(MODEL, sales):
        yield half(estimates(fit), "partial pooling for no pooling").says("""These are partial-pooling
            estimates: each one is pulled a little towards the mean of the zip codes. No pooling uses the
            sales of that zip code alone.""")
    yield median_for_mean(prices(sales).median())
    yield wrong(own - houses, "differences for means").says("""These are differences from the mean of all
        houses. The question asks for the mean prices themselves.""")
    yield thousands(own)
    yield wrong(same_for_all(houses, own), "complete pooling for no pooling").says("""This is one number for
        all zip codes: complete pooling. No pooling has a number for each zip code.""")
    yield wrong(prices(sales).std(), "standard deviation for mean").says("""These show how much prices differ
        inside each zip code. The question asks for their means.""")


def _sd_within(sales):
    reml, ml = fits(MODEL, sales)
    yield Number(reml.sigma, unit="dollars")
    yield variance_for_sd(reml.sigma**2)
    yield wrong(sd_between(reml), "group for residual standard deviation").says("""This is how much the zip
        codes differ from each other. The question asks how much houses in the same zip code differ.""")
    yield sd_of_all_prices(sales)
    yield half(prices(sales).std().mean(), "mean of the groups' standard deviations").says("""This is the mean
        of the nine standard deviations. The model has one standard deviation for all zip codes, which
        averages variances and counts the sales.""")
    yield se_for_sd(reml.se_fixef[ONE], "single houses")
    yield wrong(sd_between(ml), "group for residual standard deviation").says("""This is a standard deviation
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
