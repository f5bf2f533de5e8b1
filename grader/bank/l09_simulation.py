"""Questions of lesson 09: simulation.

Students simulate on designs with groups of one size. What their simulations show, `grader.bank.balanced`
knows exactly. So each answer is judged by its own Monte Carlo error alone, at the number of simulations that
the question asks for. The student's own part is the truth: mean and standard deviations of the own zip codes.
"""

import numpy as np
from scipy.stats import chi2, f_oneway, norm, t

from grader.bank import ByGroup, Choice, Draws, Figure, Number, practice, question
from grader.bank.balanced import MANY, OneWay, power_of_arms, ratio_statistic
from grader.bank.builders.errors import one_se_for_two
from grader.bank.builders.mistake import half, wrong
from grader.bank.builders.pooling import ml_for_reml
from grader.bank.builders.spread import (
    mean_for_sd,
    residual_for_group,
    sds_added,
    variance_for_sd,
)
from grader.bank.builders.units import count_for_share, percent
from grader.bank.monte_carlo import TIMES, monte_carlo
from grader.bank.parts import G, centre, effects, first_ten, sd_between, sds
from grader.bank.reference_fits import fits

MODEL = "price ~ (1 | zipcode)"
GROUPS, SIZE = 9, 10  # of the planned study
PILOT = 3  # zip codes of the pilot study
PRACTISED = 400  # draws of the lesson's own bootstrap
STUDIES = 1000  # simulated studies that a question asks for
NULLS = 500  # where both models are fitted
JUDGED = (0.025, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.975)
UPPER = (0.75, 0.85, 0.9, 0.95, 0.975)  # more than half of the ratio statistics are zero
COLUMNS = ("bedrooms", "bathrooms", "condition", "floors", "grade", "sqft_living", "yr_built")
DOUBTFUL = 2.2  # the F statistic that `doubtful_sales` looks for
POWER_STUDIES, EFFECT, ARMS = 600, 2.4, 6  # of l09-power: the difference in units of sd_between
CURVE = range(4, 61, 2)  # the horizontal axis of l09-curve
GH = 2.8  # standard errors: 1.96, and 0.84 for a power of 80 % (Gelman and Hill 2007, section 20.2)
WORLD = {"between": 500_000.0, "within": 460_000.0}  # the lesson's own truth


def doubtful_sales(homes):
    """Choose a column, and a number of sales in each zip code, where it is unclear whether zip codes differ.

    As the lesson's function of that name: a test compares the two.
    """
    groups = homes.groupby(G, observed=True)
    found = []
    for size in range(6, 13):
        few = groups.head(size)
        for name in COLUMNS:
            f = f_oneway(*[rows[name] for _, rows in few.groupby(G, observed=True)])[0]
            found.append((abs(f - DOUBTFUL), name, size))
    _, name, size = min(found)
    return name, groups.head(size)


def _truth(homes, **more):
    """Make the planned study: ten sales in each zip code, and the truth that the fit to all sales found."""
    reml, _ = fits(MODEL, homes)
    between, within = sds(reml)
    return OneWay(
        **{"groups": GROUPS, "size": SIZE, **more}, between=between, within=within, mean=centre(reml)
    )


def _quantiles(draws, probabilities=JUDGED):
    values = np.quantile(np.asarray(draws), probabilities)
    return {"quantiles": dict(zip(probabilities, map(float, values), strict=True))}


def _of_share(share, studies=STUDIES, times=TIMES):
    """Tolerance of a share that was counted in so many simulated studies."""
    return times * (share * (1 - share) / studies) ** 0.5


# Earlier lessons --------------------------------------------------------------------------------------


@practice("l09-recall-random", topic="random effects", revisit="09: What you remember")
def recall_random():
    """Ask what makes an effect a random one."""
    yield Choice("c")
    yield wrong("a", "random effects need random sampling").says("""In this course the nine zip codes were
        never drawn by lot. What is random is the model for their effects: a normal distribution with a
        standard deviation that the data estimate.""")
    yield wrong(
        "b", "few groups forbid random effects"
    ).says("""With few groups the standard deviation between
        them is known badly. That is a reason for wide intervals, and no reason to leave them out.""")
    yield wrong("d", "random means without a cause").says("""Zip codes differ for good reasons: the water, the
        schools. The model only doesn't know them. A predictor may explain a part later.""")


@practice("l09-recall-reml", topic="REML and ML", revisit="09: What you remember")
def recall_reml():
    """Show a comparison of REML criteria across fixed effects."""
    yield Choice("b")
    yield wrong(
        "a", "REML criteria compared across fixed effects"
    ).says("""The REML criterion depends on which
        predictors there are, and even on their units. In square metres the difference would be another
        one.""")
    yield wrong("c", "smaller model always better").says("""The criterion doesn't count predictors. It can't
        tell which of two models is better if these have different ones.""")
    yield wrong(
        "d", "REML is wrong for standard deviations"
    ).says("""For standard deviations REML is the better
        choice. The trouble is in the comparison.""")


@practice("l09-recall-blups", topic="two-step analyses", revisit="09: What you remember")
def recall_blups():
    """Show a second analysis of predicted effects."""
    yield Choice("a")
    yield wrong(
        "b", "predicted effects used as data"
    ).says("""They are data with the noise taken out, and with a
        part of the signal too: each is pulled towards the mean, and how far depends on its number of sales.
        A second model doesn't know that.""")
    yield wrong("c", "own means pulled too").says("""The plain means aren't pulled, that is true. But their
        errors differ with the number of sales, and a second model doesn't know them either.""")
    yield wrong("d", "groups can't be compared").says("""They can: put the predictor into the first
        model.""")


# Practice: answered at once ---------------------------------------------------------------------------


@practice(
    "l09-practice-mcse",
    topic="Monte Carlo error",
    revisit="09: Again and again",
    idea=r"\sqrt{p\,(1 - p) / S}",
    hints=(
        "A share is a mean of zeros and ones. What is the standard error of a mean?",
        "The variance of a single zero or one is p (1 - p), where p is the share.",
        "np.sqrt(p * (1 - p) / studies) with p = 0.92 and studies = 600.",
    ),
)
def practice_mcse():
    """Ask for the Monte Carlo error of a share."""
    share, studies = 0.92, 600
    variance = share * (1 - share)
    yield Number((variance / studies) ** 0.5, rel=0.01)
    yield wrong(
        variance / studies, "variance for standard error", did=r"p\,(1 - p) / S"
    ).says("""This is the variance of the share. Its
        standard error is the square root.""")
    yield wrong(
        variance**0.5, "standard deviation for standard error", did=r"\sqrt{p\,(1 - p)}"
    ).says("""This is the standard deviation
        of a single study's yes or no. The share is a mean of many of them.""")
    yield wrong(
        variance**0.5 / studies, "square root forgotten", did=r"\sqrt{p\,(1 - p)} / S"
    ).says("""You divided by the number of studies.
        The error of a mean falls with the square root of it.""")
    yield wrong(
        (share / studies) ** 0.5, "share of misses left out", did=r"\sqrt{p / S}"
    ).says("""The formula has two factors under
        the root: the share, and one minus the share.""")


@practice(
    "l09-practice-t",
    topic="few groups",
    revisit="09: How often is the interval right?",
    idea=r"t_{J-1,\ 0.975}",
    hints=(
        "The interval has 95 percent inside: how much is left on each side?",
        "The mean of J groups of one size has J - 1 degrees of freedom.",
        "t.ppf(0.975, df) with the degrees of freedom of six zip codes.",
    ),
)
def practice_t():
    """Ask for Student's quantile for six groups."""
    yield Number(t.ppf(0.975, 5), rel=1e-3)
    yield wrong(
        norm.ppf(0.975), "normal quantile for t", within=0.003, did=r"z_{0.975}"
    ).says("""This is the normal quantile. It
        takes the standard error as known, and six zip codes don't tell it so well.""")
    yield wrong(
        2.0, "normal quantile for t", within=0.0
    ).says("""Two standard errors are a rule for many groups.
        Six zip codes need more.""")
    yield wrong(
        t.ppf(0.975, 6), "groups for degrees of freedom", did=r"t_{J,\ 0.975}"
    ).says("""These are six degrees of freedom. One
        was spent on the mean.""")
    yield wrong(
        t.ppf(0.95, 5), "one-sided quantile", did=r"t_{J-1,\ 0.95}"
    ).says("""This leaves 5 percent on one side. An interval of
        95 percent leaves 2.5 percent on each.""")
    yield wrong(
        t.ppf(0.975, 59), "rows for groups", within=1e-3, did=r"t_{N-1,\ 0.975}"
    ).says("""These are the degrees of freedom of 60
        houses. The mean of zip codes is known from six of them.""")


@practice("l09-practice-overlap", topic="comparing groups", revisit="09: How often is the interval right?")
def practice_overlap():
    """Ask what follows from two intervals that overlap."""
    yield Choice("d")
    yield wrong(
        "a", "overlap means no difference"
    ).says("""The standard error of a difference is the root of the
        summed squares. It is smaller than the two standard errors added, and overlap compares with these.""")
    yield wrong("b", "not significant means no effect").says("""No test can show that two means are equal. It
        could only fail to find a difference.""")
    yield wrong("c", "standard errors added").says("""The two errors are independent, so their squares add:
        compute the root of 30 squared plus 30 squared.""")


@practice(
    "l09-practice-boot",
    topic="parametric bootstrap",
    revisit="09: The parametric bootstrap",
    hints=(
        "95 percent lie inside. How much is left out on each side?",
        "The ends are two quantiles of the column icc.",
        "list(icc.quantile([0.025, 0.975]))",
    ),
)
def practice_boot(seattle):
    """Ask for the 95 % bootstrap interval of the intraclass correlation in the lecture's sample."""
    reml, _ = fits(MODEL, first_ten(seattle))
    found = OneWay(GROUPS, SIZE, *sds(reml)).estimates()
    wide = (0.025, 0.975)
    icc = found["icc"]
    yield ByGroup(_ends(icc, *wide), rel=0.0, abs=_error(icc, *wide, ess=PRACTISED), in_order=True)
    reach, error = 1.96 * icc.std(), icc.std() / PRACTISED**0.5
    yield wrong(
        {"lower": icc.mean() - reach, "upper": icc.mean() + reach},
        "symmetric interval for a skewed distribution",
        within=_both(4 * 1.96 * error),
    ).says("""You went the same distance to both sides. These draws are skewed: take their quantiles.""")
    yield wrong(
        {"lower": icc.mean() - 1.96 * error, "upper": icc.mean() + 1.96 * error},
        "Monte Carlo error for spread",
        within=_both(4 * error),
    ).says("""This interval says how well the mean of the 400 values is known. The question asks where the
        values themselves lie.""")
    rest = 1 - icc
    yield wrong(_ends(rest, *wide), "share within groups", within=_error(rest, *wide, ess=PRACTISED)).says(
        """These are the ends for the share within zip codes."""
    )
    between = found["between"]
    yield wrong(
        _ends(between, *wide), "standard deviation for share", within=_error(between, *wide, ess=PRACTISED)
    ).says("""This is the interval of the standard deviation between zip codes, in dollars.""")


@practice(
    "l09-practice-p",
    topic="parametric bootstrap",
    revisit="09: A variance at its edge",
    idea=r"\dfrac{1 + \#\{L_s \ge L\}}{1 + S}",
    hints=(
        "Which data sets speak as much against the small model as the observed one, or more?",
        "Count the likelihood ratios that are as large as the observed one, and count the observed one too.",
        "(1 + how many) / (1 + of how many), with 7 and 500.",
    ),
)
def practice_p():
    """Ask for a bootstrap p-value."""
    yield Number(8 / 501, rel=0.13)  # 7 / 500 is right too
    yield wrong(
        1 - 8 / 501, "share below for share above", within=0.003, did=r"\#\{L_s < L\} / S"
    ).says("""This is the share below the
        observed one. A p-value counts what is as large or larger.""")
    yield wrong(
        16 / 501, "p-value doubled"
    ).says("""You doubled it. A likelihood ratio is never negative: only
        large values speak against the small model.""")
    yield wrong(4 / 501, "p-value halved").says("""You halved it. The rule of one half mends the chi-square
        distribution; a bootstrap p-value needs no mending.""")
    yield wrong(
        7.0, "count for share", within=1.0
    ).says("""This is a number of data sets. Divide it by how many
        there are.""")


@practice("l09-practice-zero", topic="a variance at its edge", revisit="09: A variance at its edge")
def practice_zero():
    """Ask what an estimate of zero between groups means."""
    yield Choice("b")
    yield wrong("a", "zero variance means equal groups").says("""In the simulation the true standard deviation
        was above zero, and still lmer said zero in many studies.""")
    yield wrong(
        "c", "a singular fit is a failed one"
    ).says("""The search did find the best value. It lies at the
        edge of what is possible.""")
    yield wrong(
        "d", "grouping dropped where its variance is zero"
    ).says("""Then the same design would be analysed
        in two ways, and chance would choose. Report the estimate with an interval.""")


@practice(
    "l09-practice-difference",
    topic="power",
    revisit="09: Groups or rows?",
    idea=r"\sqrt{4\,(\sigma_\alpha^2 + \sigma_y^2 / n) / J}",
    hints=(
        "First the variance of the mean of one zip code. It has two parts.",
        "Four of eight zip codes are of one kind: divide by 4. The variances of both kinds add.",
        "np.sqrt(4 * (between**2 + within**2 / size) / groups) with 8 zip codes and 10 houses in each.",
    ),
)
def practice_difference():
    """Ask for the standard error of a difference between two kinds of zip codes."""
    groups, size = 8, 10
    b, w = WORLD["between"], WORLD["within"]
    right = (4 * (b**2 + w**2 / size) / groups) ** 0.5
    yield Number(right, rel=2e-3, unit="dollars")
    yield wrong(
        (4 * (b**2 + w**2) / (groups * size)) ** 0.5,
        "rows for groups",
        did=r"\sqrt{4\,(\sigma_\alpha^2 + \sigma_y^2) / N}",
    ).says("""This is the error for 80
        independent houses. Houses of one zip code share its effect.""")
    yield wrong(
        right / 2, "mean for difference", did=r"\sqrt{(\sigma_\alpha^2 + \sigma_y^2 / n) / J}"
    ).says("""This is the standard error of the mean of all eight zip
        codes. A difference between two halves has twice this error.""")
    yield wrong(
        right**2, "variance for standard error"
    ).says("""This is the variance. The standard error is its
        square root, in dollars.""")
    yield sds_added((b + w / size**0.5) * (4 / groups) ** 0.5)
    yield wrong(
        (4 * (b**2 + w**2) / groups) ** 0.5,
        "size of groups forgotten",
        did=r"\sqrt{4\,(\sigma_\alpha^2 + \sigma_y^2) / J}",
    ).says("""This is the error with a
        single house in each zip code. Ten houses make the second part smaller.""")
    yield wrong(
        (4 * w**2 / (groups * size)) ** 0.5,
        "spread between groups forgotten",
        did=r"\sqrt{4\,\sigma_y^2 / N}",
    ).says("""Only houses vary
        here. The zip codes of one kind differ as well.""")


@practice("l09-practice-absent", topic="power", revisit="09: Groups or rows?")
def practice_absent():
    """Ask what follows from a study with low power that found nothing."""
    yield Choice("c")
    yield wrong(
        "a", "not significant means no effect"
    ).says("""A study with this power misses a true difference
        of that size in two cases of three. Silence tells little.""")
    yield wrong(
        "b", "rows for groups"
    ).says("""More houses make the means of the same six zip codes more exact.
        Compare the two curves: it hardly helps.""")
    yield wrong("d", "interval around zero proves zero").says("""Zero lies in the interval, and so do large
        differences in both directions. They are just as compatible with the data.""")


@practice("l09-practice-shape", topic="calibration of draws", revisit="09: Are the draws right?")
def practice_shape():
    """Ask what a histogram of ranks with two high ends means."""
    yield Choice("a")
    yield wrong(
        "b", "ranks read upside down"
    ).says("""If the draws spread too much, the truth lies in the middle
        of them too often. Where is it here?""")
    yield wrong("c", "shape of ranks taken for a shift").says(
        """A shift fills one end. Here both are full."""
    )
    yield wrong("d", "prior taken for a fault").says("""The truths were drawn from the prior, so the prior is
        right in this world. Only the program can be wrong.""")


# Graded, halfway --------------------------------------------------------------------------------------


@question("l09-recovery", topic="fake data", revisit="09: Again and again")
def recovery(homes):
    """Ask for the estimates of the standard deviation between zip codes in many fake studies."""
    study = _truth(homes)
    found = study.estimates()
    yield Draws(**_quantiles(found["between"]), at_least=STUDIES, size=MANY, unit="dollars")
    yield variance_for_sd(_quantiles(found["between"] ** 2), "These are estimates of the variance")
    yield residual_for_group(_quantiles(found["sigma"]), "These are estimates of sigma")
    yield mean_for_sd(_quantiles(found["mean"]), "These are estimates of the intercept, the mean")
    yield wrong(_quantiles(found["se"]), "standard error for standard deviation").says("""These are standard
        errors of the fixed intercept. The question asks for the standard deviation between zip codes.""")
    same = study.estimates(kept=effects(fits(MODEL, homes)[0]))
    yield half(
        _quantiles(same["between"]), "zip codes not drawn again"
    ).says("""These vary too little. Did every
        study get the same zip-code effects? Draw new ones each time, and new prices around them.""")
    swapped = OneWay(GROUPS, SIZE, study.within, study.between, study.mean).estimates()
    yield half(
        _quantiles(swapped["between"]), "standard deviations exchanged"
    ).says("""In your fake world the two
        standard deviations have changed places.""")


@question("l09-coverage", topic="few groups", revisit="09: How often is the interval right?")
def coverage(homes):
    """Ask how often an interval of two standard errors covers the mean in a pilot of three zip codes."""
    study = _truth(homes, groups=PILOT)
    found = study.estimates()
    off, se = np.abs(found["mean"] - study.mean), found["se"]
    share = _share(off < 2 * se)
    yield Number(share, rel=0.0, abs=_of_share(share))
    missed = 1 - share
    yield half(
        missed, "share of misses", within=_of_share(missed)
    ).says("""This is the share of intervals that
        miss the truth. Coverage counts those that hold it.""")
    df = np.where(found["singular"], study.rows - 1, PILOT - 1)
    by_t = _share(off < t.ppf(0.975, df) * se)
    yield half(
        by_t, "t interval for two standard errors", within=_of_share(by_t, times=3)
    ).says("""This is about
        what t intervals cover. The question asks about two standard errors to each side.""")
    _, between, within = study.squares()
    as_rows = np.sqrt((between + within) / (study.rows - 1) / study.rows)
    by_rows = _share(off < 2 * as_rows)
    yield wrong(
        by_rows, "rows for groups", within=_of_share(by_rows)
    ).says("""This is the coverage if all houses
        count as independent. Take the standard error of the mixed model.""")
    one = _share(off < se)
    yield one_se_for_two(
        one,
        "This is the share that intervals of one standard error cover. Such an interval holds",
        within=_of_share(one),
    )
    yield wrong(
        1.0, "estimate for truth", within=0.0
    ).says("""Every interval holds its own estimate. Count the
        intervals that hold the truth, the mean of your fake world.""")
    yield percent(share)
    yield count_for_share(share, STUDIES, of="studies")


@question(
    "l09-t-interval",
    topic="few groups",
    revisit="09: How often is the interval right?",
    idea=r"\hat\mu_\alpha \pm t_{J-1,\ 0.975}\,\mathrm{se}",
)
def t_interval(homes):
    """Ask for the t interval of the mean of the zip codes."""
    ten = first_ten(homes)
    reml, ml = fits(MODEL, ten)
    middle, se, quantile = centre(reml), reml.se_fixef["(Intercept)"], t.ppf(0.975, GROUPS - 1)

    def around(reach, middle=middle):
        return {"lower": float(middle - reach), "upper": float(middle + reach)}

    yield ByGroup(around(quantile * se), rel=0.0, abs=0.03 * se, unit="dollars", in_order=True)
    room = _both(0.01 * se)
    for normal in (norm.ppf(0.975), 2.0, t.ppf(0.975, len(ten) - 1)):
        yield half(
            around(normal * se),
            "normal quantile for t",
            within=room,
            did=r"\hat\mu_\alpha \pm 2\,\mathrm{se}",
        ).says("""The middle and the standard
            error are right. But this many standard errors are for many groups, and here are nine.""")
    rows = ten["price"].std() / len(ten) ** 0.5
    for number in (quantile, norm.ppf(0.975), 2.0, t.ppf(0.975, len(ten) - 1)):
        yield wrong(around(number * rows), "rows for groups", within=_both(0.01 * rows)).says("""This is the
            interval for 90 independent houses. Take the standard error of the mixed model.""")
    spread = sd_between(reml)
    for number in (quantile, norm.ppf(0.975), 2.0):
        yield wrong(
            around(number * spread),
            "standard deviation for standard error",
            did=r"\hat\mu_\alpha \pm t\,\hat\sigma_\alpha",
        ).says("""This reaches to both
            sides by standard deviations between zip codes. It holds zip codes; the question is about their
            mean.""")
    whole, of_all = fits(MODEL, homes)[0], centre(fits(MODEL, homes)[0])
    reach = quantile * whole.se_fixef["(Intercept)"]
    yield half(
        around(reach, of_all), "all sales for the small sample"
    ).says("""This is the interval from all your
        sales. The question is about the first ten in each zip code.""")
    yield ml_for_reml(around(quantile * ml.se_fixef["(Intercept)"], centre(ml)))


@question(
    "l09-boot-icc",
    topic="parametric bootstrap",
    revisit="09: The parametric bootstrap",
    idea=r"\sigma_\alpha^2 / (\sigma_\alpha^2 + \sigma_y^2)",
)
def boot_icc(homes):
    """Ask for bootstrap draws of the intraclass correlation."""
    reml, _ = fits(MODEL, first_ten(homes))
    study = OneWay(GROUPS, SIZE, *sds(reml))
    found = study.estimates()
    yield Draws(**_quantiles(found["icc"]), at_least=STUDIES, size=MANY)
    yield half(
        _quantiles(1 - found["icc"]),
        "share within groups",
        did=r"\sigma_y^2 / (\sigma_\alpha^2 + \sigma_y^2)",
    ).says("""This is the share of the variance that
        lies within zip codes. The question asks for the share between them.""")
    yield wrong(
        _quantiles(found["between"]), "standard deviation for share"
    ).says("""These are standard deviations
        in dollars. A share has no unit.""")
    yield half(
        _quantiles(found["between"] ** 2 / found["sigma"] ** 2),
        "ratio for share",
        did=r"\sigma_\alpha^2 / \sigma_y^2",
    ).says("""This is one
        variance divided by the other. A share divides by their sum.""")


@question("l09-boot-interval", topic="parametric bootstrap", revisit="09: The parametric bootstrap")
def boot_interval(homes):
    """Ask for the 90 % bootstrap interval of the intraclass correlation."""
    reml, _ = fits(MODEL, first_ten(homes))
    found = OneWay(GROUPS, SIZE, *sds(reml)).estimates()
    icc, share = found["icc"], reml.icc()[G]
    yield ByGroup(_ends(icc), rel=0.0, abs=_error(icc), in_order=True)
    wide = (0.025, 0.975)
    yield half(
        _ends(icc, *wide), "95% for 90%", within=_error(icc, *wide)
    ).says("""This interval holds 95 percent
        of the draws, not 90.""")
    narrow = (0.1, 0.9)
    yield half(
        _ends(icc, *narrow), "80% for 90%", within=_error(icc, *narrow)
    ).says("""You left out 10 percent of
        the draws on each side. How many are left?""")
    reach, rest = 1.645 * icc.std(), 1 - icc
    symmetric = {"lower": share - reach, "upper": share + reach}
    room = 3 * reach / (2 * STUDIES) ** 0.5
    if any(abs(symmetric[end] - at) > room + _error(rest)[end] for end, at in _ends(rest).items()):
        # Else it is also what the share within zip codes has, and nobody can tell which of the two was meant.
        yield half(symmetric, "symmetric interval for a skewed distribution", within=_both(room)).says(
            """You went the same distance to both sides. These draws are skewed: take their quantiles."""
        )
    error = icc.std() / STUDIES**0.5
    for number, middle in ((1.645, share), (1.645, icc.mean())):
        yield wrong(
            {"lower": middle - number * error, "upper": middle + number * error},
            "Monte Carlo error for spread",
            within=_both(4 * error),
        ).says("""This interval becomes shorter with every further simulation. The spread of the draws
            doesn't: it says how uncertain the estimate is.""")
    yield half(
        _ends(rest), "share within groups", within=_error(rest)
    ).says("""These are the ends for the share
        within zip codes.""")
    roots = found["between"] / (found["between"] + found["sigma"])
    yield half(_ends(roots), "standard deviations for variances", within=_error(roots)).says("""You used the
        standard deviations. A share of variance needs their squares.""")


# Graded, at the end -----------------------------------------------------------------------------------


@question(
    "l09-null",
    topic="a variance at its edge",
    revisit="09: A variance at its edge",
    idea=r"2\,(\log L_1 - \log L_0)",
)
def null(homes):
    """Ask for likelihood ratios of data sets in which the zip codes don't differ."""
    name, sales = doubtful_sales(homes)
    size = len(sales) // GROUPS
    nothing = OneWay(GROUPS, size, 0.0, 1.0)
    right = nothing.ratio_statistics()
    yield Draws(**_quantiles(right, UPPER), at_least=NULLS, size=MANY)
    rng = np.random.default_rng(91)
    yield wrong(
        _quantiles(rng.chisquare(1, MANY), UPPER), "chi-square at the boundary"
    ).says("""These draws look
        like the chi-square distribution. Are they drawn from it, or are the data sets with a ratio of zero
        left out? Draw data from the small model, fit both models, and keep every ratio.""")
    reml, _ = fits(f"{name} ~ (1 | {G})", sales)
    other = OneWay(GROUPS, size, *sds(reml)).ratio_statistics()
    yield wrong(
        _quantiles(other, UPPER), "alternative for null"
    ).says("""These are too large. Did you draw the
        data from the large model? A p-value asks what happens when the small model is true.""")
    yield wrong(
        _quantiles(chi2.sf(right, 1), UPPER), "p-values for statistics"
    ).says("""These look like p-values.
        The question asks for the likelihood ratio statistics themselves.""")


@question("l09-edge-p", topic="a variance at its edge", revisit="09: A variance at its edge")
def edge_p(homes):
    """Ask for two p-values of a standard deviation between zip codes."""
    name, sales = doubtful_sales(homes)
    size = len(sales) // GROUPS
    observed = _observed(name, sales)
    share = _share(OneWay(GROUPS, size, 0.0, 1.0).ratio_statistics() >= observed)
    by_table = chi2.sf(observed, 1)
    room = {"chi-square": 0.01 * by_table + 1e-4, "bootstrap": _of_share(share, NULLS) + 2 / NULLS}

    def both(first, second):
        return {"chi-square": float(first), "bootstrap": float(second)}

    yield ByGroup(both(by_table, share), rel=0.0, abs=room, group="p-value", in_order=True)
    exchanged = dict(zip(room, reversed(room.values()), strict=True))
    yield half(
        both(share, by_table), "p-values exchanged", within=exchanged
    ).says("""The two have changed places.
        The chi-square distribution gives the larger one.""")
    exact = both(room["chi-square"], room["chi-square"])
    yield half(both(by_table, by_table), "chi-square at the boundary", within=exact).says("""Both are from the
        chi-square distribution. The second one is a share of your simulated likelihood ratios.""")
    yield half(
        both(by_table / 2, share), "p-value halved", within=room
    ).says("""You halved the first one. That is
        the rule of the mixture; the question asks for what anova prints.""")
    yield half(
        both(by_table, by_table / 2), "half of chi-square for bootstrap", within=exact
    ).says("""The second one
        is half of the first. With nine zip codes this rule still gives too much: count your simulated
        likelihood ratios.""")
    below = {**room, "bootstrap": room["bootstrap"]}
    yield half(
        both(by_table, 1 - share), "share below for share above", within=below
    ).says("""Your bootstrap p-value
        counts the smaller likelihood ratios. Count those as large as the observed one, or larger.""")
    reml, _ = fits(f"{name} ~ (1 | {G})", sales)
    other = _share(OneWay(GROUPS, size, *sds(reml)).ratio_statistics() >= observed)
    far = {**room, "bootstrap": _of_share(other, NULLS)}
    yield half(
        both(by_table, other), "alternative for null", within=far
    ).says("""Your bootstrap seems to draw from
        the large model. A p-value asks what happens when the small model is true.""")


@question("l09-power", topic="power", revisit="09: Groups or rows?")
def study_power(homes):
    """Ask for the power of a plan, with twice the houses, and with twice the zip codes."""
    between, within = sds(fits(MODEL, homes)[0])
    effect = EFFECT * between
    designs = ((ARMS, SIZE), (ARMS, 2 * SIZE), (2 * ARMS, SIZE))

    def three(values):
        names = ("planned", "twice the houses", "twice the zip codes")
        return dict(zip(names, map(float, values), strict=True))

    def room(values, times):
        return three(0.003 + _of_share(value, POWER_STUDIES, times) for value in values)

    right = [power_of_arms(*design, between, within, effect) for design in designs]
    yield ByGroup(three(right), rel=0.0, abs=room(right, 4.5), group="design", in_order=True)
    normal = [power_of_arms(*design, between, within, effect, normal=True) for design in designs]
    yield half(
        three(normal), "normal quantile for t", within=room(normal, 3)
    ).says("""These are too large: the test
        takes two standard errors as enough. With six zip codes it needs Student's t: method="t".""")
    swapped = [right[0], right[2], right[1]]
    yield half(
        three(swapped), "designs exchanged", within=room(swapped, 4.5)
    ).says("""The second and the third have
        changed places. Which helps more, houses or zip codes?""")
    missed = [1 - value for value in right]
    yield half(
        three(missed), "share of misses", within=room(missed, 4.5)
    ).says("""These are the shares of studies
        that miss the difference. Power counts those that find it.""")
    both = (between**2 + within**2) ** 0.5
    for sd in (both, within):  # one house a "group"
        alone = [power_of_arms(groups * size, 1, 0.0, sd, effect) for groups, size in designs]
        yield wrong(
            three(alone), "rows for groups", within=room(alone, 3)
        ).says("""These are too large: houses
            count as independent here. Zip codes of one kind differ too, and there are only a few of them.""")
    yield percent(three_series(right))


def three_series(values):
    """Make the answer of l09-power as a Series, so that it can be multiplied."""
    import pandas as pd

    return pd.Series(list(values), ["planned", "twice the houses", "twice the zip codes"])


@question(
    "l09-groups-needed",
    topic="power",
    revisit="09: Groups or rows?",
    idea=r"J = 2.8^2 \cdot 4\,(\sigma_\alpha^2 + \sigma_y^2 / n) / \delta^2",
)
def groups_needed(homes):
    """Ask how many zip codes a study needs for a power of 80 %."""
    between, within = sds(fits(MODEL, homes)[0])
    squares, times = between**2 + within**2 / SIZE, 4 / between**2  # the difference is sd_between
    right = GH**2 * squares * times
    yield Number(right, rel=4e-3, unit="zip codes", round_up=True)
    yield half(
        right / 2, "one arm for both", did=r"J / 2"
    ).says("""This is the number in one of the two kinds. The question asks
        for all zip codes of the study.""")
    yield half(
        SIZE * right, "rows for groups", did=r"J\,n"
    ).says("""This is a number of houses. The question asks for zip
        codes.""")
    yield half(
        1.96**2 * squares * times,
        "power of one half",
        did=r"1.96^2 \cdot 4\,(\sigma_\alpha^2 + \sigma_y^2 / n) / \delta^2",
    ).says("""With 1.96 standard errors half of the studies miss the difference. For a power of 80 percent it
        takes 2.8.""")
    yield wrong(
        GH**2 * (between**2 + within**2) * times,
        "size of groups forgotten",
        did=r"2.8^2 \cdot 4\,(\sigma_\alpha^2 + \sigma_y^2) / \delta^2",
    ).says("""This is the number with
        a single house in each zip code. Ten houses make the second part smaller.""")
    yield sds_added(GH**2 * (between + within / SIZE**0.5) ** 2 * times, credit=0.5)
    yield wrong(
        GH * squares**0.5 * times**0.5,
        "square forgotten",
        did=r"2.8 \cdot 2\,\sqrt{\sigma_\alpha^2 + \sigma_y^2 / n} / \delta",
    ).says("""Everything in this formula is squared:
        the standard errors that it takes, and the two standard deviations.""")
    yield wrong(
        GH**2 * within**2 / SIZE * times,
        "spread between groups forgotten",
        did=r"2.8^2 \cdot 4\,\sigma_y^2 / (n\,\delta^2)",
    ).says("""Only houses vary here.
        The zip codes of one kind differ as well.""")


@question("l09-curve", topic="power", revisit="09: Groups or rows?")
def curve(homes):
    """Ask for a figure: power against the number of zip codes."""
    between, within = sds(fits(MODEL, homes)[0])

    def line(size=SIZE, effect=between, normal=False, one_by_one=False):
        if one_by_one:
            sd = (between**2 + within**2) ** 0.5
            return {"y": [power_of_arms(groups * size, 1, 0.0, sd, effect) for groups in CURVE]}
        return {
            "y": [power_of_arms(groups, size, between, within, effect, normal=normal) for groups in CURVE]
        }

    right = line()
    yield Figure(
        x=list(CURVE),
        **right,
        mark="lines",
        xlabel=("zip", "group"),
        ylabel=("power",),
        rel=1e-2,
    )
    yield half(
        line(normal=True), "normal quantile for t", within=5e-3
    ).says("""This curve takes two standard errors as
        enough. With few zip codes it needs Student's t.""")
    yield half(
        {"y": [1 - value for value in right["y"]]}, "share of misses"
    ).says("""This curve falls: it shows the
        studies that miss the difference.""")
    yield wrong(line(one_by_one=True), "rows for groups").says("""This curve rises too fast: houses count as
        independent in it.""")
    yield half(
        line(effect=EFFECT * between), "difference of another question"
    ).says("""This curve belongs to the
        difference of the question before. Here it is one standard deviation between zip codes.""")
    yield half(line(size=1), "size of groups forgotten").says("""This curve is for a single house in each zip
        code.""")


@question("l09-sbc", topic="calibration of draws", revisit="09: Are the draws right?")
def calibration(homes):
    """Ask for the share of outer ranks that a colleague's program gives."""
    between, within = sds(fits(MODEL, homes)[0])
    rows = GROUPS * SIZE
    of_one_house = between**2 + within**2
    variance = 1 / (1 / between**2 + rows / of_one_house)  # what the colleague's program draws with
    kept = variance * rows / of_one_house
    error = (1 - kept) ** 2 * between**2 + kept**2 * (between**2 / GROUPS + within**2 / rows)
    # A rank among 99 draws is one of 100 places; draws are as many as make this formula good to 0.003.
    share = _outer(np.sqrt(variance), np.sqrt(error))
    yield Number(share, rel=0.0, abs=_of_share(share) + 0.003)
    for name, value, says in (
        (
            "calibrated taken for wrong",
            0.2,
            """This is what a correct program gives. In your check the colleague's draws look right: are the
            fake prices drawn with zip-code effects?""",
        ),
        ("share of the middle", 1 - share, "This is the share of the ranks in between. Count both ends."),
        ("one end for both", share / 2, "This is one end only. The question asks for both ends together."),
    ):
        found = wrong if value == 0.2 else half
        yield found(value, name, within=_of_share(value, times=4)).says(says)
    in_percent = 100 * _of_share(share, times=2.5)
    yield half(100 * share, "percent for share", within=in_percent).says(percent(share).says)
    yield count_for_share(share, STUDIES, of="rounds")


def _outer(sd, error, draws=99, rounds=MANY):
    """Count the ranks 0 to 9 and 90 to 99 of a truth whose error is wider than the draws."""
    rng = np.random.default_rng(92)
    below = norm.cdf(rng.normal(0.0, error, rounds) / sd)
    ranks = rng.binomial(draws, below)
    return _share((ranks < 10) | (ranks >= 90))


# What several questions share -------------------------------------------------------------------------


def _observed(name, sales):
    """Compute the likelihood ratio statistic of a column by zip code."""
    y = sales[name]
    within = ((y - sales.groupby(G, observed=True)[name].transform("mean")) ** 2).sum()
    return float(ratio_statistic(((y - y.mean()) ** 2).sum() - within, within, GROUPS, len(sales)))


def _share(which):
    return float(np.mean(which))


def _both(room):
    return {"lower": float(room), "upper": float(room)}


def _ends(draws, low=0.05, high=0.95):
    lower, upper = np.quantile(draws, [low, high])
    return {"lower": float(lower), "upper": float(upper)}


def _error(draws, low=0.05, high=0.95, ess=STUDIES):
    """Tolerance of the ends of an interval."""
    lower, upper = monte_carlo(lambda one: np.quantile(one, [low, high]), draws, ess=ess)
    return {"lower": float(lower), "upper": float(upper)}
