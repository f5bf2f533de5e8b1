"""Cells that no browser can run, though nothing is wrong with them: a sentence stands where they would fail.

This file also lies beside ``tab.py`` in the tab.
"""

import ast

# What NUTS needs, and a lesson's cells about it: no browser has them.
NOT_HERE = frozenset(("arviz", "nutpie", "numba", "pymc", "pytensor"))
NUTS = (
    "This cell was left out: it needs {what}, which can't run in a browser. Bayesian fits with a normal "
    "outcome are drawn exactly here; other families (binomial, Poisson) need NUTS, on a computer with PyMC. "
    "No question needs this cell: read on."
)
LATER = (
    "This cell was left out: it uses {what}, from a cell that can't run in a browser. No question needs it: "
    "read on."
)


def why_left_out(error, left_out):
    """Say why a cell that failed can't run in a browser; None where the cell itself is wrong.

    Examples
    --------
    >>> why_left_out(ModuleNotFoundError(name="pymc.math"), set())[:39]
    'This cell was left out: it needs pymc, '
    >>> why_left_out(NameError(name="chains"), {"chains"})[:40]
    'This cell was left out: it uses chains, '
    >>> why_left_out(NameError(name="typo"), {"chains"})
    """
    name = getattr(error, "name", None) or ""
    if isinstance(error, ModuleNotFoundError) and name.partition(".")[0] in NOT_HERE:
        return NUTS.format(what=name.partition(".")[0])
    if isinstance(error, NameError) and name in left_out:
        return LATER.format(what=name)
    return None


def names_made(source):
    r"""List the names that a cell would make.

    Examples
    --------
    >>> sorted(names_made("import pymc as pm\nx = 1\ndef f(y): z = y"))
    ['f', 'pm', 'x', 'z']
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return found
