"""Questions of lesson 04: varying slopes.

Slopes are in dollars per standard deviation of living area, unless a question says otherwise.
Tolerances are wider than the distance at which lme4 and statsmodels stop from the optimum on these
data when they converge, and narrower than the distance to the nearest mistake.
"""

import pandas as pd

from grader.bank import ByGroup, Choice, Figure, Formula, Number, Table, practice, question
from grader.bank.builders.errors import se_for_estimate
from grader.bank.builders.mistake import half, wrong
from grader.bank.builders.pooling import ml_for_reml
from grader.bank.builders.spread import mean_for_sd, residual_for_group, sds_for_variances, variance_for_sd
from grader.bank.builders.units import percent, wrong_sign
from grader.bank.parts import ONE, G, centre, effects, estimates, first_ten, same_for_all, sd_between
from grader.bank.reference_fits import fits
from mlmkit import complete_pooling, criterion_at, no_pooling

PARALLEL = "price ~ scale_sqft + (1 | zipcode)"
VARYING = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"
RAW = "price ~ sqft_living + (1 + sqft_living | zipcode)"
MOVED = "price ~ size + (1 + size | zipcode)"
RADON_SLOPES = "log_radon ~ floor + (1 + floor | county)"
WITH_GRADE = "price ~ scale_sqft + grade + (1 | zipcode)"
X = "scale_sqft"
LARGE_HOUSE = 3000  # square feet
REPORT = {"sd": [150_000, 60_000], "corr": 0.5, "sigma": 170_000}  # the colleague's, in the lesson's text
ANOTHER = {"sd": [250_000, 200_000], "corr": 0.9, "sigma": 200_000}  # and the program's of the practice

# In symbols: what is asked for, and what is computed instead by more than one question.
PER_100 = r"100\,\hat\beta / s_x"
SLOPE, MEAN_SLOPE, INTERCEPT = r"\hat\beta_j", r"\hat\mu_\beta", r"\hat\alpha_j"
SLOPE_EFFECT = r"\hat\beta_j - \hat\mu_\beta"
ABOVE = r"c(\text{there}) - c(\text{lowest point})"


def _sd_sqft(sales):
    """One standard deviation of the living area, in square feet."""
    return sales["sqft_living"].std()


def _correlation(fit):
    return float(fit.varcorr[G].corr.iloc[0, 1])


def _at(sales, zero):
    """Count the living area from ``zero``, in thousands of square feet."""
    return sales.assign(size=(sales["sqft_living"] - zero) / 1000)


# What you remember: lessons 2 and 3 ---------------------------------------------------------------------


@practice(
    "l04-recall-icc",
    topic="intraclass correlation",
    revisit="04: What you remember",
    idea=r"\frac{\sigma_\alpha^2}{\sigma_\alpha^2 + \sigma_y^2}",
    hints=(
        "The print-out has two standard deviations. Variances are their squares.",
        "The variance between zip codes, divided by the sum of the two variances.",
        "584_667**2 / (584_667**2 + 460_891**2), with all digits from lmer1.",
    ),
)
def recall_icc(seattle):
    """Ask for the intraclass correlation of the prices."""
    fit = fits("price ~ (1 | zipcode)", seattle)[0]
    between, within = sd_between(fit), fit.sigma
    right = between**2 / (between**2 + within**2)
    yield Number(right, rel=1e-3)
    yield sds_for_variances(
        between / (between + within), credit=0.0, did=r"\frac{\sigma_\alpha}{\sigma_\alpha + \sigma_y}"
    )
    yield wrong(
        1 - right, "share within for share between", did=r"\frac{\sigma_y^2}{\sigma_\alpha^2 + \sigma_y^2}"
    ).says("This is the share of the variance that lies within the zip codes.")
    yield wrong(
        between**2 / within**2, "ratio for share", did=r"\sigma_\alpha^2 / \sigma_y^2"
    ).says("""You divided
        by the other variance. For a share, divide by the sum of both.""")
    yield percent(right, credit=0.0)


@practice("l04-recall-error", topic="standard errors", revisit="04: What you remember")
def recall_error():
    """Ask what more groups make smaller."""
    yield Choice("c")
    yield wrong("a", "standard deviation for standard error").says("""Zip codes differ, however many you look
        at. Their standard deviation becomes better known, not smaller.""")
    yield wrong("b", "standard deviation for standard error").says("""Houses in one zip code differ, however
        many zip codes you look at. The residual standard deviation does not get smaller.""")
    yield wrong("d", "everything falls with more data").says("""Two of the three say how much things differ.
        These don't get smaller with more data. One says how well something is known.""")


@practice("l04-recall-cancel", topic="fixed plus random", revisit="04: What you remember")
def recall_cancel():
    """Ask why a sum is known better than its first part."""
    yield Choice("a")
    yield wrong("b", "squares of dependent errors added").says("""That gives a larger number than either part.
        And it holds for independent errors only.""")
    yield wrong("c", "no error of a random effect").says("""It has one: se_ranef. Think of the two people on
        one scale.""")
    yield wrong("d", "counting houses instead of groups").says("""That is true in any data, and it doesn't
        matter here. What do the houses of one zip code tell?""")


@practice("l04-recall-new", topic="new groups", revisit="04: What you remember")
def recall_new():
    """Ask which sources of spread a house in a new group has."""
    yield Choice("d")
    yield wrong("a", "spread between groups forgotten").says("""Then the zip code lies exactly at the mean. A
        new one may be more or less expensive.""")
    yield wrong("b", "spread within groups forgotten").says("""These are means of zip codes. A house differs
        from the mean of its zip code.""")
    yield wrong("c", "standard error for spread").says("""This says how well the mean of the zip codes is
        known. Neither zip codes nor houses differ in it.""")


# Practice: the lecture's data, answered at once -------------------------------------------------------


@practice(
    "l04-practice-per-100",
    topic="slopes",
    revisit="04: A predictor with one slope for all",
    idea=PER_100,
    hints=(
        "The slope belongs to a step of one standard deviation. What part of such a step is 100 square feet?",
        "The slope divided by the standard deviation is the price of one square foot.",
        'lmer2.fixef["scale_sqft"] / step * 100',
    ),
)
def practice_per_100(seattle):
    """Ask for the price of 100 square feet in the fixed-slope model."""
    return _per_100(seattle)


@practice(
    "l04-practice-98039",
    topic="varying slopes",
    revisit="04: Let the slope vary",
    idea=r"100\,\hat\beta_j / s_x",
    hints=(
        "Each zip code has a slope of its own now. Its unit is still one step of scale_sqft.",
        "Take the slope of 98039 out of coef, then change its unit as in Practice 1.",
        'lmer3.coef["zipcode"].loc["98039", "scale_sqft"] / step * 100',
    ),
)
def practice_98039(seattle):
    """Ask for the price of 100 square feet in one zip code."""
    _, ml = fits(VARYING, seattle)
    slope, unit = estimates(ml, X)["98039"], 100 / _sd_sqft(seattle)
    yield Number(slope * unit, unit="dollars")
    yield half(
        slope, "per standard deviation", did=SLOPE
    ).says("""This is the slope of 98039 for a step of one standard
        deviation. The question asks for a step of 100 square feet.""")
    yield wrong(
        effects(ml, X)["98039"] * unit, "ranef for coef", did=r"100\,(\hat\beta_j - \hat\mu_\beta) / s_x"
    ).says("""This is how much the slope of 98039
        lies above the mean slope. The question asks for the slope itself.""")
    yield wrong(
        ml.fixef[X] * unit, "fixef for coef", did=r"100\,\hat\mu_\beta / s_x"
    ).says("""This is the mean of the nine slopes. 98039 has
        its own.""")
    yield wrong(
        fits(PARALLEL, seattle)[0].fixef[X] * unit, "fixed-slope model", did=r"100\,\hat\beta / s_x"
    ).says("""This comes from
        lmer2, where all zip codes have the same slope.""")


@practice(
    "l04-practice-formula",
    topic="formulas",
    revisit="04: Let the slope vary",
    hints=(
        "bedrooms takes the place of scale_sqft in the formula of lmer3.",
        "The predictor appears twice: outside the brackets for the mean slope, inside for what varies.",
        "price ~ bedrooms + (... | zipcode), with the intercept, 1, and the slope before the bar.",
    ),
)
def practice_formula():
    """Ask for the formula of a varying-slope model with another predictor."""
    yield Formula("price ~ bedrooms + (1 + bedrooms | zipcode)")
    yield wrong("price ~ bedrooms + (1 | zipcode)", "fixed-slope model").says("""Here all zip codes have the
        same slope: only the intercept, 1, stands before the bar.""")
    yield wrong("price ~ (1 + bedrooms | zipcode)", "mean slope left out").says("""The slopes vary, but around
        0: without bedrooms outside the brackets there is no mean slope.""")
    yield wrong("price ~ bedrooms + (0 + bedrooms | zipcode)", "intercept doesn't vary").says("""Here only the
        slope varies. The question says that the intercept varies too.""")
    yield wrong("price ~ bedrooms + (1 + bedrooms || zipcode)", "correlation set to 0").says("""Here the
        correlation of intercepts and slopes is set to 0, as by a double bar. The question doesn't ask for
        that.""")
    yield wrong("price ~ bedrooms * zipcode", "interaction for varying slope").says("""This is an interaction:
        each zip code has a slope of its own, and nothing is shared. Partial pooling needs a term with a
        bar.""")
    yield wrong(
        "price ~ bedrooms + (1 | zipcode) + (1 | bedrooms)", "predictor as a grouping factor"
    ).says("""Here the number of bedrooms is a second grouping factor. It should be a predictor whose
        slope varies.""")


@practice("l04-practice-away", topic="varying slopes", revisit="04: Two views of the same lines")
def practice_away():
    """Ask why a slope moved away from the mean of the slopes."""
    yield Choice("b")
    yield wrong("a", "shrinkage always towards the mean").says("""The fit converged. With one number for each
        group, shrinkage goes towards its mean. Here each group has two, and they go together.""")
    yield wrong("c", "shrinkage explained by group sizes").says("""With many sales an estimate moves little,
        in whatever direction. Look at the ellipse in the figure.""")
    yield wrong("d", "criterion for direction of shrinkage").says("""Both criteria move it in the same
        direction here. Look at the ellipse in the figure.""")


@practice("l04-practice-zero", topic="correlation and centring", revisit="04: Two views of the same lines")
def practice_zero():
    """Ask why the standard deviation of the intercepts depends on the zero."""
    yield Choice("b")
    yield wrong("a", "other zero taken for a failed search").says("""All columns of the table have the same
        deviance, so all of them are at the lowest point. What differs is the question that the intercept
        answers.""")
    yield wrong("c", "other zero taken for ML bias").says("""Maximum likelihood makes standard deviations a
        few percent smaller. It can't explain a factor of three, and every column of the table uses it.""")
    yield wrong("d", "unit confused with zero").says("""Dividing changes the unit of the slope. It leaves the
        intercepts where they are.""")


@practice(
    "l04-practice-3000",
    topic="correlation and centring",
    revisit="04: Centring and scaling",
    idea=r"\hat\alpha_j \text{, with the zero at the large house}",
    hints=(
        "With the zero at 3,000 square feet, the intercept of a zip code is the price that you want.",
        'Make the column with seattle.assign(size=...), and fit "price ~ size + (1 + size | zipcode)".',
        'size = (seattle["sqft_living"] - 3000) / 1000; then coef["zipcode"].loc["98102", "(Intercept)"].',
    ),
)
def practice_3000(seattle):
    """Ask for the expected price of a large house in one zip code, by moving the zero."""
    where = "98102"
    fit = fits(MOVED, _at(seattle, LARGE_HOUSE))[0]
    yield Number(estimates(fit)[where], unit="dollars")
    yield wrong(
        centre(fit), "fixef for coef", did=r"\hat\mu_\alpha"
    ).says("""This is the expected price in the mean of the zip
        codes. The question asks about 98102.""")
    yield wrong(
        effects(fit)[where], "ranef for coef", did=r"\hat\alpha_j - \hat\mu_\alpha"
    ).says("""This is how far 98102 lies above the mean of
        the zip codes, for such a house.""")
    yield wrong(estimates(fits(VARYING, seattle)[0])[where], "zero at the mean size").says("""This is the
        expected price of a house of mean size. Move the zero.""")
    yield wrong(
        estimates(fit, "size")[where], "slope for intercept", did=SLOPE
    ).says("""This is the slope of 98102: what
        1,000 square feet more add to the price.""")


@practice("l04-practice-programs", topic="convergence", revisit="04: A search that does not converge")
def practice_programs():
    """Ask which of two fits to use when one warned and the other didn't."""
    yield Choice("d")
    yield wrong("a", "no warning taken for convergence").says("""A program that says nothing may still have
        stopped too early. Here it did: another program found a smaller criterion, and the search looks for
        the smallest.""")
    yield wrong("b", "mean of two fits").says("""The mean of two places where a search stopped is not a lowest
        point. One of the two fits the data better.""")
    yield wrong("c", "warning taken for no information").says("""A warning says that the search may not have
        reached the end. The criterion still tells which of two places is lower.""")


@practice(
    "l04-practice-height",
    topic="convergence",
    revisit="04: A search that does not converge",
    idea=ABOVE,
    hints=(
        "there is the height of one place. How high is the lowest one?",
        "A fit has the criterion at its lowest point: scaled_fit.criterion. Subtract.",
        "there - scaled_fit.criterion",
    ),
)
def practice_height(seattle):
    """Ask how far above the lowest point a reported fit lies."""
    return _height(seattle, ANOTHER)


@practice("l04-practice-drop", topic="convergence", revisit="04: A search that does not converge")
def practice_drop():
    """Ask what is wrong with taking a slope out because of a warning."""
    yield Choice("c")
    yield wrong(
        "a", "slopes dropped until it converges"
    ).says("""A simpler model is the last thing to try, and
        not the first. The warning is about a search. Look how much the slopes differ in the print-out.""")
    yield wrong("b", "varying slopes kept always").says("""Sometimes a varying slope may go, if the data don't
        show it and you say so. Here the question is what the warning told.""")
    yield wrong(
        "d", "fixed slope for varying slope"
    ).says("""Then a larger house would cost as much as a small
        one. The warning has nothing to do with the mean slope.""")


@practice("l04-practice-zero-variance", topic="singular fits", revisit="04: A singular fit")
def practice_zero_variance():
    """Ask what a standard deviation of exactly zero says."""
    yield Choice("d")
    yield wrong(
        "a", "zero variance taken for equal groups"
    ).says("""It is an estimate, and it lies at the edge
        because it can't go below. How well is it known?""")
    yield wrong("b", "singular taken for not converged").says("""The fit converged: its lowest point is at the
        edge. That happens often where groups differ little.""")
    yield wrong(
        "c", "other criterion for an edge"
    ).says("""Maximum likelihood ends at the edge even more often:
        its standard deviations between groups are smaller.""")


@practice(
    "l04-practice-land",
    topic="formulas",
    revisit="04: A fixed intercept with a varying slope",
    hints=(
        "What varies between zip codes, and what doesn't? Only what varies stands before the bar.",
        "Write 0 before the bar to leave the varying intercept out. Keep sqft_living outside the brackets.",
        "price ~ sqft_living + (0 + ... | zipcode)",
    ),
)
def practice_land():
    """Ask for the formula in which all lines meet at 0 square feet."""
    yield Formula("price ~ sqft_living + (0 + sqft_living | zipcode)")
    yield wrong("price ~ sqft_living + (1 + sqft_living | zipcode)", "intercept varies too").says("""Here the
        land varies by zip code too. (A term x | g has an intercept, even if you don't write the 1.)""")
    yield wrong("price ~ sqft_living + (1 | zipcode)", "fixed-slope model").says("""This is the opposite: the
        land varies, and the price of a square foot is the same for all.""")
    yield wrong("price ~ sqft_living + (1 + sqft_living || zipcode)", "correlation set to 0").says("""Here the
        correlation is set to 0, as by a double bar. The land still varies by zip code.""")
    yield wrong("price ~ (0 + sqft_living | zipcode)", "mean slope left out").says("""The part in brackets is
        right. But without sqft_living outside, the slopes vary around 0.""")
    yield wrong("price ~ scale_sqft + (0 + scale_sqft | zipcode)", "zero at the mean size").says("""Here the
        lines meet at a house of mean size. The question says where they meet.""")
    yield wrong(
        "price ~ sqft_living:zipcode", "interaction for varying slope"
    ).says("""Here the slopes are free
        coefficients that share nothing: no pooling. A varying slope needs a term with a bar.""")


@practice(
    "l04-practice-interaction",
    topic="varying slopes",
    revisit="04: Interactions with shrinkage",
    idea=r"\hat\beta_{first} + \hat\delta_j",
    hints=(
        "An interaction has the slope of the first zip code, and a difference for each of the others.",
        "Add two coefficients: scale_sqft, and scale_sqft:zipcode98109.",
        'interaction.fixef["scale_sqft"] + interaction.fixef["scale_sqft:zipcode98109"]',
    ),
)
def practice_interaction(seattle):
    """Ask for one zip code's slope in an ordinary regression with an interaction."""
    own, where = estimates(no_pooling(VARYING, seattle), X), "98109"
    first = own.iloc[0]
    yield Number(own[where], rel=1e-3, unit="dollars")
    yield wrong(own[where] - first, "difference for slope", did=r"\hat\delta_j").says("""This is how much
        steeper the line of 98109 is than that of the first zip code. The slope itself is their sum.""")
    yield wrong(
        first, "reference group for this group", did=r"\hat\beta_{first}"
    ).says("""This is the slope of the
        first zip code, 98010. Each of the others differs from it.""")
    for fit in fits(VARYING, seattle):
        yield wrong(
            estimates(fit, X)[where], "partial for no pooling", did=SLOPE
        ).says("""This is the slope of a
            fit with partial pooling. The interaction shrinks nothing.""")
    yield wrong(estimates(no_pooling(VARYING, seattle))[where], "intercept for slope", did=INTERCEPT).says(
        "This is the expected price of a house of mean size in 98109."
    )


@practice(
    "l04-practice-radon-slope",
    topic="varying slopes",
    revisit="04: Interactions with shrinkage",
    idea=SLOPE,
    hints=(
        "What a county has is its coefficient: the mean of the slopes plus the county's effect.",
        "The effect is not 0. The county's intercept is high, and intercepts and slopes are correlated.",
        'lmer_radon.coef["county"]["floor"]["NICOLLET"]',
    ),
)
def practice_radon_slope(radon):
    """Ask for the slope of a county whose houses were all measured on one floor."""
    county = "NICOLLET"

    def its(fit, term="floor"):
        return fit.coef["county"].loc[county, term]

    reml, ml = fits(RADON_SLOPES, radon)
    yield Number(its(reml), rel=1e-3)
    yield ml_for_reml(its(ml), use="lmer_radon is a fit by REML", did=SLOPE)
    for fit in (reml, ml):
        yield wrong(fit.fixef["floor"], "fixef for coef", did=MEAN_SLOPE).says("""This is the mean of the
            slopes. The county's houses say nothing about its slope, but they say that its intercept is high,
            and intercepts and slopes are correlated.""")
        yield wrong(fit.ranef["county"].loc[county, "floor"], "ranef for coef", did=SLOPE_EFFECT).says("""This
            is how far the county's slope lies from the mean slope. The slope itself is the sum of both.""")
        yield wrong(
            its(fit, ONE), "intercept for slope", did=INTERCEPT
        ).says("""This is the county's intercept:
            the expected log radon in a basement.""")
    for fit in fits(RADON_SLOPES.replace("|", "||"), radon):
        yield wrong(its(fit), "correlation set to 0", did=MEAN_SLOPE).says("""This comes from a fit with a
            double bar. With a correlation of 0, the county's intercept says nothing about its slope.""")
    for fit in fits("log_radon ~ floor + (1 | county)", radon):
        yield wrong(
            fit.fixef["floor"], "fixed-slope model", did=r"\hat\beta"
        ).says("""This comes from a model in
            which all counties have the same slope.""")
    yield wrong(
        complete_pooling("log_radon ~ floor", radon).fixef["floor"], "complete pooling for a varying slope"
    ).says("This is the slope of one regression for all houses, without the counties.")
    yield wrong_sign(its(reml), "on the first floor there is less radon")


@practice("l04-practice-schools", topic="singular fits", revisit="04: A singular fit")
def practice_schools():
    """Ask what a correlation of −1 in a singular fit means."""
    yield Choice("c")
    yield wrong("a", "edge taken for a discovery").says("""A correlation at the edge is where the search ended
        because it can't go further. It isn't evidence of a perfect relation.""")
    yield wrong("b", "singular taken for not converged").says("""The fit converged: it is at the lowest point.
        Its lines and predictions can be used.""")
    yield wrong("d", "correlation at the edge taken for zero variance").says("""That would be the other kind
        of singular fit, with a standard deviation of 0. Here the correlation is at the edge.""")


# Graded: the student's own zip codes ------------------------------------------------------------------


@question(
    "l04-slope",
    topic="slopes",
    revisit="04: A predictor with one slope for all",
    idea=r"\hat\beta",
)
def slope(homes):
    """Ask for the slope of the fixed-slope model."""
    reml, _ = fits(PARALLEL, homes)
    ordinary = complete_pooling("price ~ scale_sqft", homes).fixef[X]
    per_foot = fits("price ~ sqft_living + (1 | zipcode)", homes)[0].fixef["sqft_living"]
    yield Number(reml.fixef[X], unit="dollars")
    yield wrong(ordinary, "complete pooling for a varying intercept").says("""This is the slope of ordinary
        regression, which ignores the zip codes. It mixes the difference between houses with the difference
        between zip codes.""")
    yield half(
        fits(VARYING, homes)[0].fixef[X], "varying-slope model", did=MEAN_SLOPE
    ).says("""This is from a model whose
        slopes vary by zip code. The question has one slope for all.""")
    yield wrong(
        centre(reml), "intercept for slope", did=r"\hat\mu_\alpha"
    ).says("""This is the fixed intercept, the expected price
        of a house of mean size.""")
    yield se_for_estimate(reml.se_fixef[X], "the slope")
    yield half(
        per_foot, "per square foot", did=r"\hat\beta / s_x"
    ).says("""This is the slope per square foot. The question asks for
        it per standard deviation.""")


@question(
    "l04-per-100",
    topic="correlation and centring",
    revisit="04: A predictor with one slope for all",
    idea=PER_100,
)
def per_100(homes):
    """Ask for the price of 100 square feet in the fixed-slope model."""
    return _per_100(homes)


@question(
    "l04-same-grade",
    topic="slopes",
    revisit="04: A predictor with one slope for all",
    idea=r"\hat\beta_{size} \text{ (grade held)}",
)
def same_grade(homes):
    """Ask for the slope of living area among houses of the same grade."""
    fit = fits(WITH_GRADE, homes)[0]
    ordinary = complete_pooling("price ~ scale_sqft + grade", homes).fixef[X]
    yield Number(fit.fixef[X], unit="dollars")
    yield wrong(fits(PARALLEL, homes)[0].fixef[X], "grade not held").says("""This compares houses in the same
        zip code, whatever their grade. Large houses tend to have a higher grade, and a part of this number is
        the grade's.""")
    yield wrong(
        fit.fixef["grade"], "other coefficient", did=r"\hat\beta_{grade}"
    ).says("""This is the coefficient of grade: houses of
        the same size, one grade apart.""")
    yield half(ordinary, "complete pooling for a varying intercept").says("""This compares houses of the same
        grade, but in any zip code: the varying intercept is missing.""")
    yield wrong(
        fit.fixef[X] + fit.fixef["grade"],
        "two coefficients added",
        did=r"\hat\beta_{size} + \hat\beta_{grade}",
    ).says("""This adds the two
        coefficients, as if the grade rose together with the size. The question holds the grade fixed.""")
    yield half(
        fit.fixef[X] / _sd_sqft(homes) * 100, "per 100 square feet", did=r"100\,\hat\beta_{size} / s_x"
    ).says("""This is for a step of 100
        square feet. The question asks for one standard deviation.""")


@question(
    "l04-slopes",
    topic="varying slopes",
    revisit="04: Let the slope vary",
    idea=SLOPE,
)
def slopes(homes):
    """Ask for each zip code's slope in the varying-slope model."""
    yield ByGroup(estimates(fits(VARYING, homes)[0], X), rel=8e-4, unit="dollars")
    yield from _about_slopes(homes)


@question(
    "l04-sd-table",
    topic="variance components",
    revisit="04: A search that does not converge",
    idea=r"\sigma_\alpha, \ \sigma_\beta, \ \sigma_y",
)
def sd_table(homes):
    """Ask for the standard deviations by REML and by maximum likelihood."""
    reml, ml = fits(VARYING, homes)
    rows = [[sd_between(fit), sd_between(fit, X), fit.sigma] for fit in (reml, ml)]
    right = pd.DataFrame(rows, ["REML", "ML"], ["intercept", "slope", "residual"])
    # statsmodels stops up to 0.3 % away where it says that it converged.
    yield Table(right, rel=4e-3, group="criterion", unit="dollars")
    yield variance_for_sd(right**2)
    yield half(right.iloc[::-1].set_axis(right.index), "REML and ML exchanged").says("""The numbers are right,
        but in the wrong rows. Think of lesson 2: which of the two criteria gives the smaller standard
        deviations between groups?""")
    exchanged = right.assign(intercept=right["slope"], slope=right["intercept"])
    yield half(exchanged, "intercept and slope exchanged").says("""The columns of intercept and slope have
        changed places.""")
    yield half(_one_row_twice(right, "REML"), "REML twice").says("""Both rows are from the REML fit. Maximum
        likelihood needs a fit of its own, with another argument.""")
    yield half(_one_row_twice(right, "ML"), "ML twice").says("""Both rows are from the maximum likelihood fit.
        REML is what lmer does if you don't say otherwise.""")
    of_means = {"intercept": ONE, "slope": X}
    errors = right.assign(**{name: [fit.se_fixef[t] for fit in (reml, ml)] for name, t in of_means.items()})
    yield wrong(
        errors,
        "standard error for standard deviation",
        did=r"\text{se}(\hat\mu_\alpha), \ \text{se}(\hat\mu_\beta)",
    ).says("""Two columns hold the standard errors
        of the fixed effects: how well the means are known. The question asks how much the zip codes
        differ.""")


@question(
    "l04-correlations",
    topic="correlation and centring",
    revisit="04: Two views of the same lines",
    idea=r"\rho = \frac{\text{cov}(\alpha_j, \beta_j)}{\sigma_\alpha \sigma_\beta} \text{, at each zero}",
)
def correlations(homes):
    """Ask for the correlation at two zeros."""
    centred, raw = fits(VARYING, homes)[0], fits(RAW, homes)[0]
    r_mean, r_zero = _correlation(centred), _correlation(raw)
    covariances = [fit.varcorr[G].cov.iloc[0, 1] for fit in (centred, raw)]
    # Two digits, as display prints them, are right too.
    yield ByGroup(_zeros(r_mean, r_zero), rel=0.0, abs=0.006, group="zero", in_order=True)
    yield half(
        _zeros(r_mean, r_mean), "correlation taken to be free of the zero", did=r"\rho, \ \rho"
    ).says("""You give the same
        correlation for both zeros. The intercept changes when the zero moves, and so does its correlation
        with the slope.""")
    yield half(_zeros(r_zero, r_zero), "correlation taken to be free of the zero").says("""You give the same
        correlation for both zeros. One of them belongs to the other column: the intercept changes when the
        zero moves.""")
    yield wrong(
        _zeros(*covariances), "covariance for correlation", did=r"\text{cov}(\alpha_j, \beta_j)"
    ).says("""These are covariances. A
        correlation is free of units and lies between −1 and 1.""")
    yield half(_zeros(r_zero, r_mean), "zeros exchanged").says("""The two numbers are right but have changed
        places. Which column has its zero at the mean size?""")
    yield half(
        _zeros(r_mean, -r_mean), "sign turned round", did=r"\rho, \ -\rho"
    ).says("""The first one is right. For the other you
        turned the sign round. Moving the zero does more than that: fit the model with the other column.""")
    of_lines = [float(fit.coef[G].corr().iloc[0, 1]) for fit in (centred, raw)]
    yield half(_zeros(*of_lines), "correlation of the estimates").says("""These are correlations of the nine
        estimated lines, which shrinkage has moved. The model estimates the correlation of all zip codes: take
        it from varcorr.""")
    yield half(
        _zeros(r_mean**2, r_zero**2), "squared correlation", did=r"\rho^2"
    ).says("""These are the squares of the
        correlations.""")


@question(
    "l04-sd-3000",
    topic="correlation and centring",
    revisit="04: Centring and scaling",
    idea=r"\sigma_\alpha \text{, with the zero at the large house}",
)
def sd_3000(homes):
    """Ask how much zip codes differ for a large house."""
    reml, ml = fits(MOVED, _at(homes, LARGE_HOUSE))
    yield Number(sd_between(reml), rel=4e-3, unit="dollars")
    yield wrong(sd_between(fits(VARYING, homes)[0]), "zero at the mean size").says("""This is the standard
        deviation for a house of mean size. The zip codes differ by another amount for a larger one: move the
        zero.""")
    yield wrong(sd_between(fits(RAW, homes)[0]), "zero at no house").says("""This is the standard deviation
        for a house of 0 square feet, which is what the intercept of a model with sqft_living describes.""")
    yield ml_for_reml(sd_between(ml), "The zero is right, but this is from maximum likelihood")
    yield variance_for_sd(sd_between(reml) ** 2)
    yield wrong(
        sd_between(reml, "size"), "slope for intercept", did=r"\sigma_\beta"
    ).says("""This is how much the slopes differ.
        With the zero in the right place, the question is about the intercepts.""")
    yield wrong(sd_between(fits(PARALLEL, homes)[0]), "fixed-slope model").says("""This is from the model with
        parallel lines, in which the zip codes differ by the same amount at every size.""")
    yield residual_for_group(reml.sigma)


@question(
    "l04-height",
    topic="convergence",
    revisit="04: A search that does not converge",
    idea=ABOVE,
)
def height(homes):
    """Ask how far above the lowest point a reported fit lies."""
    return _height(homes, REPORT)


@question(
    "l04-repaired",
    topic="convergence",
    revisit="04: A search that does not converge",
    idea=r"\sigma_\beta \text{ per decade}",
)
def repaired(homes):
    """Ask for a standard deviation of slopes whose search needs another zero and unit."""
    moved = homes.assign(decades=(homes["yr_built"] - 1970) / 10)
    reml, ml = fits("price ~ decades + (1 + decades | zipcode)", moved)
    right = sd_between(reml, "decades")
    yield Number(right, rel=4e-3, unit="dollars per decade")
    yield half(right / 10, "per year", within=1e-4 * right, did=r"\sigma_\beta / 10").says(
        "This is in dollars per year. The question asks for decades."
    )
    yield half(
        right * homes["yr_built"].std() / 10, "per standard deviation", did=r"\sigma_\beta \, s_x / 10"
    ).says("""This is per standard
        deviation of the year. The search likes that unit, too, but the question asks for decades.""")
    yield wrong(
        sd_between(reml), "intercept for slope", did=r"\sigma_\alpha"
    ).says("""This is how much the intercepts differ, where
        decades is 0. The question is about the slopes.""")
    yield mean_for_sd(reml.fixef["decades"], "This is the mean of the slopes")
    yield ml_for_reml(sd_between(ml, "decades"), "The repair is right, but this is from maximum likelihood")
    yield half(
        right**2, "variance for standard deviation", did=r"\sigma_\beta^2"
    ).says("""This is the variance of the slopes. The
        question asks for its square root.""")


@question("l04-formula", topic="formulas", revisit="04: A fixed intercept with a varying slope")
def formula():
    """Ask for the formula in which all lines meet at the mean size."""
    yield Formula("price ~ scale_sqft + (0 + scale_sqft | zipcode)")
    yield wrong(VARYING, "intercept varies too").says("""Here the price of a house of mean size varies by zip
        code. (A term x | g has an intercept, even if you don't write the 1.)""")
    yield wrong("price ~ scale_sqft + (1 + scale_sqft || zipcode)", "correlation set to 0").says(
        "Here the correlation is set to 0, as by a double bar. Intercepts still vary by zip code."
    )
    yield wrong(PARALLEL, "fixed-slope model").says("""This is the opposite: the intercept varies and the
        slope is the same for all.""")
    yield half("price ~ (0 + scale_sqft | zipcode)", "mean slope left out").says("""The part in brackets is
        right. But without scale_sqft outside, the slopes vary around 0.""")
    yield half("price ~ 0 + scale_sqft + (0 + scale_sqft | zipcode)", "no intercept at all").says("""The part
        in brackets is right. But without any intercept, a house of mean size costs nothing.""")
    yield wrong("price ~ scale_sqft:zipcode", "interaction for varying slope").says("""Here the slopes are
        free coefficients that share nothing: no pooling. A varying slope needs a term with a bar.""")


@question("l04-two-groups", topic="singular fits", revisit="04: A singular fit")
def two_groups(homes):
    """Ask what the correlation of two groups means, and which way it goes."""
    sizes = homes.groupby(G, observed=True)["sqft_living"].mean()
    # For these two, in each set of nine that a student can get, neither standard deviation is at 0.
    two = homes[homes[G].isin([sizes.idxmin(), sizes.idxmax()])]
    right, other = "ab" if _correlation(fits(RAW, two)[0]) > 0 else "ba"
    yield Choice(right)
    yield wrong(other, "sign of the correlation").says("""Two points always lie on a straight line, that is
        right. But look once more at coef: which line is higher at 0 square feet, and which is steeper?""")
    yield wrong("c", "singular taken for not converged").says("""The fit converged: it is at the lowest point,
        and this point is at the edge. No other search can find a lower one.""")
    yield wrong("d", "edge taken for a discovery").says("""The correlation is not about houses. It is about
        zip codes: their intercepts and slopes. Count how many of them you have here.""")


@question(
    "l04-few-slopes",
    topic="varying slopes",
    revisit="04: Interactions with shrinkage",
    idea=SLOPE,
)
def few_slopes(homes):
    """Ask for the slopes from the first ten sales of each zip code."""
    few = first_ten(homes)
    yield ByGroup(estimates(fits(VARYING, few)[0], X), rel=4e-3, unit="dollars")
    yield half(estimates(fits(VARYING, homes)[0], X), "all sales for the small sample").says("""These are
        partial-pooling slopes, but from all your sales. The question asks for the fit to the small
        sample.""")
    yield from _about_slopes(few)


@question("l04-plot", topic="varying slopes", revisit="04: Interactions with shrinkage")
def plot(homes):
    """Ask for a plot of partial-pooling against no-pooling slopes in the small sample."""
    few = first_ten(homes)
    reml, _ = fits(VARYING, few)
    own, full = no_pooling(VARYING, few), no_pooling(VARYING, homes)
    of_all = {"x": estimates(full, X), "y": estimates(fits(VARYING, homes)[0], X)}
    yield Figure(
        x=estimates(own, X),
        y=estimates(reml, X),
        xlabel=("no pooling", "no-pooling", "unpooled"),
        ylabel=("partial pooling", "partial-pooling", "partially pooled"),
        rel=5e-3,
    )
    yield half({"x": estimates(own), "y": estimates(reml)}, "intercept for slope").says("""These are the
        intercepts. The question asks for the slopes.""")
    yield half(of_all, "all sales for the small sample").says("""These are the slopes from all your sales. The
        question asks for the small sample, where shrinkage can be seen.""")
    yield half({"x": estimates(own, X), "y": effects(reml, X)}, "ranef for coef").says("""The vertical axis
        has the random effects of the slopes: differences from the mean slope. The question asks for the
        slopes.""")
    yield wrong({"x": estimates(reml), "y": estimates(reml, X)}, "intercept against slope").says("""This is
        the plot of slopes against intercepts. The question asks for slopes on both axes.""")


# Mistakes that several questions share ----------------------------------------------------------------


def _per_100(sales):
    """Build the question about 100 square feet: the lecture's data in practice, the student's when graded."""
    slope, step = fits(PARALLEL, sales)[0].fixef[X], _sd_sqft(sales)
    ordinary = complete_pooling("price ~ scale_sqft", sales).fixef[X]
    yield Number(slope / step * 100, unit="dollars")
    yield wrong(
        slope, "per standard deviation", did=r"\hat\beta"
    ).says("""This is for a step of one standard deviation, which
        is much more than 100 square feet.""")
    yield half(slope / step, "per square foot", did=r"\hat\beta / s_x").says(
        "This is for a single square foot."
    )
    yield wrong(
        slope / 100, "standard deviation taken for percent", did=r"\hat\beta / 100"
    ).says("""You divided by 100. A standard
        deviation of the living area is not 100 steps: look at how many square feet it has.""")
    yield half(ordinary / step * 100, "complete pooling for a varying intercept").says("""The unit is right,
        but this is the slope of ordinary regression, which ignores the zip codes.""")
    yield half(fits(VARYING, sales)[0].fixef[X] / step * 100, "varying-slope model").says("""The unit is
        right, but this is from a model whose slopes vary. The question has one slope for all.""")
    yield wrong(
        slope / sales["sqft_living"].mean() * 100,
        "mean for standard deviation of the predictor",
        did=r"100\,\hat\beta / \bar x",
    ).says("You divided by the mean of the living area. One step of scale_sqft is one standard deviation.")


def _height(sales, report):
    """Build the question about a reported place: a program's in practice, a colleague's when graded."""
    reml, ml = fits(VARYING, sales)
    there = criterion_at(reml, **report)
    right = there - reml.criterion
    yield Number(right, rel=1e-4, abs=0.01)
    yield wrong_sign(right, "no place lies below the lowest point")
    yield half(
        right / 2, "log-likelihood for criterion", did=r"\log L(\text{lowest point}) - \log L(\text{there})"
    ).says("""This is the difference of the
        log-likelihoods. The criterion is minus two times the log-likelihood.""")
    yield wrong(
        there, "criterion itself", within=0.01
    ).says("""This is the criterion at the reported numbers. The question asks how far it lies above
        the smallest one.""")
    yield half(criterion_at(ml, **report) - ml.criterion, "ML for REML").says("""This is a difference of
        deviances, from a maximum likelihood fit. The report is of a REML fit.""")
    yield wrong(there - reml.deviance, "REML minus ML").says("""You subtracted the deviance, which belongs to
        maximum likelihood, from a REML criterion. The two can't be compared.""")
    uncorrelated = criterion_at(reml, sd=report["sd"], sigma=report["sigma"])
    yield half(uncorrelated - reml.criterion, "correlation left out").says("""This is for a correlation of 0.
        The report has another one.""")
    own_sigma = criterion_at(reml, sd=report["sd"], corr=report["corr"])
    yield half(own_sigma - reml.criterion, "residual standard deviation left out").says("""This keeps the
        residual standard deviation of your own fit. The report has another one.""")


def _about_slopes(sales):
    """List what is given instead of the partial-pooling slopes by REML."""
    fit, ml = fits(VARYING, sales)
    right = estimates(fit, X)
    yield ml_for_reml(estimates(ml, X), "These are from a fit with REML=False, as in the lecture's model")
    yield half(
        estimates(no_pooling(VARYING, sales), X),
        "no pooling for partial pooling",
        did=r"\hat\beta_j \text{ of the own sales alone}",
    ).says("""These are
        the slopes of no pooling: each from the sales of its own zip code alone, as in an interaction.""")
    yield half(
        effects(fit, X), "ranef for coef", did=SLOPE_EFFECT
    ).says("""These are the random effects: how far each slope
        lies from the mean slope. The question asks for the slopes themselves.""")
    yield wrong(
        estimates(fit), "intercept for slope", did=INTERCEPT
    ).says("""These are the intercepts, the expected prices
        of a house of mean size. The question asks for the slopes.""")
    yield wrong(
        same_for_all(fit.fixef[X], right), "fixef for coef", did=MEAN_SLOPE
    ).says("""You give the mean of the slopes
        for every zip code. In this model each zip code has its own.""")
    yield wrong(same_for_all(fits(PARALLEL, sales)[0].fixef[X], right), "fixed-slope model").says("""You give
        one slope for all zip codes, from the model with parallel lines.""")
    yield half(
        right / _sd_sqft(sales), "per square foot", did=r"\hat\beta_j / s_x"
    ).says("""These are slopes per square foot. The
        question is about scale_sqft.""")


def _zeros(at_mean, at_zero):
    return {"mean size": float(at_mean), "0 square feet": float(at_zero)}


def _one_row_twice(table, row):
    return pd.DataFrame([table.loc[row]] * 2, index=table.index)
