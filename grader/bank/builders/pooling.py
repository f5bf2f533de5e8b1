"""Another estimate, another criterion, or other sales than the question is about.

`did` says in symbols what was computed; some have it already, for those whose computation is always the same.
"""

from grader.bank.builders.mistake import Unsaid, half, opening


def ml_for_reml(value, this=None, use="Where a question doesn't say otherwise, use REML", did=""):
    """Recognise a maximum likelihood fit where REML is asked for."""
    this = this or f"{opening(value, 'This comes', 'These come')} from a fit with REML=False"
    return half(value, "ML for REML", did=did).says(f"{this}. {use}.")


def ranef_for_coef(
    ranef, centre="mean of the zip codes", credit=0.0, within=None, did=r"\hat\alpha_j - \hat\mu_\alpha"
):
    """Recognise random effects where fixed plus random is asked for."""
    return Unsaid(ranef, "ranef for coef", credit, within, did).says(f"""These are the random effects:
        differences from the {centre}. The question asks for mean prices.""")


def no_for_partial_pooling(
    own, this="These are the plain means of the sales", centre="mean of the zip codes", credit=0.0
):
    """Recognise each zip code's own mean where the partial-pooling estimate is asked for."""
    return Unsaid(own, "no pooling for partial pooling", credit, did=r"\bar y_j").says(
        f"""{this}: no pooling. Partial pooling pulls each of them towards the {centre}."""
    )


def median_for_mean(median, this=None):
    """Recognise a median where a mean is asked for."""
    this = this or opening(median, "This is the median of the prices", "These are the medians of the prices")
    mean = "the mean" if this.startswith("This") else "the means"
    return Unsaid(median, "median for mean", did=r"\text{median of the } y_i").says(
        f"{this}. The model estimates {mean}."
    )


def houses_for_centre(value, this="You pulled the mean towards the mean of all houses", credit=0.5):
    """Recognise the mean of all houses where the mean of the zip codes belongs."""
    did = r"w_j\,\bar y_j + (1 - w_j)\,\bar y_{all}"
    return Unsaid(value, "mean of houses for mean of zip codes", credit, did=did).says(
        f"""{this}. The fit pulls towards the mean of the zip codes, the fixed intercept."""
    )


def all_sales_for_sample(value, this, credit=0.5):
    """Recognise all sales where the question is about the small sample."""
    return Unsaid(value, "all sales for the small sample", credit).says(f"""{this} all your sales. The
        question is about the small sample.""")


def sample_for_all_sales(value, this="This comes from the fit to"):
    """Recognise the small sample where the question is about all sales."""
    return half(value, "small sample for all sales").says(f"""{this} the small sample. The question is about
        all your sales.""")
