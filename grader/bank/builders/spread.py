"""One measure of spread taken for another. These builders take the wrong answer; one takes the sales.

`did` says in symbols what was computed; some have it already, for those whose computation is always the same.
"""

from grader.bank.builders.mistake import Unsaid, half, opening, wrong


def variance_for_sd(variance, this=None, credit=0.5, within=None, did=r"\sigma^2"):
    """Recognise a variance where a standard deviation in dollars is asked for."""
    this = this or opening(variance, "This is the variance", "These are variances")
    root = "Its square root is" if this.startswith("This") else "Their square roots are"
    return Unsaid(variance, "variance for standard deviation", credit, within, did).says(
        f"""{this}, in squared dollars. {root} in dollars."""
    )


def sds_for_variances(value, wants="The formula wants their squares, the variances", credit=0.5, did=""):
    """Recognise a formula for variances, used with standard deviations."""
    return Unsaid(value, "standard deviations for variances", credit, did=did).says(f"""You used the standard
        deviations. {wants}.""")


def sds_exchanged(value):
    """Recognise the formula of the weights with its two standard deviations in each other's place."""
    did = r"\frac{n_j / \sigma_\alpha^2}{n_j / \sigma_\alpha^2 + 1 / \sigma_y^2}"
    return wrong(value, "standard deviations exchanged", did=did).says(
        """The two standard deviations have changed places. The number of sales makes the own mean more
        precise, so it belongs to the standard deviation within zip codes."""
    )


def sds_added(value, credit=0.0, did=r"\sigma_1 + \sigma_2"):
    """Recognise standard deviations added where independent sources add as squares."""
    return Unsaid(value, "standard deviations added", credit, did=did).says(
        """You added standard deviations. For independent sources it is their squares that add."""
    )


def mean_for_sd(mean, this="This is the intercept, the mean of the zip codes", within=None, did=r"\mu"):
    """Recognise a mean where a standard deviation is asked for."""
    return wrong(mean, "mean for standard deviation", within=within, did=did).says(
        f"{this}. The question asks how much they differ."
    )


def residual_for_group(sd, this="This is the residual standard deviation", within=None, did=r"\sigma_y"):
    """Recognise the spread within zip codes where that between them is asked for."""
    return wrong(sd, "residual for group standard deviation", within=within, did=did).says(f"""{this}: how
        much houses differ within a zip code. The question asks how much the zip codes themselves differ.""")


def sd_of_all_prices(sales):
    """Recognise the standard deviation of all prices where one of its two parts is asked for."""
    did = r"\sqrt{\frac{1}{n - 1} \sum_i (y_i - \bar y_{all})^2}"
    return wrong(sales["price"].std(), "standard deviation of all prices", did=did).says(
        """This is the standard deviation of all prices together. It mixes the differences between zip
        codes with the differences inside them."""
    )


def spread_of_nine(plain, estimates):
    """Recognise the standard deviation of nine numbers for the estimated one of all zip codes.

    Both lie within a fraction of a percent of the right answer for many students, as near as statsmodels
    comes to it. They are recognised by their digits.

    Parameters
    ----------
    plain, estimates : Series
        The means by zip code of no pooling, and those of partial pooling.
    """
    for divisor, by, ddof in (("", "J - 1", 1), (", divided by nine instead of eight", "J", 0)):
        of_means, of_estimates = (
            rf"\sqrt{{\frac{{1}}{{{by}}} \sum_j ({one} - m)^2}}" for one in (r"\bar y_j", r"\hat\alpha_j")
        )
        yield half(
            plain.std(ddof=ddof), "spread of the plain means", did=of_means
        ).says(f"""This is the standard deviation
            of the nine plain means{divisor}. They also differ by the luck of which houses were sold; the
            model takes that part out. With many sales the two numbers are close.""")
        yield half(
            estimates.std(ddof=ddof), "spread of the estimates", did=of_estimates
        ).says(f"""This is the standard
            deviation of the nine partial-pooling estimates{divisor}. These are pulled together, so they
            differ less than the zip codes do. The model estimates how much those differ.""")


def one_sd_for_two(interval, of="houses", did=r"\text{middle} \pm 1\,\text{sd}"):
    """Recognise an interval of one standard deviation to each side where two are asked for."""
    return half(interval, "one standard deviation for two", did=did).says(
        f"""This reaches one standard deviation to each side. It holds about two {of} in three."""
    )
