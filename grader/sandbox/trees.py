"""The text of a cell as a tree: read once, and walked once, for all submissions that have the cell."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

KEPT = 2_000  # cells; a lesson has some 90, and most of them are the same for everybody
NODES_KEPT = 20_000  # statements and expressions of these
ASSIGNMENT = re.compile(r"\w+\s*=")
DEEPEST = 50  # a lesson's cell is 14 deep; what goes through a tree takes its depth times its size


@lru_cache(maxsize=KEPT)
def parsed(source: str) -> ast.Module | None:
    """Read a cell as Python; None where it isn't, or is nested too deeply (a sum of a hundred numbers is).

    What only Jupyter understands isn't Python, either. Treat the tree as read-only: a class hands in the same
    cells again and again.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the student's text; the kernel says so, too
        try:
            tree = ast.parse(source)
            compile(tree, "cell", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return tree if _is_shallow(tree) else None


@lru_cache(maxsize=KEPT)
def never_runs(source: str) -> bool:
    """Tell whether Jupyter shows a SyntaxError instead of running the cell: it does nothing else, then.

    Examples
    --------
    >>> never_runs("price = = 3")
    True
    >>> never_runs("%matplotlib inline"), never_runs("cd data files"), never_runs("price = 3")
    (False, False, False)
    """
    try:
        typed = TransformerManager().transform_cell(source)  # magics become Python
        if len(typed.splitlines()) == 1 and not ASSIGNMENT.match(typed):
            return False  # a magic's name alone may do: ``cd data files``
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(typed)
    except SyntaxError:
        return True
    except (ValueError, RecursionError, MemoryError):
        return False
    return False


def _is_shallow(tree: ast.Module) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return not level


@lru_cache(maxsize=NODES_KEPT)
def walk(top: ast.AST) -> tuple[ast.AST, ...]:
    """Return this node and all below it, as ``ast.walk``: of a cell that `parsed` keeps, walked once."""
    return tuple(ast.walk(top))


@lru_cache(maxsize=NODES_KEPT)
def in_scope(top: ast.AST) -> tuple[ast.AST, ...]:
    """Return all nodes below this one, but not what stands in a function."""
    found, waiting = [], list(ast.iter_child_nodes(top))
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, ast.FunctionDef):
            waiting += ast.iter_child_nodes(node)
    return tuple(found)


def stored_names(target: ast.AST) -> Iterable[str]:
    """Yield the names that a target of an assignment binds."""
    return (
        node.id for node in walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )


def root_of(node: ast.AST) -> str | None:
    """Return the name at the beginning of ``name.part.part``; None where there is another thing."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return getattr(node, "id", None)
