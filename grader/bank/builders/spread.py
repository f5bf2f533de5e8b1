"""One measure of spread taken for another. These builders take the wrong answer, two of them the sales."""

from grader.bank.builders.mistake import Unsaid, half, opening, wrong
from grader.bank.parts import means


def variance_for_sd(variance, this=None, credit=0.5):
    """Recognise a variance where a standard deviation in dollars is asked for."""
    this = this or opening(variance, "This is the variance", "These are variances")
    root = "Its square root is" if this.startswith("This") else "Their square roots are"
    return Unsaid(variance, "variance for standard deviation", credit).says(f"""{this}, in squared dollars.
        {root} in dollars.""")


def sds_for_variances(value, wants="The formula wants their squares, the variances", credit=0.5):
    """Recognise a formula for variances, used with standard deviations."""
    return Unsaid(value, "standard deviations for variances", credit).says(f"""You used the standard
        deviations. {wants}.""")


def sds_exchanged(value):
    """Recognise the formula of the weights with its two standard deviations in each other's place."""
    return wrong(value, "standard deviations exchanged").says("""The two standard deviations have changed
        places. The number of sales makes the own mean more precise, so it belongs to the standard deviation
        within zip codes.""")


def sds_added(value, credit=0.0):
    """Recognise standard deviations added where independent sources add as squares."""
    return Unsaid(value, "standard deviations added", credit).says("""You added standard deviations. For
        independent sources it is their squares that add.""")


def mean_for_sd(mean, this="This is the intercept, the mean of the zip codes"):
    """Recognise a mean where a standard deviation is asked for."""
    return wrong(mean, "mean for standard deviation").says(f"{this}. The question asks how much they differ.")


def residual_for_group(sd, this="This is the residual standard deviation"):
    """Recognise the spread within zip codes where that between them is asked for."""
    return wrong(sd, "residual for group standard deviation").says(f"""{this}: how much houses differ within a
        zip code. The question asks how much the zip codes themselves differ.""")


def sd_of_all_prices(sales):
    """Recognise the standard deviation of all prices where one of its two parts is asked for."""
    return wrong(sales["price"].std(), "standard deviation of all prices").says("""This is the standard
        deviation of all prices together. It mixes the differences between zip codes with the differences
        inside them.""")


def spread_of_plain_means(sales):
    """Recognise the standard deviation of the plain means for that of the zip codes.

    It lies within a fraction of a percent of the right answer for many students, as near as statsmodels
    comes to it. But it has a closed formula: it is recognised by its digits.
    """
    return half(means(sales).std(), "spread of the plain means").says("""This is the standard
        deviation of the nine plain means. They also differ by the luck of which houses were sold; the model
        takes that part out. With many sales the two numbers are close.""")


def one_sd_for_two(interval, of="houses"):
    """Recognise an interval of one standard deviation to each side where two are asked for."""
    return half(interval, "one standard deviation for two").says(f"""This reaches one standard deviation to
        each side. It holds about two {of} in three.""")
