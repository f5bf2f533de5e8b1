"""Questions of lesson 10: the capstone.

The student's pilot are 5 sales of the first zip code, 10 of the second, …, 45 of the ninth; the others are
for checks. None of 300 sets of zip codes gives a singular fit. Probabilities of ranks are judged by their
Monte Carlo error at the number of draws that the question asks for.
"""

import numpy as np
import pandas as pd

from grader.bank import ByGroup, Choice, Formula, Number, practice, question
from grader.bank.builders.mistake import half, wrong
from grader.bank.builders.pooling import all_sales_for_sample, ml_for_reml, no_for_partial_pooling
from grader.bank.builders.units import count_for_share, percent, thousands
from grader.bank.monte_carlo import monte_carlo
from grader.bank.parts import ONE, G, effects, estimates, means, prices, sd_between
from grader.bank.reference_fits import fits, posterior

MODEL = "log_price ~ log_size + (1 | zipcode)"
SLOPE = "log_size"
PRECISION = 0.03  # the standard error that l10-needed asks for
WORTH = 15_000  # independent draws that 20,000 are worth: importance resampling repeats some
SPARE = 2e-3  # of a probability near 0 or 1, whose Monte Carlo error the reference can't tell
ROUNDED = 6e-3  # of a mean rank that hardly varies: two decimals are enough


def with_logs(sales):
    """Add the logarithms of price and size, as the lesson does."""
    return sales.assign(log_price=np.log(sales["price"]), log_size=np.log(sales["sqft_living"] / 2000))


def pilot_of(sales):
    """Keep the first 5 sales of the first zip code, 10 of the second, …, as the lesson does."""
    groups = sales.groupby(G, observed=True)
    return pd.concat([rows.head(5 * place) for place, (_, rows) in enumerate(groups, start=1)])


def _parts(sales):
    """Return all sales, the pilot, and the rest."""
    sales = with_logs(sales)
    pilot = pilot_of(sales)
    return sales, pilot, sales.drop(pilot.index)


def _levels(fit):
    """Take the draws of each zip code's level, a column a zip code."""
    columns = {zipcode: f"b[(Intercept) zipcode:{zipcode}]" for zipcode in fit.ranef[G].index}
    return pd.DataFrame({zipcode: fit.draws[ONE] + fit.draws[name] for zipcode, name in columns.items()})


def _houses(levels, fit):
    """Draw one house of 2,000 square feet in each zip code, instead of the median."""
    noise = np.random.default_rng(10).standard_normal(levels.shape)
    return levels + fit.draws[["sigma"]].to_numpy() * noise


def _off(fit, rows):
    return rows["log_price"] - np.asarray(fit.predict(rows))


def _by_pooling(pilot):
    from mlmkit import complete_pooling, no_pooling

    partial, _ = fits(MODEL, pilot)
    return {"complete": complete_pooling(MODEL, pilot), "no": no_pooling(MODEL, pilot), "partial": partial}


# Practice: the lecture's data, answered at once -------------------------------------------------------


@practice("l10-recall-seen", topic="checks", revisit="10: What you remember")
def recall_seen():
    """Ask whether errors on seen data are fair."""
    yield Choice("b")
    yield wrong(
        "a", "errors on seen data taken for fair"
    ).says("""A random sample doesn't help here: the model
        was fitted to exactly these prices, with their chance.""")
    yield wrong(
        "c", "errors on seen data taken for too large"
    ).says("""It is the other way: to these prices the
        model has already adapted itself.""")
    yield wrong(
        "d", "shrinkage taken for a cure"
    ).says("""Shrinkage makes the gap smaller. The fit has seen these
        prices nevertheless.""")


@practice("l10-recall-overlap", topic="comparing groups", revisit="10: What you remember")
def recall_overlap():
    """Ask what overlapping intervals say."""
    yield Choice("c")
    yield wrong(
        "a", "overlap taken for no difference"
    ).says("""The standard error of a difference is smaller than
        the sum of two standard errors. Compute it for these two.""")
    yield wrong(
        "b", "middles outside taken for a difference"
    ).says("""That neither holds the other's middle is no
        rule. Look at the difference and its standard error.""")
    yield wrong(
        "d", "difference without its uncertainty"
    ).says("""Both means are uncertain, so their difference
        is, too.""")


@practice("l10-recall-median", topic="logarithms", revisit="10: What you remember")
def recall_median():
    """Ask what exp of a mean log is."""
    yield Choice("a")
    yield wrong(
        "b", "exp of the mean log for the mean"
    ).says("""Half of the logarithms lie below their mean. So
        which share of the prices lies below this number?""")
    yield wrong("c", "mean below median").says(
        """A few very high prices move the mean. In which direction?"""
    )
    yield wrong("d", "logarithm without a way back").says("""The exponential takes each logarithm back to its
        price, so also the middle one.""")


@practice("l10-practice-estimand", topic="estimand", revisit="10: A question that can be answered")
def practice_estimand():
    """Ask which summary a sum needs."""
    yield Choice("d")
    yield wrong(
        "a", "median for mean"
    ).says("""The median tells what a house in the middle costs. From it no sum can
        be computed: a few expensive houses pay much of the tax.""")
    yield wrong("b", "extreme for mean").says("""One house says little about the sum of all.""")
    yield wrong(
        "c", "estimand of another question"
    ).says("""This answers the buyer's question. The office taxes
        the houses that are there, large and small.""")


@practice(
    "l10-practice-needed",
    topic="planning",
    revisit="10: Plan before you look",
    idea=r"n = (\sigma_y / se)^2",
    hints=(
        "The standard error of a mean of n houses is sigma / sqrt(n).",
        "Write the equation sigma / sqrt(n) = 0.05.",
        "Solve it for n: square both sides.",
    ),
)
def practice_needed():
    """Ask how many sales a standard error needs."""
    yield Number(36.0, rel=1e-3, unit="sales")
    yield wrong(
        6.0, "square forgotten", did=r"\sigma_y / se"
    ).says("""This is the square root of what is asked: the
        standard error falls with the root of n.""")
    yield wrong(
        72.0, "difference for level", did=r"2 (\sigma_y / se)^2"
    ).says("""This is for the difference of two
        zip codes. The question is about the level of one.""")
    yield wrong(
        144.0, "two standard errors for one", did=r"(2 \sigma_y / se)^2"
    ).says("""This makes two standard
        errors as small as that. The question asks for one.""")


@practice(
    "l10-practice-price",
    topic="logarithms",
    revisit="10: Fit and read",
    idea=r"e^{\hat\alpha_j + \hat\beta \log(3000 / 2000)}",
    hints=(
        "First on the scale of logarithms, and only at the end in dollars.",
        "What is log_size for a house of 3,000 square feet? The logarithm of 3000 / 2000.",
        "Level of the zip code plus slope times log_size, then the exponential.",
    ),
)
def practice_price(seattle):
    """Ask for a median price at another size."""
    _, pilot, _ = _parts(seattle)
    fit, _ = fits(MODEL, pilot)
    level, slope, more = estimates(fit)["98148"], fit.fixef[SLOPE], np.log(1.5)
    yield Number(np.exp(level + slope * more), rel=2e-3, unit="dollars")
    yield wrong(
        np.exp(level), "predictor forgotten", did=r"e^{\hat\alpha_j}"
    ).says("""This is the price at 2,000
        square feet. The house is larger.""")
    yield wrong(
        np.exp(level) * 1.5, "price in proportion to size", did=r"\frac{3000}{2000}\, e^{\hat\alpha_j}"
    ).says("""You made
        the price grow as fast as the size. The slope is below 1, so it grows more slowly.""")
    yield wrong(
        np.exp(fit.fixef[ONE] + slope * more), "fixef for coef"
    ).says("""This is a house in an average zip
        code. Use the level of 98148.""")
    yield wrong(
        np.exp(level + slope * 1.5), "ratio for its logarithm"
    ).says("""You used the ratio of the sizes
        itself. The predictor is its logarithm.""")
    yield wrong(level + slope * more, "logarithms for dollars").says("""This is a logarithm. Take the
        exponential.""")
    yield wrong(
        np.exp(level + slope * more + fit.sigma**2 / 2), "mean for median"
    ).says("""This is the mean price.
        The question asks for the median: without half the variance.""")


@practice(
    "l10-practice-inside",
    topic="checks",
    revisit="10: Check with sales that the model hasn't seen",
    hints=(
        "Count the houses whose error is small enough, and divide by all.",
        "The cell above has the same for two standard deviations.",
        "errors.abs() < fit.sigma",
    ),
)
def practice_inside(seattle):
    """Ask for the share of new sales within one standard deviation."""
    _, pilot, rest = _parts(seattle)
    fit, _ = fits(MODEL, pilot)
    off = _off(fit, rest).abs()
    inside = (off < fit.sigma).mean()
    yield Number(inside, abs=4e-3)
    yield wrong(
        (off < 2 * fit.sigma).mean(), "two standard deviations for one"
    ).says("""This is the share within
        two standard deviations.""")
    yield wrong(1 - inside, "share outside for inside").says("""This is the share outside.""")
    yield wrong(
        (_off(fit, pilot).abs() < fit.sigma).mean(), "seen data for new data"
    ).says("""This is the share in
        the pilot, to which the model was fitted.""")
    yield percent(inside, credit=0.0)
    yield count_for_share(inside, len(rest), of="sales", credit=0.0)


@practice(
    "l10-practice-pair",
    topic="comparing groups",
    revisit="10: Rank, with its uncertainty",
    idea=r"P(\alpha_a < \alpha_b)",
    hints=(
        "Compare the two zip codes in each draw, not their medians.",
        'draws["98010"] < draws["98148"] is true or false in each draw.',
        "The mean of these is a share.",
    ),
)
def practice_pair(seattle):
    """Ask for the probability that one zip code is cheaper than another."""
    _, pilot, _ = _parts(seattle)
    fit = posterior(MODEL, pilot)
    levels = _levels(fit)
    yield from _pair(levels, fit, "98010", "98148", credit=0.0)


@practice("l10-practice-second", topic="reporting", revisit="10: Tell it")
def practice_second():
    """Ask what is wrong with estimates as data."""
    yield Choice("b")
    yield wrong(
        "a", "estimates taken for data"
    ).says("""They are numbers with different uncertainty, and pulled
        together. The second regression knows neither.""")
    yield wrong("c", "rule of thumb for the number of groups").says("""There is no such limit. Nine groups say
        little, and a model can say how little.""")
    yield wrong(
        "d", "transformation for model"
    ).says("""A logarithm doesn't tell the second regression how sure each
        estimate is.""")


@practice(
    "l10-practice-design",
    topic="intraclass correlation",
    revisit="10: Tell it",
    idea=r"\sqrt{1 + (n - 1)\, \mathrm{ICC}}",
    hints=(
        "Houses of one zip code are alike: each of them counts as less than one.",
        "Compute the design effect first.",
        "The standard error is the root of a variance.",
    ),
)
def practice_design():
    """Ask for the factor of a standard error by the design effect."""
    effect = 1 + 59 * 0.05
    yield Number(effect**0.5, rel=2e-3)
    yield wrong(
        effect, "variance for standard error", did=r"1 + (n - 1)\, \mathrm{ICC}"
    ).says("""This is the factor
        of the variance. The question asks for the standard error.""")
    yield wrong(
        1.0, "small ICC ignored", did=r"1"
    ).says("""A small correlation between two people adds up: there are
        fifty-nine others in each group.""")
    yield wrong(
        1.05**0.5, "group size forgotten", did=r"\sqrt{1 + \mathrm{ICC}}"
    ).says("""The number of people in a
        group is missing in this.""")
    yield wrong(
        (1 + 60 * 0.05) ** 0.5, "n for n - 1", within=4e-3, did=r"\sqrt{1 + n\, \mathrm{ICC}}"
    ).says("""Each
        person has n - 1 others in the group, not n.""")


# Graded: the first part -------------------------------------------------------------------------------


@question("l10-formula", topic="formulas", revisit="10: Plan before you look")
def formula(homes):
    """Ask for the formula of the model."""
    yield Formula(MODEL)
    yield half(
        "log_price ~ (1 | zipcode)", "predictor forgotten"
    ).says("""This model has no size, so its levels mix
        price and size: the question is about houses of the same size.""")
    yield half(
        "log_price ~ log_size + (1 + log_size | zipcode)", "varying-slope model"
    ).says("""Here every zip code
        has a slope of its own. The question asks for one slope for all.""")
    yield half("log_price ~ log_size + zipcode", "no-pooling formula").says("""Without a bar the zip codes get
        coefficients without pooling.""")
    yield wrong("log_price ~ log_size", "complete-pooling formula").says("""This model doesn't know the zip
        codes.""")
    yield half(
        "price ~ log_size + (1 | zipcode)", "outcome in dollars for its logarithm"
    ).says("""The outcome is the
        price in dollars. The question asks for its logarithm.""")
    yield half(
        "log_price ~ sqft_living + (1 | zipcode)", "predictor not logged"
    ).says("""The predictor is the size
        itself, and 0 stands for a house without rooms. The question asks for its logarithm.""")
    yield wrong(
        "log_price ~ (log_size | zipcode)", "predictor inside the brackets only"
    ).says("""What stands inside
        the brackets varies. The mean slope has no place in this formula, so it is set to 0.""")


@question(
    "l10-prices", topic="logarithms", revisit="10: Fit and read", idea=r"e^{\hat\mu_\alpha + \hat\alpha_j}"
)
def level_prices(homes):
    """Ask for the median prices of a house of 2,000 square feet."""
    every, pilot, _ = _parts(homes)
    fit, ml = fits(MODEL, pilot)
    right = np.exp(estimates(fit))
    yield ByGroup(right, rel=2e-3, group=G, unit="dollars")
    yield half(
        estimates(fit), "logarithms for dollars", did=r"\hat\mu_\alpha + \hat\alpha_j"
    ).says("""These are
        logarithms. The exponential takes them back to dollars.""")
    yield half(
        right * np.exp(fit.sigma**2 / 2),
        "mean for median",
        did=r"e^{\hat\mu_\alpha + \hat\alpha_j + \sigma_y^2 / 2}",
    ).says("""These are mean prices. The question asks for the median, without half the variance.""")
    yield wrong(
        np.exp(effects(fit)), "ranef for coef", did=r"e^{\hat\alpha_j}"
    ).says("""These are ratios to an average
        zip code: the fixed intercept is missing.""")
    yield wrong(
        means(pilot), "raw means for levels"
    ).says("""These are mean prices of the houses as they are, large
        and small. The question asks for a house of 2,000 square feet.""")
    yield wrong(
        prices(pilot).median(), "raw medians for levels"
    ).says("""These are median prices of the houses as they
        are, large and small. The question asks for a house of 2,000 square feet.""")
    of_none = _by_pooling(pilot)["no"]
    cells = pd.DataFrame({G: right.index, SLOPE: 0.0})
    yield no_for_partial_pooling(
        pd.Series(np.exp(np.asarray(of_none.predict(cells))), right.index),
        "These come from separate intercepts",
    )
    yield wrong(
        np.exp(estimates(fits("log_price ~ (1 | zipcode)", pilot)[0])), "predictor forgotten"
    ).says("""These
        come from a model without size.""")
    yield all_sales_for_sample(np.exp(estimates(fits(MODEL, every)[0])), "These come from")
    yield ml_for_reml(np.exp(estimates(ml)))
    yield thousands(right)


@question("l10-needed", topic="planning", revisit="10: Plan before you look", idea=r"n = (\sigma_y / se)^2")
def needed(homes):
    """Ask how many sales a zip code needs."""
    _, pilot, _ = _parts(homes)
    fit, _ = fits(MODEL, pilot)
    sigma, between = fit.sigma, sd_between(fit)
    yield Number((sigma / PRECISION) ** 2, rel=5e-3, unit="sales", round_up=True)
    yield half(
        sigma / PRECISION, "square forgotten", did=r"\sigma_y / se"
    ).says("""This is the square root of what is
        asked: the standard error falls with the root of the number of sales.""")
    yield half(
        2 * (sigma / PRECISION) ** 2, "difference for level", did=r"2 (\sigma_y / se)^2"
    ).says("""This is for the
        difference of two zip codes. The question is about the level of one.""")
    yield half(
        (2 * sigma / PRECISION) ** 2, "two standard errors for one", did=r"(2 \sigma_y / se)^2"
    ).says("""This
        makes two standard errors as small as that. The question asks for one.""")
    yield wrong(
        (between / PRECISION) ** 2, "group for residual standard deviation", did=r"(\sigma_\alpha / se)^2"
    ).says("You used how much zip codes differ. What makes a level uncertain is how much its houses differ.")
    yield wrong(
        (sigma**2 + between**2) / PRECISION**2,
        "total for residual variance",
        did=r"(\sigma_y^2 + \sigma_\alpha^2) / se^2",
    ).says("""You used both standard deviations. Within one zip code only houses differ.""")
    yield wrong(
        sigma**2 / PRECISION, "standard error not squared", did=r"\sigma_y^2 / se"
    ).says("""You squared the
        residual standard deviation, and not the standard error.""")
    yield wrong((np.exp(sigma) - 1) ** 2 / PRECISION**2, "percent for logarithms").says(
        """You changed the standard deviation to percent first. Both numbers are on the log scale."""
    )


# Graded: the second part ------------------------------------------------------------------------------


@question("l10-inside", topic="checks", revisit="10: Check with sales that the model hasn't seen")
def inside(homes):
    """Ask for the share of new sales within two standard deviations."""
    _, pilot, rest = _parts(homes)
    fit, _ = fits(MODEL, pilot)
    off = _off(fit, rest).abs()
    right = (off < 2 * fit.sigma).mean()
    near = 3e-3
    yield Number(right, abs=near)
    yield half(
        (off < fit.sigma).mean(), "one standard deviation for two"
    ).says("""This is the share within one
        standard deviation.""")
    seen = (_off(fit, pilot).abs() < 2 * fit.sigma).mean()
    if abs(seen - right) > near:  # else a right answer, rounded, may be this one
        yield wrong(seen, "seen data for new data", within=1e-4).says("""This is the share in the pilot, to
            which the model was fitted. Check with the other sales.""")
    yield half(1 - right, "share outside for inside").says("This is the share outside.")
    yield wrong(
        (off < 2 * sd_between(fit)).mean(), "group for residual standard deviation"
    ).says("""You used how much
        zip codes differ. Houses differ from their prediction by the residual standard deviation.""")
    yield percent(right)
    yield count_for_share(right, len(rest), of="sales")


@question(
    "l10-errors",
    topic="comparison",
    revisit="10: Compare",
    idea=r"\sqrt{\frac{1}{n} \sum_i (y_i - \hat y_i)^2}",
)
def errors(homes):
    """Ask for the errors of three poolings on new sales."""
    every, pilot, rest = _parts(homes)
    of = _by_pooling(pilot)

    def each(measure, rows=rest):
        return {name: float(measure(_off(fit, rows))) for name, fit in of.items()}

    def root(off):
        return (off**2).mean() ** 0.5

    yield ByGroup(each(root), rel=2e-3, group="method", in_order=True)
    yield wrong(
        each(root, pilot), "seen data for new data"
    ).says("""These are errors on the pilot, to which the models
        were fitted. Compare on the other sales.""")
    yield half(
        each(root, every), "all sales for new data"
    ).says("""These are errors on all sales, with those that the
        models have seen.""")
    yield half(
        each(lambda off: (off**2).mean()), "root forgotten", did=r"\frac{1}{n} \sum_i (y_i - \hat y_i)^2"
    ).says("These are means of squared errors. Take the square roots.")
    yield half(
        each(lambda off: off.abs().mean()), "mean absolute error", did=r"\frac{1}{n} \sum_i |y_i - \hat y_i|"
    ).says("These are means of the errors without signs. The question asks for the root of the mean square.")
    yield wrong(
        each(np.mean), "mean error for typical error", did=r"\frac{1}{n} \sum_i (y_i - \hat y_i)"
    ).says("""These
        are plain means of the errors, in which errors of both signs cancel.""")
    right = each(root)
    dollars = {
        name: float(((rest["price"] - np.exp(np.asarray(fit.predict(rest)))) ** 2).mean() ** 0.5)
        for name, fit in of.items()
    }
    yield half(
        dollars, "dollars for logarithms"
    ).says("""These are errors in dollars. The question asks for the log
        scale.""")
    turned = {"complete": right["partial"], "no": right["no"], "partial": right["complete"]}
    yield half(turned, "methods exchanged").says("""Complete and partial pooling have changed places.""")


def _tolerance(draws, spare=SPARE):
    """Give the Monte Carlo error of each column's mean, and a little for what is nearly certain."""
    return {name: float(monte_carlo(np.mean, draws[name], ess=WORTH)) + spare for name in draws}


@question(
    "l10-cheapest",
    topic="ranks",
    revisit="10: Rank, with its uncertainty",
    idea=r"P(\alpha_j = \min_i \alpha_i)",
)
def cheapest(homes):
    """Ask for each zip code's probability to be the cheapest."""
    _, pilot, _ = _parts(homes)
    fit = posterior(MODEL, pilot)
    levels = _levels(fit)
    ranks = levels.rank(axis=1)
    first = (ranks == 1).astype(float)
    room = _tolerance(first)
    yield ByGroup(first.mean(), rel=0.0, abs=room, group=G)
    by_estimate = estimates(fits(MODEL, pilot)[0])
    certain = (by_estimate == by_estimate.min()).astype(float)
    if (certain - first.mean()).abs().max() > 2 * SPARE:  # else the right answer, rounded, may be this one
        yield wrong(certain, "ranks without their uncertainty", within=1e-6).says("""This puts all probability
            on the zip code with the lowest estimate. In how many draws is it the cheapest?""")
    last = (ranks == 9).astype(float)
    yield half(
        last.mean(), "order reversed", within=_tolerance(last)
    ).says("""These are the probabilities to be the
        dearest.""")
    yield wrong(
        ranks.mean(), "mean rank for probability", within=_tolerance(ranks)
    ).says("""These are mean ranks. The
        question asks in what share of the draws each zip code has rank 1.""")
    house = (_houses(levels, fit).rank(axis=1) == 1).astype(float)
    yield half(
        house.mean(), "houses for medians", within=_tolerance(house)
    ).says("""Here one house of each zip code
        takes part in each draw. The question is about the median price, without the differences between
        houses.""")
    yield percent(first.mean())
    yield half(
        20_000 * first.mean(), "count for share", within={z: 20_000 * one for z, one in room.items()}
    ).says("""These
        seem to be numbers of draws. Divide them by how many draws there are.""")


@question("l10-mean-rank", topic="ranks", revisit="10: Rank, with its uncertainty")
def mean_rank(homes):
    """Ask for each zip code's mean rank."""
    _, pilot, _ = _parts(homes)
    fit = posterior(MODEL, pilot)
    levels = _levels(fit)
    ranks = levels.rank(axis=1)
    room = _tolerance(ranks, ROUNDED)
    yield ByGroup(ranks.mean(), rel=0.0, abs=room, group=G)
    yield half(
        estimates(fits(MODEL, pilot)[0]).rank(), "ranks without their uncertainty", within=1e-6
    ).says("""These are
        ranks of the estimates. The question asks for the mean of the ranks over the draws.""")
    yield half(
        10 - ranks.mean(), "order reversed", within=room
    ).says("""Here 1 is the dearest. The question asks for 1
        as the cheapest.""")
    yield half(
        ranks.mean() - 1, "ranks from 0", within=room
    ).says("""Your ranks begin at 0. The cheapest has rank
        1.""")
    order = pd.DataFrame(np.argsort(levels.to_numpy(), axis=1), columns=levels.columns)
    for start, as_well in ((0, ""), (1, ", even with 1 added")):
        yield wrong(
            (order + start).mean(), "order for rank", within=_tolerance(order)
        ).says(f"""argsort gives the
            places of the sorted values, not the rank of each value{as_well}. rank(axis=1) gives ranks.""")
    yield wrong(
        (ranks == 1).mean(), "probability for mean rank", within=_tolerance((ranks == 1).astype(float))
    ).says("These are the probabilities to be the cheapest.")
    raw = means(pilot).rank()
    yield wrong(
        raw, "raw means for levels", within=1e-6
    ).says("""These are ranks of the raw mean prices, which mix price
        and size.""")
    of_houses = _houses(levels, fit).rank(axis=1)
    yield half(
        of_houses.mean(), "houses for medians", within=_tolerance(of_houses)
    ).says("""Here one house of each zip
        code takes part in each draw. The question is about the median price, without the differences between
        houses.""")


def _pair(levels, fit, cheaper, dearer, credit=0.5):
    """Judge the probability that one zip code is cheaper than another."""
    first = (levels[cheaper] < levels[dearer]).astype(float)
    right, room = first.mean(), float(monte_carlo(np.mean, first, ess=WORTH)) + SPARE
    near = {"within": room}
    yield Number(right, abs=room)
    yield (half if credit else wrong)(
        1 - right, "complement for probability", **near
    ).says("""This is the probability
        that the other one is cheaper.""")
    houses = _houses(levels, fit)
    house = (houses[cheaper] < houses[dearer]).mean()
    yield (half if credit else wrong)(
        house, "houses for medians", **near
    ).says("""This compares two single houses. The
        question is about the two median prices.""")
    if right < 1 - 2 * SPARE:  # else the right answer, rounded, may be 1
        yield wrong(1.0, "ranks without their uncertainty", within=1e-9).says("""By the estimates it is
            cheaper. In how many draws?""")
    gap = levels[dearer] - levels[cheaper]
    around = float(monte_carlo(np.median, gap, ess=WORTH))
    yield wrong(
        gap.median(), "difference for probability", within=around
    ).says("""This is the difference of the
        two levels on the log scale. The question asks for a probability.""")
    yield percent(right, credit=credit)


@question(
    "l10-pair",
    topic="comparing groups",
    revisit="10: Rank, with its uncertainty",
    idea=r"P(\alpha_a < \alpha_b)",
)
def pair(homes):
    """Ask for the probability that two zip codes stand in the right order."""
    _, pilot, _ = _parts(homes)
    fit = posterior(MODEL, pilot)
    levels, listed = _levels(fit), list(estimates(fits(MODEL, pilot)[0]).sort_values().index)
    yield from _pair(levels, fit, listed[4], listed[5])
    ranks = levels.rank(axis=1)
    one = (ranks[listed[4]] == 5).astype(float)
    yield wrong(
        one.mean(),
        "probability of a rank for a comparison",
        within=float(monte_carlo(np.mean, one, ess=WORTH)),
    ).says("This is the probability that the first of the two has rank 5 exactly. Compare the two directly.")


@question("l10-sentence", topic="reporting", revisit="10: Tell it")
def sentence():
    """Ask which sentence may stand in a report."""
    yield Choice("c")
    yield wrong(
        "a", "ranks without their uncertainty"
    ).says("""A list of estimates always has a first and a second one.
        How sure is their order?""")
    yield wrong(
        "b", "overlap taken for no difference"
    ).says("""Two intervals can overlap although the difference is
        clear. And not being sure of a difference doesn't make it zero.""")
    yield wrong("d", "extremes of small groups are real").says("""The raw means of small groups lie far out by
        chance, so the lowest of all is often one of them.""")
