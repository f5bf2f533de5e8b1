"""The print-out of the lecture: what ``arm::display`` shows in R, in the same layout."""

from html import escape

from mlmkit.inference.varcorr import fixed_width, left_aligned


def display(fit, digits: int = 2) -> None:
    """Print a fit in the layout of ``arm::display``.

    Parameters
    ----------
    fit : fit of lmer, glmer, complete_pooling, no_pooling or another object with ``display_text``
        What to print.
    digits : int
        Decimals of estimates and standard deviations.

    Examples
    --------
    >>> from mlmkit import display, lmer, load_seattle
    >>> display(lmer("price ~ (1 | zipcode)", load_seattle()))
    lmer(formula = price ~ (1 | zipcode), data = seattle)
     coef.est   coef.se
    713204.24 195580.93
    <BLANKLINE>
    Error terms:
     Groups   Name        Std.Dev.
     zipcode  (Intercept) 584666.86
     Residual             460890.53
    ---
    number of obs: 869, groups: zipcode, 9
    AIC = 25155.1, DIC = 25201.4
    deviance = 25175.2
    """
    if not hasattr(fit, "display_text"):
        raise TypeError(
            f"display shows fits, such as those of lmer, not {type(fit).__name__}. For tables use print."
        )
    print(fit.display_text(digits))


def mixed_text(fit, digits=2):
    """Write the print-out of a mixed model."""
    lines = [call_text(fit.call), *coefficient_lines(fit.fixef, fit.se_fixef, digits), "", "Error terms:"]
    rows = fit.varcorr.rows(digits, residual=1.0)  # arm shows 1 where there is no sigma
    head = ["Groups", "Name", "Std.Dev.", "Corr", *[""] * len(rows[0])][: len(rows[0])]
    lines += left_aligned([head, *rows])
    groups = "; ".join(f"{name}, {count}" for name, count in fit.ngrps.items())
    lines += [
        "---",
        f"number of obs: {fit.nobs}, groups: {groups}",
        f"AIC = {fit.aic:.1f}, DIC = {fit.dic:.1f}",
        f"deviance = {fit.deviance:.1f}",
    ]
    return "\n".join(line.rstrip() for line in lines)


def called(function, fit, *extra):
    """List a call's parts as R shows them; of the data only the name of a loaded table is known."""
    data = [f"data = {fit.design.data_name}"] if fit.design.data_name else []
    return (function, f"formula = {fit.formula}", *data, *extra)


def call_text(call):
    """Write the call as R does, broken after about 60 characters."""
    function, *arguments = call
    lines, line = [], f"{function}("
    for i, argument in enumerate(arguments):
        line += argument + (", " if i < len(arguments) - 1 else ")")
        if len(line) > 60 and i < len(arguments) - 1:
            lines.append(line.rstrip())
            line = "    "
    return "\n".join([*lines, line])


def coefficient_lines(estimates, errors, digits):
    """Write the table of estimates; with one coefficient R drops its name."""
    written = fixed_width([*estimates, *errors], digits)  # arm gives both columns one width
    est, se = written[: len(estimates)], written[len(estimates) :]
    if len(est) == 1:
        width = max(len(est[0]), len(se[0]), len("coef.est"))
        return [
            " ".join(t.rjust(width) for t in ("coef.est", "coef.se")),
            " ".join(t.rjust(width) for t in (*est, *se)),
        ]
    names = [str(name) for name in estimates.index]
    table = [["", "coef.est", "coef.se"], *map(list, zip(names, est, se, strict=True))]
    return [line[1:] for line in left_aligned(table)]


def html_table(head, rows, caption):
    """Write a small HTML table; numbers are right-aligned by the notebook's own style."""
    cells = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    head = f"<caption>{escape(caption)}</caption><thead><tr>{cells}</tr></thead>"
    return f"<table>{head}<tbody>{body}</tbody></table>"


def mixed_html(fit):
    """Write a fit as HTML for notebooks."""
    est, se = fixed_width(fit.fixef, 2), fixed_width(fit.se_fixef, 2)
    first = html_table(
        ["term", "estimate", "standard error"], zip(fit.fixef.index, est, se, strict=True), "Fixed effects"
    )
    rows = fit.varcorr.rows(2, residual=1.0)
    head = ["group", "term", "standard deviation", "correlation", *[""] * len(rows[0])][: len(rows[0])]
    groups = "; ".join(f"{name}: {count} groups" for name, count in fit.ngrps.items())
    notes = "".join(f"<p>{escape(message)}</p>" for message in fit.messages)
    return (
        f"<div><pre>{escape(call_text(fit.call))}</pre>{first}"
        f"{html_table(head, rows, 'Error terms')}"
        f"<p>{fit.nobs} observations; {escape(groups)}. AIC {fit.aic:.1f}, DIC {fit.dic:.1f}, "
        f"deviance {fit.deviance:.1f}.</p>{notes}</div>"
    )
