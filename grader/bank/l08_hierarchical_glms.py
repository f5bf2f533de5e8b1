"""Questions of lesson 08: hierarchical GLMs.

A sale is dear where its price is among the highest 15 percent of the student's own sales, so that yes and no
are as frequent for everybody. In the first 15 sales of each zip code at least one zip code has no dear sale,
for all but 2 of the 8,192 sets of zip codes; 11 sets have a singular fit there. Counts are sales by zip code
and month. Tolerances are wider than the distance between lme4's optimiser and ours (about 1e-3).
"""

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from grader.bank import ByGroup, Choice, Number, practice, question
from grader.bank.builders.errors import one_se_for_two
from grader.bank.builders.mistake import half, wrong
from grader.bank.builders.pooling import all_sales_for_sample
from grader.bank.builders.units import percent
from grader.bank.parts import G, centre, effects, estimates, same_for_all
from grader.bank.reference_fits import generalized

DEAR = 0.85  # quantile of the prices above which a sale is dear
FEW = 15  # sales per zip code in few_homes
PLACE = "98102"  # the zip code of l08-practice-rate
MONTHS = [f"2014-{month:02}" for month in range(5, 13)] + [f"2015-{month:02}" for month in range(1, 6)]
DAYS = dict(zip(MONTHS, (30, 30, 31, 31, 30, 31, 30, 31, 31, 28, 31, 30, 14), strict=True))
SPRING = ("04", "05", "06", "07")
START = "sales ~ busy + offset(log(days)) + (1 | zipcode)"


def with_dear(sales):
    """Mark the most expensive 15 percent, and add the area in 1,000 square feet above 2,000.

    As the lesson's function of this name: a test compares the two.
    """
    dear = sales["price"] > sales["price"].quantile(DEAR)
    area = (sales["sqft_living"] - 2000) / 1000
    return pd.DataFrame({G: sales[G], "dear": dear.astype(int), "area": area, "price": sales["price"]})


def few(homes):
    """Take the first 15 sales of each zip code, with a limit of their own."""
    return with_dear(homes.groupby(G, observed=True).head(FEW))


def monthly(sales):
    """Count the sales of each zip code and month, zeros included; a test compares it with the lesson's."""
    counts = pd.crosstab(sales[G], sales["month"]).reindex(columns=list(DAYS), fill_value=0)
    cells = counts.stack().rename("sales").reset_index()
    cells["days"] = cells["month"].map(DAYS)
    cells["busy"] = cells["month"].str[5:].isin(SPRING).astype(int)
    return cells


def _above(seattle, dollars):
    """Ask of each sale of the lecture whether it cost more, under the name of the graded outcome."""
    return with_dear(seattle).assign(dear=(seattle["price"] > dollars).astype(int))


def _plain(sales):
    return generalized("dear ~ (1 | zipcode)", sales)


def _by_area(sales):
    return generalized("dear ~ area + (1 | zipcode)", sales)


def _complete(sales, formula="dear ~ area"):
    from mlmkit import complete_pooling

    return complete_pooling(formula, sales, family="binomial")


def _own_shares(sales):
    return sales.groupby(G, observed=True)["dear"].mean()


# What you remember ------------------------------------------------------------------------------------


@practice("l08-recall-weight", topic="shrinkage", revisit="08: What you remember")
def recall_weight():
    """Ask which of two zip codes moves more."""
    yield Choice("b")
    yield wrong("a", "more sales, more shrinkage").says("""Many sales hold an estimate at its own mean. What
        pulls is the mean of the zip codes: whom can it move?""")
    yield wrong("c", "distance alone decides").says("""The move is one minus the weight, times the distance.
        The distances are equal here. Are the weights?""")
    yield wrong("d", "partial pooling keeps the means").says("""Partial pooling changes the estimates
        themselves: each is pulled towards the mean of the zip codes.""")


@practice(
    "l08-recall-coef",
    topic="fixef, ranef, coef",
    revisit="08: What you remember",
    idea=r"\hat\mu_\alpha + \hat\eta_j",
    hints=(
        "coef is the estimate of the group itself.",
        "It is fixed effect plus random effect.",
        "Add -1.2 to 3.0.",
    ),
)
def recall_coef():
    """Ask for a group's coefficient from fixed and random effect."""
    fixed, random = 3.0, -1.2
    yield Number(fixed + random, rel=1e-6)
    yield wrong(random, "ranef for coef", did=r"\hat\eta_j").says("""This is the random effect, a difference
        from the mean of the zip codes. Add that mean.""")
    yield wrong(fixed, "fixef for coef", did=r"\hat\mu_\alpha").says("""This is the mean of the zip codes.
        98010 differs from it.""")
    yield wrong(fixed - random, "sign of the random effect", did=r"\hat\mu_\alpha - \hat\eta_j").says(
        "You subtracted the random effect. It is negative already: add it."
    )


@practice("l08-recall-draws", topic="draws", revisit="08: What you remember")
def recall_draws():
    """Ask in which order draws are transformed and summarised."""
    yield Choice("c")
    yield wrong("a", "transformed after averaging").says("""The mean of a curve is not the curve of the mean.
        Compute in each draw first.""")
    yield wrong("b", "median for mean").says("""This is the posterior median of the transformed quantity.
        The question asks for its mean, and draws need no formula.""")
    yield wrong("d", "formula of a normal distribution").says("""This holds for a normal distribution only.
        With draws you need no such assumption.""")


# Practice: the lecture's data, answered at once -------------------------------------------------------


@practice(
    "l08-practice-odds",
    topic="odds",
    revisit="08: Odds",
    idea=r"\frac{p}{1 - p}",
    hints=(
        "Odds compare the sales above a million with the others.",
        "How many sales of 109 are not above a million?",
        "27 divided by (109 - 27).",
    ),
)
def practice_odds():
    """Ask for odds from counts."""
    yes, all_sales = 27, 109
    share = yes / all_sales
    odds = share / (1 - share)
    yield Number(odds, rel=2e-3)
    yield wrong(share, "probability for odds", did="p").says("""This is the probability: 27 of all 109. Odds
        compare the 27 with those that are not above a million.""")
    yield wrong(1 / odds, "odds upside down", did=r"\frac{1 - p}{p}").says("""These are the odds of the
        opposite, a price of a million or less.""")
    yield wrong(np.log(odds), "log odds for odds", did=r"\log\frac{p}{1 - p}").says("""This is the logarithm
        of the odds. The question asks for the odds themselves.""")


@practice("l08-practice-ratio", topic="odds", revisit="08: Odds")
def practice_ratio():
    """Show an odds ratio that is read as a ratio of probabilities."""
    yield Choice("c")
    yield wrong(
        "a", "odds ratio read as ratio of probabilities"
    ).says("""Try it: 22 times 0.25 is more than 1,
        and no probability can be. What became 22 times as large?""")
    yield wrong("b", "odds ratio upside down").says("""The direction is right: 98039 has the larger odds. Look
        at the words after "So".""")
    yield wrong("d", "odds ratio needs a model").says("""Odds can be computed from counts, and so can their
        ratio. Look at what the report says about it.""")


@practice(
    "l08-practice-probabilities",
    topic="poolings of a yes or no",
    revisit="08: Three poolings of a yes or no",
    idea=r"\text{logit}^{-1}(\hat\alpha_j)",
    hints=(
        "The formula is that of glmer1, with another outcome.",
        'coef["zipcode"]["(Intercept)"] has the log odds of each zip code.',
        "expit turns log odds into probabilities.",
    ),
)
def practice_probabilities(seattle):
    """Ask for the probability in each zip code, with partial pooling."""
    sales = _above(seattle, 500_000)
    yield ByGroup(expit(estimates(_plain(sales))), rel=5e-3, group=G)
    yield from _about_probabilities(sales)
    million = expit(estimates(_plain(_above(seattle, 1_000_000))))
    yield wrong(million, "wrong outcome").says("""These are the probabilities of a price above a million. The
        question is about half a million.""")


@practice("l08-practice-separated", topic="separation", revisit="08: A zip code without a million")
def practice_separated():
    """Show a p value from an estimate that ran away."""
    yield Choice("d")
    yield wrong("a", "not significant means no effect").says("""A large p value is never evidence of no
        difference. And this one comes from a number where a search got tired.""")
    yield wrong("b", "separation taken for too few data").says("""With even odds, 100 times no in a row would
        be next to impossible. The data are clear; the standard error isn't.""")
    yield wrong("c", "runaway estimate repaired by a factor").says("""The estimate has no finite value, so no
        factor mends it. Ask where the standard error comes from.""")


@practice(
    "l08-practice-odds-ratio",
    topic="odds ratios",
    revisit="08: A predictor and its odds ratio",
    idea=r"e^{\Delta x\,\hat\beta}",
    hints=(
        "area counts thousands of square feet. How much is 500?",
        "On the log-odds scale the step is 0.5 times the coefficient.",
        "Take e to the power of that step.",
    ),
)
def practice_odds_ratio(seattle):
    """Ask for the odds ratio of half a unit."""
    yield from _odds_ratio(_above(seattle, 1_000_000), 0.5)


@practice(
    "l08-practice-house",
    topic="prediction",
    revisit="08: One zip code or all of them",
    hints=(
        'new_levels="marginal" averages over new zip codes.',
        "For unknown: a probability in each of the nine, then their average, weighted by the share of sales.",
        "(share_of_sales * expit(coef + slope * 0)).sum()",
    ),
)
def practice_house(seattle):
    """Ask how likely it is that a house is above a million, in three places."""
    yield from _house(_above(seattle, 1_000_000), 0.0)


@practice(
    "l08-practice-population",
    topic="conditional and population",
    revisit="08: One zip code or all of them",
    idea=r"\frac{\bar p_1 / (1 - \bar p_1)}{\bar p_0 / (1 - \bar p_0)}",
    hints=(
        "First the two probabilities, averaged over new zip codes.",
        'glmer2.predict(..., new_levels="marginal") at area 1 and at area 2.',
        "p / (1 - p) for both, and then the quotient.",
    ),
)
def practice_population(seattle):
    """Ask for the population odds ratio of two sizes."""
    sales = _above(seattle, 1_000_000)
    fit = _by_area(sales)
    slope, new = fit.fixef["area"], _new(fit, 1.0, 2.0)
    ratio = np.exp(np.diff(logit(new))[0])
    yield Number(ratio, rel=0.015)
    yield wrong(np.exp(slope), "conditional for population", did=r"e^{\hat\beta}").says("""This is the odds
        ratio of two houses in the same zip code. Average the probabilities over zip codes first.""")
    yield wrong(
        new[1] / new[0], "odds ratio read as ratio of probabilities", did=r"\bar p_1 / \bar p_0"
    ).says("This is a ratio of two probabilities. The question asks for a ratio of two odds.")
    yield wrong(np.log(ratio), "log odds for odds ratio").says("""This is a difference of log odds. Take e to
        the power of it.""")
    nine = np.exp(np.diff(logit(_nine(fit, sales, 1.0, 2.0)))[0])
    yield wrong(nine, "known zip codes for the population").says("""You averaged over the nine zip codes of
        the data. The population has others too: average over new ones.""")
    first = np.exp(np.diff(logit(_new(fit, 0.0, 1.0)))[0])
    yield wrong(first, "wrong houses").says("""This compares the two houses of the example. The question is
        about two larger ones.""")


@practice("l08-practice-zeros", topic="counts", revisit="08: Counts")
def practice_zeros():
    """Show a table of counts from which the zeros are missing."""
    yield Choice("c")
    yield wrong("a", "logarithm of a zero count").says("""The link takes the logarithm of the expected count,
        not of the count. An expected count of 2 gives a zero now and then.""")
    yield wrong("b", "zeros replaced").says("""No month sold half a house. A count of 0 is an ordinary value
        of a Poisson distribution, and nothing has to be put in its place.""")
    yield wrong("d", "missing zeros are harmless").says("""They are missing just where rates are low. In one
        zip code there are two among thirteen months.""")


@practice(
    "l08-practice-rate",
    topic="counts",
    revisit="08: Counts",
    idea=r"\text{days} \cdot e^{\hat\alpha_j}",
    hints=(
        "coef is the log of a rate per day.",
        "e to the power of it is the rate per day.",
        "28 days have 28 times the rate.",
    ),
)
def practice_rate(seattle):
    """Ask for the expected count of one zip code in a quiet month of 28 days."""
    yield from _rates(monthly(seattle), 28, PLACE)


@practice(
    "l08-practice-dispersion",
    topic="overdispersion",
    revisit="08: More spread than Poisson",
    idea=r"\frac{1}{n - p}\sum_i \frac{(y_i - \hat\mu_i)^2}{\hat\mu_i}",
    hints=(
        "As for poisson1, with by_month.fitted.",
        "The number of parameters is 4: intercept, busy, two standard deviations.",
        "Sum of squared Pearson residuals divided by 117 - 4.",
    ),
)
def practice_dispersion(seattle):
    """Ask for the dispersion of the model with month effects."""
    cells = monthly(seattle)
    yield from _dispersion(cells, generalized(f"{START} + (1 | month)", cells, "poisson"), 4)
    plain = generalized(START, cells, "poisson")
    yield wrong((plain.resid("pearson") ** 2).sum() / (len(cells) - 3), "model without months").says(
        """This is the dispersion of poisson1. The question is about by_month."""
    )


@practice(
    "l08-practice-variance",
    topic="overdispersion",
    revisit="08: More spread than Poisson",
    idea=r"\mu + \mu^2 / \text{size}",
    hints=(
        "The variance is the mean and something more.",
        "The second part is the square of the mean, divided by the size.",
        "Write it as mean + mean**2 / size, with the size of the fit.",
    ),
)
def practice_variance(seattle):
    """Ask for the variance of a negative binomial count."""
    yield from _variance(monthly(seattle), 7)


@practice(
    "l08-practice-busy",
    topic="rate ratios",
    revisit="08: More spread than Poisson",
    idea=r"e^{\hat\beta},\ e^{\hat\beta \pm 1.96\,\text{se}}",
    hints=(
        "Make the interval of the coefficient first, on the scale of the logarithm.",
        "It reaches 1.96 standard errors to each side.",
        "Then take e to the power of the estimate and of both ends.",
    ),
)
def practice_busy(seattle):
    """Ask for the rate ratio of the season, with its interval."""
    yield from _busy(monthly(seattle))


# Graded: the student's own zip codes ------------------------------------------------------------------


@question("l08-odds", topic="odds", revisit="08: Three poolings of a yes or no", idea=r"e^{\hat\alpha_j}")
def odds(homes):
    """Ask for the odds of a dear sale in each zip code, with partial pooling."""
    sales = with_dear(homes)
    fit, shares = _plain(sales), _own_shares(sales)
    log_odds = estimates(fit)
    yield ByGroup(np.exp(log_odds), rel=5e-3, group=G)
    yield half(log_odds, "log odds for odds", did=r"\hat\alpha_j").says("""These are log odds. Take e to the
        power of them.""")
    yield half(expit(log_odds), "probability for odds", did=r"\text{logit}^{-1}(\hat\alpha_j)").says(
        """These are probabilities: dear sales among all. Odds compare the dear sales with the others."""
    )
    yield wrong(np.exp(effects(fit)), "ranef for coef", did=r"e^{\hat\alpha_j - \hat\mu_\alpha}").says(
        """These come from the random effects: they are odds ratios against the typical zip code."""
    )
    yield wrong(np.exp(-log_odds), "odds upside down", did=r"e^{-\hat\alpha_j}").says("""These are the odds of
        a sale that is not dear.""")
    if shares.max() < 1:
        yield half(
            shares / (1 - shares), "no pooling for partial pooling", within=1e-6
        ).says("""These are the odds from each zip code's own sales: no pooling. The question asks for partial
            pooling.""")
    share = sales["dear"].mean()
    yield wrong(same_for_all(share / (1 - share), log_odds), "complete pooling for partial pooling").says(
        "These are the odds among all sales. Each zip code has its own."
    )
    of_few = np.exp(estimates(_plain(few(homes))))
    yield _few_for_all(of_few)


@question(
    "l08-few-probabilities",
    topic="poolings of a yes or no",
    revisit="08: A zip code without a million",
    idea=r"\text{logit}^{-1}(\hat\alpha_j)",
)
def few_probabilities(homes):
    """Ask for the probability of a dear sale in each zip code, from 15 sales each."""
    sales = few(homes)
    yield ByGroup(expit(estimates(_plain(sales))), rel=5e-3, group=G)
    yield from _about_probabilities(sales)
    yield all_sales_for_sample(expit(estimates(_plain(with_dear(homes)))), "These are the probabilities for")


@question("l08-separated", topic="separation", revisit="08: A zip code without a million")
def separated():
    """Ask what to report of a zip code without a dear sale."""
    yield Choice("b")
    yield wrong("a", "extremes of small groups are real").says("""15 sales without a dear one are easily had
        where one sale in twenty is dear. They can't show that something is impossible.""")
    yield wrong("c", "group with an extreme share left out").says("""Where no pooling has no estimate, the
        data still say something: a high probability is ruled out.""")
    yield wrong("d", "not significant means no effect").says("""That p value comes from an estimate that ran
        away. And a large p value never says that two things are equal.""")


@question(
    "l08-odds-ratio",
    topic="odds ratios",
    revisit="08: A predictor and its odds ratio",
    idea=r"e^{\Delta x\,\hat\beta}",
)
def odds_ratio(homes):
    """Ask for the odds ratio of 300 square feet."""
    yield from _odds_ratio(with_dear(homes), 0.3)


@question("l08-house", topic="prediction", revisit="08: One zip code or all of them")
def house(homes):
    """Ask how likely it is that a house is dear, in three places."""
    yield from _house(with_dear(homes), 1.0)


@question(
    "l08-population",
    topic="conditional and population",
    revisit="08: One zip code or all of them",
    idea=r"e^{\hat\beta},\ \frac{\bar p_1 / (1 - \bar p_1)}{\bar p_0 / (1 - \bar p_0)}",
)
def population(homes):
    """Ask for the conditional and the population odds ratio."""
    sales = with_dear(homes)
    fit = _by_area(sales)
    slope, new = fit.fixef["area"], _new(fit, 0.0, 1.0)
    within, wide = np.exp(slope), np.exp(np.diff(logit(new))[0])
    yield ByGroup(_kinds(within, wide), rel=0.015, group="kind", in_order=True)
    yield half(
        _kinds(within, within), "conditional for population", did=r"e^{\hat\beta},\ e^{\hat\beta}"
    ).says(
        """Both are the odds ratio within a zip code. For the population, average the probabilities over zip
        codes first, and take odds after that."""
    )
    yield half(_kinds(wide, within), "conditional and population exchanged").says("""The two have changed
        places. Which curve is steeper, that of one zip code or the average?""")
    yield half(
        _kinds(within, np.exp(_complete(sales).fixef["area"])), "complete pooling for the population"
    ).says("""The first is right. The second comes from a model without zip codes. It averages over these nine
        only, and where large houses stand in expensive zip codes it counts that as area too.""")
    yield half(
        _kinds(within, np.exp(np.diff(logit(_nine(fit, sales, 0.0, 1.0)))[0])),
        "known zip codes for the population",
    ).says("""The first is right. For the second you averaged over your nine zip codes. The population that
        the model describes has others too: average over new zip codes.""")
    typical = expit(centre(fit) + slope * np.array([0.0, 1.0]))
    yield wrong(
        _kinds(typical[1] / typical[0], new[1] / new[0]),
        "odds ratio read as ratio of probabilities",
        did=r"p_1 / p_0",
    ).says("These are ratios of probabilities. The question asks for ratios of odds.")
    yield half(_kinds(slope, np.log(wide)), "log odds for odds ratio", did=r"\hat\beta").says("""These are
        differences of log odds. Take e to the power of them.""")


@question("l08-rates", topic="counts", revisit="08: Counts", idea=r"30 \cdot e^{\hat\alpha_j}")
def rates(homes):
    """Ask for the expected counts of a quiet month of 30 days."""
    yield from _rates(monthly(homes), 30)


@question(
    "l08-dispersion",
    topic="overdispersion",
    revisit="08: More spread than Poisson",
    idea=r"\frac{1}{n - p}\sum_i \frac{(y_i - \hat\mu_i)^2}{\hat\mu_i}",
)
def dispersion(homes):
    """Ask for the dispersion of a Poisson fit."""
    cells = monthly(homes)
    yield from _dispersion(cells, generalized(START, cells, "poisson"), 3)


@question(
    "l08-variance",
    topic="overdispersion",
    revisit="08: More spread than Poisson",
    idea=r"\mu + \mu^2 / \text{size}",
)
def variance(homes):
    """Ask for the variance of a negative binomial count."""
    yield from _variance(monthly(homes), 20)


@question(
    "l08-busy",
    topic="rate ratios",
    revisit="08: More spread than Poisson",
    idea=r"e^{\hat\beta},\ e^{\hat\beta \pm 1.96\,\text{se}}",
)
def busy(homes):
    """Ask for the rate ratio of the season with its interval."""
    yield from _busy(monthly(homes))


@question("l08-overdispersed", topic="overdispersion", revisit="08: More spread than Poisson")
def overdispersed():
    """Ask what to do about spread that is shared by all zip codes of a month."""
    yield Choice("d")
    yield wrong("a", "overdispersion ignored").says("""The interval is narrow because the model says that
        counts vary less than they do.""")
    yield wrong("b", "overdispersion cured by dropping data").says("""Then the model fits the data that are
        left, and tells nothing about the months that there are.""")
    yield wrong("c", "rows counted for months").says("""This model spreads the extra variation over single
        cells, as if each were new information. But all cells of a month share what made it good or bad.""")


# What several questions share -------------------------------------------------------------------------


def _few_for_all(value):
    return half(value, "small sample for all sales").says("""These come from the fit to few_homes. The
        question is about homes.""")


def _about_probabilities(sales):
    """Yield the mistakes of a question for probabilities by zip code."""
    fit = _plain(sales)
    log_odds = estimates(fit)
    # Where shares are far from 0 and 1, and sales are many, no pooling is near: told by its digits.
    yield wrong(_own_shares(sales), "no pooling for partial pooling", within=1e-6).says("""These are each zip
        code's own shares: no pooling. Where the share is 0 or 1, nobody believes it.""")
    yield half(log_odds, "log odds for probability", did=r"\hat\alpha_j").says("""These are log odds. The
        inverse logit turns them into probabilities.""")
    yield half(np.exp(log_odds), "odds for probability", did=r"e^{\hat\alpha_j}").says("""These are odds. A
        probability is the odds divided by one plus the odds.""")
    yield wrong(
        expit(effects(fit)), "ranef for coef", did=r"\text{logit}^{-1}(\hat\alpha_j - \hat\mu_\alpha)"
    ).says("""You transformed the random effects, differences from the typical zip code. Add the fixed
        intercept before you transform.""")
    yield wrong(same_for_all(sales["dear"].mean(), log_odds), "complete pooling for partial pooling").says(
        "This is the share among all these sales. Each zip code has a probability of its own."
    )
    yield wrong(
        same_for_all(expit(centre(fit)), log_odds), "fixef for coef", did=r"\text{logit}^{-1}(\hat\mu_\alpha)"
    ).says("This is the probability in the typical zip code. Each zip code has its own.")
    yield percent(expit(log_odds))


def _odds_ratio(sales, step):
    """Yield the odds ratio of a part of a unit of the area, and its mistakes."""
    fit = _by_area(sales)
    slope, start = fit.fixef["area"], centre(fit)
    right = np.exp(step * slope)
    yield Number(right, rel=5e-3)
    yield half(np.exp(slope), "ratio of a whole unit", did=r"e^{\hat\beta}").says("""This is the odds ratio of
        1,000 square feet. The question is about fewer.""")
    yield wrong(step * np.exp(slope), "part of the ratio", did=r"\Delta x\,e^{\hat\beta}").says("""You took a
        part of the odds ratio. Steps are divided on the scale of log odds; e to the power of it comes
        after.""")
    added = step * slope
    yield half(added, "log odds for odds ratio", within=1e-3 * abs(added), did=r"\Delta x\,\hat\beta").says(
        "This is what is added to the log odds. The question asks by what factor the odds grow."
    )
    yield wrong(
        slope, "coefficient for odds ratio", did=r"\hat\beta"
    ).says("""This is the coefficient of area:
        log odds for 1,000 square feet.""")
    yield half(1 / right, "ratio upside down", did=r"e^{-\Delta x\,\hat\beta}").says("""This is the factor for
        a smaller house. The question is about a larger one.""")
    yield wrong(np.exp(step * _complete(sales).fixef["area"]), "complete pooling for partial pooling").says(
        """This comes from a model without zip codes. The two houses stand in the same zip code."""
    )
    larger, smaller = expit(start + step * slope), expit(start)
    yield wrong(larger / smaller, "odds ratio read as ratio of probabilities", did=r"p_1 / p_0").says("""This
        is a ratio of probabilities, those of the typical zip code. The question asks for the ratio of the
        odds.""")


def _new(fit, *areas):
    """Average the probabilities of some sizes over new zip codes."""
    rows = pd.DataFrame({"area": areas, G: "a new one"})
    return fit.predict(rows, new_levels="marginal").to_numpy()


def _nine(fit, sales, *areas, weighted=True):
    """Average the probabilities of some sizes over the zip codes of the data."""
    each = expit(np.add.outer(fit.fixef["area"] * np.array(areas), estimates(fit).to_numpy()))
    weights = sales[G].value_counts(sort=False).to_numpy() if weighted else None
    return np.average(each, axis=1, weights=weights)


def _house(sales, area):
    """Yield the probabilities of a house in a typical, a new and an unknown zip code, and the mistakes."""
    fit = _by_area(sales)
    step = fit.fixef["area"] * area
    typical, new = expit(centre(fit) + step), _new(fit, area)[0]
    unknown = _nine(fit, sales, area)[0]
    # A student may average over 200,000 drawn zip codes, as the lesson does.
    room = _places(0.0, 0.004, 0.0)
    yield ByGroup(_places(typical, new, unknown), rel=0.01, abs=room, group="place")
    yield half(
        _places(typical, typical, unknown), "effect zero for a new group", did=r"\text{logit}^{-1}(E\,\alpha)"
    ).says("""A new zip code is not the typical one: its effect may be anything that the distribution allows.
        Average the probability over it.""")
    yield half(
        _places(typical, new, new), "unknown group taken for a new one"
    ).says("""The house stands in one
        of nine zip codes that you know. Only in which is unknown. A new zip code is something else.""")
    yield half(
        _places(typical, unknown, new), "new and unknown exchanged"
    ).says("""New and unknown have changed
        places.""")
    yield half(
        _places(typical, new, _nine(fit, sales, area, weighted=False)[0]), "zip codes not weighted"
    ).says("""For unknown you counted all zip codes the same. Most sales are in the large ones: weight by the
        share of sales.""")
    shares = sales[G].value_counts(normalize=True, sort=False)
    of_mean = expit((shares * estimates(fit)).sum() + step)
    yield half(
        _places(typical, new, of_mean),
        "probability of the average",
        did=r"\text{logit}^{-1}(\bar\alpha + x\hat\beta)",
    ).says("""For unknown you averaged the log odds and transformed after that. Transform first, in each zip
        code, and average the probabilities.""")
    yield wrong(_places(*logit([typical, new, unknown])), "log odds for probability").says(
        "These are log odds. The question asks for probabilities."
    )


def _places(typical, new, unknown):
    return {"typical": float(typical), "new": float(new), "unknown": float(unknown)}


def _kinds(conditional, population):
    return {"conditional": float(conditional), "population": float(population)}


def _rates(cells, days, place=None):
    """Yield expected counts of a quiet month, of one zip code or of all, and the mistakes."""
    fit = generalized(START, cells, "poisson")
    bare = generalized(START.replace(" + offset(log(days))", ""), cells, "poisson")

    def taken(by_zipcode):
        return by_zipcode if place is None else float(by_zipcode[place])

    log_rates = estimates(fit)
    right, kind = taken(days * np.exp(log_rates)), Number if place else ByGroup
    yield kind(right, rel=3e-3, unit="sales", **({} if place else {"group": G}))
    yield half(taken(np.exp(log_rates)), "rate per day", did=r"e^{\hat\alpha_j}").says("""This is a rate per
        day. How many days has the month?""")
    yield wrong(taken(log_rates), "log rate for rate", did=r"\hat\alpha_j").says("""This is the logarithm of a
        rate. A number of sales can't be negative.""")
    yield half(
        taken(days * np.exp(log_rates + fit.fixef["busy"])),
        "busy for quiet",
        did=r"\text{days}\,e^{\hat\alpha_j + \hat\beta}",
    ).says("This is for a busy month. In a quiet one busy is 0.")
    yield wrong(
        taken(np.exp(estimates(bare))), "exposure forgotten"
    ).says("""This comes from a fit without the
        offset: a month of 14 days counts there like any other.""")
    yield wrong(
        taken(days * np.exp(estimates(bare))), "exposure forgotten"
    ).says("""This fit has no offset, so
        it gives sales per month already. Days were never in it.""")
    yield wrong(
        taken(days * np.exp(effects(fit))), "ranef for coef"
    ).says("""You took the random effect. It is
        the difference from the typical zip code, and the level is missing.""")
    own = cells.groupby(G, observed=True)["sales"].mean()
    yield wrong(taken(own), "plain mean of the counts", within=1e-6).says("""This is the plain mean of the
        monthly counts, busy months and half of May included.""")


def _dispersion(cells, fit, parameters):
    """Yield the dispersion of a Poisson fit, and the mistakes."""
    n, squares = len(cells), (fit.resid("pearson") ** 2).sum()
    right = squares / (n - parameters)
    yield Number(right, rel=3e-3)
    yield half(
        squares / n, "parameters not subtracted", did=r"\frac{1}{n}\sum_i r_i^2"
    ).says("""You divided by
        the number of rows. Subtract the number of parameters from it.""")
    fixed = len(fit.fixef)
    yield half(squares / (n - fixed), "standard deviations not counted").says("""You counted the fixed effects
        only. The standard deviation between groups is estimated too.""")
    yield wrong(squares, "sum for mean", did=r"\sum_i r_i^2").says("""This is the sum of the squares. Divide
        it.""")
    yield half(right**0.5, "square root of the dispersion").says("""This is the square root: the factor for
        standard errors. The question asks for the dispersion, a ratio of variances.""")
    deviance = (fit.resid("deviance") ** 2).sum() / (n - parameters)
    yield half(deviance, "deviance residuals for Pearson residuals").says("""These are deviance residuals. The
        question asks for Pearson residuals: divided by the root of the expected count.""")
    counts = cells["sales"]
    yield wrong(counts.var() / counts.mean(), "variance of all counts over their mean").says("""This compares
        the spread of all counts with their mean. Most of it is the zip codes, which the model knows.""")
    residual = counts - fit.fitted
    yield wrong(
        (residual**2).sum() / (n - parameters), "residuals not divided"
    ).says("""These residuals are in
        sales. Divide each by the root of its expected count first.""")


def _variance(cells, mean):
    """Yield the variance of a negative binomial count, and the mistakes."""
    size = generalized(START, cells, "negative_binomial").size
    extra = mean**2 / size
    yield Number(mean + extra, rel=5e-3)
    yield wrong(
        float(mean), "Poisson variance", did=r"\mu"
    ).says("""This is the variance of a Poisson count. A
        negative binomial count varies more.""")
    yield half(extra, "Poisson part forgotten", did=r"\mu^2 / \text{size}").says("""This is only what is added
        to the variance of a Poisson count.""")
    yield half((mean + extra) ** 0.5, "standard deviations for variances").says("""This is the standard
        deviation. The question asks for the variance.""")
    yield wrong(mean + mean**2 * size, "size upside down", did=r"\mu + \mu^2 \cdot \text{size}").says("""You
        multiplied by the size. A large size means little overdispersion: divide by it.""")
    yield wrong(mean + mean / size, "mean not squared", did=r"\mu + \mu / \text{size}").says("""You added the
        mean divided by the size. It is the square of the mean that is divided.""")
    poisson = generalized(START, cells, "poisson")
    factor = (poisson.resid("pearson") ** 2).sum() / (len(cells) - 3)
    yield half(mean * factor, "dispersion for negative binomial", did=r"\hat\phi\,\mu").says("""This is the
        mean times the dispersion. In the negative binomial model the extra variance grows with the square of
        the mean.""")


def _busy(cells):
    """Yield the rate ratio of the season with month effects, its interval, and the mistakes."""
    fits = {
        "months": generalized(f"{START} + (1 | month)", cells, "poisson"),
        "poisson": generalized(START, cells, "poisson"),
        "negative": generalized(START, cells, "negative_binomial"),
        "bare": generalized(START.replace("offset(log(days)) + ", "") + " + (1 | month)", cells, "poisson"),
    }
    b, se = fits["months"].fixef["busy"], fits["months"].se_fixef["busy"]
    yield ByGroup(_interval(fits["months"]), rel=8e-3, in_order=True, group="number")
    yield half(_three(b, 1.96 * se, np.asarray), "log for ratio", did=r"\hat\beta \pm 1.96\,\text{se}").says(
        """These are on the log scale. Take e to the power of all three."""
    )
    yield half(
        _three(np.exp(b), 1.96 * se * np.exp(b), np.asarray),
        "symmetric interval of a ratio",
        did=r"e^{\hat\beta} \pm 1.96\,\text{se}\,e^{\hat\beta}",
    ).says("""You went the same distance to both sides of the ratio. Make the interval on the log scale, and
        transform its ends.""")
    yield wrong(
        _three(np.exp(b), 1.96 * se, np.asarray),
        "log standard error beside a ratio",
        did=r"e^{\hat\beta} \pm 1.96\,\text{se}",
    ).says("""The standard error belongs to the log of the ratio. Add and subtract before you take e to the
        power.""")
    yield one_se_for_two(_three(b, se, np.exp))
    yield half(_interval(fits["poisson"]), "overdispersion ignored").says("""This comes from the fit without
        month effects. Its interval is too narrow.""")
    yield half(_interval(fits["negative"]), "rows counted for months").says("""This comes from the negative
        binomial fit. It takes the cells of a month as independent, and they are not.""")
    yield wrong(_interval(fits["bare"]), "exposure forgotten").says("""This fit has no offset: half a month
        counts there as a whole one.""")


def _interval(fit):
    return _three(fit.fixef["busy"], 1.96 * fit.se_fixef["busy"], np.exp)


def _three(middle, half_width, back):
    ends = {"estimate": middle, "lower": middle - half_width, "upper": middle + half_width}
    return {name: float(back(value)) for name, value in ends.items()}
