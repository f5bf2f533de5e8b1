"""The terms of a formula without bars, in R's order, and how R codes the factors in them.

formulaic does the algebra of ``+ - * / : ^``; what stands between the operators (a column, a call, a
comparison in brackets) is an atom, and comes from `expressions`.
"""

from dataclasses import dataclass
from functools import lru_cache

from mlmkit.frame.expressions import UnreadableError, label, tokens

_ALGEBRA = {"+", "-", "*", "/", ":", "^", "**", "%in%"}
_TO_FORMULAIC = {"^": "**", "%in%": ":"}
_NOT_ALGEBRA = {"<", ">", "<=", ">=", "==", "!=", "&", "|", "&&", "||", "!", "%%", "%/%"}


@dataclass(frozen=True)
class Terms:
    """What a piece of formula asks for.

    Attributes
    ----------
    intercept : bool
        Whether the constant is among the columns.
    atoms : tuple of str
        The expressions, by R's labels, in the order in which they appear.
    sources : tuple of str
        The same as they were written; a name may stand in backticks.
    terms : tuple of tuple of int
        Each term as positions among `atoms`; main effects first, as R sorts.
    """

    intercept: bool
    atoms: tuple
    sources: tuple
    terms: tuple

    def labels(self):
        """Name the terms as R does: ``x``, ``x:period``."""
        return [":".join(self.atoms[k] for k in term) for term in self.terms]

    def full(self, factors):
        """Tell which factors of which terms get a column for every level.

        Parameters
        ----------
        factors : set of int
            The atoms that are factors.

        Returns
        -------
        set of (int, int)
            Pairs (term, atom). All other factors get contrasts.

        Notes
        -----
        R's rule (J. M. Chambers and T. Hastie, "Statistical Models in S", 1992, section 2.4.1): a factor is
        coded by contrasts if the rest of its term is part of an earlier term, and always in a main effect;
        without an intercept the first factor gets all its levels.
        """
        found = set()
        for place, term in enumerate(self.terms):
            for atom in term:
                rest = set(term) - {atom}
                if rest and not any(rest <= set(earlier) for earlier in self.terms[:place]):
                    found.add((place, atom))
        if not self.intercept:
            first = [
                (place, atom) for place, term in enumerate(self.terms) for atom in term if atom in factors
            ]
            found.update(first[:1])
        return found


@lru_cache(maxsize=512)
def read_terms(text):
    """Take a piece of formula without bars apart.

    Parameters
    ----------
    text : str
        Such as ``1 + x * period``.

    Returns
    -------
    Terms
        In R's order.

    Raises
    ------
    UnreadableError
        With a sentence, and the place in `text`.
    """
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    atoms = {}
    written = _with_placeholders(list(tokens(text)), atoms, text)
    try:
        expanded = [[factor.expr for factor in term.factors] for term in Formula(written or "1")]
    except (FormulaicError, SyntaxError, ValueError, TypeError, LookupError, StopIteration):
        raise UnreadableError(f"'{text}' can't be read. Is an operator missing, or one too many?") from None
    numbered = [tuple(sorted(int(name[1:]) for name in term if name != "1")) for term in expanded]
    terms = sorted(filter(None, dict.fromkeys(numbered)), key=len)
    return Terms(["1"] in expanded, tuple(atoms), tuple(atoms.values()), tuple(terms))


def _with_placeholders(pieces, atoms, text):
    """Write a formula with ``v0``, ``v1``, … for its atoms, which are collected by label with their text."""
    written, k = [], 0
    while k < len(pieces):
        token, end = pieces[k], k + 1
        if token.kind == "operator" and token.text in _ALGEBRA:
            written.append(_TO_FORMULAIC.get(token.text, token.text))
        elif token.text == "(":
            end = _closing(pieces, k)
            inside = pieces[k + 1 : end]
            if _is_condition(inside):
                written.append(_placeholder(text[inside[0].place : pieces[end].place].strip(), atoms))
            else:
                written.append(f"({_with_placeholders(inside, atoms, text)})")
            end += 1
        elif token.kind == "name":
            end = _end_of_call(pieces, k)
            stop = pieces[end - 1]
            written.append(_placeholder(text[token.place : stop.place + len(stop.text)], atoms))
        elif token.kind == "number" and (token.text in "01" or written[-1:] == ["**"]):
            written.append(token.text)
        else:
            raise UnreadableError(_misplaced(token), token.place)
        k = end
    return " ".join(written)


def _placeholder(text, atoms):
    name = label(text)
    atoms.setdefault(name, text)
    return f"v{list(atoms).index(name)}"


def _closing(pieces, start):
    """Return where the bracket that opens at `start` closes."""
    depth = 0
    for k in range(start, len(pieces)):
        depth += (pieces[k].text in ("(", "[", "{")) - (pieces[k].text in (")", "]", "}"))
        if depth == 0:
            return k
    raise UnreadableError("The bracket '(' is never closed: add ')'.", pieces[start].place)


def _end_of_call(pieces, start):
    """Return the position after a name, or after the call that it begins."""
    end = start + 1
    if end + 1 < len(pieces) and pieces[end].text == "::":
        end += 2
    if end < len(pieces) and pieces[end].text == "(":
        end = _closing(pieces, end) + 1
    return end


def _is_condition(pieces):
    """Tell whether brackets hold a comparison, which is one variable, and no sum of terms."""
    depth = 0
    for token in pieces:
        if depth == 0 and token.text in _NOT_ALGEBRA:
            return True
        depth += (token.text == "(") - (token.text == ")")
    return False


def _misplaced(token):
    if token.kind == "number":
        return (
            f"The number {token.text} can't be a term: only 1 (an intercept) and 0 (none) can. "
            "Arithmetic goes inside I(), as in I(2 * x)."
        )
    if token.text in _NOT_ALGEBRA:
        return f"Put a comparison in brackets, as in (x {token.text} 0)."
    if token.kind == "string":
        return f"{token.text} is text; a column's name stands without quotes (or in `backticks`)."
    return f"'{token.text}' can't stand here."
