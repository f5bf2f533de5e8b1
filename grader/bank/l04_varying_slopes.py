"""Questions of lesson 04: varying slopes.

Slopes are in dollars per standard deviation of living area, unless a question says otherwise.
Tolerances are wider than the distance at which lme4 and statsmodels stop from the optimum on these
data when they converge, and narrower than the distance to the nearest mistake.
"""

import pandas as pd

from grader.bank import ByGroup, Choice, Figure, Formula, Mistake, Number, Table, practice, question
from grader.bank.reference_fits import fits
from mlmkit import complete_pooling, criterion_at, no_pooling

PARALLEL = "price ~ scale_sqft + (1 | zipcode)"
VARYING = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"
RAW = "price ~ sqft_living + (1 + sqft_living | zipcode)"
MOVED = "price ~ size + (1 + size | zipcode)"
WITH_GRADE = "price ~ scale_sqft + grade + (1 | zipcode)"
G, ONE, X = "zipcode", "(Intercept)", "scale_sqft"
FEW = 10
LARGE_HOUSE = 3000  # square feet
REPORT = {"sd": [150_000, 60_000], "corr": 0.5, "sigma": 170_000}  # the colleague's, in the lesson's text


def _sd_sqft(sales):
    """One standard deviation of the living area, in square feet."""
    return sales["sqft_living"].std()


def _sd(fit, term=ONE):
    return fit.varcorr[G].sd[term]


def _correlation(fit):
    return float(fit.varcorr[G].corr.iloc[0, 1])


def _few(sales):
    return sales.groupby(G, observed=True).head(FEW)


def _at(sales, zero):
    """Count the living area from ``zero``, in thousands of square feet."""
    return sales.assign(size=(sales["sqft_living"] - zero) / 1000)


def _same(number, like):
    """Give every zip code the same number."""
    return like * 0 + number


# Practice: the lecture's data, answered at once -------------------------------------------------------


@practice(
    "l04-practice-per-100",
    topic="slopes",
    revisit="04: A predictor with one slope for all",
    hint="The slope belongs to a step of one standard deviation. Which part of such a step are 100 square "
    "feet?",
)
def practice_per_100(seattle):
    """Ask for the price of 100 square feet in the fixed-slope model."""
    return _per_100(seattle)


@practice(
    "l04-practice-98039",
    topic="varying slopes",
    revisit="04: Let the slope vary",
    hint="Take the slope of 98039 out of coef, then change its unit as in Practice 1.",
)
def practice_98039(seattle):
    """Ask for the price of 100 square feet in one zip code."""
    _, ml = fits(VARYING, seattle)
    where, unit = "98039", 100 / _sd_sqft(seattle)
    parallel = fits(PARALLEL, seattle)[0]
    return Number(
        ml.coef[G].loc[where, X] * unit,
        unit="dollars",
        mistakes=[
            Mistake(
                ml.coef[G].loc[where, X],
                name="per standard deviation",
                says="This is the slope of 98039 for a step of one standard deviation. The question asks for "
                "a step of 100 square feet.",
                credit=0.5,
            ),
            Mistake(
                ml.ranef[G].loc[where, X] * unit,
                name="ranef for coef",
                says="This is how much the slope of 98039 lies above the mean slope. The question asks for "
                "the slope itself.",
            ),
            Mistake(
                ml.fixef[X] * unit,
                name="mean slope for a zip code's slope",
                says="This is the mean of the nine slopes. 98039 has its own.",
            ),
            Mistake(
                parallel.fixef[X] * unit,
                name="fixed-slope model",
                says="This comes from lmer2, where all zip codes have the same slope.",
            ),
        ],
    )


@practice("l04-practice-formula", topic="formulas", revisit="04: Let the slope vary")
def practice_formula():
    """Ask for the formula of a varying-slope model with another predictor."""
    return Formula(
        "price ~ bedrooms + (1 + bedrooms | zipcode)",
        mistakes=[
            Mistake(
                "price ~ bedrooms + (1 | zipcode)",
                name="slope doesn't vary",
                says="Here all zip codes have the same slope: only the intercept, 1, stands before the bar.",
            ),
            Mistake(
                "price ~ (1 + bedrooms | zipcode)",
                name="mean slope left out",
                says="The slopes vary, but around 0: without bedrooms outside the brackets there is no mean "
                "slope.",
            ),
            Mistake(
                "price ~ bedrooms + (0 + bedrooms | zipcode)",
                name="intercept doesn't vary",
                says="Here only the slope varies. The question says that the intercept varies too.",
            ),
            Mistake(
                "price ~ bedrooms + (1 + bedrooms || zipcode)",
                name="correlation set to 0",
                says="The double bar sets the correlation of intercepts and slopes to 0. The question "
                "doesn't "
                "ask for that.",
            ),
            Mistake(
                "price ~ bedrooms * zipcode",
                name="interaction for varying slope",
                says="This is an interaction: each zip code has a slope of its own, and nothing is shared. "
                "Partial pooling needs a term with a bar.",
            ),
            Mistake(
                "price ~ bedrooms + (1 | zipcode) + (1 | bedrooms)",
                name="predictor as a grouping factor",
                says="Here the number of bedrooms is a second grouping factor. It should be a predictor "
                "whose slope varies.",
            ),
        ],
    )


@practice("l04-practice-zero", topic="correlation and centring", revisit="04: Two views of the same lines")
def practice_zero():
    """Ask why the standard deviation of the intercepts depends on the zero."""
    return Choice(
        "b",
        mistakes=[
            Mistake(
                "a",
                name="other zero taken for a failed search",
                says="All columns of the table have the same deviance, so all of them are at the lowest "
                "point. "
                "What differs is the question that the intercept answers.",
            ),
            Mistake(
                "c",
                name="other zero taken for ML bias",
                says="Maximum likelihood makes standard deviations a few percent smaller. It can't explain a "
                "factor of three, and every column of the table uses it.",
            ),
            Mistake(
                "d",
                name="unit confused with zero",
                says="Dividing changes the unit of the slope. It leaves the intercepts where they are.",
            ),
        ],
    )


@practice(
    "l04-practice-3000",
    topic="correlation and centring",
    revisit="04: Centring and scaling",
    hint="With the zero at 3,000 square feet, the intercept of a zip code is the price that you look for.",
)
def practice_3000(seattle):
    """Ask for the expected price of a large house in one zip code, by moving the zero."""
    where = "98102"
    fit = fits(MOVED, _at(seattle, LARGE_HOUSE))[0]
    return Number(
        fit.coef[G].loc[where, ONE],
        unit="dollars",
        mistakes=[
            Mistake(
                fit.fixef[ONE],
                name="mean of the zip codes for one zip code",
                says="This is the expected price in the mean of the zip codes. The question asks about "
                "98102.",
            ),
            Mistake(
                fit.ranef[G].loc[where, ONE],
                name="ranef for coef",
                says="This is how far 98102 lies above the mean of the zip codes, for such a house.",
            ),
            Mistake(
                fits(VARYING, seattle)[0].coef[G].loc[where, ONE],
                name="zero at the mean size",
                says="This is the expected price of a house of mean size. Move the zero.",
            ),
            Mistake(
                fit.coef[G].loc[where, "size"],
                name="slope for intercept",
                says="This is the slope of 98102: what 1,000 square feet more add to the price.",
            ),
        ],
    )


@practice("l04-practice-programs", topic="convergence", revisit="04: A search that does not converge")
def practice_programs():
    """Ask which of two fits to use when one warned and the other didn't."""
    return Choice(
        "d",
        mistakes=[
            Mistake(
                "a",
                name="no warning taken for convergence",
                says="A program that says nothing may still have stopped too early. Here it did: another "
                "program found a smaller criterion, and the search looks for the smallest.",
            ),
            Mistake(
                "b",
                name="mean of two fits",
                says="A mean of two stops is no lowest point. One of the two fits the data better.",
            ),
            Mistake(
                "c",
                name="warning taken for no information",
                says="A warning says that the search may not have reached the end. The criterion still tells "
                "which of two places is lower.",
            ),
        ],
    )


@practice("l04-practice-schools", topic="singular fits", revisit="04: A singular fit")
def practice_schools():
    """Ask what a correlation of −1 in a singular fit means."""
    return Choice(
        "c",
        mistakes=[
            Mistake(
                "a",
                name="edge taken for a discovery",
                says="A correlation at the edge is where the search ended because it can't go further. It "
                "isn't evidence of a perfect relation.",
            ),
            Mistake(
                "b",
                name="singular taken for not converged",
                says="The fit converged: it is at the lowest point. Its lines and predictions can be used.",
            ),
            Mistake(
                "d",
                name="correlation at the edge taken for zero variance",
                says="That would be the other kind of singular fit, with a standard deviation of 0. Here the "
                "correlation is at the edge.",
            ),
        ],
    )


# Graded: the student's own zip codes ------------------------------------------------------------------


@question("l04-slope", topic="slopes", revisit="04: A predictor with one slope for all")
def slope(homes):
    """Ask for the slope of the fixed-slope model."""
    reml, _ = fits(PARALLEL, homes)
    return Number(
        reml.fixef[X],
        unit="dollars",
        mistakes=[
            Mistake(
                complete_pooling("price ~ scale_sqft", homes).fixef[X],
                name="complete pooling for a varying intercept",
                says="This is the slope of ordinary regression, which ignores the zip codes. It mixes the "
                "difference between houses with the difference between zip codes.",
            ),
            Mistake(
                fits(VARYING, homes)[0].fixef[X],
                name="varying-slope model",
                says="This is from a model whose slopes vary by zip code. The question has one slope for "
                "all.",
                credit=0.5,
            ),
            Mistake(
                reml.fixef[ONE],
                name="intercept for slope",
                says="This is the fixed intercept, the expected price of a house of mean size.",
            ),
            Mistake(
                reml.se_fixef[X],
                name="standard error for the estimate",
                says="This is the standard error of the slope: how uncertain it is, not how large.",
            ),
            Mistake(
                fits("price ~ sqft_living + (1 | zipcode)", homes)[0].fixef["sqft_living"],
                name="per square foot",
                says="This is the slope per square foot. The question asks for it per standard deviation.",
                credit=0.5,
            ),
        ],
    )


@question("l04-per-100", topic="correlation and centring", revisit="04: A predictor with one slope for all")
def per_100(homes):
    """Ask for the price of 100 square feet in the fixed-slope model."""
    return _per_100(homes)


@question("l04-same-grade", topic="slopes", revisit="04: A predictor with one slope for all")
def same_grade(homes):
    """Ask for the slope of living area with the grade held."""
    fit = fits(WITH_GRADE, homes)[0]
    return Number(
        fit.fixef[X],
        unit="dollars",
        mistakes=[
            Mistake(
                fits(PARALLEL, homes)[0].fixef[X],
                name="grade not held",
                says="This compares houses in the same zip code, whatever their grade. Large houses tend to "
                "have a higher grade, and a part of this number is the grade's.",
            ),
            Mistake(
                fit.fixef["grade"],
                name="other coefficient",
                says="This is the coefficient of grade: houses of the same size, one grade apart.",
            ),
            Mistake(
                complete_pooling("price ~ scale_sqft + grade", homes).fixef[X],
                name="complete pooling for a varying intercept",
                says="This compares houses of the same grade, but in any zip code: the varying intercept is "
                "missing.",
                credit=0.5,
            ),
            Mistake(
                fit.fixef[X] + fit.fixef["grade"],
                name="two coefficients added",
                says="This adds the two coefficients, as if the grade rose together with the size. The "
                "question holds the grade.",
            ),
            Mistake(
                fit.fixef[X] / _sd_sqft(homes) * 100,
                name="other step",
                says="This is for a step of 100 square feet. The question asks for one standard deviation.",
                credit=0.5,
            ),
        ],
    )


@question("l04-slopes", topic="varying slopes", revisit="04: Let the slope vary")
def slopes(homes):
    """Ask for each zip code's slope in the varying-slope model."""
    return ByGroup(
        fits(VARYING, homes)[0].coef[G][X], rel=8e-4, unit="dollars", mistakes=_about_slopes(homes)
    )


@question("l04-sd-table", topic="variance components", revisit="04: A search that does not converge")
def sd_table(homes):
    """Ask for the standard deviations by REML and by maximum likelihood."""
    reml, ml = fits(VARYING, homes)
    right = pd.DataFrame(
        {
            "intercept": [_sd(reml), _sd(ml)],
            "slope": [_sd(reml, X), _sd(ml, X)],
            "residual": [reml.sigma, ml.sigma],
        },
        index=["REML", "ML"],
    )
    errors = right.copy()
    errors["intercept"], errors["slope"] = [[fit.se_fixef[term] for fit in (reml, ml)] for term in (ONE, X)]
    return Table(
        right,
        rel=4e-3,  # statsmodels stops up to 0.3 % away where it says that it converged
        group="criterion",
        unit="dollars",
        mistakes=[
            Mistake(
                right**2,
                name="variances for standard deviations",
                says="These are variances, in squared dollars. Their square roots are in dollars.",
                credit=0.5,
            ),
            Mistake(
                right.iloc[::-1].set_axis(["REML", "ML"]),
                name="REML and ML exchanged",
                says="The numbers are right, but in the wrong rows. Think of lesson 2: which of the two "
                "criteria gives the smaller standard deviations between groups?",
                credit=0.5,
            ),
            Mistake(
                right.assign(intercept=right["slope"], slope=right["intercept"]),
                name="intercept and slope exchanged",
                says="The columns of intercept and slope have changed places.",
                credit=0.5,
            ),
            Mistake(
                _one_row_twice(right, "REML"),
                name="REML twice",
                says="Both rows are from the REML fit. Maximum likelihood needs a fit of its own, with "
                "another argument.",
                credit=0.5,
            ),
            Mistake(
                _one_row_twice(right, "ML"),
                name="ML twice",
                says="Both rows are from the maximum likelihood fit. REML is what lmer does if you don't say "
                "otherwise.",
                credit=0.5,
            ),
            Mistake(
                errors,
                name="standard errors for standard deviations",
                says="Two columns hold the standard errors of the fixed effects: how well the means are "
                "known. The question asks how much the zip codes differ.",
            ),
        ],
    )


@question("l04-correlations", topic="correlation and centring", revisit="04: Two views of the same lines")
def correlations(homes):
    """Ask for the correlation at two zeros."""
    centred, raw = fits(VARYING, homes)[0], fits(RAW, homes)[0]
    r_mean, r_zero = _correlation(centred), _correlation(raw)
    covariances = [fit.varcorr[G].cov.iloc[0, 1] for fit in (centred, raw)]
    return ByGroup(
        _zeros(r_mean, r_zero),
        rel=0.0,
        abs=0.006,  # two digits, as display prints them, are right too
        group="zero",
        in_order=True,
        mistakes=[
            Mistake(
                _zeros(r_mean, r_mean),
                name="correlation taken to be free of the zero",
                says="You give the same correlation for both zeros. The intercept is another number when the "
                "zero moves, and so its correlation with the slope changes.",
                credit=0.5,
            ),
            Mistake(
                _zeros(r_zero, r_zero),
                name="correlation taken to be free of the zero",
                says="You give the same correlation for both zeros. One of them belongs to the other column: "
                "the intercept is another number when the zero moves.",
                credit=0.5,
            ),
            Mistake(
                _zeros(*covariances),
                name="covariance for correlation",
                says="These are covariances. A correlation is free of units and lies between −1 and 1.",
            ),
            Mistake(
                _zeros(r_zero, r_mean),
                name="zeros exchanged",
                says="The two numbers are right but have changed places. Which column has its zero at the "
                "mean size?",
                credit=0.5,
            ),
            Mistake(
                _zeros(r_mean, -r_mean),
                name="sign turned round",
                says="The first one is right. For the other you turned the sign round. Moving the zero does "
                "more than that: fit the model with the other column.",
                credit=0.5,
            ),
            Mistake(
                _zeros(r_mean**2, r_zero**2),
                name="squared correlation",
                says="These are the squares of the correlations.",
                credit=0.5,
            ),
        ],
    )


@question("l04-sd-3000", topic="correlation and centring", revisit="04: Centring and scaling")
def sd_3000(homes):
    """Ask how much zip codes differ for a large house."""
    reml, ml = fits(MOVED, _at(homes, LARGE_HOUSE))
    return Number(
        _sd(reml),
        rel=4e-3,
        unit="dollars",
        mistakes=[
            Mistake(
                _sd(fits(VARYING, homes)[0]),
                name="zero at the mean size",
                says="This is the standard deviation for a house of mean size. The zip codes differ by "
                "another "
                "amount for a larger one: move the zero.",
            ),
            Mistake(
                _sd(fits(RAW, homes)[0]),
                name="zero at no house",
                says="This is the standard deviation for a house of 0 square feet, which is where the "
                "intercept of sqft_living stands.",
            ),
            Mistake(
                _sd(ml),
                name="ML for REML",
                says="The zero is right, but this is from maximum likelihood. Where a question doesn't say "
                "otherwise, use REML.",
                credit=0.5,
            ),
            Mistake(
                _sd(reml) ** 2,
                name="variance for standard deviation",
                says="This is the variance, in squared dollars. Its square root is in dollars.",
                credit=0.5,
            ),
            Mistake(
                _sd(reml, "size"),
                name="slope for intercept",
                says="This is how much the slopes differ. With the zero in the right place, the question is "
                "about the intercepts.",
            ),
            Mistake(
                _sd(fits(PARALLEL, homes)[0]),
                name="fixed-slope model",
                says="This is from the model with parallel lines, in which the zip codes differ by the same "
                "amount at every size.",
            ),
            Mistake(
                reml.sigma,
                name="residual for group standard deviation",
                says="This is how much houses differ within a zip code. The question is about the zip codes.",
            ),
        ],
    )


@question("l04-height", topic="convergence", revisit="04: A search that does not converge")
def height(homes):
    """Ask how far above the lowest point a reported fit lies."""
    reml, ml = fits(VARYING, homes)
    there = criterion_at(reml, **REPORT)
    right = there - reml.criterion
    return Number(
        right,
        rel=1e-4,
        abs=0.01,
        mistakes=[
            Mistake(
                -right,
                name="wrong sign",
                says="The size is right, the sign is not: no place lies below the lowest point.",
                credit=0.5,
            ),
            Mistake(
                right / 2,
                name="log-likelihood for criterion",
                says="This is the difference of the log-likelihoods. The criterion is minus two times the "
                "log-likelihood.",
                credit=0.5,
            ),
            Mistake(
                there,
                name="criterion itself",
                says="This is the criterion at the colleague's numbers. The question asks how far it lies "
                "above the smallest one.",
            ),
            Mistake(
                criterion_at(ml, **REPORT) - ml.criterion,
                name="ML for REML",
                says="This is a difference of deviances, from a maximum likelihood fit. The colleague used "
                "REML.",
                credit=0.5,
            ),
            Mistake(
                there - reml.deviance,
                name="REML minus ML",
                says="You subtracted the deviance, which belongs to maximum likelihood, from a REML "
                "criterion. "
                "The two can't be compared.",
            ),
            Mistake(
                criterion_at(reml, sd=REPORT["sd"], sigma=REPORT["sigma"]) - reml.criterion,
                name="correlation left out",
                says="This is for a correlation of 0. The colleague reports another one.",
                credit=0.5,
            ),
            Mistake(
                criterion_at(reml, sd=REPORT["sd"], corr=REPORT["corr"]) - reml.criterion,
                name="residual standard deviation left out",
                says="This keeps the residual standard deviation of your own fit. The colleague reports "
                "another one.",
                credit=0.5,
            ),
        ],
    )


@question("l04-repaired", topic="convergence", revisit="04: A search that does not converge")
def repaired(homes):
    """Ask for a standard deviation of slopes whose search needs another zero and unit."""
    moved = homes.assign(decades=(homes["yr_built"] - 1970) / 10)
    reml, ml = fits("price ~ decades + (1 + decades | zipcode)", moved)
    right = _sd(reml, "decades")
    return Number(
        right,
        rel=4e-3,
        unit="dollars per decade",
        mistakes=[
            Mistake(
                right / 10,
                name="per year",
                says="This is in dollars per year. The question asks for decades.",
                credit=0.5,
            ),
            Mistake(
                right * homes["yr_built"].std() / 10,
                name="per standard deviation",
                says="This is per standard deviation of the year. The search likes that unit, too, but the "
                "question asks for decades.",
                credit=0.5,
            ),
            Mistake(
                _sd(reml),
                name="intercept for slope",
                says="This is how much the intercepts differ, where decades is 0. The question is about the "
                "slopes.",
            ),
            Mistake(
                reml.fixef["decades"],
                name="mean for standard deviation",
                says="This is the mean of the slopes. The question asks how much they differ.",
            ),
            Mistake(
                _sd(ml, "decades"),
                name="ML for REML",
                says="The repair is right, but this is from maximum likelihood. Where a question doesn't say "
                "otherwise, use REML.",
                credit=0.5,
            ),
            Mistake(
                right**2,
                name="variance for standard deviation",
                says="This is the variance of the slopes. The question asks for its square root.",
                credit=0.5,
            ),
        ],
    )


@question("l04-formula", topic="formulas", revisit="04: A fixed intercept with a varying slope")
def formula():
    """Ask for the formula in which all lines meet at the mean size."""
    return Formula(
        "price ~ scale_sqft + (0 + scale_sqft | zipcode)",
        mistakes=[
            Mistake(
                VARYING,
                name="intercept varies too",
                says="Here the price of a house of mean size varies by zip code. (A term x | g has an "
                "intercept, even if you don't write the 1.)",
            ),
            Mistake(
                "price ~ scale_sqft + (1 + scale_sqft || zipcode)",
                name="double bar for a fixed intercept",
                says="The double bar sets the correlation to 0. Intercepts still vary by zip code.",
            ),
            Mistake(
                PARALLEL,
                name="slope fixed, intercept varies",
                says="This is the opposite: the intercept varies and the slope is the same for all.",
            ),
            Mistake(
                "price ~ (0 + scale_sqft | zipcode)",
                name="mean slope left out",
                says="The part in brackets is right. But without scale_sqft outside, the slopes vary around "
                "0.",
                credit=0.5,
            ),
            Mistake(
                "price ~ 0 + scale_sqft + (0 + scale_sqft | zipcode)",
                name="no intercept at all",
                says="The part in brackets is right. But without any intercept, a house of mean size costs "
                "nothing.",
                credit=0.5,
            ),
            Mistake(
                "price ~ scale_sqft:zipcode",
                name="interaction for varying slope",
                says="Here the slopes are free coefficients that share nothing: no pooling. A varying slope "
                "needs a term with a bar.",
            ),
        ],
    )


@question("l04-two-groups", topic="singular fits", revisit="04: A singular fit")
def two_groups():
    """Ask what the correlation of two groups means."""
    return Choice(
        "d",
        mistakes=[
            Mistake(
                "a",
                name="singular taken for not converged",
                says="The fit converged: it is at the lowest point, and this point is at the edge. No other "
                "search can find a lower one.",
            ),
            Mistake(
                "b",
                name="edge taken for a discovery",
                says="The correlation is not one of houses. It is one of zip codes, their intercepts and "
                "slopes. Count how many of them you have here.",
            ),
            Mistake(
                "c",
                name="correlation at the edge taken for zero variance",
                says="Equal slopes would show as a standard deviation of 0. Look at the slopes in coef.",
            ),
        ],
    )


@question("l04-few-slopes", topic="varying slopes", revisit="04: Interactions with shrinkage")
def few_slopes(homes):
    """Ask for the slopes from the first ten sales of each zip code."""
    few = _few(homes)
    reml, _ = fits(VARYING, few)
    full, _ = fits(VARYING, homes)
    return ByGroup(
        reml.coef[G][X],
        rel=4e-3,
        unit="dollars",
        mistakes=[
            Mistake(
                full.coef[G][X],
                name="all sales for the small sample",
                says="These are partial-pooling slopes, but from all your sales. The question asks for the "
                "fit "
                "to the small sample.",
                credit=0.5,
            ),
            *_about_slopes(few),
        ],
    )


@question("l04-plot", topic="varying slopes", revisit="04: Interactions with shrinkage")
def plot(homes):
    """Ask for a plot of partial-pooling against no-pooling slopes in the small sample."""
    few = _few(homes)
    reml, _ = fits(VARYING, few)
    own, full = no_pooling(VARYING, few).coef[G], no_pooling(VARYING, homes).coef[G]
    return Figure(
        x=own[X],
        y=reml.coef[G][X],
        xlabel=("no pooling", "no-pooling", "unpooled"),
        ylabel=("partial pooling", "partial-pooling", "partially pooled"),
        rel=5e-3,
        mistakes=[
            Mistake(
                {"x": own[ONE], "y": reml.coef[G][ONE]},
                name="intercepts for slopes",
                says="These are the intercepts. The question asks for the slopes.",
                credit=0.5,
            ),
            Mistake(
                {"x": full[X], "y": fits(VARYING, homes)[0].coef[G][X]},
                name="all sales for the small sample",
                says="These are the slopes from all your sales. The question asks for the small sample, "
                "where "
                "shrinkage can be seen.",
                credit=0.5,
            ),
            Mistake(
                {"x": own[X], "y": reml.ranef[G][X]},
                name="ranef for coef",
                says="The vertical axis has the random effects of the slopes: differences to the mean slope. "
                "The question asks for the slopes.",
                credit=0.5,
            ),
            Mistake(
                {"x": reml.coef[G][ONE], "y": reml.coef[G][X]},
                name="intercept against slope",
                says="This is the plot of slopes against intercepts. The question asks for slopes on both "
                "axes.",
            ),
        ],
    )


# Mistakes that several questions share ----------------------------------------------------------------


def _per_100(sales):
    """Build the question about 100 square feet: the lecture's data in practice, the student's when graded."""
    slope, step = fits(PARALLEL, sales)[0].fixef[X], _sd_sqft(sales)
    return Number(
        slope / step * 100,
        unit="dollars",
        mistakes=[
            Mistake(
                slope,
                name="per standard deviation",
                says="This is for a step of one standard deviation, which is much more than 100 square feet.",
            ),
            Mistake(
                slope / step,
                name="per square foot",
                says="This is for one single square foot.",
                credit=0.5,
            ),
            Mistake(
                slope / 100,
                name="standard deviation taken for percent",
                says="You divided by 100. A standard deviation of the living area is not 100 steps: look at "
                "how many square feet it has.",
            ),
            Mistake(
                complete_pooling("price ~ scale_sqft", sales).fixef[X] / step * 100,
                name="complete pooling for a varying intercept",
                says="The unit is right, but this is the slope of ordinary regression, which ignores the zip "
                "codes.",
                credit=0.5,
            ),
            Mistake(
                fits(VARYING, sales)[0].fixef[X] / step * 100,
                name="varying-slope model",
                says="The unit is right, but this is from a model whose slopes vary. The question has one "
                "slope for all.",
                credit=0.5,
            ),
            Mistake(
                slope / sales["sqft_living"].mean() * 100,
                name="mean for standard deviation",
                says="You divided by the mean of the living area. One step of scale_sqft is one standard "
                "deviation.",
            ),
        ],
    )


def _about_slopes(sales):
    """List what is given instead of the partial-pooling slopes by REML."""
    fit, ml = fits(VARYING, sales)
    right = fit.coef[G][X]
    return [
        Mistake(
            ml.coef[G][X],
            name="ML for REML",
            says="These are from a fit with REML=False, as in the lecture's model. Where a question doesn't "
            "say otherwise, use REML.",
            credit=0.5,
        ),
        Mistake(
            no_pooling(VARYING, sales).coef[G][X],
            name="no pooling for partial pooling",
            says="These are the slopes of no pooling: each from the sales of its own zip code alone, as in "
            "an "
            "interaction.",
            credit=0.5,
        ),
        Mistake(
            fit.ranef[G][X],
            name="ranef for coef",
            says="These are the random effects: how far each slope lies from the mean slope. The question "
            "asks "
            "for the slopes themselves.",
            credit=0.5,
        ),
        Mistake(
            fit.coef[G][ONE],
            name="intercepts for slopes",
            says="These are the intercepts, the expected prices of a house of mean size. The question asks "
            "for the slopes.",
        ),
        Mistake(
            _same(fit.fixef[X], right),
            name="mean slope for all zip codes",
            says="You give the mean of the slopes for every zip code. In this model each zip code has its "
            "own.",
        ),
        Mistake(
            _same(fits(PARALLEL, sales)[0].fixef[X], right),
            name="fixed-slope model",
            says="You give one slope for all zip codes, from the model with parallel lines.",
        ),
        Mistake(
            right / _sd_sqft(sales),
            name="per square foot",
            says="These are slopes per square foot. The question is about scale_sqft.",
            credit=0.5,
        ),
    ]


def _zeros(at_mean, at_zero):
    return {"mean size": float(at_mean), "0 square feet": float(at_zero)}


def _one_row_twice(table, row):
    return pd.DataFrame([table.loc[row]] * 2, index=table.index)
