"""Questions of lesson 11: from a bad sample to good estimates.

The student's population is ``homes``; the bad sample is a rule (every so-many-th sale of a size class), so it
comes the same way on every machine. In each of the 8,192 sets of zip codes every zip code and every size
class has a sale in it. None of 1,000 gives a singular fit; without the first zip code 3 do, and of the
samples that select on the price one in ten: the estimates are then those of complete pooling, by any route.
"""

from functools import cache

import numpy as np
import pandas as pd

from grader.bank import ByGroup, Choice, Draws, Number, Table, practice, question
from grader.bank.builders.mistake import half, wrong
from grader.bank.builders.pooling import ml_for_reml
from grader.bank.builders.units import percent, thousands, wrong_sign
from grader.bank.parts import ONE, G, estimates, means
from grader.bank.reference_fits import fits, posterior

MODEL = "price ~ size_class + (1 | zipcode)"
LOG_MODEL = "log_price ~ size_class + (1 | zipcode)"
EDGES = [0, 1500, 2500, 3500, 20_000]  # square feet
CLASSES = ["small", "medium", "large", "very large"]
STEPS = {"small": 40, "medium": 20, "large": 8, "very large": 3}
COUNTY_STEPS = {"small": 200, "medium": 100, "large": 40, "very large": 10}
PLACE = "98118"  # the zip code of l11-practice-mrp
LOG_MEAN, LOG_SD = 12.8, 0.4  # of l11-practice-lognormal
MANY_DRAWS = 20_000
JUDGED = (0.025, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.975)


def with_size_class(sales):
    """Add the size class and the logarithm of the price, as the lesson does."""
    size_class = pd.cut(sales["sqft_living"], EDGES, labels=CLASSES, ordered=False)
    return sales.assign(size_class=size_class, log_price=np.log(sales["price"]))


def bad_sample(sales, steps=STEPS):
    """Keep every so-many-th sale of each size class, as the lesson does: a test compares the two."""
    place = sales.groupby("size_class", observed=True).cumcount()
    return sales[place % sales["size_class"].map(steps).astype(int) == 0].reset_index(drop=True)


def dear_sample(sales, steps=STEPS):
    """Keep sales above the median of their size class, and of these every so-many-th."""
    middle = sales.groupby("size_class", observed=True)["price"].transform("median")
    return bad_sample(sales[sales["price"] > middle], steps)


def _counts(sales):
    """Count houses, zip codes by size classes."""
    return sales.groupby([G, "size_class"], observed=False).size().unstack()


def _cells(counts):
    """List the cells as rows, in the order of the counts."""
    return counts.stack().rename("houses").reset_index()


def _predicted(fit, counts):
    """Predict each cell, zip codes by size classes. Unsampled zip codes have effect 0."""
    unknown = {"new_levels": "zero"} if hasattr(fit, "ranef") else {}  # a plain regression has no such thing
    return counts * 0 + np.asarray(fit.predict(_cells(counts), **unknown)).reshape(counts.shape)


def _by_zipcode(predicted, counts):
    """Poststratify within zip codes."""
    return (predicted * counts).sum(axis=1) / counts.sum(axis=1)


def _overall(predicted, counts):
    """Poststratify all cells together."""
    return float((predicted * counts).to_numpy().sum() / counts.to_numpy().sum())


def _lognormal_mean(logs, sigma):
    return np.exp(logs + sigma**2 / 2)


def _population(homes):
    """Return the student's population, the bad sample, and the houses in each cell of both."""
    homes = with_size_class(homes).sort_values(G, kind="stable")  # so that no zip code is left out
    sample = bad_sample(homes)
    return homes, sample, _counts(homes), _counts(sample)


@cache
def _county():
    from mlmkit import load_king_county

    county = with_size_class(load_king_county())
    return county, bad_sample(county, COUNTY_STEPS)


def _shares(sales):
    return sales["size_class"].value_counts(normalize=True, sort=False)


def _class_means(sales):
    return sales.groupby("size_class", observed=False)["price"].mean()


def _weighted(population, sample, upside_down=False):
    """Weight each sampled house by the share of its class in the population over that in the sample."""
    ratio = _shares(sample) / _shares(population) if upside_down else _shares(population) / _shares(sample)
    weight = sample["size_class"].map(ratio).astype(float)
    return float((weight * sample["price"]).sum() / weight.sum())


# Practice ---------------------------------------------------------------------------------------------


@practice("l11-recall-weight", topic="weights", revisit="11: What you remember")
def recall_weight():
    """Ask which zip code moves further."""
    yield Choice("b")
    yield wrong("a", "more data, more shrinkage").says("""More sales make the own mean more precise, so it
        keeps more of its distance.""")
    yield wrong("c", "same share for all groups").says("""The standard deviation between zip codes is the same
        for both. The number of sales isn't, and the weight depends on it.""")
    yield wrong("d", "pooling changes the mean only").says("""Partial pooling moves each zip code's own
        estimate. By how much depends on its number of sales.""")


@practice("l11-recall-new", topic="prediction", revisit="11: What you remember")
def recall_new():
    """Ask what a model predicts for a new zip code."""
    yield Choice("c")
    yield wrong("a", "nothing is known of a new group").says("""The second level of the model speaks about
        zip codes in general, so about this one too.""")
    yield wrong(
        "b", "mean of houses for mean of zip codes"
    ).says("""This counts each house the same. The model
        describes zip codes: think of the mean of their distribution.""")
    yield wrong("d", "new group taken for a small one").says("""A new zip code isn't like the one with fewest
        sales. Nothing ties it to any single one.""")


@practice("l11-recall-draws", topic="posterior", revisit="11: What you remember")
def recall_draws():
    """Ask how to summarise a weighted average of two unknowns."""
    yield Choice("b")
    yield wrong("a", "summaries before arithmetic").says("""The ends of an interval don't average like that:
        when one mean is high, the other one may be low.""")
    yield wrong(
        "c", "draws mixed instead of averaged"
    ).says("""This makes a mixture: each result is one of the
        two means, never their average.""")
    yield wrong("d", "standard deviations added").says("""Standard deviations of independent parts add as
        squares, and these two parts need not be independent.""")


@practice(
    "l11-practice-weight",
    topic="weighting",
    revisit="11: Weights",
    idea=r"w_k = \frac{N_k / N}{n_k / n}",
    hints=(
        "The sample has too few small houses. Must the weight be above or below 1?",
        "Divide the share in the population by the share in the sample.",
        'shares.loc["small", "population"] is one of the two numbers.',
    ),
)
def practice_weight():
    """Ask for the weight of a small house."""
    county, sample = _county()
    p, s = _shares(county)["small"], _shares(sample)["small"]
    yield Number(p / s, rel=5e-3)
    yield wrong(s / p, "ratio upside down", did=r"\frac{n_k / n}{N_k / N}").says("""The ratio is upside down:
        the sample has too few small houses, so each of them must count for more than one.""")
    yield wrong(p, "share for weight", did=r"N_k / N").says("""This is the share of small houses in the
        population. Divide it by their share in the sample.""")
    yield wrong(
        (county["size_class"] == "small").sum() / (sample["size_class"] == "small").sum(),
        "houses for each sampled one",
        did=r"N_k / n_k",
    ).says("""This is how many houses of the population one sampled house stands for. It would do as a weight
        as well; the lesson's weight is a ratio of shares, so that 1 means neither too few nor too many.""")
    yield wrong(p - s, "difference for ratio", did=r"N_k / N - n_k / n").says("""This is the difference of the
        two shares. A weight is their ratio.""")


@practice(
    "l11-practice-weighted",
    topic="weighting",
    revisit="11: Weights",
    idea=r"\frac{\sum_i w_i y_i}{\sum_i w_i}",
    hints=(
        "Each price counts as often as its weight says.",
        "Multiply prices by weights and add up.",
        "Then divide by the sum of the weights.",
    ),
)
def practice_weighted():
    """Ask for the weighted mean of the county."""
    county, sample = _county()
    yield Number(_weighted(county, sample), rel=1e-3, unit="dollars")
    yield wrong(_weighted(county, sample, upside_down=True), "ratio upside down").says("""Your weights are
        upside down: they make the agency's preference stronger.""")
    yield from _not_repaired(sample["price"].mean(), county["price"].mean(), _class_means(sample).mean())
    yield wrong(_weighted(county, sample) * len(sample), "sum for mean").says("""This is the sum of weights
        times prices. Divide it by the sum of the weights.""")


def _not_repaired(raw, truth, plain):
    yield wrong(raw, "raw mean for weighted mean", did=r"\bar{y}").says("""This is the raw mean of the sample.
        Large houses count too much in it.""")
    yield wrong(truth, "truth for estimate").says("""This is the mean of the population itself. The question
        asks what you would estimate from the sample and the known numbers of houses.""")
    yield wrong(plain, "each class counted the same", did=r"\frac{1}{4} \sum_k \bar{y}_k").says("""This is the
        plain mean of the four class means. Classes have different numbers of houses.""")


@practice(
    "l11-practice-mrp",
    topic="MrP",
    revisit="11: Partial pooling, then the county's sizes",
    idea=r"\frac{\sum_k N_{jk} (\hat\alpha_j + \hat\beta_k)}{\sum_k N_{jk}}",
    hints=(
        "First predict, then average: the cells of the population, not the sampled houses.",
        "fit.predict(here) gives a price for each of the four cells.",
        'Multiply by here["houses"], add up, and divide by the sum of the houses.',
    ),
)
def practice_mrp():
    """Ask for the MrP estimate of one zip code."""
    county, sample = _county()
    counts, sampled = _counts(county), _counts(sample)
    reml, _ = fits(MODEL, sample)
    predicted = _predicted(reml, counts)
    yield Number(_by_zipcode(predicted, counts)[PLACE], rel=2e-3, unit="dollars")
    yield wrong(_by_zipcode(predicted, sampled)[PLACE], "sample's sizes for the population's").says(
        """You weighted the cells by the sampled houses. The numbers of houses come from the population."""
    )
    yield wrong(
        predicted.loc[PLACE].mean(), "each cell counted the same"
    ).says("""This is the plain mean of the
        four predictions. Cells have different numbers of houses.""")
    yield wrong(estimates(reml)[PLACE], "intercept for group mean").says("""This is the intercept of the zip
        code: the prediction for its small houses.""")
    yield wrong(means(sample)[PLACE], "raw mean for MrP").says("""This is the raw mean of its sampled
        houses.""")
    yield wrong(means(county)[PLACE], "truth for estimate").says("""This is the truth. The question asks what
        MrP makes of the sample.""")


@practice("l11-practice-error", topic="errors", revisit="11: Errors that can be measured")
def practice_error():
    """Ask what a mean of errors hides."""
    yield Choice("d")
    yield wrong("a", "mean error for typical error").says("""Look at the last panel of the picture: are most
        points within so few dollars of the line?""")
    yield wrong("c", "rows counted instead of groups").says("""Weights by sales would answer another question,
        and errors would cancel as before.""")
    yield wrong(
        "b", "error for standardised error"
    ).says("""An error in dollars is a good measure. The question
        is what happens when errors of both signs are averaged.""")


@practice(
    "l11-practice-lognormal",
    topic="logarithms",
    revisit="11: A better model of prices",
    idea=r"e^{\mu + \sigma^2 / 2}",
    hints=(
        "The mean lies above exp of the mean log.",
        "Half of the variance goes into the exponent, too.",
        "np.exp(mean + variance / 2)",
    ),
)
def practice_lognormal():
    """Ask for the mean of a lognormal distribution."""
    yield Number(np.exp(LOG_MEAN + LOG_SD**2 / 2), rel=2e-3, unit="dollars")
    yield _median_for_mean(np.exp(LOG_MEAN))
    yield _sd_in_exponent(np.exp(LOG_MEAN + LOG_SD / 2))
    yield _half_forgotten(np.exp(LOG_MEAN + LOG_SD**2))
    yield wrong(LOG_MEAN + LOG_SD**2 / 2, "logarithms for dollars", did=r"\mu + \sigma^2 / 2").says("""This is
        still a logarithm. Take the exponential.""")


def _median_for_mean(value):
    return half(value, "exp of the mean log for the mean", did=r"e^{\mu}").says("""You took the exponential of
        mean logarithms: that is a median. The mean price is higher, because the exponential stretches high
        values more than low ones.""")


def _sd_in_exponent(value):
    return half(value, "standard deviations for variances", did=r"e^{\mu + \sigma / 2}").says("""You added
        half the standard deviation in the exponent. The formula wants half the variance, its square.""")


def _half_forgotten(value):
    return half(value, "half of the variance forgotten", did=r"e^{\mu + \sigma^2}").says("""You added the
        whole variance in the exponent. The formula wants half of it.""")


@practice("l11-practice-unknown", topic="prediction", revisit="11: Where it fails")
def practice_unknown():
    """Ask how to predict a house whose group was not recorded."""
    yield Choice("b")
    yield wrong(
        "a", "unknown group taken for a new one"
    ).says("""A new zip code is one that the model has never
        seen. This house stands in one of those that the model knows; only the label is lost.""")
    yield wrong("c", "most probable group taken for certain").says("""It is the most probable single zip code,
        and still improbable. All of them are possible, each with its share.""")
    yield wrong(
        "d", "raw mean for MrP"
    ).says("""The sampled small houses are few, and not spread over zip codes
        as the population's are.""")


# Graded: the first part -------------------------------------------------------------------------------


@question(
    "l11-raw-bias", topic="bias", revisit="11: A bad sample", idea=r"\bar{y}_{sample} - \bar{y}_{population}"
)
def raw_bias(homes):
    """Ask how far the raw mean of the bad sample is off."""
    homes, sample, _, _ = _population(homes)
    raw, true = sample["price"].mean(), homes["price"].mean()
    yield Number(raw - true, rel=2e-3, unit="dollars")
    yield wrong_sign(raw - true, "the estimate is above the truth, so the error is positive")
    yield wrong(
        raw, "raw mean for its error", did=r"\bar{y}_{sample}"
    ).says("""This is the raw mean itself. The
        question asks how far it lies above the mean of all your houses.""")
    yield wrong(
        true, "truth for error", did=r"\bar{y}_{population}"
    ).says("""This is the true mean. The question
        asks for the difference between the raw mean and it.""")
    yield wrong(raw / true - 1, "share for dollars").says("""This is the error as a share of the truth. The
        question asks for dollars.""")
    yield wrong(100 * (raw / true - 1), "percent for dollars").says("""This is the error in percent. The
        question asks for dollars.""")
    yield wrong(
        (means(sample) - means(homes)).mean(), "mean of the zip codes' errors", within=1.0
    ).says("""This is the mean of nine errors, one for each zip code. The question is about all houses
        together.""")
    yield wrong(sample["price"].std() / len(sample) ** 0.5, "standard error for bias").says("""This is the
        standard error of the raw mean: chance only. The question asks how far it really is off.""")
    yield thousands(raw - true)


@question("l11-weighted", topic="weighting", revisit="11: Weights", idea=r"\sum_k \frac{N_k}{N}\, \bar{y}_k")
def weighted(homes):
    """Ask for the mean poststratified by size class."""
    homes, sample, counts, _ = _population(homes)
    right = _weighted(homes, sample)
    yield Number(right, rel=5e-4, unit="dollars")
    yield from _not_repaired(sample["price"].mean(), homes["price"].mean(), _class_means(sample).mean())
    yield wrong(
        _weighted(homes, sample, upside_down=True), "ratio upside down"
    ).says("""Your weights are upside
        down: they make the agency's preference stronger.""")
    by_zipcode = (means(sample) * homes[G].value_counts(normalize=True)).sum()
    yield wrong(
        by_zipcode, "zip codes for size classes"
    ).says("""You sorted the houses by zip code. The agency
        preferred large houses, so the cells must be size classes.""")
    model = _overall(_predicted(fits(MODEL, sample)[0], counts), counts)
    yield half(model, "model for weights", within=1.0).says("""This is the estimate of MrP. The question asks
        for class means of the sample, without a model.""")
    yield thousands(right)


@question(
    "l11-shares", topic="poststratification table", revisit="11: Many cells, few sales", idea=r"N_{jk} / N_j"
)
def shares(homes):
    """Ask for the share of each size class in each zip code of the population."""
    _, _, counts, sampled = _population(homes)
    right = counts.div(counts.sum(axis=1), axis=0)
    yield Table(right, rel=2e-3, abs=2e-4, group=G)
    yield half(
        counts.astype(float), "count for share", did=r"N_{jk}"
    ).says("""These are numbers of houses. Divide
        each row by its sum.""")
    yield wrong(
        counts / counts.to_numpy().sum(), "shares of all houses", did=r"N_{jk} / N"
    ).says("""Your table
        adds up to 1 as a whole. Here each row must: it is about the houses of one zip code.""")
    yield wrong(
        counts / counts.sum(), "shares within size classes", did=r"N_{jk} / N_k"
    ).says("""Your columns add
        up to 1: how the houses of a size class are spread over zip codes. Here each row must add up to 1.""")
    yield wrong(
        sampled.div(sampled.sum(axis=1), axis=0), "sample's sizes for the population's"
    ).says("""These are
        the shares in the sample, with the agency's preference in them. The question asks for the
        population.""")
    yield wrong(
        right * 0 + counts.sum() / counts.to_numpy().sum(), "one mix for all zip codes"
    ).says("""You gave
        all zip codes the same shares. Each has its own.""")
    yield percent(right)


@question(
    "l11-mrp",
    topic="MrP",
    revisit="11: Partial pooling, then the county's sizes",
    idea=r"\frac{\sum_k N_{jk} (\hat\alpha_j + \hat\beta_k)}{\sum_k N_{jk}}",
)
def mrp(homes):
    """Ask for the MrP estimates of the zip codes."""
    homes, sample, counts, sampled = _population(homes)
    reml, ml = fits(MODEL, sample)
    predicted = _predicted(reml, counts)
    right = _by_zipcode(predicted, counts)
    yield ByGroup(right, rel=2e-3, group=G, unit="dollars")
    yield from _cells_averaged_wrongly(predicted, counts, sampled)
    yield wrong(
        estimates(reml), "intercept for group mean", did=r"\hat\alpha_j"
    ).says("""These are the intercepts
        of the zip codes: predictions for their small houses. Average the predictions of all four
        classes.""")
    yield wrong(means(sample), "raw mean for MrP").says("These are the raw means of the sampled houses.")
    yield wrong(
        means(homes), "truth for estimate"
    ).says("""These are the true means. The question asks what MrP
        makes of the sample.""")
    yield from _other_poolings(sample, counts)
    without = estimates(fits("price ~ (1 | zipcode)", sample)[0])
    yield wrong(
        without, "predictor forgotten"
    ).says("""These are partially pooled means without the size class in
        the model: the agency's preference is still in them.""")
    yield ml_for_reml(_by_zipcode(_predicted(ml, counts), counts))
    yield thousands(right)


def _cells_averaged_wrongly(predicted, counts, sampled):
    yield wrong(
        _by_zipcode(predicted, sampled),
        "sample's sizes for the population's",
        did=r"n_{jk}\ \text{for}\ N_{jk}",
    ).says("""You weighted the cells by the sampled houses. The numbers of houses must come from the
        population, or the agency's preference stays.""")
    yield wrong(
        predicted.mean(axis=1), "each cell counted the same"
    ).says("""These are plain means of the four
        predictions in each zip code. Cells have different numbers of houses.""")
    mix = counts.sum() / counts.to_numpy().sum()
    yield wrong(
        (predicted * mix).sum(axis=1), "one mix for all zip codes"
    ).says("""You weighted the cells of every
        zip code by the size classes of all nine together. Each zip code has its own houses.""")


def _other_poolings(sample, counts):
    from mlmkit import complete_pooling, no_pooling

    of_none = _by_zipcode(_predicted(no_pooling(MODEL, sample), counts), counts)
    yield wrong(
        of_none, "no pooling for partial pooling"
    ).says("""These come from a fit that gives each zip code
        a level of its own, without pooling.""")
    of_all = _by_zipcode(_predicted(complete_pooling(MODEL, sample), counts), counts)
    yield wrong(
        of_all, "complete pooling for partial pooling"
    ).says("""These come from a fit without zip codes:
        all of them have the same level.""")


def _root_mean_square(errors):
    return float(np.sqrt((errors**2).mean()))


@question(
    "l11-errors",
    topic="errors",
    revisit="11: Errors that can be measured",
    idea=r"\sqrt{\frac{1}{9} \sum_j (\hat\mu_j - \mu_j)^2}",
)
def errors(homes):
    """Ask for the typical errors of raw means and of MrP."""
    homes, sample, counts, _ = _population(homes)
    estimated = {"raw": means(sample), "mrp": _by_zipcode(_predicted(fits(MODEL, sample)[0], counts), counts)}
    off = {name: one - means(homes) for name, one in estimated.items()}

    def each(measure):
        return {name: float(measure(one)) for name, one in off.items()}

    right = each(_root_mean_square)
    yield ByGroup(right, rel=1e-2, unit="dollars", group="method", in_order=True)
    yield half(
        each(lambda e: (e**2).mean()), "root forgotten", did=r"\frac{1}{9} \sum_j (\hat\mu_j - \mu_j)^2"
    ).says("These are means of squared errors, in squared dollars. Take the square roots.")
    yield wrong(
        each(np.mean), "mean error for typical error", did=r"\frac{1}{9} \sum_j (\hat\mu_j - \mu_j)"
    ).says("These are plain means of the errors, in which errors above and below the truth cancel.")
    yield half(
        each(lambda e: e.abs().mean()), "mean absolute error", did=r"\frac{1}{9} \sum_j |\hat\mu_j - \mu_j|"
    ).says("""These are means of the errors without their signs. The question asks for the root of the mean
        square.""")
    yield wrong(
        each(lambda e: (e**2).sum() ** 0.5), "sum for mean"
    ).says("""You took the root of the sum of squares.
        Take the mean of the squares over the nine zip codes.""")
    yield wrong(
        each(np.std), "spread of the errors", did=r"\mathrm{sd}(\hat\mu_j - \mu_j)"
    ).says("""This is the
        standard deviation of the errors around their own mean. The bias is taken out of it, and it
        belongs in.""")
    yield wrong(
        each(lambda e: e.std()), "spread of the errors", did=r"\mathrm{sd}(\hat\mu_j - \mu_j)"
    ).says("""This is
        the standard deviation of the nine errors around their own mean. The bias is missing in it.""")
    n = homes[G].value_counts(normalize=True)
    yield half(each(lambda e: (e**2 * n).sum() ** 0.5), "rows counted instead of groups").says("""You weighted
        the zip codes by their numbers of houses. The question counts each zip code once.""")
    yield half({"raw": right["mrp"], "mrp": right["raw"]}, "methods exchanged").says(
        "The two numbers have changed places."
    )


# Graded: the second part ------------------------------------------------------------------------------


@question(
    "l11-mrp-log",
    topic="logarithms",
    revisit="11: A better model of prices",
    idea=r"\frac{\sum_k N_{jk}\, e^{\hat\alpha_j + \hat\beta_k + \hat\sigma_y^2 / 2}}{\sum_k N_{jk}}",
)
def mrp_log(homes):
    """Ask for mean prices by MrP with a model of log prices."""
    homes, sample, counts, sampled = _population(homes)
    reml, _ = fits(LOG_MODEL, sample)
    logs, sigma = _predicted(reml, counts), reml.sigma
    predicted = _lognormal_mean(logs, sigma)
    right = _by_zipcode(predicted, counts)
    yield ByGroup(right, rel=3e-3, group=G, unit="dollars")
    yield _median_for_mean(_by_zipcode(np.exp(logs), counts))
    yield _sd_in_exponent(_by_zipcode(np.exp(logs + sigma / 2), counts))
    yield _half_forgotten(_by_zipcode(np.exp(logs + sigma**2), counts))
    mean_logs = _by_zipcode(logs, counts)
    yield half(
        np.exp(mean_logs + sigma**2 / 2),
        "averaged before the exponential",
        did=r"e^{\sum_k N_{jk} \mu_{jk} / N_j + \sigma^2 / 2}",
    ).says(
        """You averaged logarithms and then took the exponential. Go back to dollars in each cell first."""
    )
    yield wrong(
        np.exp(mean_logs), "averaged before the exponential"
    ).says("""You averaged logarithms, and took the
        exponential at the end. Go back to dollars in each cell first, with half the variance.""")
    yield wrong(
        mean_logs, "logarithms for dollars"
    ).says("""These are mean logarithms. The question asks for mean
        prices in dollars.""")
    yield from _cells_averaged_wrongly(predicted, counts, sampled)
    in_dollars = _by_zipcode(_predicted(fits(MODEL, sample)[0], counts), counts)
    yield wrong(
        in_dollars, "outcome in dollars for its logarithm"
    ).says("""These are the estimates of the first
        part, from the model of prices in dollars.""")
    yield wrong(
        means(homes), "truth for estimate"
    ).says("""These are the true means. The question asks what MrP
        makes of the sample.""")


def _quantiles(draws):
    values = np.quantile(draws, JUDGED)
    return {"quantiles": dict(zip(JUDGED, map(float, values), strict=True))}


@question(
    "l11-draws",
    topic="posterior",
    revisit="11: How sure is it?",
    idea=r"\frac{\sum_{jk} N_{jk}\, e^{\mu_{jk} + \sigma_y^2 / 2}}{\sum_{jk} N_{jk}}",
)
def draws(homes):
    """Ask for posterior draws of the mean of all houses."""
    _, sample, counts, sampled = _population(homes)
    fit = posterior(LOG_MODEL, sample)
    logs = fit.posterior_linpred(_cells(counts)).to_numpy()
    sigma = fit.draws["sigma"].to_numpy()[:, np.newaxis]
    prices = _lognormal_mean(logs, sigma)
    share, of_sample = (one.to_numpy().ravel() / one.to_numpy().sum() for one in (counts, sampled))
    worth = fit.diagnostics().report["importance_ess"]
    yield Draws(**_quantiles(prices @ share), at_least=MANY_DRAWS, size=worth, unit="dollars")
    yield wrong(
        _quantiles(prices @ of_sample), "sample's sizes for the population's"
    ).says("""You weighted the
        cells by the sampled houses. The numbers of houses must come from the population.""")
    yield wrong(
        _quantiles(prices.mean(axis=1)), "each cell counted the same"
    ).says("""You took the plain mean of
        all cells. Cells have different numbers of houses.""")
    yield _median_for_mean(_quantiles(np.exp(logs) @ share))
    yield wrong(
        _quantiles(logs @ share), "logarithms for dollars"
    ).says("""These are draws of a mean logarithm. The
        question asks for dollars.""")
    noise = np.random.default_rng(7).standard_normal(logs.shape)
    yield half(_quantiles(np.exp(logs + sigma * noise) @ share), "houses for mean prices").says("""These draws
        spread too much: they average one invented house for each cell. The question asks for the mean price
        of all houses, so take the mean of each cell.""")


@question("l11-dear", topic="bias", revisit="11: Where it fails")
def dear(homes):
    """Ask how wrong MrP is when the selection looked at the price."""
    homes, sample, counts, _ = _population(homes)
    true, listed = homes["price"].mean(), dear_sample(homes)
    estimate = _overall(_predicted(fits(MODEL, listed)[0], counts), counts)
    good = _overall(_predicted(fits(MODEL, sample)[0], counts), counts)
    yield Number(estimate - true, rel=1e-2, unit="dollars")
    yield wrong_sign(estimate - true, "the estimate is above the truth, so the error is positive")
    yield wrong(estimate, "estimate for its error").says("""This is the estimate. The question asks how far it
        lies above the truth.""")
    yield wrong(
        listed["price"].mean() - true, "raw mean for MrP"
    ).says("""This is the error of the raw mean of
        this sample. The question asks for the error that is left after MrP.""")
    yield wrong(
        good - true, "first sample for the second"
    ).says("""This is the error of MrP from my_sample. The
        question is about the sample that selects on the price.""")
    yield half(
        _weighted(homes, listed) - true, "weights for model"
    ).says("""You weighted by size class, without the
        model of zip codes.""")
    yield wrong(
        estimate - listed["price"].mean(), "sample mean for truth"
    ).says("""You compared with the mean of
        the listed houses. The truth is the mean of all your houses.""")
    yield thousands(estimate - true)


@question(
    "l11-unseen",
    topic="prediction",
    revisit="11: Where it fails",
    idea=r"\frac{\sum_k N_{jk} (\hat\mu_\alpha + \hat\beta_k)}{\sum_k N_{jk}}",
)
def unseen(homes):
    """Ask for the MrP estimate of a zip code without a sale in the sample."""
    homes, sample, counts, sampled = _population(homes)
    from mlmkit import complete_pooling

    first = counts.index[0]
    rest = sample[sample[G] != first]
    reml, full = fits(MODEL, rest)[0], fits(MODEL, sample)[0]
    predicted = _predicted(reml, counts)
    right = _by_zipcode(predicted, counts)[first]
    yield Number(right, rel=3e-3, unit="dollars")
    yield wrong(
        _by_zipcode(_predicted(full, counts), counts)[first], "group's own sales not removed"
    ).says("""This
        is the estimate with the zip code's own sales in the fit. Remove them first.""")
    yield wrong(
        predicted.loc[first].mean(), "each cell counted the same"
    ).says("""This is the plain mean of four
        predictions. The cells have different numbers of houses.""")
    yield wrong(
        reml.fixef[ONE], "intercept for group mean"
    ).says("""This is the fixed intercept: a small house in
        an average zip code. Average the predictions of all four classes.""")
    flat = complete_pooling(MODEL, rest)
    yield half(
        _by_zipcode(_predicted(flat, counts), counts)[first], "complete pooling for partial pooling"
    ).says("""This comes from a fit without zip codes. It counts houses, where the model counts zip codes.""")
    others = _by_zipcode(predicted, counts).drop(first).mean()
    yield half(
        others, "mean of the other groups", within=1.0
    ).says("""This is the mean of the other zip codes'
        estimates, with their mix of houses. This zip code has its own mix, and it is known.""")
    mix = counts.sum() / counts.to_numpy().sum()
    yield half(
        (predicted.loc[first] * mix).sum(), "one mix for all zip codes"
    ).says("""You weighted its cells by the
        size classes of all nine zip codes together. It has its own houses.""")
    yield wrong(
        means(homes)[first], "truth for estimate"
    ).says("""This is the truth. The question asks what MrP can
        say without any sale from there.""")
    yield wrong(
        means(sample)[first], "raw mean for MrP"
    ).says("""This is the raw mean of the sales that should be
        removed.""")
    yield wrong(_by_zipcode(predicted, sampled)[first], "sample's sizes for the population's").says(
        """You weighted the cells by the sampled houses. The numbers of houses come from the population."""
    )


@question("l11-hopeless", topic="bias", revisit="11: Where it fails")
def hopeless():
    """Ask which bad sample can't be repaired."""
    yield Choice("c")
    yield wrong(
        "a", "preference in the cells taken for hopeless"
    ).says("""Here the preference looks at the size
        class, and the cells know it: that is what the lesson repaired.""")
    yield wrong(
        "b", "preference for groups taken for hopeless"
    ).says("""Here the preference looks at the zip code,
        and the cells know it. Within a cell all houses have the same chance.""")
    yield wrong("d", "empty cell taken for hopeless").says("""The class is known from other zip codes, and the
        level of these three from their other houses. The model predicts the empty cells.""")
