"""Questions of lesson 01: pooling.

Every question is about prices in dollars by zip code. Tolerances are wider than the difference between
lmer, statsmodels and a hand formula (in the fifth digit; the standard deviation between zip codes in the
third), and narrower than the distance to the nearest mistake: partial pooling moves a large zip code by
only a few tenths of a percent.
"""

from grader.bank import ByGroup, Choice, Formula, Mistake, Number, mistakes, practice, question
from grader.bank.mistakes import estimates, prices_by_group, same_for_all, sd_between
from grader.bank.reference_fits import fits

MODEL = "price ~ (1 | zipcode)"
G = "zipcode"
FEW = 10  # sales per zip code in the small sample; with 10, no student's fit is singular


def _effects(fit):
    return fit.ranef[G]["(Intercept)"]


def _mean(fit):
    return fit.fixef["(Intercept)"]


# Practice: the lecture's data, answered at once -------------------------------------------------------


@practice(
    "l01-practice-group-means",
    topic="no pooling",
    revisit="01: No pooling",
    hint="Group the sales by zip code, take the column price, and compute the mean.",
)
def practice_group_means(seattle):
    """Ask for the mean price in each zip code."""
    prices = prices_by_group(seattle)
    return ByGroup(
        prices.mean(), unit="dollars", mistakes=mistakes.about_group_means(seattle, fits(MODEL, seattle)[0])
    )


@practice(
    "l01-practice-sd-within",
    topic="variance components",
    revisit="01: Read the print-out",
    hint="Look at the table 'Error terms' in the print-out.",
)
def practice_sd_within(seattle):
    """Ask for the residual standard deviation, read from the print-out."""
    reml, ml = fits(MODEL, seattle)
    return Number(reml.sigma, unit="dollars", mistakes=mistakes.about_sd_within(seattle, reml, ml))


@practice("l01-practice-few-sales", topic="partial pooling", revisit="01: When data are few")
def practice_few_sales():
    """Ask to predict where partial pooling puts a zip code with two sales."""
    return Choice(
        "b",
        mistakes=[
            Mistake(
                "a",
                name="partial pooling keeps the group's own mean",
                says="Staying at its own mean is what no pooling does. Partial pooling also uses the other "
                "zip codes, and two sales say little on their own.",
            ),
            Mistake(
                "c",
                name="partial pooling is always halfway",
                says="Halfway would mean that both sources of information count the same, whatever the "
                "number of sales. Think of what changes when a zip code has two sales instead of two "
                "hundred.",
            ),
            Mistake(
                "d",
                name="partial pooling is complete pooling for small groups",
                says="That would throw the two sales away, as complete pooling does. They carry little "
                "information, but not none.",
            ),
        ],
    )


@practice(
    "l01-practice-ranef",
    topic="fixef, ranef, coef",
    revisit="01: fixef, ranef and coef",
    hint="Find the table in which the numbers are differences, and read the row 98102.",
)
def practice_ranef(seattle):
    """Ask how much dearer one zip code is than the average zip code."""
    reml, _ = fits(MODEL, seattle)
    where = "98102"
    raw = prices_by_group(seattle).mean()[where]
    return Number(
        _effects(reml)[where],
        unit="dollars",
        mistakes=[
            Mistake(
                estimates(reml)[where],
                name="coef for ranef",
                says="This is the estimated mean price in 98102 itself. The question asks how far it lies "
                "above the mean of the zip codes.",
            ),
            Mistake(
                raw - _mean(reml),
                name="no pooling for partial pooling",
                says="You started from the plain mean of the sales in 98102. That is the no-pooling "
                "estimate. Start from the partial-pooling estimate.",
            ),
            Mistake(
                estimates(reml)[where] - seattle["price"].mean(),
                name="difference to the mean of all houses",
                says="You compared with the mean of all houses. The model's centre is another number: the "
                "mean of the zip codes.",
            ),
            Mistake(
                -_effects(reml)[where],
                name="wrong sign",
                says="The size is right, the sign is not. A zip code above the mean has a positive effect.",
            ),
            Mistake(
                reml.se_ranef[G]["(Intercept)"][where],
                name="standard error for the effect",
                says="This is the standard error: how uncertain the difference is, not how large it is.",
            ),
        ],
    )


@practice("l01-practice-formula", topic="formulas", revisit="01: Partial pooling")
def practice_formula():
    """Ask for the formula of a model with another grouping factor."""
    return Formula(
        "price ~ (1 | grade)",
        mistakes=[
            Mistake(
                "price ~ (1 | zipcode)",
                name="wrong grouping factor",
                says="This formula groups the houses by zip code. The question groups them in another way.",
            ),
            *mistakes.about_formula("price", "grade"),
        ],
    )


# Graded: the student's own zip codes ------------------------------------------------------------------


@question("l01-mean-price", topic="complete pooling", revisit="01: Complete pooling")
def mean_price(homes):
    """Ask for the complete-pooling estimate: the mean price of all houses."""
    price = homes["price"]
    return Number(
        price.mean(),
        rel=5e-4,
        unit="dollars",
        mistakes=[
            Mistake(
                prices_by_group(homes)
                .mean()
                .mean(),  # and the fixed intercept, which is nearly the same number
                name="mean of zip codes for mean of houses",
                says="This is a mean of the nine zip codes: each zip code has about the same weight. "
                "Complete pooling forgets the zip codes and gives each house the same weight.",
                credit=0.5,
            ),
            Mistake(
                price.median(),
                name="median for mean",
                says="This is the median price: half of the houses cost less. The model estimates the mean.",
            ),
            Mistake(
                price.mean() / 1000,
                name="thousands of dollars",
                says="This is in thousands of dollars. The question asks for dollars.",
                credit=0.5,
            ),
            Mistake(
                price.std(),
                name="standard deviation for mean",
                says="This tells how much prices differ from house to house. The question asks for their "
                "mean.",
            ),
        ],
    )


@question("l01-group-means", topic="no pooling", revisit="01: No pooling")
def group_means(homes):
    """Ask for the no-pooling estimates: the mean price in each zip code."""
    reml, _ = fits(MODEL, homes)
    return ByGroup(
        prices_by_group(homes).mean(),
        rel=5e-4,
        unit="dollars",
        mistakes=mistakes.about_group_means(homes, reml),
    )


@question("l01-fixef", topic="fixef, ranef, coef", revisit="01: What the fixed intercept means")
def fixed_intercept(homes):
    """Ask for the estimated mean of the zip-code means."""
    reml, _ = fits(MODEL, homes)
    group_means = prices_by_group(homes).mean()
    return Number(
        _mean(reml),
        unit="dollars",
        mistakes=[
            Mistake(
                homes["price"].mean(),
                name="mean of houses for mean of zip codes",
                says="This is the mean of all houses. A zip code with many sales counts for more in it. The "
                "fixed intercept is about zip codes: it estimates the mean of their means.",
            ),
            Mistake(
                group_means.median(),
                name="median of group means",
                says="This is the median of the nine zip-code means. The model estimates their mean.",
            ),
            Mistake(
                reml.se_fixef["(Intercept)"],
                name="standard error for the estimate",
                says="This is the standard error of the fixed intercept: how uncertain it is. The question "
                "asks for the estimate itself.",
            ),
            Mistake(
                sd_between(reml),
                name="standard deviation for mean",
                says="This is how much the zip codes differ. The question asks where their middle is.",
            ),
            Mistake(
                _mean(reml) / 1000,
                name="thousands of dollars",
                says="This is in thousands of dollars. The question asks for dollars.",
                credit=0.5,
            ),
        ],
    )


@question("l01-interval", topic="uncertainty", revisit="01: What the fixed intercept means")
def interval(homes):
    """Ask for the interval of two standard errors around the fixed intercept."""
    reml, _ = fits(MODEL, homes)
    centre, se = _mean(reml), reml.se_fixef["(Intercept)"]
    price = homes["price"]
    return ByGroup(
        _around(centre, 2 * se),
        rel=0.0,
        abs=0.05 * se,  # 1.96 standard errors are right too
        unit="dollars",
        group="end",
        mistakes=[
            Mistake(
                _around(centre, se),
                name="one standard error for two",
                says="This interval reaches one standard error to each side. It holds the true value about "
                "two times in three only.",
                credit=0.5,
            ),
            Mistake(
                _around(centre, 2 * sd_between(reml)),
                name="standard deviation for standard error",
                says="This is the range in which the means of most zip codes lie. It does not get shorter "
                "when the mean is known better. The question asks how uncertain the mean itself is.",
            ),
            Mistake(
                _around(centre, 2 * reml.sigma),
                name="residual standard deviation for standard error",
                says="You used the residual standard deviation, which describes single houses. The "
                "uncertainty of the mean has its own number in the print-out.",
            ),
            Mistake(
                _around(price.mean(), 2 * price.std() / len(price) ** 0.5),
                name="complete-pooling interval",
                says="This is the interval of complete pooling. It treats all houses as independent and is "
                "far too short: houses in one zip code are alike.",
            ),
        ],
    )


@question("l01-sd-zipcode", topic="variance components", revisit="01: Read the print-out")
def sd_zipcode(homes):
    """Ask for the standard deviation between zip codes."""
    reml, ml = fits(MODEL, homes)
    sd = sd_between(reml)
    return Number(
        sd,
        rel=4e-3,  # statsmodels stops up to 0.36 % away: see mistakes.spread_of_plain_means
        unit="dollars",
        mistakes=[
            Mistake(
                sd**2,
                name="variance for standard deviation",
                says="This is the variance of the zip-code effects, in squared dollars. Its square root is "
                "in dollars.",
                credit=0.5,
            ),
            Mistake(
                sd_between(ml),
                name="ML for REML",
                says="This comes from a fit with REML=False. (A standard deviation of the nine plain means "
                "that divides by 9 instead of 8 gives nearly the same.) Both make the zip codes look more "
                "alike than they are. The lesson uses REML.",
                credit=0.5,
            ),
            Mistake(
                reml.sigma,
                name="residual for group standard deviation",
                says="This is how much houses differ within one zip code. The question asks how much the "
                "zip codes themselves differ.",
            ),
            Mistake(
                reml.se_fixef["(Intercept)"],
                name="standard error for standard deviation",
                says="This is the standard error of the fixed intercept: how well the mean is known. The "
                "question asks how much the zip codes differ.",
            ),
            mistakes.spread_of_plain_means(homes),
        ],
    )


@question("l01-sd-within", topic="variance components", revisit="01: Read the print-out")
def sd_within(homes):
    """Ask for the standard deviation of prices within a zip code."""
    reml, ml = fits(MODEL, homes)
    return Number(reml.sigma, unit="dollars", mistakes=mistakes.about_sd_within(homes, reml, ml))


@question("l01-ranef", topic="fixef, ranef, coef", revisit="01: fixef, ranef and coef")
def random_effects(homes):
    """Ask for the random effects of the zip codes."""
    reml, _ = fits(MODEL, homes)
    raw = prices_by_group(homes).mean()
    return ByGroup(
        _effects(reml),
        rel=5e-4,
        group=G,
        unit="dollars",
        mistakes=[
            Mistake(
                estimates(reml),
                name="coef for ranef",
                says="These are the estimated mean prices of the zip codes: fixed effect plus random "
                "effect. The question asks for the random effects alone.",
            ),
            Mistake(
                raw - _mean(reml),
                name="no pooling for partial pooling",
                says="These are the differences of the plain means to the fixed intercept. Partial pooling "
                "pulls each of them towards 0; yours are not pulled.",
                credit=0.5,
            ),
            Mistake(
                raw - homes["price"].mean(),
                name="differences to the mean of all houses",
                says="These are the plain means minus the mean of all houses. Random effects are measured "
                "from the mean of the zip codes, and they are pulled towards 0.",
            ),
            Mistake(
                estimates(reml) - homes["price"].mean(),
                name="differences to the mean of all houses",
                says="You took the partial-pooling estimates, which is right, and subtracted the mean of "
                "all houses. Random effects are measured from the fixed intercept.",
                credit=0.5,
            ),
            Mistake(
                -_effects(reml),
                name="wrong sign",
                says="The sizes are right, the signs are not: a zip code above the mean has a positive "
                "effect.",
                credit=0.5,
            ),
            Mistake(
                reml.se_ranef[G]["(Intercept)"],
                name="standard errors for effects",
                says="These are the standard errors of the random effects: how uncertain each one is, not "
                "how large.",
            ),
        ],
    )


@question("l01-few-sales", topic="partial pooling", revisit="01: When data are few")
def few_sales(homes):
    """Ask for the partial-pooling estimates from the first ten sales of each zip code."""
    few = homes.groupby(G, observed=True).head(FEW)
    reml, ml = fits(MODEL, few)
    full, _ = fits(MODEL, homes)
    return ByGroup(
        estimates(reml),
        group=G,
        unit="dollars",
        mistakes=[
            Mistake(
                prices_by_group(few).mean(),
                name="no pooling for partial pooling",
                says="These are the plain means of the ten sales: no pooling. Partial pooling pulls each of "
                "them towards the mean of the zip codes.",
            ),
            Mistake(
                estimates(full),
                name="all sales for the small sample",
                says="These are partial-pooling estimates, but from all your sales. The question asks for "
                "the fit to the small sample.",
                credit=0.5,
            ),
            Mistake(
                estimates(ml),
                name="ML for REML",
                says="This comes from a fit with REML=False. It takes the zip codes for more alike than "
                "they are and pulls the estimates too far. The lesson uses REML.",
                credit=0.5,
            ),
            Mistake(
                _effects(reml),
                name="ranef for coef",
                says="These are the random effects: differences to the fixed intercept. The question asks "
                "for mean prices.",
            ),
            Mistake(
                same_for_all(few["price"].mean(), few),
                name="complete pooling for partial pooling",
                says="Every zip code has the same number here: that is complete pooling.",
            ),
            Mistake(
                prices_by_group(homes).mean(),
                name="no pooling for partial pooling",
                says="These are the plain means of all your sales. The question asks for the "
                "partial-pooling estimates from the small sample.",
            ),
        ],
    )


@question("l01-which-average", topic="fixef, ranef, coef", revisit="01: What the fixed intercept means")
def which_average(homes):
    """Ask why the fixed intercept differs from the mean of all houses."""
    reml, _ = fits(MODEL, homes)
    higher = _mean(reml) > homes["price"].mean()
    return Choice(
        "a" if higher else "b",
        mistakes=[
            Mistake(
                "b" if higher else "a",
                name="direction of the difference",
                says="The reason is right, the direction is not. Compare the two numbers once more, and "
                "look at how many sales your most expensive zip codes have.",
            ),
            Mistake(
                "c",
                name="fixed intercept is the mean of houses",
                says="They are two different quantities, and they would differ in any amount of data: one "
                "is a mean of houses, the other a mean of zip codes.",
            ),
            Mistake(
                "d",
                name="partial pooling drops houses",
                says="Partial pooling uses every house. What changes is how much weight each zip code has.",
            ),
        ],
    )


@question("l01-formula", topic="formulas", revisit="01: Partial pooling")
def formula():
    """Ask for the formula of a model with another outcome."""
    return Formula(
        "sqft_living ~ (1 | zipcode)",
        mistakes=[
            Mistake(
                MODEL,
                name="wrong outcome",
                says="This is the model for the price. The question is about another outcome.",
            ),
            Mistake(
                "price ~ sqft_living + (1 | zipcode)",
                name="outcome used as predictor",
                says="Here the living area helps to predict the price. In the question the living area is "
                "itself what is predicted: the outcome, to the left of the ~.",
            ),
            *mistakes.about_formula("sqft_living", G),
        ],
    )


def _around(centre, half):
    return {"lower": centre - half, "upper": centre + half}
