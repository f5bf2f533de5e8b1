"""What questions take from the sales and from a fit, each under a short name."""

G, ONE = "zipcode", "(Intercept)"


def prices(sales):
    """Group the prices by zip code."""
    return sales.groupby(G, observed=True)["price"]


def means(sales):
    """Take the plain mean price of each zip code: no pooling."""
    return prices(sales).mean()


def sizes(sales):
    """Count the sales of each zip code."""
    return prices(sales).size()


def first_ten(sales):
    """Keep the first ten sales of each zip code. With ten, no student's fit of lesson 01 is singular."""
    return sales.groupby(G, observed=True).head(10)


def same_for_all(number, like):
    """Give every zip code of a Series the same number."""
    return like * 0 + number


def centre(fit):
    """Take the fixed intercept: the mean of the zip codes."""
    return fit.fixef[ONE]


def effects(fit, term=ONE):
    """Take each zip code's random effect."""
    return fit.ranef[G][term]


def estimates(fit, term=ONE):
    """Take each zip code's intercept or slope, fixed plus random."""
    return fit.coef[G][term]


def sd_between(fit, term=ONE):
    """Take the standard deviation between zip codes."""
    return fit.varcorr[G].sd[term]


def sds(fit):
    """Take the standard deviations between and within zip codes."""
    return sd_between(fit), fit.sigma


def around(middle, half):
    """Make an interval."""
    return {"lower": middle - half, "upper": middle + half}
