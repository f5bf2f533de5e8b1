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
from grader.bank.builders.units import count_for_share, percent, thousands
from grader.bank.monte_carlo import monte_carlo
from grader.bank.parts import ONE, G, centre, effects, estimates, means, same_for_all, sd_between
from grader.bank.reference_fits import fits, posterior

MODEL = "price ~ (1 | zipcode)"
RADON = "log_radon ~ floor + (1 | county)"
SIGMA_GROUP = "Sigma[zipcode:(Intercept),(Intercept)]"
DRAWS = 4000  # what stan_glmer gives without being asked
MANY_DRAWS = 20_000  # where the tails matter
WORTH = 15_000  # independent draws that these are worth: importance resampling repeats some
JUDGED = (0.025, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.975)
ESS = 250  # of the colleague's chains
MEDIAN, ROOT_MEAN = r"\mathrm{median}_s\ \sigma_{\alpha,s}", r"\sqrt{\frac{1}{S}\sum_s \sigma_{\alpha,s}^2}"
MEAN_ROOT = r"\frac{1}{S}\sum_s \sigma_{\alpha,s}"
PREDICTED = r"\mu_s + \sigma_{\alpha,s}\, z_s + \sigma_{y,s}\, e_s"
SLOPE_SCALE = r"k\, \frac{s_y}{s_x}"
HALF = r"\frac{1}{S}\,\#\{s:\ q_{\mathrm{low}} < \sigma_{\alpha,s} < m\}"
MCSE = r"\frac{\mathrm{sd}}{\sqrt{n_{\mathrm{eff}}}}"


def _sds(fit, group=G):
    """Take the draws of the standard deviation between groups."""
    return np.sqrt(fit.draws[SIGMA_GROUP.replace(G, group)])


def _quantiles(draws, probabilities=JUDGED):
    values = np.quantile(np.asarray(draws), probabilities)
    return {"quantiles": dict(zip(probabilities, map(float, values), strict=True))}


def _worth(fit):
    return fit.diagnostics().report["importance_ess"]


# Practice: the lecture's data, answered at once -------------------------------------------------------


@practice(
    "l05-recall-coef",
    topic="fixef, ranef, coef",
    revisit="05: What you remember",
    idea=r"\hat\mu_\alpha + \hat\eta_j",
    hints=(
        "The estimate of a group has two parts: one for all zip codes, one for this zip code.",
        "coef = fixef + ranef.",
        'Add lmer1.fixef["(Intercept)"] and the row 98010 of lmer1.ranef["zipcode"]["(Intercept)"].',
    ),
)
def recall_coef(seattle):
    """Ask for a partial-pooling estimate from its two parts."""
    fit, _ = fits(MODEL, seattle)
    one = effects(fit)["98010"]
    yield Number(centre(fit) + one, unit="dollars")
    yield wrong(one, "ranef for coef", did=r"\hat\eta_j").says("""This is how far 98010 lies from the mean of
        the zip codes. The question asks for its mean price.""")
    yield wrong(centre(fit), "fixef for coef", did=r"\hat\mu_\alpha").says("""This is the mean of all zip
        codes. What makes 98010 different is missing.""")
    yield wrong(centre(fit) - one, "effect subtracted", did=r"\hat\mu_\alpha - \hat\eta_j").says(
        """You subtracted the effect. It has its own sign: below the mean it is negative."""
    )
    yield wrong(means(seattle)["98010"], "no pooling for partial pooling", did=r"\bar y_j").says("""This is
        the plain mean of the sales in 98010: no pooling. The question asks for the estimate of lmer1.""")


@practice(
    "l05-recall-weight",
    topic="weights",
    revisit="05: What you remember",
    idea=r"\frac{n_j}{n_j + \sigma_y^2/\sigma_\alpha^2}",
    hints=(
        "More sales give more weight. The spread of houses takes weight away, that of zip codes gives some.",
        "The weight is n divided by n plus a ratio of two variances.",
        "The ratio is the variance within zip codes over that between them: two squared.",
    ),
)
def recall_weight():
    """Ask for the weight of a zip code's own mean."""
    n, within, between = 12, 460_000, 230_000
    yield Number(n / (n + within**2 / between**2), rel=1e-3)
    yield wrong(
        n / (n + within / between),
        "standard deviations for variances",
        did=r"\frac{n_j}{n_j + \sigma_y/\sigma_\alpha}",
    ).says("""You took the ratio of the standard deviations. It is the variances that count.""")
    yield wrong(
        n / (n + between**2 / within**2),
        "standard deviations exchanged",
        did=r"\frac{n_j}{n_j + \sigma_\alpha^2/\sigma_y^2}",
    ).says("""The two standard deviations have changed places. Where houses differ much, an own mean is worth
        less.""")
    yield wrong(
        1 - n / (n + within**2 / between**2),
        "weight of the other part",
        did=r"\frac{\sigma_y^2/\sigma_\alpha^2}{n_j + \sigma_y^2/\sigma_\alpha^2}",
    ).says("""This is the weight of the mean of the zip codes. The question asks for that of the own mean.""")
    yield wrong(0.5, "pooling goes halfway").says("""Pooling does not go halfway. How far it goes, the number
        of sales and the two standard deviations decide.""")
    yield wrong(
        between**2 / (between**2 + within**2),
        "intraclass correlation for the weight",
        did=r"\frac{\sigma_\alpha^2}{\sigma_\alpha^2 + \sigma_y^2}",
    ).says("""This is the intraclass correlation: the weight that one single sale would get.""")
    yield percent(n / (n + within**2 / between**2))


@practice("l05-recall-new-house", topic="prediction", revisit="05: What you remember")
def recall_new_house():
    """Ask which standard deviation a house in a new zip code has."""
    yield Choice("d")
    yield wrong("a", "spread within groups forgotten").says("""This is how far the mean of a new zip code can
        lie. A single house differs from the mean of its zip code, too.""")
    yield wrong("b", "spread between groups forgotten").says("""This is for a house in a zip code whose mean
        you know. A new zip code differs from the others.""")
    yield wrong("c", "standard deviations added").says("""Both sources of spread are there. But independent
        ones don't add as standard deviations.""")


@practice("l05-recall-draws", topic="simulation", revisit="05: What you remember")
def recall_draws():
    """Ask how draws give an interval of a difference."""
    yield Choice("b")
    yield wrong("a", "ends of intervals subtracted").says("""Both means are hardly ever at their ends at the
        same time. The draws know how often.""")
    yield wrong("c", "interval of a fixed width").says("""How wide an interval is, the draws tell. Two what?
        Two dollars?""")
    yield wrong("d", "overlap for a difference").says("""Intervals can overlap, and the difference can still
        be far from 0. Make an interval for the difference itself.""")


@practice(
    "l05-practice-prior",
    topic="priors",
    revisit="05: Priors, before the data",
    idea=r"k\, s_y",
    hints=(
        "The table of default priors names the scale, and says what s is.",
        "The scale is 2.5 times s. The letter s is the standard deviation of the outcome.",
        'Multiply 2.5 by seattle["price"].std().',
    ),
)
def practice_prior(seattle):
    """Ask for the scale of the intercept's prior in dollars."""
    s = seattle["price"].std()
    yield Number(2.5 * s, rel=0.025, unit="dollars")  # prior_summary shows two digits
    yield wrong(s, "scale without the factor 2.5", did="s_y").says("""This is the standard deviation of the
        prices. The default prior is wider than that.""")
    yield wrong(
        2.5 * seattle["price"].mean(), "mean for standard deviation", did=r"k\, \bar y"
    ).says("""This is a multiple of the mean price. Here the two numbers are close by chance: the scale is
        a multiple of the standard deviation of the prices.""")
    yield wrong(
        2.5, "scale before adjustment", did="k"
    ).says("""This is the scale before it is adjusted to the
        data. In dollars it is another number.""")
    yield wrong(1 / s, "rate of sigma's prior", did=r"\frac{1}{s_y}").says("""This is the rate of the prior of
        sigma. The question asks for the scale of the prior of the intercept.""")
    yield wrong(
        (2.5 * s) ** 2, "variance for standard deviation", did=r"(k\, s_y)^2"
    ).says("""This is a variance, in squared
        dollars. The scale of a normal prior is a standard deviation.""")


@practice(
    "l05-practice-prior-slope",
    topic="priors",
    revisit="05: Priors, before the data",
    idea=SLOPE_SCALE,
    hints=(
        "Look at the row of the slope in the table of default priors.",
        "The scale of a slope is 2.5 s, divided by the standard deviation of the predictor.",
        'Divide 2.5 * s by seattle["grade"].std().',
    ),
)
def practice_prior_slope(seattle):
    """Ask for the default prior's scale of a slope."""
    yield from _scale_of_slope(seattle, "grade", rel=0.025, unit="dollars per step", credit=0.0)


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


@practice("l05-practice-flat", topic="priors", revisit="05: Priors, before the data")
def practice_flat():
    """Ask what a flat prior of a standard deviation says."""
    yield Choice("b")
    yield wrong("a", "a flat prior says nothing").says("""Equal weight everywhere is an opinion. Count: which
        share of the values from 0 to 100 million is above 10 million?""")
    yield wrong("c", "flat prior taken for a pull to zero").says("""Near 0 a flat prior is as high as
        elsewhere, and 0 is a tiny part of its range. Where does most of its weight lie?""")
    yield wrong("d", "prior must be normal").says("""A prior may have any shape: the default for sigma is an
        exponential. The question is what this one believes.""")


@practice(
    "l05-practice-formula",
    topic="formulas",
    revisit="05: The lecture's print-out",
    hints=(
        "What stands outside the brackets is the same for all zip codes.",
        "One slope for all: the predictor outside. An intercept for each zip code: a 1 inside.",
        'It begins with "price ~ scale_sqft + (", and the brackets are those of lesson 1.',
    ),
)
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
    "l05-practice-lower-half",
    topic="posterior",
    revisit="05: From draws to any quantity",
    idea=HALF,
    hints=(
        "A draw counts if it is above the lower end and below the middle.",
        "Compare all draws with both limits, join the two comparisons by &, and take the mean.",
        "np.mean((sd_between > low) & (… < …)), with brackets around each comparison.",
    ),
)
def practice_lower_half(seattle):
    """Ask for the share of draws in the lower half of an interval."""
    yield from _lower_half(_sds(posterior(MODEL, seattle)))


@practice(
    "l05-practice-median-sd",
    topic="posterior",
    revisit="05: From draws to any quantity",
    idea=MEDIAN,
    hints=(
        "Sigma is a variance. Which two steps lead from it to a median of the standard deviation?",
        "Take the square root of every draw of Sigma first, and then the median.",
        "np.sqrt(many.draws[SIGMA_GROUP]) holds the draws that you need.",
    ),
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
    "l05-practice-new-house",
    topic="prediction",
    revisit="05: From draws to any quantity",
    idea=r"\frac{1}{S}\,\#\{s:\ \mu_s + \sigma_{\alpha,s}\, z_s + \sigma_{y,s}\, e_s > c\}",
    hints=(
        "A probability is the share of the draws in which it happens.",
        "new_house holds 40,000 prices. How often are they above the limit?",
        "Compare new_house with 2_000_000, and take the mean of True and False.",
    ),
)
def practice_new_house(seattle):
    """Ask for a probability from posterior predictive draws."""
    fit, limit = posterior(MODEL, seattle), 2_000_000
    mean, sds, sigma = fit.draws[ONE], _sds(fit), fit.draws["sigma"]
    effect, noise = np.random.default_rng(56).standard_normal((2, len(mean)))
    houses = mean + sds * effect + sigma * noise
    right = np.mean(houses > limit)
    yield Number(right, rel=0.0, abs=monte_carlo(lambda one: np.mean(one > limit), houses, ess=WORTH))
    yield wrong(
        np.mean(mean + sds * effect > limit), "spread within groups forgotten", within=0.003
    ).says("""This is the probability that the mean of a new zip code is above the limit. A single house
        differs from that mean.""")
    yield wrong(np.mean(houses < limit), "probability of the opposite", within=0.006).says("""This is how
        probable it is that the house costs less. The question asks for more.""")
    yield percent(right, credit=0.0)
    yield count_for_share(right, len(houses), credit=0.0)


@practice(
    "l05-practice-mcse",
    topic="diagnostics",
    revisit="05: Can the draws be trusted?",
    idea=MCSE,
    hints=(
        "How many independent draws are these 4,000 worth?",
        "Divide the posterior sd by the square root of a number of draws. Which number?",
        "It is the effective sample size. Its square root is 4.",
    ),
)
def practice_mcse():
    """Ask for a Monte Carlo standard error from the sd and the effective sample size."""
    sd, ess, draws = 200_000, 16, 4000
    yield Number(sd / ess**0.5, rel=0.01, unit="dollars")
    yield draws_for_ess(sd / draws**0.5, credit=0.0)
    yield root_forgotten(sd / ess)
    yield wrong(
        sd, "posterior sd for Monte Carlo error", did=r"\mathrm{sd}"
    ).says("""This is how uncertain the parameter is. The
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


@practice("l05-practice-form", topic="diagnostics", revisit="05: One model, two forms")
def practice_form():
    """Ask which form suits many small groups that hardly differ."""
    yield Choice("b")
    yield wrong("a", "one form for all data").says("""Which form is the better one, the data decide. Here five
        pupils hardly tell one school from another.""")
    yield wrong("c", "thinning taken for a cure").says("""Thinning throws draws away. What the chain has not
        visited is not in the rest, either.""")
    yield wrong("d", "data thrown away for the sampler").says("""The data are not at fault, and their spread
        within schools would be lost. The sampler needs another way through the same posterior.""")


@practice(
    "l05-practice-sum",
    topic="posterior",
    revisit="05: The posterior beside lmer",
    idea=r"\mathrm{sd}_s(\mu_s + b_{j,s})",
    hints=(
        "Mean and effect of one draw belong together.",
        "Add mu and effect draw by draw. Then take the standard deviation of the sums.",
        "(mu + effect) is a Series of 40,000 mean prices. Ask it for its std.",
    ),
)
def practice_sum(seattle):
    """Ask how uncertain the mean of one zip code is."""
    fit = posterior(MODEL, seattle)
    mu, effect = fit.draws[ONE], fit.draws[f"b[{ONE} {G}:98039]"]
    right = (mu + effect).std()
    yield Number(right, rel=0.0, abs=monte_carlo(np.std, mu + effect, ess=WORTH), unit="dollars")
    yield wrong(
        effect.std(), "effect alone", within=0.06 * effect.std(), did=r"\mathrm{sd}_s(b_{j,s})"
    ).says("""This is the sd of the effect alone: of the difference from a mean that is uncertain itself. Add
        the mean in each draw.""")
    apart = np.hypot(mu.std(), effect.std())
    yield wrong(
        apart,
        "draws taken for independent",
        within=0.06 * apart,
        did=r"\sqrt{\mathrm{sd}_s(\mu_s)^2 + \mathrm{sd}_s(b_{j,s})^2}",
    ).says("""This would be right if mean and effect were independent. In the posterior a high mean comes with
        low effects.""")
    both = mu.std() + effect.std()
    yield wrong(
        both,
        "standard deviations added",
        within=0.06 * both,
        did=r"\mathrm{sd}_s(\mu_s) + \mathrm{sd}_s(b_{j,s})",
    ).says("""You added the two standard deviations. Add the draws first.""")
    yield wrong((mu + effect).median(), "mean for standard deviation", within=0.01 * right).says("""This is
        the mean price itself. The question asks how uncertain it is.""")
    yield variance_for_sd(right**2, credit=0.0, within=0.1 * right**2)


@practice(
    "l05-practice-figure",
    topic="posterior and lmer",
    revisit="05: The posterior beside lmer",
    hints=(
        'A point for each county: practice_axes.plot(x, y, "o").',
        'Both fits have coef["county"], a table with the column "(Intercept)".',
        'x is lmer_radon.coef["county"]["(Intercept)"]; y is the same of stan_radon.',
    ),
)
def practice_figure(radon):
    """Ask for a plot of 85 posterior medians against lmer's estimates."""
    fit, (reml, _) = posterior(RADON, radon), fits(RADON, radon)
    x, y = reml.coef["county"][ONE], fit.coef["county"][ONE]
    labels = {"xlabel": ("lmer",), "ylabel": ("stan", "bayes", "posterior")}
    yield Figure(x=list(x), y=list(y), mark="points", rel=0.03, **labels)
    both = {"x": list(reml.ranef["county"][ONE]), "y": list(fit.ranef["county"][ONE])}
    yield wrong(both, "ranef for coef", within=0.2).says("""These points show differences from the fixed
        intercept. The question asks for the counties' intercepts.""")


@practice(
    "l05-practice-print-out",
    topic="reading the print-out",
    revisit="05: Why the standard deviation differs",
    idea=ROOT_MEAN,
    hints=(
        "The print-out does not show a median, nor a mean of standard deviations.",
        "It is the square root of the mean of the variances.",
        "Square the five numbers, take the mean, and then the square root.",
    ),
)
def practice_print_out():
    """Ask for the print-out's summary of five draws."""
    five = np.array([400_000.0, 500_000.0, 550_000.0, 650_000.0, 1_100_000.0])
    yield Number(np.mean(five**2) ** 0.5, rel=2e-3, unit="dollars")
    yield wrong(
        five.mean(), "mean of the roots for the root of the mean", did=MEAN_ROOT
    ).says("""This is the mean of the standard deviations. The print-out takes the mean of the variances, and
        the root after that.""")
    yield wrong(np.median(five), "median for the root of the mean variance", did=MEDIAN).says("""This is the
        median. The print-out shows it for the coefficients and for sigma, not under Error terms.""")
    yield variance_for_sd(np.mean(five**2), "This is the mean of the variances", credit=0.0)
    yield wrong(five.std(ddof=1), "spread of the draws for their size").says("""This is how much the five
        draws differ from one another.""")
    yield wrong(np.sum(five**2) ** 0.5, "sum for mean", did=r"\sqrt{\sum_s \sigma_{\alpha,s}^2}").says("""You
        took the sum of the squares. Divide it by the number of draws before you take the root.""")
    yield thousands(np.mean(five**2) ** 0.5)


@practice(
    "l05-practice-many-groups",
    topic="posterior and lmer",
    revisit="05: Why the standard deviation differs",
)
def practice_many_groups():
    """Ask what many groups do to the difference between the summaries."""
    yield Choice("c")
    yield wrong("a", "gap taken for a habit of the programs").says("""The gap comes from the long tail of the
        posterior. How long is the tail where 85 groups tell how much groups differ?""")
    yield wrong("b", "counting rows instead of groups").says("""How much groups differ is told by the number
        of groups, more than by the number of houses in each.""")
    yield wrong("d", "predictor taken for the reason").says("""A predictor changes what the standard deviation
        is about. It does not make two summaries of a skewed posterior equal.""")


@practice(
    "l05-practice-prior-pull",
    topic="priors",
    revisit="05: How much does the prior decide?",
    idea=MEDIAN,
    hints=(
        "Fit the model twice, and give the second fit another prior_covariance.",
        "The column for the counties is Sigma[county:(Intercept),(Intercept)]: roots first, then the median.",
        "prior_covariance=decov(scale=0.1) is for the second fit; the rest is the code above the question.",
    ),
)
def practice_prior_pull(radon):
    """Ask for the median of the standard deviation between counties under two priors."""
    yield from _pull(posterior(RADON, radon), posterior(RADON, radon, scale=0.1), "county", WORTH, wrong)


# Graded: the student's own zip codes ------------------------------------------------------------------


@question("l05-prior-scale", topic="priors", revisit="05: Priors, before the data", idea=SLOPE_SCALE)
def prior_scale(homes):
    """Ask for the default prior's scale of a slope."""
    yield from _scale_of_slope(homes, "sqft_living", rel=0.005, unit="dollars per square foot", credit=0.5)


def _scale_of_slope(sales, predictor, rel, unit, credit):
    s, x = sales["price"].std(), sales[predictor].std()
    yield Number(2.5 * s / x, rel=rel, unit=unit)
    factor = half if credit else wrong
    yield factor(s / x, "scale without the factor 2.5", did=r"\frac{s_y}{s_x}").says("""The units are right.
        But the default scale is a multiple of this.""")
    yield wrong(2.5 * s, "sd of the predictor forgotten", did=r"k\, s_y").says(f"""This is in dollars, as for
        an intercept. A slope is in {unit}.""")
    yield wrong(
        2.5, "scale before adjustment", did="k"
    ).says("""This is the scale before it is adjusted to the
        data. The question asks for the adjusted one.""")
    yield wrong(2.5 * x / s, "ratio upside down", did=r"k\, \frac{s_x}{s_y}").says(f"""You divided by the
        standard deviation of the prices. A slope is in {unit}.""")
    yield wrong(2.5 / x, "sd of the outcome forgotten", did=r"\frac{k}{s_x}").says("""You adjusted for the
        predictor only. In a Gaussian model the outcome counts too.""")


@question(
    "l05-sd-draws",
    topic="posterior",
    revisit="05: From draws to any quantity",
    idea=r"\sigma_{\alpha,s} = \sqrt{\Sigma_s}",
)
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


@question(
    "l05-coef",
    topic="posterior",
    revisit="05: The posterior beside lmer",
    idea=r"\mathrm{median}_s\ (\mu_s + b_{j,s})",
)
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
        same_for_all(centre(fit), right), "fixef for coef", within=of_centre, did=r"\mathrm{median}_s\ \mu_s"
    ).says("""You give one number for all: the
        mean of the zip codes. Each zip code has its own.""")
    of_errors = (0.1 * errors).to_dict()
    yield wrong(errors, "standard error for the estimate", within=of_errors).says(
        "These show how uncertain each mean is. The question asks for the means."
    )
    yield thousands(right)


@question(
    "l05-group-sd",
    topic="reading the print-out",
    revisit="05: Why the standard deviation differs",
    idea=ROOT_MEAN,
)
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
        sds.median(), "median for the root of the mean variance", within=of_median, did=MEDIAN
    ).says("""This is the median of the standard deviation: a fair summary, but not the one that the
        print-out shows under Error terms.""")
    of_mean = monte_carlo(np.mean, sds, ess=WORTH)
    yield half(
        sds.mean(), "mean of the roots for the root of the mean", within=of_mean, did=MEAN_ROOT
    ).says("""You took square roots first and the mean after that. The print-out does it in the other
        order.""")
    of_lmer = sd_between(reml)
    yield wrong(of_lmer, "lmer for stan_glmer", within=1e-3 * of_lmer).says("""This is lmer's estimate. The
        question asks for that of the Bayesian fit.""")
    yield residual_for_group(fit.sigma, "This is sigma")


@question(
    "l05-interval",
    topic="posterior",
    revisit="05: From draws to any quantity",
    idea=r"q_{\mathrm{low}}(\sigma_{\alpha,s}),\ q_{\mathrm{high}}(\sigma_{\alpha,s})",
)
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
    yield half(
        symmetric,
        "symmetric interval for a skewed posterior",
        did=r"\bar\sigma_\alpha \pm z\,\mathrm{sd}_s(\sigma_{\alpha,s})",
    ).says("""You went the same distance to both sides of the mean, as for a normal
        distribution. This posterior is
        skewed: use its quantiles.""")
    yield variance_for_sd(_ends(variance), "These are the ends for the variance", within=_error(variance))
    sigma, mean = fit.draws["sigma"], fit.draws[ONE]
    yield residual_for_group(_ends(sigma), "This is an interval for sigma", within=_error(sigma))
    this = "This is an interval for the intercept, the mean of the zip codes"
    yield mean_for_sd(_ends(mean), this, within=_error(mean))


@question("l05-lower-half", topic="posterior", revisit="05: From draws to any quantity", idea=HALF)
def lower_half(homes):
    """Ask for the share of draws in the lower half of the interval."""
    yield from _lower_half(_sds(posterior(MODEL, homes)))


def _lower_half(sds):
    """Judge the share of the draws between the lower end of a 90 % interval and its middle."""
    error = float(monte_carlo(_in_lower_half, sds, ess=WORTH))
    right = float(_in_lower_half(sds))
    yield Number(right, rel=0.0, abs=error)
    yield wrong(0.45, "all values equally likely", within=0.0).says("""So it would be if all values in the
        interval were equally believable. Count the draws.""")
    yield wrong(right / 0.9, "share of the draws inside", within=error / 2).says(
        """This is a share of the draws inside the interval. The question asks for the share of all draws."""
    )
    yield wrong(right + 0.05, "tail counted too", within=error / 2).says("""You counted the draws below the
        interval, too. The lower half begins at the lower end.""")
    yield wrong(0.9 - right, "upper half for lower half", within=error).says("""This is the share in the upper
        half of the interval.""")
    yield wrong(0.5, "middle of the interval taken for the median", within=0.0).says("""Half of the draws lie
        below the median. The middle of the interval is another place.""")
    yield percent(right)
    yield count_for_share(right, MANY_DRAWS)


def _in_lower_half(sds):
    low, high = np.quantile(sds, [0.05, 0.95])
    return np.mean((np.asarray(sds) > low) & (np.asarray(sds) < (low + high) / 2))


@question("l05-prior-pull", topic="priors", revisit="05: How much does the prior decide?", idea=MEDIAN)
def prior_pull(homes):
    """Ask for the median of the standard deviation between zip codes under two priors."""
    yield from _pull(posterior(MODEL, homes), posterior(MODEL, homes, scale=0.1), G, WORTH, half)


def _pull(wide, tight, group, ess, costs):
    """Judge two medians of a standard deviation between groups; `costs` is `half` or `wrong`."""
    sds = [_sds(fit, group) for fit in (wide, tight)]
    medians = [one.median() for one in sds]
    unit = "dollars" if group == G else ""
    errors = _priors(*(monte_carlo(np.median, one, ess=ess) for one in sds))
    yield ByGroup(_priors(*medians), rel=0.0, abs=errors, unit=unit, group="prior", in_order=True)
    swapped = _priors(errors["scale=0.1"], errors["scale=1"])
    yield costs(_priors(*medians[::-1]), "priors exchanged", within=swapped).says(
        "The two have changed places. A smaller scale says that groups differ little."
    )
    once = _priors(errors["scale=1"], errors["scale=1"])
    yield costs(_priors(medians[0], medians[0]), "prior not changed", within=once).says(
        "Both numbers come from the default prior. Give prior_covariance to the second fit."
    )
    variances = [one**2 for one in sds]
    of_print_out = _priors(*(draws.mean() ** 0.5 for draws in variances))
    room = _priors(*(monte_carlo(lambda one: one.mean() ** 0.5, draws, ess=ess) for draws in variances))
    yield costs(
        of_print_out, "root of the mean variance for the median", within=room, did=ROOT_MEAN
    ).says("""These are the numbers under Error terms. The question asks for the medians of the standard
        deviation.""")
    of_variances = _priors(*(monte_carlo(np.median, draws, ess=ess) for draws in variances))
    squared = _priors(*(draws.median() for draws in variances))
    yield wrong(squared, "variance for standard deviation", within=of_variances).says("""These are medians of
        the variance. Take the root of each draw first.""")
    yield residual_for_group(_priors(wide.sigma, tight.sigma), "These are the values of sigma")


@question("l05-new-house", topic="prediction", revisit="05: From draws to any quantity", idea=PREDICTED)
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
    yield wrong(
        _quantiles(mean), "standard error for spread", did=r"\mu_s"
    ).says("""These are draws of the mean of all zip
        codes. A house is not a mean.""")
    yield wrong(
        _quantiles(mean + (sds + sigma) * noise),
        "standard deviations added",
        did=r"\mu_s + (\sigma_{\alpha,s} + \sigma_{y,s})\, e_s",
    ).says("""These draws
        spread too much. Two independent sources of spread add as variances, not as standard deviations.""")


def _one_spread_forgotten(new_zip, typical, ratio):
    """List the two halves of a prediction; as one mistake where zip codes differ as much as houses do."""
    if 0.65 < ratio < 1.5:
        for either in (new_zip, typical):
            yield half(either, "one source of spread forgotten").says("""These draws spread too little. A new
                zip code differs from the mean of the zip codes, and a house differs from the mean of its zip
                code. One of the two is missing.""")
        return
    yield half(
        new_zip, "spread within groups forgotten", did=r"\mu_s + \sigma_{\alpha,s}\, z_s"
    ).says("""These are mean prices of new zip codes. A
        single house differs from the mean of its zip code.""")
    yield half(
        typical, "spread between groups forgotten", did=r"\mu_s + \sigma_{y,s}\, e_s"
    ).says("""These are houses in an average zip code. A
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


@question("l05-mcse", topic="diagnostics", revisit="05: Can the draws be trusted?", idea=MCSE)
def monte_carlo_error(homes):
    """Ask for the Monte Carlo error of a colleague's posterior mean."""
    sd = posterior(MODEL, homes).draws[ONE].std()
    yield Number(sd / ESS**0.5, rel=0.08, unit="dollars")  # for the sd of 4,000 draws with long tails
    yield draws_for_ess(sd / DRAWS**0.5)
    yield wrong(
        sd, "posterior sd for Monte Carlo error", did=r"\mathrm{sd}"
    ).says("""This is how uncertain the parameter is. The
        question asks how exact the colleague's mean of it is.""")
    yield root_forgotten(sd / ESS)
    yield wrong(
        float(ESS), "effective sample size itself", within=0.0
    ).says("""This is the effective sample size.
        The error of a mean is the standard deviation divided by a root of it.""")
    yield wrong(
        sd / 3, "number of groups for effective sample size", did=r"\frac{\mathrm{sd}}{\sqrt{J}}"
    ).says("""You divided by the square root
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
