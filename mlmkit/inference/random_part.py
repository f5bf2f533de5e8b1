"""Which group effects a prediction uses: lme4's ``re.form``."""

from mlmkit.frame.expressions import UnreadableError
from mlmkit.frame.formula import FormulaError, parse
from mlmkit.frame.terms import read_terms

NONE = ("NA", "~0", "~NA")


def random_part(design, random=True, re_form=None):
    """Mark the varying columns that are used.

    Parameters
    ----------
    design : Design
        The model's columns.
    random : bool
        False for none.
    re_form : str or None
        None for all; ``"~ (1 | school)"`` for these only; ``"~ 0"`` or ``"NA"`` for none.

    Returns
    -------
    list of list of bool
        For each grouping factor, a mark for each of its columns.

    Raises
    ------
    ValueError
        If `re_form` asks for what the model lacks, or both are given.
    """
    if not isinstance(random, bool):
        raise TypeError(f"random is {random!r}. It is True or False; choose single terms with re_form.")
    if re_form is not None and not random:
        raise ValueError("Give either random=False (no group effects) or re_form, not both.")
    none = not random or (isinstance(re_form, str) and re_form.replace(" ", "") in NONE)
    marks = [[re_form is None and not none] * len(factor.names) for factor in design.factors]
    if none or re_form is None:
        return marks
    for bar in _bars(re_form, design):
        place = next((k for k, factor in enumerate(design.factors) if factor.label == bar.label), None)
        if place is None:
            valid = ", ".join(factor.label for factor in design.factors)
            raise ValueError(
                f"re_form names the groups '{bar.label}'. The model's grouping factors are: {valid}."
            )
        labels = [label for term in design.factors[place].terms for label in term.columns.labels]
        for label in _labels(bar):
            if label not in labels:
                shown = ", ".join(dict.fromkeys(each or "1" for each in labels))
                raise ValueError(
                    f"re_form lets '{label or '1'}' vary between the groups of {bar.label}; "
                    f"in the model these do: {shown}."
                )
            marks[place] = [mark or own == label for mark, own in zip(marks[place], labels, strict=True)]
    return marks


def _bars(re_form, design):
    text = str(re_form).strip()
    try:
        parsed = parse("outcome " + (text if text.startswith("~") else "~ " + text))
    except FormulaError as problem:
        raise ValueError(f"re_form={re_form!r} can't be read: {problem.message}") from None
    if not parsed.bars or parsed.fixed not in ("0", "1"):
        example = f"~ (1 | {design.factors[0].label})" if design.factors else "~ 0"
        raise ValueError(f"re_form={re_form!r} must hold random-effects terms only, such as {example!r}.")
    return parsed.bars


def _labels(bar):
    """List the terms left of a bar; the intercept is the empty label."""
    try:
        terms = read_terms(bar.columns)
    except UnreadableError as problem:
        raise ValueError(f"re_form: {problem}") from None
    return ([""] if terms.intercept else []) + terms.labels()
