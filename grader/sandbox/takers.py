"""Functions of a notebook that draw random numbers from a generator which they are given.

``def fake(random): return random.normal()`` changes nothing but its caller's generator. So whoever reads a
call of it (`grader.sandbox.commute`) knows what is changed, as long as the name is certainly this function's.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from grader.sandbox.harmless import DRAW, GENERATOR_WORDS, SEED_PLACES
from grader.sandbox.trees import NODES_KEPT, walk

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Taker:
    """A function that has its name alone, and is only called.

    Attributes
    ----------
    parameters : tuple of str
        Those that can be given by their place, in order.
    drawn : frozenset of str
        Those that it draws from.
    """

    parameters: tuple[str, ...]
    drawn: frozenset[str] = frozenset()

    def drawn_in(self, call: ast.Call) -> list[ast.expr] | None:
        """List what a call of it draws from; None where the call doesn't say that."""
        given = dict(zip(self.parameters, call.args, strict=False))
        given |= {word.arg: word.value for word in call.keywords}
        if any(isinstance(value, ast.Starred) for value in call.args) or not self.drawn <= given.keys():
            return None
        return [given[name] for name in sorted(self.drawn)]


def takers_in(trees: Iterable[ast.Module]) -> dict[str, Taker]:
    """Find such functions in the cells of a notebook, those that draw nothing as well.

    Examples
    --------
    >>> cells = ["def fake(random): return random.normal()", "def two(r): return fake(r), fake(r)"]
    >>> {name: set(taker.drawn) for name, taker in takers_in(map(ast.parse, cells)).items()}
    {'fake': {'random'}, 'two': {'r'}}
    >>> takers_in(map(ast.parse, [*cells, "twice = [fake, two]"]))
    {}
    """
    trees = list(trees)
    functions = _functions(trees)
    found = {name: Taker(_by_place(function)) for name, function in functions.items()}
    grown = True
    while grown:
        before = found
        found = {
            name: replace(taker, drawn=taker.drawn | _drawn(functions[name], before))
            for name, taker in before.items()
        }
        grown = found != before
    return found


def numbers_in(trees: Iterable[ast.Module]) -> set[str]:
    """Find the names that stand for numbers wherever the notebook itself binds them: they are no generators.

    Examples
    --------
    >>> cells = ["for seed in range(3): rng = default_rng(seed)", "first = 7"]
    >>> sorted(numbers_in(map(ast.parse, cells)))
    ['first', 'seed']
    """
    numbers, bound = Counter[str](), Counter[str]()
    for tree in trees:
        as_numbers, all_of_it = _numbers_bound_in(tree)
        numbers.update(as_numbers)
        bound.update(all_of_it)
    return {name for name, count in numbers.items() if count == bound[name]} if not bound["range"] else set()


@lru_cache(maxsize=NODES_KEPT)
def _numbers_bound_in(tree: ast.AST) -> tuple[list[str], list[str]]:
    """Return the names that a cell binds to numbers, and all that it binds, outside of functions."""
    numbers, bound = [], []
    for node in _of_notebook(tree):
        if isinstance(node, ast.Assign) and _is_number(node.value):
            numbers += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.target, ast.Name):
            numbers += [node.target.id] if _gives_numbers(node.iter) else []
        bound += _bound_by(node)
    return numbers, bound


def seeds_of(call: ast.Call) -> list[ast.expr]:
    """List the arguments of a call that may be a generator, which it draws from then."""
    name = getattr(call.func, "attr", getattr(call.func, "id", None))
    by_place = call.args[SEED_PLACES[name] :] if name in SEED_PLACES else []
    return [*by_place, *(word.value for word in call.keywords if word.arg in GENERATOR_WORDS)]


def _functions(trees: list[ast.Module]) -> dict[str, ast.FunctionDef]:
    bound, held = Counter[str](), set()
    for tree in trees:
        bound.update(_bound_in(tree))
        held |= _held_in(tree)
    return {
        node.name: node
        for tree in trees
        for node in _of_notebook(tree)
        if isinstance(node, ast.FunctionDef) and bound[node.name] == 1 and node.name not in held
    }


@lru_cache(maxsize=NODES_KEPT)
def _bound_in(tree: ast.AST) -> tuple[str, ...]:
    """Return the names that a cell binds, at any level, as often as it does."""
    return tuple(name for node in walk(tree) for name in _bound_by(node))


@lru_cache(maxsize=NODES_KEPT)
def _held_in(tree: ast.AST) -> frozenset[str]:
    """Return the names that a cell does anything with but to call them."""
    called = {id(node.func) for node in walk(tree) if isinstance(node, ast.Call)}
    return frozenset(node.id for node in walk(tree) if isinstance(node, ast.Name) and id(node) not in called)


def _bound_by(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node binds, at any level."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).split(".")[0]
    elif isinstance(getattr(node, "name", None), str):  # functions, classes, what is caught or matched
        yield node.name


@lru_cache(maxsize=NODES_KEPT)
def _of_notebook(top: ast.AST) -> tuple[ast.AST, ...]:
    """Return the nodes below this one that don't stand in a function; the functions themselves, too."""
    found = []
    for node in ast.iter_child_nodes(top):
        found.append(node)
        if not isinstance(node, FUNCTIONS):
            found += _of_notebook(node)
    return tuple(found)


def _by_place(function: ast.FunctionDef) -> tuple[str, ...]:
    return tuple(one.arg for one in [*function.args.posonlyargs, *function.args.args])


def _drawn(function: ast.FunctionDef, takers: dict[str, Taker]) -> set[str]:
    """Return the parameters that a function draws from, by itself or by functions that it calls."""
    stored = {name for part in function.body for node in walk(part) for name in _bound_by(node)}
    simple = {one.arg for one in [*function.args.args, *function.args.kwonlyargs]} - stored
    found = set()
    for node in _of_notebook(ast.Module(function.body, [])):
        if isinstance(node, ast.Call):
            values = seeds_of(node)
            if isinstance(node.func, ast.Attribute) and node.func.attr in DRAW:
                values.append(node.func.value)
            taker = takers.get(getattr(node.func, "id", None))
            values += (taker.drawn_in(node) or []) if taker else []
            found |= {value.id for value in values if isinstance(value, ast.Name)}
    return found & simple


def _is_number(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, int)


def _gives_numbers(values: ast.expr) -> bool:
    """Tell whether a loop goes through a ``range``, or through numbers that are written out."""
    if isinstance(values, ast.List | ast.Tuple):
        return all(map(_is_number, values.elts))
    return isinstance(values, ast.Call) and getattr(values.func, "id", None) == "range"
