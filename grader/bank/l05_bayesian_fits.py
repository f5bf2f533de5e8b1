"""Questions of lesson 05: Bayesian fits.

Answers from simulation differ from run to run. Their tolerances are four or five Monte Carlo standard
errors at the number of draws that the question asks for, so a right answer is hardly ever refused, whatever
the seed. The expected values come from 40,000 independent draws (`grader.bank.reference_fits.posterior`).
"""

import numpy as np

from grader.bank import ByGroup, Choice, Draws, Figure, Formula, Number, practice, question
from grader.bank.builders.errors import draws_for_ess, root_forgotten
from grader.bank.builders.mistake import half, wrong
from grader.bank.builders.pooling import ranef_for_coef
from grader.bank.builders.spread import mean_for_sd, residual_for_group, variance_for_sd
from grader.bank.builders.units import thousands
from grader.bank.monte_carlo import monte_carlo
from grader.bank.parts import ONE, G, centre, effects, estimates, same_for_all, sd_between
from grader.bank.reference_fits import fits, posterior

MODEL = "price ~ (1 | zipcode)"
SIGMA_GROUP = "Sigma[zipcode:(Intercept),(Intercept)]"
DRAWS = 4000  # what stan_glmer gives without being asked
MANY_DRAWS = 20_000  # where the tails matter
WORTH = 15_000  # independent draws that these are worth: importance resampling repeats some
JUDGED = (0.025, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.975)
ESS = 250  # of the colleague's chains


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
    hints=("The table of default priors names the scale. s is the standard deviation of the prices.",),
)
def practice_prior(seattle):
    """Ask for the scale of the intercept's prior in dollars."""
    s = seattle["price"].std()
    yield Number(2.5 * s, rel=0.025, unit="dollars")  # prior_summary shows two digits
    yield wrong(s, "scale without the factor 2.5").says("""This is the standard deviation of the prices. The
        default prior is wider than that.""")
    yield wrong(
        2.5 * seattle["price"].mean(), "mean for standard deviation"
    ).says("""This is a multiple of the mean price. Here the two numbers are close by chance: the scale is
        a multiple of the standard deviation of the prices.""")
    yield wrong(2.5, "scale before adjustment").says("""This is the scale before it is adjusted to the data.
        In dollars it is another number.""")
    yield wrong(1 / s, "rate of sigma's prior").says("""This is the rate of the prior of sigma. The question
        asks for the scale of the prior of the intercept.""")
    yield wrong((2.5 * s) ** 2, "variance for standard deviation").says("""This is a variance, in squared
        dollars. The scale of a normal prior is a standard deviation.""")


@practice("l05-practice-prior-prices", topic="priors", revisit="05: Priors, before the data")
def practice_prior_prices():
    """Ask what negative prices in a prior predictive check mean."""
    yield Choice("c")
    yield wrong("a", "an absurd prior predictive must be an error").says("""The draws come from the prior as
        it is written. A wide prior puts weight on impossible values; that is a property of the prior, not an
        error of the program.""")
    yield wrong("b", "impossible prior draws make the posterior impossible").says("""What comes out also
        depends on the data. With 869 sales, look how narrow the green curves are beside the grey ones.""")
    yield wrong("d", "prior predictive taken for a forecast").says("""These prices were invented before any
        sale was looked at. They say nothing about the county.""")


@practice("l05-practice-formula", topic="formulas", revisit="05: The lecture's print-out")
def practice_formula():
    """Ask for the formula of a Bayesian model with a predictor."""
    yield Formula("price ~ scale_sqft + (1 | zipcode)")
    yield wrong("price ~ (1 | zipcode)", "predictor forgotten").says("""This model has no predictor. The
        question asks for one: the living area.""")
    yield wrong("price ~ scale_sqft + (1 + scale_sqft | zipcode)", "varying-slope model").says("""Here every
        zip code has a slope of its own. The question asks for one slope for all.""")
    yield wrong("price ~ (scale_sqft | zipcode)", "predictor inside the brackets only").says("""What stands
        inside the brackets varies. The mean slope has no place in this formula, so it is set to 0.""")
    yield wrong("price ~ scale_sqft + zipcode", "no-pooling formula").says("""Without a bar the zip codes get
        coefficients without pooling.""")


@practice(
    "l05-practice-median-sd",
    topic="posterior",
    revisit="05: From draws to any quantity",
    hints=("Take the square root of every draw of Sigma first, and then the median.",),
)
def practice_median_sd(seattle):
    """Ask for the posterior median of the standard deviation between zip codes."""
    fit, (reml, _) = posterior(MODEL, seattle), fits(MODEL, seattle)
    sds, variance = _sds(fit), fit.draws[SIGMA_GROUP]
    # Five standard errors of a median of 13,000 draws; lmer's number, which the lesson sets it apart from, is
    # 1.7 % away.
    yield Number(sds.median(), rel=0.016, unit="dollars")
    of_lmer = sd_between(reml)
    yield wrong(of_lmer, "lmer for stan_glmer", within=1e-3 * of_lmer).says("""This is lmer's estimate. The
        question asks for the median of the posterior.""")
    yield wrong(variance.mean() ** 0.5, "root of the mean variance for the median").says("""This is the number
        of the print-out: the square root of the mean of Sigma. The question asks for the median of the
        standard deviation.""")
    yield variance_for_sd(variance.median(), "This is a variance", credit=0.0)
    yield residual_for_group(fit.sigma, "This is sigma")
    yield mean_for_sd(centre(fit))


@practice("l05-practice-mad-sd", topic="reading the print-out", revisit="05: The summary, line by line")
def practice_mad_sd():
    """Ask why sd and MAD_SD differ."""
    yield Choice("b")
    yield wrong("a", "difference taken for Monte Carlo error").says("""Draw again with another seed: the sd
        stays above the MAD_SD. It isn't chance.""")
    yield wrong("c", "MAD_SD taken for a standard error of the mean").says("""Both describe the posterior of
        the same parameter. Neither of them is divided by a number of houses or of draws.""")
    yield wrong("d", "difference taken for bad chains").says("""Chains that agree can give such a difference
        too; here the draws are independent. Think of the shape of the distribution.""")


@practice(
    "l05-practice-mcse",
    topic="diagnostics",
    revisit="05: Can the draws be trusted?",
    hints=("Divide the posterior sd by the square root of a number of draws. Which number?",),
)
def practice_mcse():
    """Ask for a Monte Carlo standard error from the sd and the effective sample size."""
    sd, ess, draws = 200_000, 16, 4000
    yield Number(sd / ess**0.5, rel=0.01, unit="dollars")
    yield draws_for_ess(sd / draws**0.5, credit=0.0)
    yield root_forgotten(sd / ess)
    yield wrong(sd, "posterior sd for Monte Carlo error").says("""This is how uncertain the parameter is. The
        question asks how far the mean of these draws may be from the posterior mean.""")


@practice("l05-practice-rhat", topic="diagnostics", revisit="05: Can the draws be trusted?")
def practice_rhat():
    """Ask what to do about a large R-hat."""
    yield Choice("a")
    yield wrong("b", "means averaged over chains that disagree").says("""Chains that disagree haven't seen the
        whole posterior yet. The mean of four wrong places isn't a right one.""")
    yield wrong("c", "best chain picked").says("""No chain shows that it is the right one. To pick one is to
        pick the answer.""")
    yield wrong("d", "R-hat taken for a test of the model").says("""R-hat looks at the sampler, not at the
        model or the data. A good model can be sampled badly.""")


# Graded: the student's own zip codes ------------------------------------------------------------------


@question("l05-prior-scale", topic="priors", revisit="05: Priors, before the data")
def prior_scale(homes):
    """Ask for the default prior's scale of a slope."""
    s, x = homes["price"].std(), homes["sqft_living"].std()
    yield Number(2.5 * s / x, rel=0.005, unit="dollars per square foot")
    yield half(s / x, "scale without the factor 2.5").says("""The units are right. But the default scale is a
        multiple of this.""")
    yield wrong(2.5 * s, "sd of the predictor forgotten").says("""This is in dollars, as for an intercept. A
        slope is in dollars per square foot.""")
    yield wrong(2.5, "scale before adjustment").says("""This is the scale before it is adjusted to the data.
        The question asks for the adjusted one.""")
    yield wrong(2.5 * x / s, "ratio upside down").says("""You divided square feet by dollars. A slope is in
        dollars per square foot.""")
    yield wrong(2.5 / x, "sd of the outcome forgotten").says("""You adjusted for the predictor only. In a
        Gaussian model the outcome counts too.""")


@question("l05-sd-draws", topic="posterior", revisit="05: From draws to any quantity")
def sd_draws(homes):
    """Ask for posterior draws of the standard deviation between zip codes."""
    fit = posterior(MODEL, homes)
    yield Draws(**_quantiles(_sds(fit)), at_least=DRAWS, size=_worth(fit), unit="dollars")
    yield variance_for_sd(_quantiles(fit.draws[SIGMA_GROUP]), "These are draws of the variance")
    yield residual_for_group(_quantiles(fit.draws["sigma"]), "These are draws of sigma")
    yield mean_for_sd(
        _quantiles(fit.draws[ONE]), "These are draws of the intercept, the mean of the zip codes"
    )
    yield wrong(_quantiles(_sds(fit.prior_only(20_000, seed=5))), "prior for posterior").says("""These are
        draws from the prior: they haven't seen the sales.""")


@question("l05-coef", topic="posterior", revisit="05: The posterior beside lmer")
def coefficients(homes):
    """Ask for the posterior median of the mean price in every zip code."""
    fit = posterior(MODEL, homes)
    right, errors = estimates(fit), fit.se_coef[G][ONE]
    # Five standard errors of a median of 4,000 draws.
    yield ByGroup(right, rel=0.0, abs=0.1 * errors.max(), unit="dollars")
    of_effects = 0.1 * fit.se_ranef[G][ONE].max()
    yield ranef_for_coef(effects(fit), credit=0.5, within=of_effects)
    of_centre = float(monte_carlo(np.median, fit.draws[ONE], ess=DRAWS))
    yield wrong(
        same_for_all(centre(fit), right), "fixef for coef", within=of_centre
    ).says("""You give one number for all: the
        mean of the zip codes. Each zip code has its own.""")
    of_errors = (0.1 * errors).to_dict()
    yield wrong(errors, "standard error for the estimate", within=of_errors).says(
        "These show how uncertain each mean is. The question asks for the means."
    )
    yield thousands(right)


@question("l05-group-sd", topic="reading the print-out", revisit="05: Why the standard deviation differs")
def group_sd(homes):
    """Ask for the standard deviation between zip codes as the print-out shows it."""
    fit, (reml, _) = posterior(MODEL, homes), fits(MODEL, homes)
    sds, variance = _sds(fit), fit.draws[SIGMA_GROUP]
    error = monte_carlo(lambda draws: draws.mean() ** 0.5, variance, ess=WORTH)
    yield Number(variance.mean() ** 0.5, rel=0.0, abs=error, unit="dollars")
    of_variance = monte_carlo(np.mean, variance, ess=WORTH)
    yield variance_for_sd(variance.mean(), "This is the mean of the variance", within=of_variance)
    of_median = monte_carlo(np.median, sds, ess=WORTH)
    yield half(
        sds.median(), "median for the root of the mean variance", within=of_median
    ).says("""This is the median of the standard deviation: a fair summary, but not the one that the
        print-out shows under Error terms.""")
    of_mean = monte_carlo(np.mean, sds, ess=WORTH)
    yield half(
        sds.mean(), "mean of the roots for the root of the mean", within=of_mean
    ).says("""You took square roots first and the mean after that. The print-out does it in the other
        order.""")
    of_lmer = sd_between(reml)
    yield wrong(of_lmer, "lmer for stan_glmer", within=1e-3 * of_lmer).says("""This is lmer's estimate. The
        question asks for that of the Bayesian fit.""")
    yield residual_for_group(fit.sigma, "This is sigma")


@question("l05-interval", topic="posterior", revisit="05: From draws to any quantity")
def interval(homes):
    """Ask for the central 90% interval of the standard deviation between zip codes."""
    fit = posterior(MODEL, homes)
    sds, variance = _sds(fit), fit.draws[SIGMA_GROUP]
    yield ByGroup(_ends(sds), rel=0.0, abs=_error(sds), unit="dollars", in_order=True)
    wide, narrow = (0.025, 0.975), (0.1, 0.9)
    yield half(_ends(sds, *wide), "95% for 90%", within=_error(sds, *wide)).says(
        "This interval holds 95 percent of the draws, not 90."
    )
    yield half(_ends(sds, *narrow), "80% for 90%", within=_error(sds, *narrow)).says(
        "You left out 10 percent of the draws on each side. How many are left?"
    )
    symmetric = _pair(sds.mean() - 1.645 * sds.std(), sds.mean() + 1.645 * sds.std())
    yield half(symmetric, "symmetric interval for a skewed posterior").says("""You went the same distance to
        both sides of the mean, as for a normal distribution. This posterior is skewed: use its
        quantiles.""")
    yield variance_for_sd(_ends(variance), "These are the ends for the variance", within=_error(variance))
    sigma, mean = fit.draws["sigma"], fit.draws[ONE]
    yield residual_for_group(_ends(sigma), "This is an interval for sigma", within=_error(sigma))
    this = "This is an interval for the intercept, the mean of the zip codes"
    yield mean_for_sd(_ends(mean), this, within=_error(mean))


@question("l05-prior-pull", topic="priors", revisit="05: How much does the prior decide?")
def prior_pull(homes):
    """Ask for the median of the standard deviation between zip codes under two priors."""
    wide, tight = posterior(MODEL, homes), posterior(MODEL, homes, scale=0.1)
    medians = _sds(wide).median(), _sds(tight).median()
    errors = _priors(*(monte_carlo(np.median, _sds(fit), ess=WORTH) for fit in (wide, tight)))
    yield ByGroup(_priors(*medians), rel=0.0, abs=errors, unit="dollars", group="prior", in_order=True)
    swapped = _priors(errors["scale=0.1"], errors["scale=1"])
    yield half(_priors(*medians[::-1]), "priors exchanged", within=swapped).says(
        "The two have changed places. A smaller scale says that zip codes differ little."
    )
    once = _priors(errors["scale=1"], errors["scale=1"])
    yield half(_priors(medians[0], medians[0]), "prior not changed", within=once).says(
        "Both numbers come from the default prior. Give prior_covariance to the second fit."
    )
    variances = [fit.draws[SIGMA_GROUP] for fit in (wide, tight)]
    of_print_out = _priors(*(draws.mean() ** 0.5 for draws in variances))
    room = _priors(*(monte_carlo(lambda one: one.mean() ** 0.5, draws, ess=WORTH) for draws in variances))
    yield half(
        of_print_out, "root of the mean variance for the median", within=room
    ).says("""These are the numbers under Error terms. The question asks for the medians of the standard
        deviation.""")
    yield residual_for_group(_priors(wide.sigma, tight.sigma), "These are the values of sigma")


@question("l05-new-house", topic="prediction", revisit="05: From draws to any quantity")
def new_house(homes):
    """Ask for posterior predictive draws of a house in a new zip code."""
    fit = posterior(MODEL, homes)
    mean, sds, sigma = fit.draws[ONE], _sds(fit), fit.draws["sigma"]
    rng = np.random.default_rng(55)
    effect, noise = (rng.standard_normal(len(mean)) for _ in range(2))
    house = _quantiles(mean + sds * effect + sigma * noise)
    yield Draws(**house, at_least=MANY_DRAWS, size=_worth(fit), unit="dollars")
    new_zip, typical = _quantiles(mean + sds * effect), _quantiles(mean + sigma * noise)
    yield from _one_spread_forgotten(new_zip, typical, sds.median() / fit.sigma)
    yield wrong(_quantiles(mean), "standard error for spread").says("""These are draws of the mean of all zip
        codes. A house is not a mean.""")
    yield wrong(_quantiles(mean + (sds + sigma) * noise), "standard deviations added").says("""These draws
        spread too much. Two independent sources of spread add as variances, not as standard deviations.""")


def _one_spread_forgotten(new_zip, typical, ratio):
    """List the two halves of a prediction; as one mistake where zip codes differ as much as houses do."""
    if 0.65 < ratio < 1.5:
        for either in (new_zip, typical):
            yield half(either, "one source of spread forgotten").says("""These draws spread too little. A new
                zip code differs from the mean of the zip codes, and a house differs from the mean of its zip
                code. One of the two is missing.""")
        return
    yield half(new_zip, "spread within groups forgotten").says("""These are mean prices of new zip codes. A
        single house differs from the mean of its zip code.""")
    yield half(typical, "spread between groups forgotten").says("""These are houses in an average zip code. A
        new zip code is not average: it differs from the mean as zip codes do.""")


@question("l05-why-larger", topic="posterior and lmer", revisit="05: Why the standard deviation differs")
def why_larger():
    """Ask why the Bayesian standard deviation between groups is larger than lmer's."""
    yield Choice("d")
    yield wrong("a", "prior blamed for the larger sd").says("""Much smaller and much larger prior scales move
        this number in both directions, and it stays above the top of the curve under each of them. The prior
        plays a part, but not this one.""")
    yield wrong("b", "difference taken for Monte Carlo error").says("""The Monte Carlo error is less than one
        percent here. This difference is about ten.""")
    yield wrong("c", "posterior taken for a better estimate of the same thing").says("""Both describe the same
        evidence well. They are different summaries of it.""")


@question("l05-mcse", topic="diagnostics", revisit="05: Can the draws be trusted?")
def monte_carlo_error(homes):
    """Ask for the Monte Carlo error of a colleague's posterior mean."""
    sd = posterior(MODEL, homes).draws[ONE].std()
    yield Number(sd / ESS**0.5, rel=0.08, unit="dollars")  # for the sd of 4,000 draws with long tails
    yield draws_for_ess(sd / DRAWS**0.5)
    yield wrong(sd, "posterior sd for Monte Carlo error").says("""This is how uncertain the parameter is. The
        question asks how exact the colleague's mean of it is.""")
    yield root_forgotten(sd / ESS)
    yield wrong(
        float(ESS), "effective sample size itself", within=0.0
    ).says("""This is the effective sample size.
        The error of a mean is the standard deviation divided by a root of it.""")
    yield wrong(sd / 3, "number of groups for effective sample size").says("""You divided by the square root
        of the number of zip codes. A Monte Carlo error depends on the draws.""")


@question("l05-chains", topic="diagnostics", revisit="05: One model, two forms")
def chains():
    """Ask what to do about a bad parametrisation."""
    yield Choice("c")
    yield wrong("a", "number of draws for effective sample size").says("""4,000 is the number of draws, not
        what they are worth. Look at n_eff and Rhat.""")
    yield wrong("b", "model blamed for the form").says("""Both forms are the same model, with the same
        posterior. Another prior answers another question.""")
    yield wrong("d", "wide posterior taken for bad mixing").says("""The sampler can't change how wide the
        posterior is. The table is about how well it was explored.""")


@question("l05-figure", topic="posterior and lmer", revisit="05: The posterior beside lmer")
def figure(homes):
    """Ask for a plot of the posterior medians against lmer's estimates."""
    fit, (reml, _) = posterior(MODEL, homes), fits(MODEL, homes)
    yield Figure(
        x=list(estimates(reml)),
        y=list(estimates(fit)),
        mark="points",
        xlabel=("lmer",),
        ylabel=("stan", "bayes", "posterior"),
        rel=0.03,
    )
    # Effects near zero have the Monte Carlo error of the large ones.
    both = {"x": list(effects(reml)), "y": list(effects(fit))}
    yield half(both, "ranef for coef", within=0.2).says("""These points
        show differences from the mean of the zip codes. The question asks for the mean prices.""")
    uncertain = {"x": list(reml.se_coef[G][ONE]), "y": list(fit.se_coef[G][ONE])}
    yield wrong(uncertain, "standard error for the estimate").says("""These points show how uncertain the
        means are. The question asks for the means.""")
    yield wrong(
        {"y": list(effects(fit))}, "coef against ranef", within=0.2
    ).says("""One axis shows mean prices, the other
        one differences from their mean.""")


def _ends(draws, low=0.05, high=0.95):
    return _pair(*np.quantile(np.asarray(draws), [low, high]))


def _error(draws, low=0.05, high=0.95):
    """Tolerance of the ends of an interval."""
    return _pair(*monte_carlo(lambda one: np.quantile(one, [low, high]), draws, ess=WORTH))


def _pair(low, high):
    return {"lower": float(low), "upper": float(high)}


def _priors(wide, tight):
    return {"scale=1": float(wide), "scale=0.1": float(tight)}
