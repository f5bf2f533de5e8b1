"""Mistakes that several questions share, each computed from the sales and the reference fits."""

from grader.bank import Mistake

G = "zipcode"


def prices_by_group(sales):
    """Group the prices by zip code."""
    return sales.groupby(G, observed=True)["price"]


def same_for_all(number, sales):
    """Give every zip code the same number."""
    return prices_by_group(sales).mean() * 0 + number


def estimates(fit):
    """Take each zip code's intercept, fixed plus random."""
    return fit.coef[G]["(Intercept)"]


def sd_between(fit):
    """Take the standard deviation between zip codes."""
    return fit.varcorr[G].sd["(Intercept)"]


def about_group_means(sales, reml):
    """List what is given instead of the mean price of each zip code."""
    prices = prices_by_group(sales)
    means = prices.mean()
    return [
        Mistake(
            estimates(reml),
            name="partial pooling for no pooling",
            says="These are partial-pooling estimates: each one is pulled a little towards the mean of the "
            "zip codes. No pooling uses the sales of that zip code alone.",
            credit=0.5,
        ),
        Mistake(
            prices.median(),
            name="median for mean",
            says="These are the medians of the prices. The model estimates means.",
        ),
        Mistake(
            means - sales["price"].mean(),
            name="differences for means",
            says="These are differences to the mean of all houses. The question asks for the mean prices "
            "themselves.",
        ),
        Mistake(
            means / 1000,
            name="thousands of dollars",
            says="These are in thousands of dollars. The question asks for dollars.",
            credit=0.5,
        ),
        Mistake(
            same_for_all(sales["price"].mean(), sales),
            name="complete pooling for no pooling",
            says="This is one number for all zip codes: complete pooling. No pooling has a number for each "
            "zip code.",
        ),
        Mistake(
            prices.std(),
            name="standard deviations for means",
            says="These tell how much prices differ inside each zip code. The question asks for their means.",
        ),
    ]


def about_sd_within(sales, reml, ml):
    """List what is given instead of the residual standard deviation."""
    prices = prices_by_group(sales)
    return [
        Mistake(
            reml.sigma**2,
            name="variance for standard deviation",
            says="This is the variance, in squared dollars. Its square root is in dollars.",
            credit=0.5,
        ),
        Mistake(
            sd_between(reml),
            name="group for residual standard deviation",
            says="This is how much the zip codes differ from each other. The question asks how much houses "
            "in the same zip code differ.",
        ),
        Mistake(
            sales["price"].std(),
            name="standard deviation of all prices",
            says="This is the standard deviation of all prices together. It mixes the differences between "
            "zip codes with the differences inside them.",
        ),
        Mistake(
            prices.std().mean(),
            name="mean of the groups' standard deviations",
            says="This is the mean of the nine standard deviations. The model has one standard deviation "
            "for all zip codes, which averages variances and counts the sales.",
            credit=0.5,
        ),
        Mistake(
            reml.se_fixef["(Intercept)"],
            name="standard error for standard deviation",
            says="This is the standard error of the fixed intercept: how well the mean is known. The "
            "question asks how much single houses differ.",
        ),
        Mistake(
            sd_between(ml),
            name="group for residual standard deviation",
            says="This is a standard deviation between zip codes. The question asks about houses in the "
            "same zip code.",
        ),
    ]


def spread_of_plain_means(sales):
    """Take the standard deviation of the plain means for that of the zip codes.

    It lies within a fraction of a percent of the right answer for many students, as near as statsmodels
    comes to it. But it has a closed formula: it is recognised by its digits.
    """
    return Mistake(
        prices_by_group(sales).mean().std(),
        name="spread of the plain means",
        says="This is the standard deviation of the nine plain means. They also differ by the luck of which "
        "houses were sold; the model takes that part out. With many sales the two numbers are close.",
        credit=0.5,
        exact=True,
    )


def about_formula(outcome, group):
    """List what is written instead of ``outcome ~ (1 | group)``."""
    return [
        Mistake(
            f"{outcome} ~ {group}",
            name="no-pooling formula",
            says="This formula gives each group a coefficient of its own and nothing in common: no pooling. "
            "Partial pooling needs a term with a bar.",
        ),
        Mistake(
            f"{outcome} ~ 1",
            name="complete-pooling formula",
            says="This formula has one mean for all houses: complete pooling. The groups don't appear in it.",
        ),
        Mistake(
            f"{group} ~ (1 | {outcome})",
            name="outcome and group swapped",
            says="The outcome and the grouping factor have changed places. The outcome stands to the left "
            "of the ~, the grouping factor to the right of the bar.",
        ),
        Mistake(
            f"{outcome} ~ ({group} | 1)",
            name="bar turned round",
            says="The bar is the right idea, but the two sides have changed places: what varies stands on "
            "the left of it, the groups on the right.",
        ),
        Mistake(
            f"{outcome} ~ (0 + {group} | {group})",
            name="grouping factor as a varying slope",
            says="What varies here is an effect of the grouping factor inside each of its own groups. Only "
            "the intercept, written 1, shall vary.",
        ),
    ]
