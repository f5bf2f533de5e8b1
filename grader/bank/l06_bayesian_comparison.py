"""Questions of lesson 06: Bayesian comparison.

Draws and cross-validation differ from run to run. Tolerances are four or five Monte Carlo standard errors at
the number of draws that the question asks for. Students work with the first twenty sales of each zip code:
there every figure is known well, and a house with a large Pareto k is left out by fitting again.
"""

from functools import cache

import numpy as np
import pandas as pd
from scipy.stats import norm

from grader.bank import ByGroup, Choice, Number, practice, question
from grader.bank.builders.mistake import half, wrong
from grader.bank.builders.units import percent, wrong_sign
from grader.bank.monte_carlo import monte_carlo
from grader.bank.parts import G
from grader.bank.reference_fits import left_out, posterior
from mlmkit import cauchy, normal, stan_glmer

PRICE = "price ~ (1 | zipcode)"
PRICE_SIZE = "price ~ scale_sqft + (1 | zipcode)"
LOG = "log_price ~ (1 | zipcode)"
LOG_SIZE = "log_price ~ scale_sqft + (1 | zipcode)"
LOG_SLOPES = "log_price ~ scale_sqft + (1 + scale_sqft | zipcode)"
SIGMA_GROUP = "Sigma[zipcode:(Intercept),(Intercept)]"
SALES = 20  # of each zip code
DRAWS = 4000  # what stan_glmer gives without being asked
WORTH, MANY = 3000, 12_000  # independent draws that 4,000 and 20,000 are worth
TIMES = 5.0  # standard errors that a right answer may be off
SCALES = (0.1, 1.0, 10.0)
SCHOOLS = {  # Rubin (1981), Journal of Educational Statistics 6, 377-401
    "school": list("ABCDEFGH"),
    "effect": [28, 8, -3, 7, -1, 1, 18, 12],
    "se": [15, 10, 16, 11, 9, 11, 10, 18],
}


def _with_log(sales):
    return sales.assign(log_price=np.log(sales["price"]))


def _few(homes):
    """Keep the first twenty sales of each zip code."""
    return _with_log(homes.groupby(G, observed=True).head(SALES))


def _replicated(fit, seed=61):
    return fit.posterior_predict(seed=seed).to_numpy()


def _share_error(share, draws=WORTH):
    """Give the tolerance of a share of draws; one hit too many or too few is never wrong."""
    return TIMES * np.sqrt(max(share * (1 - share), 3 / draws) / draws)


# What you remember -----------------------------------------------------------------------------------


@practice("l06-recall-limit", topic="partial pooling", revisit="06: What you remember")
def recall_limit():
    """Ask where partial pooling goes when groups differ without limit."""
    yield Choice("b")
    yield wrong("a", "limits exchanged").says("""That is the other limit: where zip codes don't differ, there
        is one mean for all.""")
    yield wrong("c", "pooling goes halfway").says("""Halfway is no special place. The weight of the own mean
        is n / (n + k), where k is the variance within divided by the variance between. What becomes of k?""")
    yield wrong("d", "limit taken for a failed fit").says("""A limit is not an error. Look at the weight of a
        group's own mean when the variance between groups grows.""")


@practice("l06-recall-new-zip", topic="prediction", revisit="06: What you remember")
def recall_new_zip():
    """Ask what is known about the effect of a new group."""
    yield Choice("c")
    yield wrong("a", "a new group has effect zero").says("""Zero is the middle of what is possible, not what
        happens. Zip codes differ, and the new one does too.""")
    yield wrong("b", "interval of a mean for a new group").says("""This is how uncertain the mean of all zip
        codes is. A new zip code differs from that mean.""")
    yield wrong("d", "nothing is known about a new group").says("""The other zip codes tell how much zip codes
        differ. That is something.""")


@practice("l06-recall-prior", topic="priors", revisit="06: What you remember")
def recall_prior():
    """Ask what a wide prior says."""
    yield Choice("d")
    yield wrong("a", "a flat prior says nothing").says("""Flat on one scale is not flat on another, and every
        prior predicts something. Think of the prices below zero in lesson 5.""")
    yield wrong("b", "prior must look like the data").says("""A prior is written before the data. It may be
        far wider than they are; it should not be narrower than your knowledge allows.""")
    yield wrong("c", "wider prior taken for a larger estimate").says("""A wide prior leaves more to the data.
        It doesn't push an estimate up by itself.""")


# Practice: the lecture's data ------------------------------------------------------------------------


@practice(
    "l06-practice-tail",
    topic="predictive checks",
    revisit="06: Invented beside observed",
    idea=r"\frac{1}{S} \sum_s 1\{T(y^{(s)}) \geq T(y)\}",
    hints=(
        "Each row of the replications is one whole invented data set. Take the largest price of each row.",
        "`log_rep.max(axis=1)` has a number for each invented data set. Compare it with `largest`.",
        "np.mean(log_rep.max(axis=1) >= largest).",
    ),
)
def practice_tail(seattle):
    """Ask how often the largest invented price reaches the largest observed one."""
    yield from _tail(_with_log(seattle), LOG, draws=2_000, worth=WORTH)


def _tail(sales, formula, draws, worth):
    """Yield what is right about the tail probability of the largest price, and its mistakes."""
    fit, largest = posterior(formula, sales, draws=draws), sales["log_price"].max()
    replicated = _replicated(fit)
    share = np.mean(replicated.max(axis=1) >= largest)
    yield Number(share, rel=0.0, abs=_share_error(share, worth))
    complement = 1 - share
    yield half(
        complement,
        "complement for probability",
        within=_share_error(share, worth),
        did=r"P(T(y^{rep}) < T(y))",
    ).says("""This is how often the largest invented price stays below the observed one. The question asks how
        often it is as large or larger.""")
    one = np.mean(replicated >= largest)
    yield wrong(one, "houses counted for data sets", within=0.1 * one, did=r"P(y_i^{rep} \geq T(y))").says(
        """This counts single invented houses. Take the largest house of each invented data set first, and
        then count data sets."""
    )
    means = fit.posterior_epred().to_numpy()
    of_means = np.mean(means.max(axis=1) >= largest)
    yield wrong(
        of_means, "mean for outcome", within=_share_error(of_means, DRAWS) if of_means else 1e-9
    ).says("""This seems to come from invented means. An invented house differs from the mean of its zip
        code: use posterior_predict.""")
    yield percent(share)


@practice(
    "l06-practice-density",
    topic="log score",
    revisit="06: A score for a prediction",
    idea=r"\log\left(\frac{1}{\sigma\sqrt{2\pi}}\right) - \frac{(y - \mu)^2}{2\sigma^2}",
    hints=(
        "The price lies exactly one standard deviation above the mean.",
        "norm.logpdf(price, mean, sd) of scipy.stats gives the logarithm of a normal density.",
        "norm.logpdf(13.8, 13.3, 0.5).",
    ),
)
def practice_density():
    """Ask for a normal log density."""
    y, mean, sd = 13.8, 13.3, 0.5
    right = norm.logpdf(y, mean, sd)
    yield Number(right, abs=1e-3)
    yield wrong(norm.pdf(y, mean, sd), "density for log density").says("""This is the density. The score is
        its logarithm.""")
    yield wrong(-0.5 * ((y - mean) / sd) ** 2, "constant of the density forgotten").says("""The part with the
        standard deviation in front is missing. Without it, a wide prediction would cost nothing.""")
    yield wrong(norm.logcdf(y, mean, sd), "probability below for density").says("""This is the log of the
        probability of a smaller value. The score asks for the density at this value.""")
    yield wrong(norm.logpdf(y, mean, sd**2), "variance for standard deviation").says("""You gave the variance
        where the standard deviation belongs.""")
    yield wrong_sign(right, "a density below one has a negative logarithm")


@practice("l06-practice-k", topic="leave-one-out", revisit="06: One house left out")
def practice_k():
    """Ask what a large Pareto k says."""
    yield Choice("a")
    yield wrong("b", "row with a large k deleted").says("""The house was sold at this price. Without it the
        table would look better, and the model would predict as badly as before.""")
    yield wrong("c", "large k ignored").says("""It is one of many rows, but its part of the sum is the largest
        of all, and by weights that part is a guess.""")
    yield wrong("d", "more draws to cure a large k").says("""More draws from the same posterior make the guess
        a little better. The trouble is that the posterior without this house is another one.""")


@practice(
    "l06-practice-scale",
    topic="log score",
    revisit="06: Logarithms, and a fair comparison",
    idea=r"\mathrm{elpd}_{\log y} - \sum_i \log y_i",
    hints=(
        "A density changes when the scale changes. If z = log(y), then p(y) = p(z) / y.",
        "The logarithm of p(z) / y is log p(z) - log(y). Sum it over the rows.",
        "loo(log_fit).elpd - np.log(seattle['price']).sum().",
    ),
)
def practice_scale(seattle):
    """Ask for the elpd of the log-price model on the scale of the price."""
    yield from _on_price_scale(_with_log(seattle), LOG)


def _on_price_scale(sales, formula):
    """Yield what is right about an elpd brought to dollars, and its mistakes."""
    found, jacobian = left_out(formula, sales), sales["log_price"].sum()
    right, room = found.elpd - jacobian, TIMES * 3 * found.mcse
    yield Number(right, rel=0.0, abs=room)
    yield half(
        found.elpd, "scale of the outcome forgotten", within=room / 2, did=r"\mathrm{elpd}_{\log y}"
    ).says("""This is the score on the scale of log(price). Densities per dollar and per unit of log(price)
        can't be compared.""")
    yield half(
        found.elpd + jacobian,
        "sign of the change of scale",
        within=room / 2,
        did=r"\mathrm{elpd}_{\log y} + \sum_i \log y_i",
    ).says("""You added the logarithms. A density per dollar is smaller than one per unit of log(price): it is
        divided by the price.""")
    mean = found.elpd - sales["log_price"].mean()
    yield half(
        mean, "mean for sum", within=room / 2, did=r"\mathrm{elpd}_{\log y} - \frac{1}{n}\sum_i \log y_i"
    ).says("""You subtracted one logarithm. Each row has its own: the sum belongs here.""")
    log_of_sum = found.elpd - np.log(sales["price"].sum())
    yield wrong(log_of_sum, "log of the sum for sum of the logs", within=room / 3).says(
        """You took the logarithm of a sum. Here the logarithms are summed."""
    )


@practice(
    "l06-practice-diff",
    topic="comparison",
    revisit="06: The poolings compared",
    idea=r"\mathrm{se} = \sqrt{n} \; \mathrm{sd}(d_i)",
    hints=(
        "Take the difference of each house first. Both models predict the same houses.",
        "The standard error of a sum of n differences is the root of n times their standard deviation.",
        "len(gain) ** 0.5 * gain.std(), with gain the difference of the two by_row.",
    ),
)
def practice_diff(seattle):
    """Ask for the standard error of a difference of elpd."""
    sales = _with_log(seattle)
    size, slopes = left_out(LOG_SIZE, sales), left_out(LOG_SLOPES, sales)
    gain = slopes.by_row - size.by_row
    n, sd = len(gain), gain.std()
    yield Number(sd * n**0.5, rel=0.03)
    yield half(sd, "se without the square root of n", did=r"\mathrm{sd}(d_i)").says("""This is how much the
        difference varies from house to house. The question asks about the sum over all houses.""")
    yield wrong(sd / n**0.5, "se of the mean for se of the sum", did=r"\mathrm{sd}(d_i) / \sqrt{n}").says(
        """This is the standard error of the mean difference. The elpd is a sum over the houses."""
    )
    yield wrong(
        np.hypot(size.se, slopes.se),
        "errors of paired sums added",
        did=r"\sqrt{\mathrm{se}_1^2 + \mathrm{se}_2^2}",
    ).says("""You put the two standard errors together as if the models predicted different houses. They
        predict the same ones, so most of the spread cancels: take differences first.""")
    yield wrong(gain.sum(), "difference for its standard error").says("""This is the difference itself. The
        question asks how uncertain it is.""")


@practice("l06-practice-which", topic="rows or groups", revisit="06: A new house or a new zip code")
def practice_which():
    """Ask which cross-validation fits a purpose."""
    yield Choice("b")
    yield wrong("a", "rows left out to predict a new group").says("""With one house left out, the model still
        knows the other houses of the same county. In the new county it knows none.""")
    yield wrong(
        "c", "in-sample fit for prediction"
    ).says("""A model that has seen the data fits them too well,
        the more so the more parameters it has.""")
    yield wrong("d", "ten parts of the rows for a new group").says("""Nearly every county keeps houses in the
        nine other parts. The model must not have seen any house of the county.""")


@practice("l06-practice-interval", topic="intervals", revisit="06: Eight schools")
def practice_interval():
    """Ask what an interval of two standard errors says."""
    yield Choice("c")
    yield wrong("a", "confidence interval read as probability").says("""This would be a statement about the
        effect, and it needs a prior. The interval was made from this school's estimate alone; the other
        schools tell that 58 points are hardly possible.""")
    yield wrong("b", "all values in an interval equally likely").says("""The middle fits the data far better
        than the ends: at an end, the height of the likelihood is about one seventh of the top.""")
    yield wrong("d", "not significant taken for no effect").says("""The interval also contains 28 and 50. It
        says that little is known, not that the effect is zero.""")


@practice(
    "l06-practice-schools",
    topic="intervals",
    revisit="06: Eight schools",
    idea=r"P(\theta_A < \theta_C \mid y)",
    hints=(
        "Ask the question in each draw: is A smaller than C in this draw?",
        "effects[:, 0] < effects[:, 2] has True or False for each draw. Its mean is the share.",
        "np.mean(effects[:, 0] < effects[:, 2]).",
    ),
)
def practice_schools():
    """Ask for the probability that the effect of school A is smaller than that of school C."""
    effects = _school_effects()
    first, third = effects[:, 0], effects[:, 2]
    share = np.mean(first < third)
    yield Number(share, rel=0.0, abs=_share_error(share, 8_000))
    yield half(1 - share, "complement for probability", did=r"P(\theta_A \geq \theta_C \mid y)").says(
        "This is the probability that A is larger than C. The question asks for smaller."
    )
    alone = norm.cdf((SCHOOLS["effect"][2] - SCHOOLS["effect"][0]) / np.hypot(15, 16))
    yield wrong(alone, "no pooling for partial pooling").says("""This takes each school by itself. The model
        knows that effects of 28 points are hardly possible.""")
    of_medians = float(np.median(first) < np.median(third))
    yield wrong(of_medians, "medians compared instead of draws", within=1e-9).says("""You compared two
        medians. Compare in each draw, and take the share of the draws at the end.""")
    best = np.mean(effects.argmax(axis=1) == 0)
    yield wrong(best, "best of all for better than one").says("""This is the probability that A is the best of
        all schools. The question compares two of them.""")
    yield percent(share)


@cache
def _school_effects():
    """Draw the effects of the eight schools, shape (draws, 8)."""
    fit = stan_glmer(
        "effect ~ (1 | school)",
        pd.DataFrame(SCHOOLS),
        sigma="se",
        prior_intercept=normal(0, 5),
        prior_covariance=cauchy(0, 5),
        draws=10_000,
        seed=63,
    )
    return fit.draws.filter(like="b[").to_numpy() + fit.draws[["(Intercept)"]].to_numpy()


@practice("l06-practice-best", topic="comparison", revisit="06: No medals for models")
def practice_best():
    """Ask what follows from a small difference of elpd."""
    yield Choice("d")
    yield wrong("a", "best elpd decides").says("""The difference is smaller than its standard error. Another
        sample of houses could turn it round.""")
    yield wrong("b", "equal scores taken for equal models").says("""They predict about equally well **on
        average**. Their answers to your question, such as one county's slope, may differ.""")
    yield wrong("c", "weights read as probabilities").says("""A weight of 0.9 says how to mix two predictions.
        It doesn't say that a model is true with probability 0.9.""")


# Graded: the student's own zip codes -----------------------------------------------------------------


@question(
    "l06-prior-below",
    topic="predictive checks",
    revisit="06: Prices that no prior has seen",
    idea=r"P(y^{rep} < 0)\ \text{under the prior}",
)
def prior_below(homes):
    """Ask for the share of prices below zero that the prior invents."""
    fit = posterior(PRICE, _few(homes), draws=2_000)
    invented = fit.prior_only(draws=4_000, seed=62).posterior_predict(seed=62).to_numpy()
    below = invented < 0
    share, of_draws = below.mean(), below.mean(axis=1)
    error = TIMES * of_draws.std() * np.sqrt(1 / WORTH + 1 / len(of_draws))
    yield Number(share, rel=0.0, abs=error)
    after = np.mean(_replicated(fit) < 0)
    yield half(after, "posterior for prior", within=0.2 * after, did=r"P(y^{rep} < 0 \mid y)").says("""These
        prices were invented after the data were seen. The question asks about the prior: prior_only.""")
    yield half(1 - share, "complement for probability", within=error).says("""This is the share of invented
        prices that are not below zero.""")
    any_below = below.any(axis=1).mean()
    yield wrong(any_below, "data sets counted for houses", within=_share_error(any_below)).says("""This counts
        invented data sets with at least one price below zero. The question asks for a share of the
        prices.""")
    yield percent(share)
    yield wrong(np.mean(_few(homes)["price"] < 0), "observed for invented", within=1e-9).says("""No observed
        price is below zero. The question is about prices that the prior invents.""")


@question(
    "l06-tail",
    topic="predictive checks",
    revisit="06: Invented beside observed",
    idea=r"P(\max_i y_i^{rep} \geq \max_i y_i \mid y)",
)
def tail(homes):
    """Ask how often the largest invented price reaches the largest observed one."""
    yield from _tail(_few(homes), LOG_SIZE, draws=5_000, worth=MANY)


@question(
    "l06-dearest",
    topic="leave-one-out",
    revisit="06: One house left out",
    idea=r"\log \int p(y_i \mid \theta)\, p(\theta \mid y_{-i})\, d\theta",
)
def dearest(homes):
    """Ask for the leave-one-out log score of the most expensive house."""
    few = _few(homes)
    row, fit = few["price"].idxmax(), posterior(PRICE_SIZE, few, draws=2_000)
    found, other = left_out(PRICE_SIZE, few), left_out(PRICE, few)
    right = found.by_row[row]
    # Where even a refit leaves a guess, as for a villa with a Pareto k above 2, two fits differ by 5 %.
    room = 0.1 if row in found.guesses else 0.02
    yield Number(right, rel=0.0, abs=max(0.5, room * abs(right)))
    inside = fit.log_lik()[row]
    seen = np.log(np.mean(np.exp(inside - inside.max()))) + inside.max()
    yield half(
        seen,
        "in-sample for left out",
        within=0.2 + 0.02 * abs(seen),
        did=r"\log \int p(y_i \mid \theta)\, p(\theta \mid y)\, d\theta",
    ).says("""This is about the score of a house that the model has seen before it predicted it. Leave out the
        most expensive house, and predict it then.""")
    yield wrong(
        inside.mean(),
        "uncertainty of the parameters forgotten",
        within=0.5,
        did=r"\int \log p(y_i \mid \theta)\, p(\theta \mid y)\, d\theta",
    ).says("""This is a mean of log densities, or the density at the mean of the parameters, and the house was
        seen. Leave the house out, and average densities before you take the logarithm.""")
    yield wrong(other.by_row[row], "other model", within=0.5).says("""This is the score of the model without
        the living area. The question is about the model with it.""")
    yield wrong(found.elpd, "sum for one house", within=1.0).says("""This is the sum over all houses. The
        question asks about one.""")
    yield wrong_sign(right, "it is a log density, and a density per dollar is far below one")


@question("l06-outlier", topic="leave-one-out", revisit="06: One house left out")
def outlier():
    """Ask what to do when one row has a large Pareto k in a model of prices."""
    yield Choice("c")
    yield wrong("a", "row with a large k deleted").says("""The house was sold at this price. A score that
        leaves out what the model can't predict is too good.""")
    yield wrong("b", "large k ignored").says("""This one row can carry more of a difference between models
        than all other rows together.""")
    yield wrong("d", "model with fewest bad rows chosen").says("""Pareto k says how well a score can be
        computed, not how well a model predicts.""")


@question(
    "l06-scale",
    topic="log score",
    revisit="06: Logarithms, and a fair comparison",
    idea=r"\mathrm{elpd}_{\log y} - \sum_i \log y_i",
)
def scale(homes):
    """Ask for the elpd of the log-price model on the scale of the price."""
    yield from _on_price_scale(_few(homes), LOG_SIZE)


def _pair(difference, se):
    return {"difference": float(difference), "se": float(se)}


@question(
    "l06-diff",
    topic="comparison",
    revisit="06: The poolings compared",
    idea=r"\sum_i d_i, \quad \sqrt{n}\; \mathrm{sd}(d_i)",
)
def diff(homes):
    """Ask for a difference of elpd and its standard error."""
    few = _few(homes)
    plain, size = left_out(LOG, few), left_out(LOG_SIZE, few)
    gain = size.by_row - plain.by_row
    n, total, sd = len(gain), gain.sum(), gain.std()
    room = TIMES * 1.7 * np.hypot(plain.mcse, size.mcse)
    right = _pair(total, sd * n**0.5)
    yield ByGroup(right, rel=0.0, abs=_pair(room, 0.02 * right["se"]), group="part", in_order=True)
    yield half(
        _pair(-total, right["se"]),
        "difference the other way round",
        did=r"\sum_i (\text{without} - \text{with})",
    ).says(
        "This is the model without the living area minus the one with it. The question asks for the reverse."
    )
    yield half(
        _pair(total, np.hypot(plain.se, size.se)),
        "errors of paired sums added",
        did=r"\sqrt{\mathrm{se}_1^2 + \mathrm{se}_2^2}",
    ).says("""The difference is right. Its error is not: both models predict the same houses, so take the
        difference of each house first, and then the standard error.""")
    yield half(_pair(total, sd), "se without the square root of n", did=r"\mathrm{sd}(d_i)").says("""The
        difference is right. Beside it stands how much the differences vary from house to house, not the
        error of their sum.""")
    yield half(
        _pair(total, sd / n**0.5), "se of the mean for se of the sum", did=r"\mathrm{sd}(d_i) / \sqrt{n}"
    ).says("The difference is right. Beside it stands the error of the mean difference, not that of the sum.")
    yield half(_pair(total, abs(size.se - plain.se)), "standard errors subtracted").says("""The difference is
        right. Standard errors are not subtracted: take the difference of each house first.""")
    yield half(_pair(gain.mean(), sd / n**0.5), "mean for sum").says("""These belong to the mean over the
        houses. The elpd is a sum.""")


@question(
    "l06-new-zip",
    topic="rows or groups",
    revisit="06: A new house or a new zip code",
    idea=r"\log p(y_j \mid y_{-j})",
)
def new_zip(homes):
    """Ask for the score of each zip code when it is left out as a whole."""
    few = _few(homes)
    found, rows = left_out(LOG, few, by=G), left_out(LOG, few)
    # A zip code like no other, such as Medina, is predicted by few of the draws, by hand by even fewer.
    error = max(0.2, TIMES * found.mcse)
    room = {name: max(error, 0.02 * abs(score)) for name, score in found.by_group.items()}
    yield ByGroup(found.by_group, rel=0.0, abs=room, group=G)
    summed = rows.by_row.groupby(few[G], observed=True).sum()
    yield half(
        summed,
        "rows left out to predict a new group",
        within=0.2,
        did=r"\sum_{i \in j} \log p(y_i \mid y_{-i})",
    ).says(
        """You left out one house at a time and summed by zip code. The model still knew the other houses of
        the zip code. Leave out the whole zip code: kfold with by."""
    )
    other = left_out(LOG_SIZE, few, by=G).by_group
    yield wrong(other, "other model", within=0.2).says("""This is the model with the living area. The question
        is about the model without it.""")
    per_house = found.by_group / few.groupby(G, observed=True).size()
    yield half(per_house, "mean for sum", within=0.005).says("""This is divided by the number of houses. The
        score of a zip code is the log density of all its houses together.""")
    zero = _zero_effect(few)
    room = {name: 0.3 + 0.05 * abs(score) for name, score in zero.items()}
    yield wrong(zero, "a new group has effect zero", within=room).says("""Here the new zip code
        seems to lie at the mean of the zip codes. It may lie anywhere that zip codes lie: its effect is
        unknown and has a distribution.""")


def _zero_effect(few):
    """Score each zip code by a fit to the others, with the effect of the new zip code set to zero."""
    scores = {}
    for name, rows in few.groupby(G, observed=True):
        rest = few[few[G] != name]
        rest = rest.assign(**{G: rest[G].cat.remove_unused_categories()})
        fit = posterior(LOG, rest, draws=500)
        mean, sigma = (fit.draws[part].to_numpy()[:, None] for part in ("(Intercept)", "sigma"))
        log = norm.logpdf(rows["log_price"].to_numpy(), mean, sigma).sum(axis=1)
        scores[name] = float(np.log(np.mean(np.exp(log - log.max()))) + log.max())
    return scores


@question(
    "l06-zip-diff",
    topic="rows or groups",
    revisit="06: A new house or a new zip code",
    idea=r"\bar d = \frac{1}{J}\sum_j d_j, \quad \mathrm{sd}(d_j) / \sqrt{J}",
)
def zip_diff(homes):
    """Ask for the mean gain of a new zip code, and its standard error over zip codes."""
    few = _few(homes)
    plain, size = left_out(LOG, few, by=G), left_out(LOG_SIZE, few, by=G)
    gain = size.by_group - plain.by_group
    count, mean, sd = len(gain), gain.mean(), gain.std()
    right = _pair(mean, sd / count**0.5)
    # One zip code that is hard to predict can move both numbers: the answer's draws and ours err alike.
    error = TIMES * np.hypot(plain.mcse, size.mcse) / count
    room = _pair(max(0.03, 1.4 * error), max(0.02, 0.6 * error))
    yield ByGroup(right, rel=0.0, abs=room, group="part", in_order=True)
    rows = left_out(LOG_SIZE, few).by_row - left_out(LOG, few).by_row
    n = len(rows)
    yield half(_pair(mean, rows.std() * n**0.5 / count), "rows counted for groups").says("""The mean is right.
        Its error seems to count houses. Here nine zip codes were predicted, so nine differences count.""")
    yield half(_pair(gain.sum(), sd * count**0.5), "sum for mean", within=_pair(0.3, 0.2)).says("""These are
        the sum and its error. The question asks for the mean over the zip codes.""")
    yield half(_pair(mean, sd), "standard deviation for standard error", within=_pair(0.03, 0.06)).says("""The
        mean is right. Beside it stands how much the zip codes differ, not the error of their mean.""")
    yield half(_pair(-mean, right["se"]), "difference the other way round").says("""This is the model without
        the living area minus the model with it. The question asks for the reverse.""")
    by_zip = rows.groupby(few[G], observed=True).sum()
    yield wrong(
        _pair(by_zip.mean(), by_zip.std() / count**0.5), "rows left out to predict a new group"
    ).says("""You left out one house at a time. The model still knew the other houses of the zip code. Leave
        out the whole zip code.""")


@question("l06-verdict", topic="comparison", revisit="06: No medals for models")
def verdict():
    """Ask what a difference of elpd below its standard error allows one to say."""
    yield Choice("b")
    yield wrong("a", "best elpd decides").says("""The difference is smaller than its standard error and below
        4. Other houses could turn it round.""")
    yield wrong("c", "more draws decide").says("""More draws make the Monte Carlo error smaller. What is
        uncertain here is which houses were sold, and draws don't change that.""")
    yield wrong("d", "weights read as probabilities").says("""Weights say how to mix predictions. They are not
        probabilities that a model is true, and near a tie they jump from one sample to the next.""")


@question("l06-row-or-group", topic="rows or groups", revisit="06: A new house or a new zip code")
def row_or_group():
    """Ask what is wrong with a report about new groups that leaves out rows."""
    yield Choice("d")
    yield wrong("a", "more draws decide").says("""The figure is exact enough. It answers another question than
        the one that the report asks.""")
    yield wrong("b", "large k blamed for everything").says("""All Pareto k are small in the report. The figure
        is right for what it is; ask what it is.""")
    yield wrong("c", "rows left out to predict a new group").says("""Leave-one-out kept the other houses of
        each zip code. In a new zip code there are none.""")


@question(
    "l06-prior-ratio",
    topic="priors",
    revisit="06: How much does the prior decide?",
    idea=r"\max_k m_k \,/\, \min_k m_k",
)
def prior_ratio(homes):
    """Ask how far three priors move the standard deviation between zip codes."""
    few = _few(homes)
    sds = {
        scale: np.sqrt(posterior(LOG, few, scale, draws=5_000).draws[SIGMA_GROUP].to_numpy())
        for scale in SCALES
    }
    median = {scale: np.median(draws) for scale, draws in sds.items()}
    low, high = min(median, key=median.get), max(median, key=median.get)
    middle = sum(median) - low - high
    right = median[high] / median[low]

    def error(of=np.median):
        parts = [monte_carlo(of, sds[one], ess=12_000) / of(sds[one]) for one in (low, high)]
        return float(np.hypot(*parts))

    yield Number(right, rel=error())
    yield half(
        right**2, "variance for standard deviation", did=r"\max_k m_k^2 / \min_k m_k^2"
    ).says("""This is
        the ratio of the variances. The question asks for that of the standard deviations.""")
    for one, other in ((high, middle), (middle, low)):
        yield half(median[one] / median[other], "smaller ratio for the largest").says("""This compares two of
            the three priors, but not those that lie furthest apart.""")
    yield half(1 / right, "ratio upside down").says("The largest median belongs above, the smallest below.")

    def root(draws):
        return np.mean(draws**2) ** 0.5

    of_print = root(sds[high]) / root(sds[low])
    yield half(
        of_print, "root of the mean variance for the median", within=of_print * error(root)
    ).says("""This
        compares the numbers of the print-out, the roots of mean variances. The question asks for
        medians.""")
    difference = median[high] - median[low]
    yield wrong(difference, "difference for ratio").says("""This is a difference. The question asks how many
        times larger one median is.""")
