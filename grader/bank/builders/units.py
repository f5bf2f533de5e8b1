"""The right number in a wrong unit, or with a wrong sign. These builders take the right answer.

`did` says in symbols what was computed.
"""

from grader.bank.builders.mistake import Unsaid, half, opening


def thousands(right, did=r"\text{dollars} / 1000"):
    """Recognise thousands of dollars where dollars are asked for."""
    this = opening(right, "This is", "These are")
    return half(right / 1000, "thousands of dollars", did=did).says(
        f"""{this} in thousands of dollars. The question asks for dollars."""
    )


def percent(share, credit=0.5, did=r"100 \times \text{share}"):
    """Recognise percent where a share is asked for."""
    says = opening(
        share,
        "This seems to be in percent. The question asks for a number between 0 and 1.",
        "These seem to be percentages. The question asks for numbers between 0 and 1.",
    )
    return Unsaid(100 * share, "percent for share", credit, did=did).says(says)


def count_for_share(share, many, of="draws", credit=0.5, did=r"\text{share} \times \text{number}"):
    """Recognise a count, out of `many`, where a share is asked for."""
    return Unsaid(many * share, "count for share", credit, did=did).says(
        f"""This seems to be a number of {of}. Divide it by how many {of} there are."""
    )


def wrong_sign(right, why, credit=0.5, did=""):
    """Recognise the right size with the wrong sign; `why` says which sign is right."""
    this = opening(right, "The size is right, the sign is not", "The sizes are right, the signs are not")
    return Unsaid(-right, "wrong sign", credit, did=did).says(f"{this}: {why}.")
