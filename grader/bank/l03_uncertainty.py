"""Questions of lesson 03: uncertainty and prediction.

Answers may come from a formula or from thousands of draws, so tolerances allow for the error of a
simulation of the size that the lesson asks for, and for 1.96 in place of 2 standard errors.
"""

import numpy as np
import pandas as pd
from scipy.stats import foldnorm, norm, t, truncnorm

from grader.bank import ByGroup, Choice, Draws, Figure, Formula, Number, Table, practice, question
from grader.bank.builders.errors import one_se_for_two
from grader.bank.builders.mistake import half, wrong
from grader.bank.builders.pooling import median_for_mean, ranef_for_coef
from grader.bank.builders.spread import one_sd_for_two, sds_added, sds_for_variances, variance_for_sd
from grader.bank.builders.units import count_for_share, percent
from grader.bank.monte_carlo import monte_carlo
from grader.bank.parts import ONE, G, around, centre, effects, estimates, prices, same_for_all, sd_between
from grader.bank.reference_fits import fits
from mlmkit.data import load_king_county

MODEL = "price ~ (1 | zipcode)"
RADON = "log_radon ~ (1 | county)"
DRAWS = 4000  # what the lesson asks for
MANY_DRAWS = 10_000  # where the tails matter
PRECISE = 40_000  # draws behind an expected value that has no formula

# In symbols: what is asked for, and what is computed instead by more than one question.
SE_MU, SE_EFFECT = r"\text{se}(\hat\mu_\alpha)", r"\text{se}_j"
SE_OF_SUM = r"\sqrt{\text{se}_j^2 + ((1 - w_j)\,\text{se}(\hat\mu_\alpha))^2}"
SQUARES_ADDED = r"\sqrt{\text{se}_j^2 + \text{se}(\hat\mu_\alpha)^2}"
BOTH_SPREADS = r"\sqrt{\sigma_\alpha^2 + \sigma_y^2}"
KNOWN_HOUSE = r"\hat\alpha_j \pm 2 \sqrt{\text{se}(\hat\alpha_j)^2 + \sigma_y^2}"
INTERCEPT_AND_HOUSE = r"\hat\mu_\alpha \pm 2 \sqrt{\text{se}(\hat\alpha_j)^2 + \sigma_y^2}"


class Spread:
    """The estimates of a fit that these questions are about, each under a short name."""

    def __init__(self, fit):
        self.mu, self.se_mu = centre(fit), fit.se_fixef[ONE]
        self.between, self.within = sd_between(fit), fit.sigma
        self.effects, self.se_effects = effects(fit), fit.se_ranef[G][ONE]
        self.means, self.se_means = estimates(fit), fit.se_coef[G][ONE]

    @property
    def new_house(self):
        """Standard deviation of a house in a new zip code, the parameters taken as known."""
        return np.hypot(self.between, self.within)

    @property
    def new_house_both_ways(self):
        """The same, halfway to that with the mean's uncertainty: both ways of the lesson are right."""
        return (self.new_house + np.hypot(self.new_house, self.se_mu)) / 2

    @property
    def se_effects_free(self):
        """Standard errors of the random effects when the fixed effect isn't held."""
        weight = 1 - (self.se_effects / self.between) ** 2
        return np.hypot(self.se_effects, weight * self.se_mu)


def _spread(sales):
    return Spread(fits(MODEL, sales)[0])


# What you remember: lessons 1 and 2 ---------------------------------------------------------------------


@practice("l03-recall-intercept", topic="the centre", revisit="03: What you remember")
def recall_intercept():
    """Ask what the fixed intercept estimates."""
    yield Choice("c")
    yield wrong("a", "mean of houses for mean of zip codes").says("""The mean of all houses is complete
        pooling. In the fixed intercept each zip code counts, however many houses were sold there.""")
    yield wrong("b", "median for mean").says("""It belongs to no zip code: none of the nine has to lie there.
        And it is about mean prices.""")
    yield wrong("d", "mean for standard deviation").says("""How much they differ stands under Error terms. An
        estimate under coef.est is a mean.""")


@practice(
    "l03-recall-weight",
    topic="weights",
    revisit="03: What you remember",
    idea=r"w_j = \frac{n_j}{n_j + k}, \quad k = \sigma_y^2 / \sigma_\alpha^2",
    hints=(
        "The other zip codes are worth k additional sales. The weight is the share of the own sales.",
        "k is the residual variance divided by the variance between zip codes. The weight is n / (n + k).",
        "k = 460_891**2 / 584_667**2, with the two numbers of the print-out; then 57 / (57 + k).",
    ),
)
def recall_weight(seattle):
    """Ask for the weight of one zip code's own mean."""
    s, n = _spread(seattle), 57
    k = s.within**2 / s.between**2
    yield Number(n / (n + k), rel=5e-4)
    yield sds_for_variances(n / (n + k**0.5), credit=0.0, did=r"\frac{n_j}{n_j + \sigma_y / \sigma_\alpha}")
    yield wrong(k / (n + k), "weight of the centre", did=r"1 - w_j").says("""This is the weight of the mean of
        the zip codes. The question asks for the weight of the own mean.""")
    yield wrong(1 / (1 + k), "group size forgotten", did=r"\frac{1}{1 + k}").says("""This is the weight of one
        single sale. It depends on how many sales the zip code has.""")
    yield percent(n / (n + k), credit=0.0)


@practice("l03-recall-extremes", topic="weights", revisit="03: What you remember")
def recall_extremes():
    """Ask why the most extreme groups are small ones."""
    yield Choice("b")
    yield wrong("a", "extremes of small groups are real").says("""Then they would be unusual in one
        direction. Here they are at both ends of the list. What do they have in common?""")
    yield wrong("c", "pooling moves outwards").says("""The list has plain means, which nothing has moved. And
        partial pooling moves inwards.""")
    yield wrong("d", "weight in a plain mean").says("""A plain mean of a zip code has no weights: its sales
        all count the same.""")


@practice("l03-recall-criterion", topic="REML and ML", revisit="03: What you remember")
def recall_criterion():
    """Ask which criterion gives the smaller standard deviation between groups."""
    yield Choice("b")
    yield wrong("a", "REML and ML exchanged").says("""REML does correct for the estimated mean. In which
        direction does this correction go? Think of dividing by eight or by nine.""")
    yield wrong("c", "REML and ML taken for equal").says("""They are nearly equal where there are many
        groups. With few groups one is clearly smaller.""")
    yield wrong("d", "group sizes for the criterion").says("""The sizes change both in the same way. The
        criterion makes a difference of its own.""")


# Practice: the lecture's data, answered at once -------------------------------------------------------


@practice("l03-practice-more-data", topic="standard errors", revisit="03: The mean of the zip codes")
def practice_more_data():
    """Ask which data would make the fixed effect better known."""
    yield Choice("b")
    yield wrong("a", "more houses instead of more groups").says("""That tells you the mean of each of the nine
        zip codes better. But look at how much of the standard error was left when these means were known
        exactly.""")
    yield wrong("c", "counting houses instead of groups").says("""Both add houses, but the fixed effect is the
        mean of zip codes. Ask what each of the two adds to the number of zip codes.""")
    yield wrong("d", "standard deviation for standard error").says("""That is true of a standard deviation:
        zip codes differ, however many you look at. A standard error does get smaller.""")


@practice(
    "l03-practice-factor",
    topic="standard errors",
    revisit="03: The mean of the zip codes",
    idea=r"t_{J - 1} \text{, half of the rest above it}",
    hints=(
        "The fewer groups, the larger the factor. It comes from a t distribution, as for the nine zip codes.",
        "Use stats.t.ppf. It takes the share that lies below, and the degrees of freedom, df.",
        "stats.t.ppf(0.975, df=degrees)",
    ),
)
def practice_factor():
    """Ask for the factor of a 95 % interval with five groups."""
    yield Number(float(t.ppf(0.975, 4)), rel=5e-3)
    yield wrong(2.0, "normal distribution for few groups", within=0.01).says("""Two standard errors are right
        for many groups. With five, the standard deviation between them is known badly.""")
    yield wrong(
        float(norm.ppf(0.975)), "normal distribution for few groups", within=0.01
    ).says("""This is the point of the normal distribution. It is right for many groups. With five, the
        standard deviation between them is known badly.""")
    yield wrong(
        float(t.ppf(0.95, 4)), "one side for two", did=r"t_{J - 1} \text{, all of the rest above it}"
    ).says("""This leaves 5 % at each
        end. A 95 % interval leaves 2.5 % at each end.""")
    yield wrong(float(t.ppf(0.975, 5)), "groups for degrees of freedom", did=r"t_J").says(
        "This is for five degrees of freedom. One of the five groups is used up by the mean."
    )
    yield wrong(float(t.ppf(0.975, 8)), "factor of another study").says("""This is the factor for nine groups.
        This study has five.""")


@practice("l03-practice-confidence", topic="standard errors", revisit="03: The mean of the zip codes")
def practice_confidence():
    """Ask what is wrong with a probability for one interval."""
    yield Choice("d")
    yield wrong("a", "probability for one interval").says("""Most people read it so. But which thing is
        random? The interval comes out differently in each data set, the true value is the same.""")
    yield wrong("b", "standard error for spread").says("""That would be an interval of zip codes. It would be
        made from the standard deviation between them, and not from a standard error.""")
    yield wrong(
        "c", "interval of the mean for a house"
    ).says("""That would be an interval of houses. Most houses
        lie outside of an interval for a mean.""")


@practice(
    "l03-practice-se-effect",
    topic="standard errors",
    revisit="03: The effects of the zip codes",
    idea=r"\sqrt{1 / (n_j / \sigma_y^2 + 1 / \sigma_\alpha^2)}",
    hints=(
        "There are two sources of information, and information adds up.",
        "From the houses 50 / sigma_y**2, which is given; from the zip codes 1 / sigma_alpha**2. One divided "
        "by their sum is a variance.",
        "np.sqrt(1 / (from_houses + 1 / sigma_alpha**2))",
    ),
)
def practice_se_effect(seattle):
    """Ask for the standard error of a random effect, by hand."""
    s = _spread(seattle)
    n = int((seattle[G] == "98039").sum())
    information = n / s.within**2 + 1 / s.between**2
    not_squared, added = (n / s.within + 1 / s.between) ** -0.5, (s.within**2 / n + s.between**2) ** 0.5
    yield Number(information**-0.5, unit="dollars")
    yield wrong(
        s.within / n**0.5, "houses only", did=r"\sigma_y / \sqrt{n_j}"
    ).says("""This uses the houses alone: it is the standard error
        of no pooling. The second source, what is known about zip codes, is missing.""")
    yield _squared(1 / information, did=r"1 / (n_j / \sigma_y^2 + 1 / \sigma_\alpha^2)")
    yield wrong(
        information**0.5, "information for variance", did=r"\sqrt{n_j / \sigma_y^2 + 1 / \sigma_\alpha^2}"
    ).says("You took the square root of the information. Information is one divided by the variance.")
    yield wrong(
        not_squared,
        "standard deviations for variances",
        did=r"\sqrt{1 / (n_j / \sigma_y + 1 / \sigma_\alpha)}",
    ).says("""The information of a source is one divided by its variance. Here the standard deviations were
        not squared.""")
    yield wrong(
        added, "variances added for information", did=r"\sqrt{\sigma_y^2 / n_j + \sigma_\alpha^2}"
    ).says("""You added the two variances. Two sources of information make an estimate better, not worse:
        what adds up is the information.""")


@practice(
    "l03-practice-se-total",
    topic="fixed plus random",
    revisit="03: Fixed plus random",
    idea=SE_OF_SUM,
    hints=(
        "The report adds the squares of two standard errors. That is right for independent errors only.",
        "The errors of the two parts cancel. The fit knows by how much: se_coef has the errors of the sums.",
        'lmer1.se_coef["zipcode"], and of it the row "98148".',
    ),
)
def practice_se_total(seattle):
    """Ask for the standard error of one zip code's mean."""
    s, where = _spread(seattle), "98148"
    right, se_effect = s.se_means[where], s.se_effects[where]
    yield Number(right, rel=0.08, unit="dollars")  # the standard deviation of 1,000 draws is right too
    yield wrong(
        np.hypot(s.se_mu, se_effect), "squares of dependent errors added", did=SQUARES_ADDED
    ).says("""This is as large as in the report, which adds the squares as if the
        two parts were independent. But their errors cancel.""")
    yield wrong(
        s.se_mu, "fixed effect alone", did=SE_MU
    ).says("""This is the standard error of the fixed effect, the mean of all zip codes. The question is
        about the mean price in 98148.""")
    yield wrong(
        s.se_mu + se_effect, "standard errors added", did=r"\text{se}_j + \text{se}(\hat\mu_\alpha)"
    ).says("""This adds the two standard errors. Their
        errors do not add, they cancel: when one part is too high, the other is too low.""")
    yield wrong(
        s.within, "standard deviation of houses", did=r"\sigma_y"
    ).says("""This is how much houses in the same zip code
        differ. It doesn't get smaller with more sales.""")
    yield _squared(right**2, did=r"\text{se}^2")


def _squared(variance, did):
    return wrong(variance, "variance for standard error", did=did).says(
        "This is the square of what is asked: a variance, in squared dollars."
    )


@practice(
    "l03-practice-difference",
    topic="simulation",
    revisit="03: Draws instead of formulas",
    idea=r"(\hat\alpha_a - \hat\alpha_b) \pm 2 \sqrt{\text{se}_a^2 + \text{se}_b^2}",
    hints=(
        "A draw holds both means. Compute what you want to know in each draw.",
        "Subtract the column of 98010 from that of 98024 in group_totals. Then take the two quantiles.",
        'two = group_totals["98024"] - group_totals["98010"]; its ends are two.quantile(0.025) and '
        "two.quantile(0.975).",
    ),
)
def practice_difference(seattle):
    """Ask for the interval of a difference whose two intervals overlap."""
    s, (one, other) = _spread(seattle), ("98024", "98010")
    gap, errors = s.means[one] - s.means[other], s.se_means[[one, other]]
    se = np.hypot(*errors)
    right, noise = around(gap, 2 * se), 0.42 * se  # five errors of an end from 1,000 draws
    of_each = {place: around(s.means[place], 2 * s.se_means[place]) for place in (one, other)}
    yield ByGroup(right, rel=0.0, abs=noise, unit="dollars", group="end", in_order=True)
    yield wrong(
        around(-gap, 2 * se), "difference turned round", within=noise, did=r"\hat\alpha_b - \hat\alpha_a"
    ).says("This is 98010 minus 98024. The question asks for the other direction.")
    yield wrong(
        around(gap, 2 * errors.sum()),
        "errors of two intervals added",
        within=0.3 * se,
        did=r"(\hat\alpha_a - \hat\alpha_b) \pm 2 (\text{se}_a + \text{se}_b)",
    ).says("""You went from the largest possible distance of the two bars to the smallest. That both means
        lie at these ends at the same time is much rarer than 5 in 100.""")
    yield wrong(
        {end: of_each[one][end] - of_each[other][end] for end in ("lower", "upper")},
        "ends subtracted",
        within=0.12 * se,
    ).says("""You subtracted lower from lower and upper from upper. That is not the interval of the
        difference: subtract in each draw first.""")
    yield wrong(
        around(gap, 2 * 2**0.5 * s.within),
        "house for mean",
        within=s.within / 3,
        did=r"\pm 2 \sqrt{2} \sigma_y",
    ).says("This is for the prices of two single houses. The question compares two mean prices.")
    yield wrong(around(s.means[one] / s.means[other], 0.0), "ratio for difference", within=1.0).says(
        "This is a ratio. The question asks for a difference, in dollars."
    )


@practice(
    "l03-practice-probability",
    topic="simulation",
    revisit="03: Draws instead of formulas",
    hints=(
        "In some draws the first mean is higher, in others the second one. The share of the draws is asked.",
        "Compare the two columns of group_totals with >. The mean of the result is a share.",
        '(group_totals["98102"] > group_totals["98109"]).mean()',
    ),
)
def practice_probability(seattle):
    """Ask for the probability that one zip code's mean is higher than another's."""
    s, (high, low) = _spread(seattle), ("98102", "98109")
    gap = s.means[high] - s.means[low]
    share = _normal_cdf(gap / np.hypot(s.se_means[high], s.se_means[low]))
    yield Number(share, rel=0.0, abs=0.05)
    yield wrong(
        1 - share, "opposite event", within=0.05
    ).says("""This is the probability that 98109 is more expensive. Look at which zip code stands to the
        left of the >.""")
    yield wrong(_normal_cdf(gap / (2**0.5 * s.within)), "house for mean", within=0.05).says(
        "You compared single houses. The question compares the mean prices of two zip codes."
    )
    yield count_for_share(share, 1000, credit=0.0)
    yield percent(share, credit=0.0)
    yield wrong(1.0, "estimates for draws", within=0.0).says(
        "You compared the two estimates only. Compare the two zip codes in each draw."
    )


@practice(
    "l03-practice-new-house",
    topic="prediction",
    revisit="03: A new house in a known zip code",
    idea=KNOWN_HOUSE,
    hints=(
        "There are two sources of spread: the mean of 98039 is not known exactly, and houses differ.",
        "The middle is the coefficient of 98039. The squares of its standard error and of sigma_y add up.",
        'middle plus and minus 2 * np.sqrt(se_total["98039"]**2 + sigma_y**2); or the quantiles of '
        'predict_draws(..., kind="outcome").',
    ),
)
def practice_new_house(seattle):
    """Ask for a prediction interval for a house in a known zip code."""
    where = "98039"
    own_sd = seattle.loc[seattle[G] == where, "price"].std()
    own = around(_spread(seattle).means[where], 2 * own_sd)
    return _house_in(
        seattle,
        where,
        half(own, "the group's own standard deviation").says("""You used the standard deviation of the prices
            in this zip code alone. That is nearer to the truth, as you will see. But this model has one
            standard deviation for the houses of all zip codes."""),
    )


@practice("l03-practice-forgotten", topic="new groups", revisit="03: A new zip code")
def practice_forgotten():
    """Ask what a prediction with the residual standard deviation alone leaves out."""
    yield Choice("b")
    yield wrong("a", "sources of spread exchanged").says("""That part is included: sigma_y is how much houses
        in the same zip code differ.""")
    yield wrong("c", "spread between groups forgotten").says("""The best guess is right. But sigma_y is the
        spread of houses around the mean of their own zip code, and this mean is not known.""")
    yield wrong("d", "group sizes for spread").says("""The numbers of sales play their part when the model is
        fitted. They don't matter for a zip code without sales.""")


@practice(
    "l03-practice-held",
    topic="model criticism",
    revisit="03: A new zip code",
    idea=r"|\bar y_j - \hat\mu_\alpha| < 2 \sqrt{\text{se}(\hat\mu_\alpha)^2 + \sigma_\alpha^2}",
    hints=(
        "Ask of each of the 61 means how far from the fixed intercept of the fit it lies.",
        "np.abs(other_means - centre) < 2 * spread_of_means is True for those inside. np.sum counts them.",
        'np.sum(np.abs(other_means - without.fixef["(Intercept)"]) < 2 * spread_of_means)',
    ),
)
def practice_held(seattle):
    """Ask how many means of other zip codes the interval for a new one holds."""
    fit = fits(MODEL, seattle[seattle[G] != "98039"])[0]
    s = Spread(fit)
    others = _other_sales(seattle)
    of_zip_codes = others.groupby(others[G].astype(str))["price"].mean()

    def holds(sd, values=of_zip_codes):
        return float(np.sum(np.abs(values - s.mu) < 2 * sd))

    sd, says = np.hypot(s.se_mu, s.between), "This is {}. The question asks for the number of zip codes."
    right = holds(sd)
    yield Number(right, rel=0.0, abs=0.4, unit="zip codes")
    yield wrong(
        holds(s.se_mu), "spread between groups forgotten", within=0.4, did=r"\pm 2\,\text{se}(\hat\mu_\alpha)"
    ).says("This interval is for the mean of the zip codes. It leaves out that zip codes differ.")
    yield wrong(
        holds(np.hypot(s.se_mu, s.within)), "sources of spread exchanged", within=0.4, did=r"\pm 2 \sigma_y"
    ).says("""You used the spread of houses within a zip code. The mean of a zip code differs from others by
        the spread between them.""")
    yield wrong(float(len(of_zip_codes)), "all zip codes", within=0.4).says("""All of them lie inside if the
        fit has Medina in it. The question is about the fit without it: some lie outside.""")
    yield wrong(holds(sd, others["price"]), "house for mean").says("""You counted houses. The question counts
        zip codes.""")
    yield wrong(right / len(of_zip_codes), "share for count").says(says.format("the share"))
    yield wrong(100 * right / len(of_zip_codes), "percent for count", within=0.4).says(
        says.format("the share in percent")
    )
    yield wrong(len(of_zip_codes) - right, "opposite event", within=0.4).says(
        "These are the zip codes outside of the interval."
    )


_CALLS = {
    "a": wrong("a", "standard error for spread").says("""This is how well the mean of the zip codes is known.
        It leaves out that this zip code may lie above or below it."""),
    "b": wrong("b", "spread between groups forgotten").says("""Houses differ here, but the zip code is assumed
        to lie exactly at the mean. It may be more or less expensive."""),
    "c": wrong("c", "spread within groups forgotten").says("""These are means of zip codes. The question is
        about a single house, which differs from the mean of its zip code."""),
    "d": wrong("d", "house for mean").says("""These are prices of single houses. The question is about the
        mean price of a zip code."""),
}


@practice("l03-practice-call", topic="new groups", revisit="03: Three ways to predict for a group")
def practice_call():
    """Ask which draws answer a question about a house in a new zip code."""
    yield Choice("d")
    yield from [_CALLS[letter] for letter in "abc"]


@practice(
    "l03-practice-county",
    topic="new groups",
    revisit="03: Three ways to predict for a group",
    idea=r"\sqrt{\text{se}(\hat\mu_\alpha)^2 + \sigma_\alpha^2} \quad"
    r"\sqrt{\text{se}(\hat\mu_\alpha)^2 + \sigma_\alpha^2 + \sigma_y^2}",
    hints=(
        "For the mean of a new county two things are uncertain, for a house in it three. Which?",
        "The squares add up: of the standard error of the fixed effect, of the standard deviation between "
        "counties, and, for a house, of the residual standard deviation.",
        'se_fixef, varcorr["county"].sd and sigma of lmer_radon are the three numbers. np.sqrt of the sum of '
        "two squares, and of all three.",
    ),
)
def practice_county(radon):
    """Ask for the spread of predictions for a county without data."""
    fit = fits(RADON, radon)[0]
    se, between, within = fit.se_fixef[ONE], fit.varcorr["county"].sd[ONE], fit.sigma

    def both(mean, house):
        return {"mean": float(mean), "house": float(house)}

    new = np.hypot(se, between)
    yield ByGroup(both(new, np.hypot(new, within)), rel=0.05, group="prediction", in_order=True)
    yield wrong(both(se, np.hypot(se, within)), "spread between groups forgotten", did=SE_MU).says("""This is
        for a county that lies exactly at the mean of the counties. A new one may have more radon or
        less.""")
    yield wrong(both(within, np.hypot(between, within)), "sources of spread exchanged", did=r"\sigma_y").says(
        """The first number is how much houses in one county differ. The mean of a new county differs from
        others by the spread between counties."""
    )
    yield wrong(both(new, within), "spread within groups alone", did=r"\sigma_y").says("""The first number is
        right. The second one is the spread of houses around the mean of their own county. This mean is not
        known, so its spread counts too.""")
    yield sds_added(both(se + between, se + between + within))
    yield wrong(both(new**2, new**2 + within**2), "variance for standard deviation", did=r"\sigma^2").says(
        "These are variances. Their square roots are the standard deviations."
    )
    yield wrong(both(np.hypot(new, within), new), "mean and outcome exchanged").says("""The two numbers have
        changed places. A house differs from the mean of its county.""")


@practice(
    "l03-practice-below-zero",
    topic="model criticism",
    revisit="03: Prices below zero",
    idea=r"\Phi\left(-\hat\alpha_j / \sqrt{\text{se}(\hat\alpha_j)^2 + \sigma_y^2}\right)",
    hints=(
        "98148 is a known zip code. What are the middle and the standard deviation of a house in it?",
        "The middle is its coefficient, the standard deviation that of Practice 8, for this zip code. Either "
        'draw, with predict_draws and kind="outcome", or use stats.norm.cdf.',
        "stats.norm.cdf(0, middle, sd), or (draws < 0).mean().",
    ),
)
def practice_below(seattle):
    """Ask for the share of impossible prices in a cheap zip code."""
    s, where = _spread(seattle), "98148"
    middle, sd = s.means[where], np.hypot(s.se_means[where], s.within)
    share = _normal_cdf(-middle / sd)
    new = _normal_cdf(-s.mu / np.hypot(s.new_house, s.se_mu))
    yield Number(share, rel=0.0, abs=0.03)
    yield wrong(1 - share, "opposite event", within=0.03).says("This is the share above zero.")
    yield wrong(
        new,
        "new group for a known group",
        within=0.02,
        did=r"\Phi\left(-\hat\mu_\alpha / \sigma_{new}\right)",
    ).says("This is for a house in a new zip code. This one is in the data, and its mean is known.")
    yield wrong(_normal_cdf(-s.mu / s.within), "fixef for coef", within=0.01).says("""Here the middle is the
        mean of the zip codes. This zip code has a mean of its own.""")
    yield wrong(0.0, "interval of the mean for a house", within=1e-4).says("""No real house has such a price,
        and the mean of the zip code is far above zero. But what does the model say about single houses?""")
    yield percent(share, credit=0.0)
    yield count_for_share(share, DRAWS, credit=0.0)
    yield wrong(middle / sd, "quantile for probability", within=0.03).says("""This is how many standard
        deviations the mean lies above zero. The question asks for the share below zero.""")


@practice(
    "l03-practice-log-formula",
    topic="model criticism",
    revisit="03: Prices below zero",
    hints=(
        "The logarithm belongs to what is predicted. What varies by group stands in brackets, with a bar.",
        "On the left log(...) of the outcome, then ~, then one term with a bar, whose group is grade.",
        "As in the lesson, log(price) ~ (1 | ...), with another grouping factor.",
    ),
)
def practice_log():
    """Ask for the formula of a model of a logarithm."""
    yield Formula("log(price) ~ (1 | grade)")
    yield wrong("price ~ (1 | grade)", "no logarithm").says("""This is a model of the price itself. The
        question asks for its logarithm.""")
    yield wrong("log(price) ~ (1 | zipcode)", "wrong grouping factor").says("""The outcome is right. The
        question groups the houses in another way.""")
    yield wrong("log(price) ~ grade", "no bar").says("""The outcome is right. But grade is an ordinary
        predictor here: nothing varies by group, and there is no partial pooling.""")
    yield wrong("price ~ (1 | log(grade))", "logarithm of the grouping factor").says("""The logarithm is taken
        of the grouping factor. A group is a name: there is nothing to take a logarithm of.""")


# Graded: the student's own zip codes ------------------------------------------------------------------


@question(
    "l03-more-zip-codes",
    topic="standard errors",
    revisit="03: The mean of the zip codes",
    idea=r"\text{se}(\hat\mu_\alpha) \approx \sigma_\alpha / \sqrt{J}",
)
def more_zip_codes(homes):
    """Ask for the standard error of the fixed intercept with 36 zip codes instead of nine."""
    s = _spread(homes)
    yield Number(s.se_mu / 2, rel=0.04, unit="dollars")  # sigma_alpha / 6 is right too
    yield half(
        s.se_mu / 4, "square root forgotten", within=0.01 * s.se_mu / 4, did=r"\text{se}(\hat\mu_\alpha) / 4"
    ).says("""You divided by how many times as many zip codes
        there are. A standard error gets smaller more slowly than that.""")
    yield wrong(
        s.se_mu, "unchanged", did=SE_MU
    ).says("""This is the standard error that you have now. With more zip
        codes, the mean of the zip codes is better known.""")
    yield half(
        s.se_mu / 6, "divided twice", within=0.01 * s.se_mu / 6, did=r"\text{se}(\hat\mu_\alpha) / \sqrt{J}"
    ).says("""You divided the standard error by the square root of the
        number of zip codes. The nine zip codes that you have are already in it.""")
    yield wrong(
        s.between, "standard deviation for standard error", did=r"\sigma_\alpha"
    ).says("""This is how much zip codes differ.
        It stays as it is, however many of them there are.""")
    of_houses = homes["price"].std() / (4 * len(homes)) ** 0.5
    yield wrong(
        of_houses, "counting houses instead of groups", did=r"s_{all} / \sqrt{n}"
    ).says("""This is the standard error of complete
        pooling: it counts houses as if they were independent. The fixed effect is a mean of zip codes.""")
    yield wrong(
        2 * s.se_mu, "wrong direction", within=0.01 * s.se_mu
    ).says("""This is larger than the standard error that you have
        now. More data make it smaller.""")


@question(
    "l03-effect-intervals",
    topic="standard errors",
    revisit="03: The effects of the zip codes",
    idea=r"(\hat\alpha_j - \hat\mu_\alpha) \pm 2\,\text{se}_j",
)
def effect_intervals(homes):
    """Ask for the lecture's table: intervals of the random effects."""
    s = _spread(homes)

    def intervals(half_width, middle=s.effects):
        return (middle - half_width).to_frame("lower").assign(upper=middle + half_width)

    # 1.96 standard errors are right too.
    yield Table(intervals(2 * s.se_effects), rel=1e-3, abs=0.05 * s.se_effects.max(), group=G, unit="dollars")
    yield wrong(
        intervals(2 * s.se_effects, s.means), "coef for ranef", did=r"\hat\alpha_j \pm 2\,\text{se}_j"
    ).says("""These are intervals of the
        mean prices. The question asks for the random effects: how far each zip code is from the mean of the
        zip codes.""")
    yield one_se_for_two(
        intervals(s.se_effects), "These intervals reach one standard error to each side. They hold"
    )
    yield half(
        intervals(2 * s.se_effects_free),
        "fixed effect not held",
        did=r"\pm 2 \sqrt{\text{se}_j^2 + (w_j\,\text{se}(\hat\mu_\alpha))^2}",
    ).says("""Your intervals count the
        uncertainty of the mean of the zip codes too. The lecture's table holds this mean fixed: it uses the
        standard errors of the random effects alone.""")
    all_equal = intervals(same_for_all(2 * s.between, s.effects))
    yield wrong(
        all_equal, "standard deviation for standard error", did=r"\pm 2\,\sigma_\alpha"
    ).says("""All your intervals are equally
        wide: you used how much zip codes differ. How well each one is known depends on its sales.""")
    yield half(intervals(-2 * s.se_effects), "ends exchanged").says("""The two columns have changed places:
        lower is larger than upper.""")


@question(
    "l03-totals",
    topic="simulation",
    revisit="03: Draws instead of formulas",
    idea=r"\mu_\alpha^{(s)} + \eta_j^{(s)} \quad \text{(both of the same draw } s)",
)
def totals(homes):
    """Ask for 4,000 draws of the mean price in every zip code."""
    s = _spread(homes)
    fixed_alone = {"mean": same_for_all(s.mu, s.means), "sd": same_for_all(s.se_mu, s.means)}
    yield Draws(mean=s.means, sd=s.se_means, at_least=DRAWS, group=G, unit="dollars")
    yield wrong(
        {"mean": s.effects, "sd": s.se_effects_free}, "ranef for coef", did=r"\eta_j^{(s)}"
    ).says("""These are draws of the
        random effects: differences from the mean of the zip codes. The fixed effect must be added, draw by
        draw.""")
    yield half(
        {"sd": np.hypot(s.se_effects_free, s.se_mu)},
        "draws of different rows added",
        did=r"\mu_\alpha^{(r)} + \eta_j^{(s)}",
    ).says("""These
        draws spread far too much. The fixed effect and the random effect of one draw belong together: row by
        row, their errors cancel.""")
    yield half(
        {"sd": s.se_effects_free}, "fixed effect added as a number", did=r"\hat\mu_\alpha + \eta_j^{(s)}"
    ).says("""You added one number to
        the draws of the random effects. Add the draw of the fixed effect from the same row: their errors
        cancel.""")
    yield wrong(
        {"sd": np.hypot(s.se_means, s.within)}, "house for mean", did=r"\alpha_j^{(s)} + \varepsilon"
    ).says("""These are prices of single
        houses. The question asks for draws of the mean price.""")
    yield wrong(
        fixed_alone, "fixef for coef", did=r"\mu_\alpha^{(s)}"
    ).says("""Every zip code has the same distribution here, that of
        the fixed effect. The random effects are missing.""")


@question(
    "l03-ratio",
    topic="simulation",
    revisit="03: Draws instead of formulas",
    idea=r"\text{quantiles of } \alpha_{high}^{(s)} / \alpha_{low}^{(s)}",
)
def ratio(homes):
    """Ask for the interval of the ratio of two means, for which there is no formula in the lesson."""
    fit, _ = fits(MODEL, homes)
    s = Spread(fit)
    high, low = s.means.idxmax(), s.means.idxmin()
    draws = fit.sim(PRECISE, seed=0).coef[G][ONE]
    ratios, differences = draws[high] / draws[low], draws[high] - draws[low]
    noise = np.random.default_rng(0).normal(0.0, s.within, (2, PRECISE))
    houses = (draws[high] + noise[0]) / (draws[low] + noise[1])
    of_high, of_low = _middle(draws[high]), _middle(draws[low])
    right = _middle(ratios)
    yield ByGroup(right, rel=0.0, abs=_error(ratios), group="end", in_order=True)
    symmetric = around(ratios.mean(), 2 * ratios.std())
    yield half(
        symmetric, "symmetric interval for a skewed ratio", did=r"\text{mean} \pm 2\,\text{sd}"
    ).says("""You went the same distance to both
        sides. A ratio is skewed: use the quantiles of your draws.""")
    yield half({"lower": right["upper"], "upper": right["lower"]}, "ends exchanged").says("""The two ends have
        changed places: lower is larger than upper.""")
    yield wrong(
        {end: of_high[end] / of_low[end] for end in of_high},
        "ends divided",
        did=r"\text{lower} / \text{lower}, \ \text{upper} / \text{upper}",
    ).says("""You divided the
        ends of two intervals. Lower by lower and upper by upper is not the interval of the ratio: compute the
        ratio in each draw first.""")
    yield half(
        _middle(differences),
        "difference for ratio",
        within=_error(differences),
        did=r"\alpha_{high} - \alpha_{low}",
    ).says("""This is the difference of the two mean prices, in dollars. The question asks how many times
        as high one is as the other.""")
    yield half(
        _middle(1 / ratios),
        "ratio upside down",
        within=_error(1 / ratios),
        did=r"\alpha_{low} / \alpha_{high}",
    ).says("""This is the ratio of the cheapest to the most expensive. The question asks for the other
        one.""")
    yield wrong(_middle(houses), "house for mean", within=_error(houses), did=r"y_{high} / y_{low}").says(
        "This is the ratio of the prices of two single houses. The question is about the mean prices."
    )
    yield one_sd_for_two(around(s.means[high] / s.means[low], ratios.std()), of="draws")


@question(
    "l03-new-house",
    topic="prediction",
    revisit="03: A new house in a known zip code",
    idea=KNOWN_HOUSE,
)
def new_house(homes):
    """Ask for a prediction interval for a house in the cheapest zip code."""
    return _house_in(homes, _spread(homes).means.idxmin())


@question(
    "l03-four-sds",
    topic="new groups",
    revisit="03: Three ways to predict for a group",
    idea=r"\sqrt{\text{se}(\hat\mu_\alpha)^2 + \sigma_\alpha^2 + \sigma_y^2} \quad"
    r"\text{(the terms that apply)}",
)
def four_sds(homes):
    """Ask for the spread of predictions for a new zip code: zero or marginal, mean or outcome."""
    s = _spread(homes)
    of_house = np.hypot(s.se_mu, s.within)
    right = _two_by_two(s.se_mu, of_house, np.hypot(s.se_mu, s.between), np.hypot(s.se_mu, s.new_house))
    added = _two_by_two(s.se_mu, s.se_mu + s.within, s.se_mu + s.between, s.se_mu + s.between + s.within)
    yield Table(right, rel=0.05, group="way", unit="dollars")
    yield half(
        _two_by_two(0.0, s.within, s.between, s.new_house), "fixed effect taken as known", did=BOTH_SPREADS
    ).says("""You
        took the mean of the zip codes as known. The question counts its uncertainty.""")
    yield wrong(right.iloc[::-1].set_axis(right.index), "zero and marginal exchanged").says("""The two rows
        have changed places. Zero is a zip code that is known to be typical.""")
    yield wrong(right.iloc[:, ::-1].set_axis(right.columns, axis=1), "mean and outcome exchanged").says("""The
        two columns have changed places. A house differs from the mean of its zip code.""")
    yield variance_for_sd(right**2)
    yield sds_added(added)
    yield half(
        2 * right, "twice the standard deviation", did=r"2\,\text{sd}"
    ).says("""This is twice the standard deviation: half
        the width of an interval. The question asks for the standard deviation itself.""")
    rows_equal = _two_by_two(s.se_mu, of_house, s.se_mu, of_house)
    yield wrong(
        rows_equal, "spread between groups forgotten", did=r"\sqrt{\text{se}(\hat\mu_\alpha)^2 + \sigma_y^2}"
    ).says("""Your two rows are equal. A new zip code
        may be more or less expensive than the mean; a typical one is not.""")


@question(
    "l03-house-draws",
    topic="new groups",
    revisit="03: A new zip code",
    idea=r"\alpha \sim N(\mu_\alpha, \sigma_\alpha^2), \quad y \sim N(\alpha, \sigma_y^2)",
)
def house_draws(homes):
    """Ask for 10,000 draws of the price of a house in a new zip code."""
    s = _spread(homes)
    sd = s.new_house_both_ways
    yield Draws(
        mean=s.mu,
        sd=sd,
        quantiles=_normal_quantiles(s.mu, sd),
        at_least=int(0.85 * MANY_DRAWS),  # what is left when negative draws are thrown away
        rel=0.02,
        unit="dollars",
    )
    yield half(
        _normal_draws(s.mu, s.within),
        "spread between groups forgotten",
        did=r"y \sim N(\mu_\alpha, \sigma_y^2)",
    ).says("""Houses differ in your
        draws, but all of them stand in a zip code that lies exactly at the mean. A new zip code may be more
        or less expensive.""")
    yield half(
        _normal_draws(s.mu, s.between),
        "spread within groups forgotten",
        did=r"\alpha \sim N(\mu_\alpha, \sigma_\alpha^2)",
    ).says("""These are means of
        new zip codes. A house differs from the mean of its zip code.""")
    yield wrong(
        _normal_draws(s.mu, s.se_mu),
        "standard error for spread",
        did=r"N(\mu_\alpha, \text{se}(\hat\mu_\alpha)^2)",
    ).says("""These draws show how well
        the mean of the zip codes is known. Neither zip codes nor houses differ in them.""")
    yield sds_added(_normal_draws(s.mu, s.between + s.within), credit=0.5)
    for positive in (_above_zero(s.mu, sd), *_moved_above_zero(s.mu, sd)):
        yield wrong(positive, "negative draws removed").says("""No draw is negative, but the model makes
            negative ones. It seems that they were taken out, set to zero, or lost their sign. That hides what
            the model says, and moves the mean.""")


@question(
    "l03-below-zero",
    topic="model criticism",
    revisit="03: Prices below zero",
    idea=r"\Phi\left(-\mu_\alpha / \sqrt{\sigma_\alpha^2 + \sigma_y^2}\right)",
)
def below_zero(homes):
    """Ask for the share of impossible prices that the model predicts."""
    s = _spread(homes)
    known, uncertain = (_normal_cdf(-s.mu / sd) for sd in (s.new_house, np.hypot(s.new_house, s.se_mu)))
    share = (known + uncertain) / 2  # both ways are right
    yield Number(share, rel=0.0, abs=abs(known - uncertain) / 2 + _chance(share))
    yield half(1 - share, "opposite event", within=_room(share), did=r"1 - \Phi(\ldots)").says(
        "This is the share above zero."
    )
    z = s.mu / s.new_house_both_ways
    yield wrong(
        z, "quantile for probability", within=0.06 * z
    ).says("""This is how many standard deviations the
        mean lies above zero. The question asks for the share below zero.""")
    yield percent(share)
    yield count_for_share(share, MANY_DRAWS)
    yield from _one_spread_forgotten(_normal_cdf(-s.mu / s.within), _normal_cdf(-s.mu / s.between))


def _chance(share):
    """Give four standard errors of a share among 10,000 draws."""
    return 4 * (share * (1 - share) / MANY_DRAWS) ** 0.5


def _room(share):
    """Tolerance of a wrong share: some ways to it differ a little, and its error in 10,000 draws."""
    return 0.1 * share + _chance(share)


def _one_spread_forgotten(within, between):
    """Name the two halves of a share of impossible prices; as one mistake where they can't be told apart."""
    room = max(_room(within), _room(between))
    if abs(within - between) <= 2 * room:
        yield wrong(
            (within + between) / 2, "one source of spread forgotten", within=2 * room
        ).says("""Here prices spread too little. A new zip code may be cheaper than a typical one, and a
            house may be cheaper than others in its zip code. One of the two is missing.""")
        return
    yield wrong(
        within, "spread between groups forgotten", within=_room(within), did=r"\Phi(-\mu_\alpha / \sigma_y)"
    ).says("""Here all houses stand
        in a typical zip code. A new zip code may be cheaper.""")
    yield wrong(
        between,
        "spread within groups forgotten",
        within=_room(between),
        did=r"\Phi(-\mu_\alpha / \sigma_\alpha)",
    ).says("""This is the share of zip-code means, or of real prices, that lie below zero. The question is
        about the houses that your model predicts.""")


@question(
    "l03-held",
    topic="model criticism",
    revisit="03: A new zip code",
    idea=r"|y_i - \mu_\alpha| < 2 \sqrt{\sigma_\alpha^2 + \sigma_y^2}",
)
def held(homes):
    """Ask how many houses of the county's other 61 zip codes the prediction interval holds.

    A number of houses, and not their share: the share hardly changes when all 70 zip codes are counted.
    """
    s = _spread(homes)
    others, sd = _other_prices(homes), s.new_house_both_ways

    def holds(half_width, houses=others):
        return float(np.sum(np.abs(houses - s.mu) < half_width))

    right = holds(2 * sd)

    def room_at(half_width):
        """With or without the uncertainty of the mean, with 1.96 or 2, or with a simulated sd."""
        return max(abs(holds(factor * half_width) - holds(half_width)) for factor in (0.95, 1.05)) + 20

    room = room_at(2 * sd)
    yield Number(right, rel=0.0, abs=room, unit="houses")
    everywhere = load_king_county()["price"].to_numpy()
    yield half(
        holds(2 * sd, everywhere), "all zip codes for the others"
    ).says("""This counts the houses of all 70 zip codes. A test of the model leaves out the nine that it
        was fitted to.""")
    yield wrong(
        holds(2 * s.se_mu),
        "standard error for spread",
        within=room_at(2 * s.se_mu),
        did=r"\pm 2\,\text{se}(\hat\mu_\alpha)",
    ).says("""You used the interval of the fixed effect. It says where the mean of the zip codes is, not
        where houses are.""")
    yield half(
        holds(2 * s.between),
        "spread within groups forgotten",
        within=room_at(2 * s.between),
        did=r"\pm 2\,\sigma_\alpha",
    ).says("""Your interval is for the mean of a new zip code. A house differs from the mean of its zip
        code.""")
    yield half(
        holds(2 * s.within),
        "spread between groups forgotten",
        within=room_at(2 * s.within),
        did=r"\pm 2\,\sigma_y",
    ).says("Your interval leaves out that zip codes differ.")
    yield half(holds(sd), "one standard deviation for two", within=room_at(sd), did=r"\pm 1\,\text{sd}").says(
        "This many lie within one standard deviation. The question asks for two."
    )
    says = "This is {}. The question asks for the number of houses."
    yield half(right / len(others), "share for count").says(says.format("the share"))
    yield half(100 * right / len(others), "percent for count").says(says.format("the share in percent"))
    yield half(len(others) - right, "opposite event", within=room).says("""These are the houses outside of the
        interval.""")
    yield wrong(holds(2 * sd, homes["price"].to_numpy()), "own zip codes for the others").says(
        "These are houses in your own zip codes. The model has seen them: test it on the others."
    )
    yield wrong(len(others), "all houses", within=0.0).says(
        "These are all houses of the other zip codes. Count those that lie within the interval."
    )


@question("l03-which-call", topic="new groups", revisit="03: Three ways to predict for a group")
def which_call():
    """Ask which draws answer a question about the mean of a new zip code."""
    yield Choice("c")
    yield from [_CALLS[letter] for letter in "abd"]


@question("l03-log-formula", topic="model criticism", revisit="03: Prices below zero")
def log_formula():
    """Ask for the formula of a model of a logarithm."""
    yield Formula("log(sqft_living) ~ (1 | grade)")
    yield half("sqft_living ~ (1 | grade)", "no logarithm").says("""This is a model of the living area itself.
        The question asks for its logarithm.""")
    yield half("log(sqft_living) ~ (1 | zipcode)", "wrong grouping factor").says("""The outcome is right. The
        question groups the houses in another way.""")
    yield wrong("log(sqft_living) ~ grade", "no bar").says("""The outcome is right. But grade is an ordinary
        predictor here: nothing varies by group, and there is no partial pooling.""")
    yield wrong("log(price) ~ (1 | grade)", "wrong outcome").says("""This is a model of the price. The
        question is about another outcome.""")
    yield wrong("sqft_living ~ (1 | log(grade))", "logarithm of the grouping factor").says("""The logarithm is
        taken of the grouping factor. A group is a name: there is nothing to take a logarithm of.""")
    yield wrong("price ~ log(sqft_living) + (1 | grade)", "outcome used as predictor").says("""Here the living
        area helps to predict the price. In the question it is itself what is predicted.""")


@question("l03-figure", topic="fixed plus random", revisit="03: Draws instead of formulas")
def figure(homes):
    """Ask for a figure of the mean price of every zip code."""
    s = _spread(homes)
    in_order = s.means.sort_values()
    yield Figure(
        x=[str(name) for name in s.means.index],
        y=s.means.tolist(),
        mark="any",  # bars with error bars are fine
        xlabel=("zip",),
        ylabel=("price", "mean", "coefficient", "dollar", "usd", "$"),
        rel=0.02,  # the middle of a simulated interval is right too
        either_way=True,
        intervals=True,
    )
    yield ranef_for_coef({"y": s.effects.tolist()})
    yield half({"y": in_order.tolist()}, "labels that don't belong to their marks").says("""The mean prices
        are sorted, but their labels are not: the marks have the names of other zip codes.""")
    yield median_for_mean({"y": prices(homes).median().tolist()})
    yield wrong({"y": s.se_means.tolist()}, "standard error for the estimate").says("""These are standard
        errors. They belong in the length of the intervals, not in the place of the marks.""")
    yield wrong({"y": [s.mu] * len(s.means)}, "fixef for coef").says("""All marks lie at the fixed effect. The
        random effects are missing.""")


# What several questions share -------------------------------------------------------------------------


def _house_in(sales, where, *more):
    """Expect the prediction interval of a house in a zip code that is in the data.

    For some students ``more`` mistakes than these can't be told apart, so they are only for practice.
    """
    s = _spread(sales)
    middle, se = s.means[where], s.se_means[where]
    sd = np.hypot(se, s.within)
    # Four standard errors of an end from 4,000 draws; 1.96 for 2 is less.
    yield ByGroup(around(middle, 2 * sd), rel=0.0, abs=0.17 * sd, unit="dollars", group="end", in_order=True)
    yield wrong(
        around(middle, 2 * se),
        "interval of the mean for a house",
        did=r"\hat\alpha_j \pm 2\,\text{se}(\hat\alpha_j)",
    ).says("""This is the interval of
        the mean price in this zip code. Single houses differ from the mean, so the interval for a house is
        much wider.""")
    yield half({"lower": 0.0, "upper": middle + 2 * sd}, "lower end cut at zero").says("""You cut the interval
        at zero. The model does not: it counts prices below zero as possible. Cutting hides this.""")
    yield wrong(
        around(s.mu, 2 * sd), "fixef for coef", did=INTERCEPT_AND_HOUSE
    ).says("""Your interval lies around the mean of the zip
        codes. You have sales from this zip code: its own mean is known.""")
    yield one_sd_for_two(around(middle, sd))
    yield wrong(
        around(s.mu, 2 * s.new_house),
        "new group for a known group",
        did=r"\hat\mu_\alpha \pm 2 \sqrt{\sigma_\alpha^2 + \sigma_y^2}",
    ).says("""This is the interval for
        a house in a zip code that is not in the data. This one is.""")
    yield wrong(
        around(s.effects[where], 2 * sd),
        "ranef for coef",
        did=r"(\hat\alpha_j - \hat\mu_\alpha) \pm 2\,\text{sd}",
    ).says("""The middle of your interval is the
        random effect: a difference. The middle must be a mean price.""")
    yield from more


def _middle(draws):
    """Return the 95 % interval of draws."""
    lower, upper = np.quantile(draws, [0.025, 0.975])
    return {"lower": lower, "upper": upper}


def _error(draws):
    """Tolerance of the ends of such an interval from as many draws as the lesson asks for."""
    lower, upper = monte_carlo(lambda one: np.quantile(one, [0.025, 0.975]), draws, ess=DRAWS)
    return {"lower": float(lower), "upper": float(upper)}


def _two_by_two(zero_mean, zero_outcome, marginal_mean, marginal_outcome):
    columns = {"mean": [zero_mean, marginal_mean], "outcome": [zero_outcome, marginal_outcome]}
    return pd.DataFrame(columns, index=["zero", "marginal"])


def _normal_cdf(z):
    return float(norm.cdf(z))


def _normal_quantiles(mean, sd, among=(0.0, 1.0)):
    """Return quantiles of a normal distribution cut to the part between two of its probabilities."""
    low, high = among
    return {p: float(norm.ppf(low + p * (high - low), mean, sd)) for p in (0.025, 0.5, 0.975)}


def _normal_draws(mean, sd):
    return {"mean": mean, "sd": sd, "quantiles": _normal_quantiles(mean, sd)}


def _above_zero(mean, sd):
    """Describe normal draws of which the negative ones were thrown away."""
    left = truncnorm(-mean / sd, np.inf, mean, sd)
    quantiles = _normal_quantiles(mean, sd, among=(_normal_cdf(-mean / sd), 1.0))
    return {"mean": left.mean(), "sd": left.std(), "quantiles": quantiles, "lowest": 0.0}


def _moved_above_zero(mean, sd):
    """Describe normal draws whose negative ones were set to zero, and draws without their signs."""
    z, below = mean / sd, _normal_cdf(-mean / sd)
    density = float(norm.pdf(z)) * sd
    of_set = mean * (1 - below) + density
    square = (mean**2 + sd**2) * (1 - below) + mean * density
    quantiles = {p: max(value, 0.0) for p, value in _normal_quantiles(mean, sd).items()}
    yield _positive(of_set, square, quantiles)
    folded = foldnorm(abs(z), scale=sd)
    yield _positive(folded.mean(), mean**2 + sd**2, {p: folded.ppf(p) for p in quantiles})


def _positive(mean, square, quantiles):
    return {"mean": mean, "sd": (square - mean**2) ** 0.5, "quantiles": quantiles, "lowest": 0.0}


def _other_sales(homes):
    """Return the sales in the county's other zip codes."""
    county = load_king_county()
    return county[~county[G].astype(str).isin(homes[G].astype(str).unique())]


def _other_prices(homes):
    return _other_sales(homes)["price"].to_numpy()
