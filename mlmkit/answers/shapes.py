"""Read a decoded answer as the kind of thing a question asks for, or say in a sentence why it isn't.

Nothing here knows what is right: it knows kinds, labels and units only. So the same functions serve the
student's kernel, where `check` says at once that a form is wrong, and the grader.

Each reader takes the decoded answer (see `mlmkit.answers.encoding.decode`) and a *shape*, a plain dict
such as ``{"kind": "by_group", "group": "zipcode", "count": 9}``, and returns the value
or raises `BadAnswerError`.
"""

import math

from mlmkit.answers.draws_answer import SINGLE, summarise
from mlmkit.answers.encoding import BadAnswerError, DrawsAnswer, FigureAnswer, FitAnswer, TableAnswer, plain
from mlmkit.answers.same_model import canonical

_WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}
LEAST_SHARE = 0.25  # of the draws that a question asks for: effective draws below this are refused
MOST_RHAT = 1.01  # above it, chains have not found the same distribution ...
CHANCE = 34.0  # ... unless chance explains it: 8 half chains exceed sqrt(1 + 34 / ess) once in 10,000 times


def count_of(number, noun):
    """Write a count in words: ``count_of(9, "number")`` is "nine numbers"."""
    return f"one {noun}" if number == 1 else f"{_WORDS.get(number, f'{number:,}')} {noun}s"


def a_few(labels, limit=5):
    """Name some labels: the first few, then how many more."""
    shown = ", ".join(plain(label, 30) for label in labels[:limit])
    return shown if len(labels) <= limit else f"{shown} and {len(labels) - limit} more"


def wanted(shape):
    """Say what a question asks for: "one number (in USD)", "one number per zipcode (nine)"."""
    unit = f" (in {shape['unit']})" if shape.get("unit") else ""
    if shape["kind"] == "by_group":
        return f"one number per {shape.get('group') or 'group'}{_how_many(shape)}{unit}"
    if shape["kind"] == "choice":
        return "one of the letters " + ", ".join(f'"{option}"' for option in shape["options"])
    if shape["kind"] == "table":
        return f"a data frame with the columns {a_few(shape['columns'], 8)}{unit}"
    if shape["kind"] == "formula":
        return 'a model formula in quotes, such as "y ~ x + (1 | g)"'
    if shape["kind"] == "figure":
        return 'a figure: hand in the axes, as in check("…", ax)'
    if shape["kind"] == "draws":
        return _wanted_draws(shape, unit)
    return f"one number{unit}"


def _wanted_draws(shape, unit):
    if shape.get("group"):
        count = f" ({count_of(shape['count'], 'column')})" if shape.get("count") else ""
        return (
            f"simulation draws{unit}, a data frame with a column per {shape['group']}{count} "
            f"and at least {shape['at_least']:,} rows"
        )
    return f"at least {shape['at_least']:,} simulation draws of one quantity{unit}"


def _how_many(shape):
    labels = shape.get("labels") or []
    if 0 < len(labels) <= 4:
        return f" ({a_few(labels)})"
    return f" ({count_of(shape['count'], 'number')})" if shape.get("count") else ""


def described(answer):
    """Say what was handed in: "a list of nine values", "a fit"."""
    if isinstance(answer, bool):
        return f"the truth value {answer}"
    if isinstance(answer, float):
        return "a single number"
    if isinstance(answer, str):
        return f'the text "{plain(answer)}"'
    if isinstance(answer, dict):
        return f"{count_of(len(answer), 'number')} with labels ({a_few(list(answer), 3)})"
    if isinstance(answer, list):
        return f"a list of {count_of(len(answer), 'value')} without labels"
    if isinstance(answer, TableAnswer):
        rows, columns = count_of(len(answer.index), "row"), count_of(len(answer.columns), "column")
        return f"a data frame with {rows} and {columns}"
    if isinstance(answer, DrawsAnswer):
        return _described_draws(answer)
    return "a figure" if isinstance(answer, FigureAnswer) else "a fitted model"


def _described_draws(answer):
    rows = int(next(iter(answer.columns.values())).count)
    if list(answer.columns) == [SINGLE]:
        return f"{rows:,} numbers"
    return f"a data frame with {rows:,} rows and {count_of(len(answer.columns), 'column')}"


def _mismatch(answer, shape):
    return BadAnswerError(f"This question asks for {wanted(shape)}. Your answer is {described(answer)}.")


def finite(value, where=""):
    """Return a finite float, or raise `BadAnswerError`."""
    if isinstance(value, bool) or not isinstance(value, float):
        raise BadAnswerError(f"The value{where} is {described(value)}. A number is needed.")
    if math.isnan(value):
        raise BadAnswerError(
            f"The value{where} is NaN, not a number. Look for a missing value or a label that doesn't match."
        )
    if math.isinf(value):
        raise BadAnswerError(f"The value{where} is infinite. Look for a division by zero or an overflow.")
    return value


def read_number(answer, shape):
    """Read one finite number. A Series, list or table that holds exactly one value is that number."""
    original = answer
    if isinstance(answer, TableAnswer) and len(answer.index) == len(answer.columns) == 1:
        answer = answer.values[0]
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, bool) or not isinstance(answer, float):
        raise _mismatch(original, shape)
    return finite(answer)


def read_by_group(answer, shape):
    """Read finite numbers by group label, in any order."""
    if isinstance(answer, TableAnswer):
        answer = _two_columns(answer, shape)
    if isinstance(answer, list) and shape.get("in_order") and len(answer) == len(shape.get("labels", [])):
        answer = dict(zip(shape["labels"], answer, strict=True))
    if not isinstance(answer, dict):
        label = plain((shape.get("labels") or ["98010"])[0], 30)
        hint = f' Hand in a Series with the labels as its index, or a dict: {{"{label}": …, …}}.'
        raise BadAnswerError(f"{_mismatch(answer, shape)}{hint if isinstance(answer, list) else ''}")
    _compare_labels(list(answer), shape)
    return {label: finite(value, f" for {plain(label, 30)}") for label, value in answer.items()}


def _two_columns(table, shape):
    """Read a data frame with a column of labels and a column of numbers, as ``reset_index`` leaves it."""
    if len(table.columns) == 2 and all(isinstance(row[0], str) for row in table.values):
        labels = [row[0].strip() for row in table.values]
        if len(set(labels)) == len(labels):
            return {label: row[1] for label, row in zip(labels, table.values, strict=True)}
    raise _mismatch(table, shape)


def _compare_labels(labels, shape):
    group = shape.get("group") or "group"
    if shape.get("labels"):
        missing = sorted(set(shape["labels"]) - set(labels))
        extra = sorted(set(labels) - set(shape["labels"]))
        if missing or extra:
            parts = [f"missing: {a_few(missing)}"] * bool(missing) + [
                f"not asked for: {a_few(extra)}"
            ] * bool(extra)
            raise BadAnswerError(f"This question asks for {wanted(shape)}. By {group}, {'; '.join(parts)}.")
    elif shape.get("count") and len(labels) != shape["count"]:
        raise BadAnswerError(
            f"This question asks for {wanted(shape)}. Your answer has {count_of(len(labels), 'number')}, "
            f"labelled {a_few(sorted(labels), 3)}."
        )


def read_choice(answer, shape):
    """Read one of the options; capitals, blanks, brackets and full stops around it don't matter."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, bool):
        answer = str(answer)
    if not isinstance(answer, str):
        raise _mismatch(answer, shape)
    letter = answer.strip().strip("().:'\"").strip().casefold()
    for option in shape["options"]:
        if letter == option.casefold():
            return option
    raise _mismatch(answer, shape)


def read_formula(answer, shape):
    """Read the text of a model formula, from text or from a fit."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, FitAnswer):
        answer = answer.formula
    if not isinstance(answer, str):
        raise _mismatch(answer, shape)
    if not answer.strip():
        raise BadAnswerError("The formula is empty. Write it in quotes.")
    canonical(answer)  # one that can't be parsed says why
    return answer


def read_table(answer, shape):
    """Read a table with the wanted columns as a dict (row label, column label) to finite number."""
    if not isinstance(answer, TableAnswer):
        raise _mismatch(answer, shape)
    index, columns = list(answer.index), list(answer.columns)
    if len(set(index)) != len(index) or len(set(columns)) != len(columns):
        raise BadAnswerError("A row or a column label of your data frame appears more than once.")
    missing = sorted(set(shape["columns"]) - set(columns))
    extra = sorted(set(columns) - set(shape["columns"]))
    if missing or extra:
        parts = [f"missing columns: {a_few(missing)}"] * bool(missing)
        parts += [f"columns not asked for: {a_few(extra)}"] * bool(extra)
        raise BadAnswerError(f"This question asks for {wanted(shape)}; {'; '.join(parts)}.")
    _compare_labels(index, {**shape, "kind": "table"})
    return {
        (row, column): finite(value, f" in row {plain(row, 30)}, column {plain(column, 30)}")
        for row, values in zip(index, answer.values, strict=True)
        for column, value in zip(columns, values, strict=True)
    }


def read_draws(answer, shape):
    """Read enough finite draws, as a dict of label to `DrawsSummary`; the label is "" for one quantity."""
    columns = _draw_columns(answer)
    if columns is None:
        hint = "Don't summarise them: hand in the draws themselves." * isinstance(answer, float | dict)
        raise BadAnswerError(f"{_mismatch(answer, shape)} {hint}".strip())
    if shape.get("group"):
        if list(columns) == [SINGLE]:
            raise _mismatch(answer, shape)
        _compare_labels(list(columns), shape)
    elif len(columns) != 1:
        raise _mismatch(answer, shape)
    else:
        columns = {SINGLE: next(iter(columns.values()))}
    for label, summary in columns.items():
        _check_draws(summary, shape["at_least"], f" for {plain(label, 30)}" if label else "")
    return columns


def _draw_columns(answer):
    """Return label to summary, also for the few draws that travel as a list or a table; None for no draws."""
    if isinstance(answer, DrawsAnswer):
        return answer.columns
    if isinstance(answer, list):
        lists = {SINGLE: answer}
    elif isinstance(answer, TableAnswer):
        lists = dict(zip(answer.columns, zip(*answer.values, strict=True), strict=False))
    else:
        return None
    if not lists or any(isinstance(x, bool) or not isinstance(x, float) for xs in lists.values() for x in xs):
        return None
    return {label: summarise(values) for label, values in lists.items()}


def _check_draws(summary, at_least, where):
    if summary.count < at_least:
        raise BadAnswerError(
            f"Your answer has {int(summary.count):,} draws{where}. At least {at_least:,} are needed: "
            "with fewer, chance decides what they show."
        )
    if summary.not_finite:
        raise BadAnswerError(
            f"Of your {int(summary.count):,} draws{where}, {int(summary.not_finite):,} are NaN or infinite."
        )
    if summary.ess < at_least * LEAST_SHARE:
        raise BadAnswerError(
            f"Your {int(summary.count):,} draws{where} hang together: they are worth only about "
            f"{summary.ess:,.0f} independent ones. Are they sorted? Hand them in in the order in which they "
            "were drawn. If they come from a sampler, draw more."
        )
    if summary.rhat > max(MOST_RHAT, math.sqrt(1 + CHANCE / summary.ess)):
        raise BadAnswerError(
            f"Your {int(summary.count):,} draws{where} don't agree with one another: R-hat is "
            f"{summary.rhat:.3f}, and it should be below {MOST_RHAT}. Look at the chains, draw more, or "
            "choose another form of the model."
        )


def read_figure(answer, shape):
    """Read a figure on which something is drawn."""
    if not isinstance(answer, FigureAnswer):
        raise _mismatch(answer, shape)
    if not any(panel.marks for panel in answer.axes):
        raise BadAnswerError(
            "The figure is empty: it has no points, lines or bars. Hand in the axes on which you drew."
        )
    return answer


READERS = {
    "number": read_number,
    "by_group": read_by_group,
    "choice": read_choice,
    "formula": read_formula,
    "table": read_table,
    "draws": read_draws,
    "figure": read_figure,
}


def read(answer, shape):
    """Read a decoded answer in a question's shape, or raise `BadAnswerError` with a sentence."""
    return READERS[shape["kind"]](answer, shape)
