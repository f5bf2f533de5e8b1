"""Figures that a cell makes and draws on: which of its names stand for parts of them, and where.

``fig, axes = plt.subplots(1, 2)`` makes a figure that nobody else holds, with all its axes. Until the cell
binds or fills these names with something else, a change of ``axes[0].xaxis`` is a change of that figure only.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator

from grader.sandbox.trees import walk

MAKES = "subplots"
FILL = "fill"  # a method of arrays, which puts something else in the place of axes; of axes, too
BY_OTHERS = {"sharex", "sharey", "subplot_kw", None}  # what may bring in axes of another figure
PAIRED, NUMBERED = "zip", "enumerate"  # functions of Python that pass on what they go through


def parts_of_own_figures(tree: ast.Module, libraries: Container[str]) -> set[int]:
    r"""Return the ids of the names in a cell that certainly stand for a figure of its own, or a part of one.

    Parameters
    ----------
    tree : ast.Module
        The cell.
    libraries : container of str
        Names that always stand for modules and functions.

    Examples
    --------
    >>> tree = ast.parse("old.set(a=1)\nfig, ax = plt.subplots()\nax.set(a=1)")
    >>> [node.id for node in ast.walk(tree) if id(node) in parts_of_own_figures(tree, {"plt"})]
    ['ax']
    """
    found: set[int] = set()
    made: set[str] = set()
    makers = [
        node for node in tree.body if isinstance(node, ast.Assign) and _makes_figure(node.value, libraries)
    ]
    for statement in tree.body if makers else ():
        found |= {id(node) for node in _loads(statement) if node.id in made}
        found |= _in_loops(statement, made)
        if statement in makers:
            bound = {name for target in statement.targets for name in _plain_names(target)}
            made |= {name for name in bound if _is_bound_once(tree, name)}
    return found


def _in_loops(statement: ast.stmt, made: set[str]) -> set[int]:
    """Return the ids of names within loops over axes: there, the loop's own name is one of them."""
    found = set()
    for loop in (node for node in walk(statement) if isinstance(node, ast.For)):
        for name in _each(loop.target, loop.iter, made):
            inside = ast.Module(loop.body, [])
            if not _stores(inside, name):
                found |= {id(node) for node in _loads(inside) if node.id == name}
    return found


def _each(target: ast.expr, through: ast.expr, made: set[str]) -> Iterator[str]:
    """Yield the names of a loop that stand for a part of what `made` names, each time."""
    if isinstance(target, ast.Name) and _is_part(through, made):
        yield target.id
    elif isinstance(through, ast.Call) and isinstance(target, ast.Tuple):
        function = getattr(through.func, "id", None)
        starred = any(isinstance(values, ast.Starred) for values in through.args)
        if function == PAIRED and len(target.elts) == len(through.args) and not starred:
            for one, values in zip(target.elts, through.args, strict=True):
                yield from _each(one, values, made)
        elif function == NUMBERED and len(target.elts) == 2 and through.args:
            yield from _each(target.elts[1], through.args[0], made)


def _is_part(value: ast.expr, made: set[str]) -> bool:
    """Tell whether an expression is ``axes``, ``axes[…]``, ``axes.flat`` or ``axes.ravel()``."""
    if isinstance(value, ast.Call) and not value.args and getattr(value.func, "attr", "") == "ravel":
        value = value.func.value
    elif isinstance(value, ast.Subscript) or getattr(value, "attr", "") == "flat":
        value = value.value
    return isinstance(value, ast.Name) and value.id in made


def _makes_figure(value: ast.expr, libraries: Container[str]) -> bool:
    """Tell whether an expression is a call of ``plt.subplots`` that shares nothing with other axes."""
    if not isinstance(value, ast.Call) or getattr(value.func, "attr", None) != MAKES:
        return False
    own = all(isinstance(word.value, ast.Constant) for word in value.keywords if word.arg in BY_OTHERS)
    return own and getattr(value.func.value, "id", None) in libraries


def _plain_names(target: ast.expr) -> Iterator[str]:
    """Yield the names of ``fig, ax`` and ``fig, (left, right)``."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple):
        for part in target.elts:
            yield from _plain_names(part)


def _is_bound_once(tree: ast.AST, name: str) -> bool:
    return len(list(_stores(tree, name))) == 1


def _stores(tree: ast.AST, name: str) -> list[ast.AST]:
    """List where a name is bound, or something is put into what it stands for."""
    found = []
    for node in walk(tree):
        place = isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
        if place and (not isinstance(node.ctx, ast.Load) or getattr(node, "attr", None) == FILL):
            root = node
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            found += [node] if getattr(root, "id", None) == name else []
        elif isinstance(node, ast.arg | ast.FunctionDef | ast.alias | ast.ExceptHandler):
            known = {getattr(node, "arg", None), getattr(node, "name", None), getattr(node, "asname", None)}
            found += [node] if name in known else []
    return found


def _loads(tree: ast.AST) -> Iterator[ast.Name]:
    """Yield the names that are read here and now: not those in functions, which may be called elsewhere."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.GeneratorExp):
            waiting += ast.iter_child_nodes(node)
