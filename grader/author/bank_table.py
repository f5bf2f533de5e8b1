"""Write what `grader.author.check_bank` found as a table for a terminal."""

import numpy as np

OFTEN = 0.05  # of the students: rarer coincidences are counted, not listed
WIDTH = 58


def table(report):
    """Write a report as a table.

    Parameters
    ----------
    report : grader.author.check_bank.Report

    Returns
    -------
    str
        A line or more for each question: how many mistakes it names, how far the nearest of them lies from
        the right answer (in tolerances: for one student in twenty it is nearer than the first number, for
        half of the students nearer than the second), and what can't be told apart for how many students.
    """
    lines = [
        f"{'question':<26}{'students':>9}{'mistakes':>9}{'nearest mistake':>18}  findings",
        f"{'':<26}{'':>9}{'named':>9}{'1 in 20, typical':>18}",
    ]
    for found in report.findings:
        notes = [f"!! {fault}" for fault in found.faults] + (_notes(found) or ["-"])
        lines.append(
            f"{found.question:<26}{found.students:>9}{_left(found):>9}{_near(found):>18}  {notes[0]}"
        )
        lines += [" " * 64 + note for note in notes[1:]]
    if report.fits:
        lines += ["", "Reference fits that are singular:"]
        lines += [f"  {report.singular[name]:>4} of {count:<4} {name}" for name, count in report.fits.items()]
    return "\n".join(lines)


def _left(found):
    """Write how many mistakes get a sentence: all, or from the fewest to the most."""
    if not found.left:
        return "?"
    fewest = min(found.left)
    return f"{fewest}" if fewest == max(found.left) else f"{fewest} to {max(found.left)}"


def _near(found):
    near = [gap for gap in found.nearest if np.isfinite(gap)]
    if not near:
        return ""
    return ", ".join(_rounded(gap) for gap in np.quantile(near, [OFTEN, 0.5], method="lower"))


def _rounded(gap):
    return f"{gap:.1f}" if gap < 10 else f"{gap:,.0f}" if gap < 1e4 else f"{gap:.0e}"


def _notes(found):
    hidden = [(n, f"{name}: like the right answer") for name, n in found.like_right.items()]
    hidden += [
        (n, f"{name}: told from the right answer by its digits alone") for name, n in found.by_digits.items()
    ]
    hidden += [(n, f"{pair}: the same") for pair, n in found.like_other.items()]
    often = sorted((pair for pair in hidden if pair[0] > OFTEN * found.students), reverse=True)
    notes = [f"{says} for {n} of {found.students}" for n, says in often]
    rare = [n for n, _ in hidden if n <= OFTEN * found.students]
    if rare:
        rest = "coincidence" if len(rare) == 1 else "coincidences"
        notes.append(f"{len(rare)} rarer {rest}, at most {max(rare)} of {found.students}")
    if found.letters:
        notes.append(
            "right: " + ", ".join(f"{letter} for {n}" for letter, n in sorted(found.letters.items()))
        )
    return notes
