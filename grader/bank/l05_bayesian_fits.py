"""Questions of lesson 05: Bayesian fits.

Answers from simulation differ from run to run. Their tolerances are four or five Monte Carlo standard
errors at the number of draws that the question asks for, so a right answer is hardly ever refused, whatever
the seed. The expected values come from 40,000 independent draws (`grader.bank.reference_fits.posterior`).
"""

import numpy as np
import pandas as pd

from grader.bank import ByGroup, Choice, Draws, Figure, Formula, Mistake, Number, practice, question
from grader.bank.mistakes import estimates, same_for_all, sd_between
from grader.bank.monte_carlo import monte_carlo
from grader.bank.reference_fits import fits, posterior

MODEL = "price ~ (1 | zipcode)"
G = "zipcode"
ONE = "(Intercept)"
SIGMA_GROUP = "Sigma[zipcode:(Intercept),(Intercept)]"
DRAWS = 4000  # what stan_glmer gives without being asked
MANY_DRAWS = 20_000  # where the tails matter
WORTH = 15_000  # independent draws that these are worth: importance resampling repeats some
JUDGED = (0.025, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.975)
ESS = 250  # of the colleague's chains
NEW = pd.DataFrame({G: ["a new zip code"]})
THOUSANDS = "This is in thousands of dollars. The question asks for dollars."


def _sds(fit):
    """Take the draws of the standard deviation between zip codes."""
    return np.sqrt(fit.draws[SIGMA_GROUP])


def _quantiles(draws, probabilities=JUDGED):
    values = np.quantile(np.asarray(draws), probabilities)
    return {"quantiles": dict(zip(probabilities, map(float, values), strict=True))}


def _worth(fit):
    return fit.diagnostics().report["importance_ess"]


# Practice: the lecture's data, answered at once -------------------------------------------------------


@practice(
    "l05-practice-prior",
    topic="priors",
    revisit="05: Priors, before the data",
    hint="The table of default priors names the scale. s is the standard deviation of the prices.",
)
def practice_prior(seattle):
    """Ask for the scale of the intercept's prior in dollars."""
    s = seattle["price"].std()
    return Number(
        2.5 * s,
        rel=0.025,  # prior_summary shows two digits
        unit="dollars",
        mistakes=[
            Mistake(
                s,
                name="scale without the factor 2.5",
                says="This is the standard deviation of the prices. The default prior is wider than that.",
            ),
            Mistake(
                2.5,
                name="scale before adjustment",
                says="This is the scale before it is adjusted to the data. In dollars it is another number.",
            ),
            Mistake(
                1 / s,
                name="rate of sigma's prior",
                says="This is the rate of the prior of sigma. The question asks for the scale of the prior "
                "of the intercept.",
            ),
            Mistake(
                (2.5 * s) ** 2,
                name="variance for standard deviation",
                says="This is a variance, in squared dollars. The scale of a normal prior is a standard "
                "deviation.",
            ),
        ],
    )


@practice("l05-practice-prior-prices", topic="priors", revisit="05: Priors, before the data")
def practice_prior_prices():
    """Ask what negative prices in a prior predictive check mean."""
    return Choice(
        "c",
        mistakes=[
            Mistake(
                "a",
                name="an absurd prior predictive must be an error",
                says="The prior was drawn from as it is written. A wide prior puts weight on impossible "
                "values; that is a property of the prior, not an error of the program.",
            ),
            Mistake(
                "b",
                name="impossible prior draws make the posterior impossible",
                says="What comes out also depends on the data. With 869 sales, look how narrow the green "
                "curves are beside the grey ones.",
            ),
            Mistake(
                "d",
                name="prior predictive taken for a forecast",
                says="These prices were invented before any sale was looked at. They say nothing about the "
                "county.",
            ),
        ],
    )


@practice("l05-practice-formula", topic="formulas", revisit="05: The lecture's print-out")
def practice_formula():
    """Ask for the formula of a Bayesian model with a predictor."""
    return Formula(
        "price ~ scale_sqft + (1 | zipcode)",
        mistakes=[
            Mistake(
                "price ~ (1 | zipcode)",
                name="predictor forgotten",
                says="This model has no predictor. The question asks for one: the living area.",
            ),
            Mistake(
                "price ~ scale_sqft + (1 + scale_sqft | zipcode)",
                name="varying slope for one slope",
                says="Here every zip code has a slope of its own. The question asks for one slope for all.",
            ),
            Mistake(
                "price ~ (scale_sqft | zipcode)",
                name="predictor inside the brackets only",
                says="Inside the brackets stands what varies. The mean slope has no place in this formula, "
                "so it is set to 0.",
            ),
            Mistake(
                "price ~ scale_sqft + zipcode",
                name="no pooling for partial pooling",
                says="Without a bar the zip codes get coefficients without pooling.",
            ),
        ],
    )


@practice(
    "l05-practice-median-sd",
    topic="posterior",
    revisit="05: From draws to any quantity",
    hint="Take the square root of every draw of Sigma first, and then the median.",
)
def practice_median_sd(seattle):
    """Ask for the posterior median of the standard deviation between zip codes."""
    fit = posterior(MODEL, seattle)
    sds, variance = _sds(fit), fit.draws[SIGMA_GROUP]
    return Number(
        sds.median(),
        rel=0.025,
        unit="dollars",
        mistakes=[
            Mistake(
                variance.mean() ** 0.5,
                name="root of the mean variance for the median",
                says="This is the number of the print-out: the square root of the mean of Sigma. The "
                "question asks for the median of the standard deviation.",
            ),
            Mistake(
                variance.median(),
                name="variance for standard deviation",
                says="This is a variance, in squared dollars.",
            ),
            Mistake(
                fit.sigma,
                name="residual for between",
                says="This is sigma: how much houses differ within a zip code. The question is about how "
                "much zip codes differ.",
            ),
            Mistake(
                fit.fixef[ONE],
                name="mean for standard deviation",
                says="This is the intercept, the mean of the zip codes. The question asks how much they "
                "differ.",
            ),
        ],
    )


@practice("l05-practice-mad-sd", topic="reading the print-out", revisit="05: The summary, line by line")
def practice_mad_sd():
    """Ask why sd and MAD_SD differ."""
    return Choice(
        "b",
        mistakes=[
            Mistake(
                "a",
                name="difference of sd and MAD_SD taken for Monte Carlo error",
                says="Draw again with another seed: the sd stays above the MAD_SD. It isn't chance.",
            ),
            Mistake(
                "c",
                name="MAD_SD taken for a standard error of the mean",
                says="Both describe the posterior of the same parameter. Neither of them is divided by a "
                "number of houses or of draws.",
            ),
            Mistake(
                "d",
                name="difference of sd and MAD_SD taken for bad chains",
                says="Chains that agree can give such a difference too; here the draws are independent. "
                "Think of the form of the distribution.",
            ),
        ],
    )


@practice(
    "l05-practice-mcse",
    topic="diagnostics",
    revisit="05: Can the draws be trusted?",
    hint="Divide the posterior sd by the square root of a number of draws. Which number?",
)
def practice_mcse():
    """Ask for a Monte Carlo standard error from the sd and the effective sample size."""
    sd, ess, draws = 200_000, 16, 4000
    return Number(
        sd / ess**0.5,
        rel=0.01,
        unit="dollars",
        mistakes=[
            Mistake(
                sd / draws**0.5,
                name="number of draws for effective sample size",
                says="You counted all 4,000 draws as independent. They are worth fewer.",
            ),
            Mistake(
                sd / ess,
                name="square root forgotten",
                says="An error of a mean falls with the square root of the number of draws.",
            ),
            Mistake(
                sd,
                name="posterior sd for Monte Carlo error",
                says="This is how uncertain the parameter is. The question asks how far the mean of these "
                "draws may be from the posterior mean.",
            ),
        ],
    )


@practice("l05-practice-rhat", topic="diagnostics", revisit="05: Can the draws be trusted?")
def practice_rhat():
    """Ask what to do about a large R-hat."""
    return Choice(
        "a",
        mistakes=[
            Mistake(
                "b",
                name="means averaged over chains that disagree",
                says="Chains that disagree haven't seen the whole posterior yet. The mean of four wrong "
                "places isn't a right one.",
            ),
            Mistake(
                "c",
                name="best chain picked",
                says="No chain tells that it is the right one. To pick one is to pick the answer.",
            ),
            Mistake(
                "d",
                name="R-hat taken for a test of the model",
                says="R-hat looks at the sampler, not at the model or the data. A good model can be sampled "
                "badly.",
            ),
        ],
    )


# Graded: the student's own zip codes ------------------------------------------------------------------


@question("l05-prior-scale", topic="priors", revisit="05: Priors, before the data")
def prior_scale(homes):
    """Ask for the default prior's scale of a slope."""
    s, x = homes["price"].std(), homes["sqft_living"].std()
    return Number(
        2.5 * s / x,
        rel=0.005,
        unit="dollars per square foot",
        mistakes=[
            Mistake(
                s / x,
                name="scale without the factor 2.5",
                says="The units are right. But the default scale is a multiple of this.",
                credit=0.5,
            ),
            Mistake(
                2.5 * s,
                name="sd of the predictor forgotten",
                says="This is in dollars, as for an intercept. A slope is in dollars per square foot.",
            ),
            Mistake(
                2.5,
                name="scale before adjustment",
                says="This is the scale before it is adjusted to the data. The question asks for the "
                "adjusted one.",
            ),
            Mistake(
                2.5 * x / s,
                name="ratio turned round",
                says="You divided square feet by dollars. A slope is in dollars per square foot.",
            ),
            Mistake(
                2.5 / x,
                name="sd of the outcome forgotten",
                says="You adjusted for the predictor only. In a Gaussian model the outcome counts too.",
            ),
        ],
    )


@question("l05-sd-draws", topic="posterior", revisit="05: From draws to any quantity")
def sd_draws(homes):
    """Ask for posterior draws of the standard deviation between zip codes."""
    fit = posterior(MODEL, homes)
    return Draws(
        **_quantiles(_sds(fit)),
        at_least=DRAWS,
        size=_worth(fit),
        unit="dollars",
        mistakes=[
            Mistake(
                _quantiles(fit.draws[SIGMA_GROUP]),
                name="variance for standard deviation",
                says="These are draws of the variance, in squared dollars.",
                credit=0.5,
            ),
            Mistake(
                _quantiles(fit.draws["sigma"]),
                name="residual for between",
                says="These are draws of sigma: how much houses differ within a zip code.",
            ),
            Mistake(
                _quantiles(fit.draws[ONE]),
                name="mean for standard deviation",
                says="These are draws of the intercept, the mean of the zip codes. The question asks how "
                "much they differ.",
            ),
            Mistake(
                _quantiles(_sds(fit.prior_only(20_000, seed=5))),
                name="prior for posterior",
                says="These are draws from the prior: they haven't seen the sales.",
            ),
        ],
    )


@question("l05-coef", topic="posterior", revisit="05: The posterior beside lmer")
def coefficients(homes):
    """Ask for the posterior median of the mean price in every zip code."""
    fit = posterior(MODEL, homes)
    right, errors = fit.coef[G][ONE], fit.se_coef[G][ONE]
    return ByGroup(
        right,
        rel=0.0,
        abs=0.1 * errors.max(),  # five standard errors of a median of 4,000 draws
        unit="dollars",
        mistakes=[
            Mistake(
                fit.ranef[G][ONE],
                name="ranef for coef",
                says="These are differences to the mean of the zip codes. The question asks for the means "
                "themselves.",
                credit=0.5,
            ),
            Mistake(
                same_for_all(fit.fixef[ONE], homes),
                name="fixed intercept for every zip code",
                says="You give one number for all: the mean of the zip codes. Each zip code has its own.",
            ),
            Mistake(
                errors,
                name="MAD_SD for median",
                says="These tell how uncertain each mean is. The question asks for the means.",
            ),
            Mistake(right / 1000, name="thousands of dollars", says=THOUSANDS, credit=0.5),
        ],
    )


@question("l05-group-sd", topic="reading the print-out", revisit="05: Why the standard deviation differs")
def group_sd(homes):
    """Ask for the standard deviation between zip codes as the print-out shows it."""
    fit, (reml, _) = posterior(MODEL, homes), fits(MODEL, homes)
    sds, variance = _sds(fit), fit.draws[SIGMA_GROUP]
    return Number(
        variance.mean() ** 0.5,
        rel=0.0,
        abs=monte_carlo(lambda draws: draws.mean() ** 0.5, variance, ess=WORTH),
        unit="dollars",
        mistakes=[
            Mistake(
                variance.mean(),
                name="variance for standard deviation",
                says="This is the mean of the variance, in squared dollars.",
                credit=0.5,
            ),
            Mistake(
                sds.median(),
                name="median for the root of the mean variance",
                says="This is the median of the standard deviation: a fair summary, but not the one that the "
                "print-out shows under Error terms.",
                credit=0.5,
            ),
            Mistake(
                sds.mean(),
                name="mean of the roots for the root of the mean",
                says="You took square roots first and the mean after that. The print-out does it in the "
                "other order.",
                credit=0.5,
            ),
            Mistake(
                sd_between(reml),
                name="lmer for stan_glmer",
                says="This is lmer's estimate. The question asks for that of the Bayesian fit.",
            ),
            Mistake(
                fit.sigma,
                name="residual for between",
                says="This is sigma: how much houses differ within a zip code.",
            ),
        ],
    )


@question("l05-interval", topic="posterior", revisit="05: From draws to any quantity")
def interval(homes):
    """Ask for the central 90% interval of the standard deviation between zip codes."""
    fit = posterior(MODEL, homes)
    sds = _sds(fit)
    return ByGroup(
        _ends(sds, 0.05, 0.95),
        rel=0.0,
        abs=_pair(*monte_carlo(lambda draws: np.quantile(draws, [0.05, 0.95]), sds, ess=WORTH)),
        unit="dollars",
        in_order=True,
        mistakes=[
            Mistake(
                _ends(sds, 0.025, 0.975),
                name="95% for 90%",
                says="This interval holds 95 percent of the draws, not 90.",
                credit=0.5,
            ),
            Mistake(
                _ends(sds, 0.1, 0.9),
                name="80% for 90%",
                says="You left out 10 percent of the draws on each side. How many are left?",
                credit=0.5,
            ),
            Mistake(
                _pair(sds.mean() - 1.645 * sds.std(), sds.mean() + 1.645 * sds.std()),
                name="symmetric interval for a skewed posterior",
                says="You went the same distance to both sides of the mean, as for a normal distribution. "
                "This posterior is skewed: use its quantiles.",
                credit=0.5,
            ),
            Mistake(
                _ends(fit.draws[SIGMA_GROUP], 0.05, 0.95),
                name="variance for standard deviation",
                says="These are the ends for the variance, in squared dollars.",
                credit=0.5,
            ),
            Mistake(
                _ends(fit.draws["sigma"], 0.05, 0.95),
                name="residual for between",
                says="This is an interval for sigma, the spread within zip codes.",
            ),
            Mistake(
                _ends(fit.draws[ONE], 0.05, 0.95),
                name="mean for standard deviation",
                says="This is an interval for the intercept, the mean of the zip codes.",
            ),
        ],
    )


@question("l05-prior-pull", topic="priors", revisit="05: How much does the prior decide?")
def prior_pull(homes):
    """Ask for the median of the standard deviation between zip codes under two priors."""
    wide, tight = posterior(MODEL, homes), posterior(MODEL, homes, scale=0.1)
    medians = _sds(wide).median(), _sds(tight).median()
    return ByGroup(
        _priors(*medians),
        rel=0.0,
        abs=_priors(*(monte_carlo(np.median, _sds(fit), ess=WORTH) for fit in (wide, tight))),
        unit="dollars",
        group="prior",
        in_order=True,
        mistakes=[
            Mistake(
                _priors(*medians[::-1]),
                name="priors exchanged",
                says="You exchanged the two. A smaller scale says: zip codes differ little.",
                credit=0.5,
            ),
            Mistake(
                _priors(medians[0], medians[0]),
                name="prior not changed",
                says="Both numbers come from the default prior. Give prior_covariance to the second fit.",
                credit=0.5,
            ),
            Mistake(
                _priors(sd_of_mean(wide), sd_of_mean(tight)),
                name="root of the mean variance for the median",
                says="These are the numbers under Error terms. The question asks for the medians of the "
                "standard deviation.",
                credit=0.5,
            ),
            Mistake(
                _priors(wide.sigma, tight.sigma),
                name="residual for between",
                says="These are the values of sigma, the spread within zip codes.",
            ),
        ],
    )


@question("l05-new-house", topic="prediction", revisit="05: From draws to any quantity")
def new_house(homes):
    """Ask for posterior predictive draws of a house in a new zip code."""
    fit = posterior(MODEL, homes)
    draws = fit.draws
    rng = np.random.default_rng(55)
    effect, noise = (rng.standard_normal(len(draws)) for _ in range(2))
    new_zip = _quantiles(draws[ONE] + _sds(fit) * effect)
    typical = _quantiles(draws[ONE] + draws["sigma"] * noise)
    return Draws(
        **_quantiles(draws[ONE] + _sds(fit) * effect + draws["sigma"] * noise),
        at_least=MANY_DRAWS,
        size=_worth(fit),
        unit="dollars",
        mistakes=[
            *_one_spread_forgotten(new_zip, typical, _sds(fit).median() / fit.sigma),
            Mistake(
                _quantiles(draws[ONE]),
                name="uncertainty of the mean for a prediction",
                says="These are draws of the mean of all zip codes. A house is not a mean.",
            ),
            Mistake(
                _quantiles(draws[ONE] + (_sds(fit) + draws["sigma"]) * noise),
                name="standard deviations added",
                says="These draws spread too much. Two independent sources of spread add as variances, not "
                "as standard deviations.",
            ),
        ],
    )


def _one_spread_forgotten(new_zip, typical, ratio):
    """List the two halves of a prediction; as one mistake where zip codes differ as much as houses do."""
    if 0.65 < ratio < 1.5:
        return [
            Mistake(
                new_zip,
                name="one source of spread forgotten",
                says="These draws spread too little. A new zip code differs from the mean of the zip codes, "
                "and a house differs from the mean of its zip code. One of the two is missing.",
                credit=0.5,
            )
        ]
    return [
        Mistake(
            new_zip,
            name="mean of a zip code for a house",
            says="These are mean prices of new zip codes. A single house differs from the mean of its zip "
            "code.",
            credit=0.5,
        ),
        Mistake(
            typical,
            name="difference between zip codes forgotten",
            says="These are houses in an average zip code. A new zip code is not average: it differs from "
            "the mean as zip codes do.",
            credit=0.5,
        ),
    ]


@question("l05-why-larger", topic="posterior and lmer", revisit="05: Why the standard deviation differs")
def why_larger():
    """Ask why the Bayesian standard deviation between groups is larger than lmer's."""
    return Choice(
        "d",
        mistakes=[
            Mistake(
                "a",
                name="prior blamed for the larger sd",
                says="Prior scales a good deal smaller and larger move this number in both directions, and "
                "it stays above the top of the curve under each of them. The prior has a part in it, but not "
                "this one.",
            ),
            Mistake(
                "b",
                name="difference taken for Monte Carlo error",
                says="The Monte Carlo error is less than one percent here. This difference is about ten.",
            ),
            Mistake(
                "c",
                name="posterior taken for a better estimate of the same thing",
                says="Both describe the same evidence well. They are different summaries of it.",
            ),
        ],
    )


@question("l05-mcse", topic="diagnostics", revisit="05: Can the draws be trusted?")
def monte_carlo_error(homes):
    """Ask for the Monte Carlo error of a colleague's posterior mean."""
    sd = posterior(MODEL, homes).draws[ONE].std()
    return Number(
        sd / ESS**0.5,
        rel=0.08,  # the sd of 4,000 draws with long tails
        unit="dollars",
        mistakes=[
            Mistake(
                sd / DRAWS**0.5,
                name="number of draws for effective sample size",
                says="You counted all 4,000 draws as independent ones.",
                credit=0.5,
            ),
            Mistake(
                sd,
                name="posterior sd for Monte Carlo error",
                says="This is how uncertain the parameter is. The question asks how exact the colleague's "
                "mean of it is.",
            ),
            Mistake(
                sd / ESS,
                name="square root forgotten",
                says="An error of a mean falls with the square root of the number of draws.",
            ),
            Mistake(
                sd / 3,
                name="number of groups for effective sample size",
                says="You divided by the square root of the number of zip codes. A Monte Carlo error depends "
                "on the draws.",
            ),
        ],
    )


@question("l05-chains", topic="diagnostics", revisit="05: One model, two forms")
def chains():
    """Ask what to do about a bad parametrisation."""
    return Choice(
        "c",
        mistakes=[
            Mistake(
                "a",
                name="number of draws taken for quality",
                says="4,000 is the number of draws, not what they are worth. Look at n_eff and Rhat.",
            ),
            Mistake(
                "b",
                name="model blamed for the form",
                says="Both forms are the same model, with the same posterior. Another prior answers another "
                "question.",
            ),
            Mistake(
                "d",
                name="wide posterior taken for bad mixing",
                says="How wide the posterior is, the sampler can't change. The table speaks about how well "
                "it was explored.",
            ),
        ],
    )


@question("l05-figure", topic="posterior and lmer", revisit="05: The posterior beside lmer")
def figure(homes):
    """Ask for a plot of the posterior medians against lmer's estimates."""
    fit, (reml, _) = posterior(MODEL, homes), fits(MODEL, homes)
    return Figure(
        x=list(estimates(reml)),
        y=list(fit.coef[G][ONE]),
        mark="points",
        xlabel=("lmer",),
        ylabel=("stan", "bayes", "posterior"),
        rel=0.03,
        mistakes=[
            Mistake(
                {"x": list(reml.ranef[G][ONE]), "y": list(fit.ranef[G][ONE])},
                name="ranef for coef",
                says="These points show differences to the mean of the zip codes. The question asks for the "
                "mean prices.",
                credit=0.5,
            ),
            Mistake(
                {"x": list(reml.se_coef[G][ONE]), "y": list(fit.se_coef[G][ONE])},
                name="uncertainty for estimate",
                says="These points show how uncertain the means are. The question asks for the means.",
            ),
            Mistake(
                {"y": list(fit.ranef[G][ONE])},
                name="coef against ranef",
                says="On one axis are mean prices, on the other one differences to their mean.",
            ),
        ],
    )


def sd_of_mean(fit):
    """Take the standard deviation between zip codes as the print-out shows it."""
    return fit.draws[SIGMA_GROUP].mean() ** 0.5


def _ends(draws, low, high):
    return _pair(*np.quantile(np.asarray(draws), [low, high]))


def _pair(low, high):
    return {"lower": float(low), "upper": float(high)}


def _priors(wide, tight):
    return {"scale=1": float(wide), "scale=0.1": float(tight)}
