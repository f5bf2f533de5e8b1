"""Standard errors and Monte Carlo errors taken for something else. These builders take the wrong answer."""

from grader.bank.builders.mistake import Unsaid, half, opening, wrong


def se_for_sd(se, asked, known="mean"):
    """Recognise the fixed intercept's standard error where a standard deviation is asked for."""
    return wrong(se, "standard error for standard deviation").says(f"""This is the standard error of the fixed
        intercept: how well the {known} is known. The question asks how much {asked} differ.""")


def se_for_estimate(se, of):
    """Recognise a standard error where the estimate itself is asked for."""
    says = opening(
        se,
        f"This is the standard error of {of}: how uncertain it is, not how large.",
        f"These are the standard errors of {of}: how uncertain each one is, not how large.",
    )
    return wrong(se, "standard error for the estimate").says(says)


def one_se_for_two(interval, this="This interval reaches one standard error to each side. It holds"):
    """Recognise an interval of one standard error to each side where two are asked for."""
    return half(interval, "one standard error for two").says(f"""{this} the true value only about two times in
        three.""")


def draws_for_ess(error, credit=0.5):
    """Recognise a Monte Carlo error from the number of draws, where they are worth fewer independent ones."""
    return Unsaid(error, "number of draws for effective sample size", credit).says("""You counted all 4,000
        draws as independent. They are worth fewer.""")


def root_forgotten(error):
    """Recognise an error of a mean that falls with the number itself instead of its square root."""
    return wrong(error, "square root forgotten").says("""The error of a mean falls with the square root of the
        number of draws.""")
