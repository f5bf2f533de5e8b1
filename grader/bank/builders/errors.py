"""Standard errors and Monte Carlo errors taken for something else. These builders take the wrong answer.

`did` says in symbols what was computed.
"""

from grader.bank.builders.mistake import Unsaid, half, opening, wrong


def se_for_sd(se, asked, known="mean", did=r"\text{se}(\hat\mu_\alpha)"):
    """Recognise the fixed intercept's standard error where a standard deviation is asked for."""
    return wrong(se, "standard error for standard deviation", did=did).says(
        f"""This is the standard error of the fixed intercept: how well the {known} is known. The
        question asks how much {asked} differ."""
    )


def se_for_estimate(se, of, did=r"\text{se of the estimate}"):
    """Recognise a standard error where the estimate itself is asked for."""
    says = opening(
        se,
        f"This is the standard error of {of}: how uncertain it is, not how large.",
        f"These are the standard errors of {of}: how uncertain each one is, not how large.",
    )
    return wrong(se, "standard error for the estimate", did=did).says(says)


def one_se_for_two(
    interval,
    this="This interval reaches one standard error to each side. It holds",
    did=r"\text{estimate} \pm 1\,\text{se}",
    within=None,
):
    """Recognise an interval of one standard error to each side where two are asked for."""
    return half(interval, "one standard error for two", within=within, did=did).says(
        f"""{this} the true value only about two times in three."""
    )


def draws_for_ess(error, credit=0.5, did=r"\text{sd} / \sqrt{\text{number of draws}}"):
    """Recognise a Monte Carlo error from the number of draws, where they are worth fewer independent ones."""
    return Unsaid(error, "number of draws for effective sample size", credit, did=did).says(
        """You counted all 4,000 draws as independent. They are worth fewer."""
    )


def root_forgotten(error, did=r"\text{sd} / \text{ESS}"):
    """Recognise an error of a mean that falls with the number itself instead of its square root."""
    return wrong(error, "square root forgotten", did=did).says(
        """The error of a mean falls with the square root of the number of draws."""
    )
