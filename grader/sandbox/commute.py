"""What a code cell does, read from its text: enough to prove that two cells may change places, or doubt.

A cell is *plain* if it is written with the parts of Python that are listed here, and with the functions and
methods of `grader.sandbox.harmless`. A plain cell binds names, changes objects that the notebook made itself,
prints and draws, and does nothing else: it leaves options, random numbers, files and libraries as they are.
Two plain cells may change places if neither binds, or changes, what the other uses or binds.

The lists are of what is allowed. Whatever is not on them is doubt, and doubt costs only time.
"""

from __future__ import annotations

import ast
import builtins
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from grader.sandbox.bindings import Bound, Notebook, defined_in, is_new, names_of
from grader.sandbox.drawn import NUMBERED, PAIRED, parts_of_own_figures
from grader.sandbox.harmless import (
    BUILTINS,
    BY_NAME,
    BY_NAME_WITH,
    CHANGE,
    COLUMNS,
    DRAW,
    FIGURE,
    FITS,
    FORMULA_CALLS,
    GENERATOR,
    IN_PLACE,
    INTO_MODEL,
    LIBRARIES,
    LOOK,
    MODEL,
    MODULES,
    NEW,
    NOTES,
    OF_MODULES,
    OF_OTHERS,
    ONCE,
    ONCE_METHODS,
    SEEDS,
    SHUFFLE,
    TAKES_ALL,
)
from grader.sandbox.takers import Taker, numbers_in, seeds_of
from grader.sandbox.trees import in_scope, parsed, root_of, walk

# Of a notebook's history and of Jupyter itself: where a cell stands in the notebook shows in them.
HISTORY = re.compile(r"_+\d*|_i+\d*|_[doi]h|In|Out|get_ipython|exit|quit|__\w*")
CALL_IN_TEXT = re.compile(r"([\w.]*\w)\s*\(")
NODES = (
    ast.Module, ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.While, ast.If, ast.Try,
    ast.ExceptHandler, ast.Raise, ast.Assert, ast.Pass, ast.Break, ast.Continue, ast.Return,
    ast.FunctionDef, ast.arguments, ast.arg, ast.Lambda, ast.Import, ast.ImportFrom, ast.alias,
    ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred, ast.Constant, ast.JoinedStr,
    ast.FormattedValue, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp,
    ast.GeneratorExp, ast.comprehension, ast.Call, ast.keyword, ast.BinOp, ast.UnaryOp, ast.BoolOp,
    ast.Compare, ast.IfExp, ast.With, ast.withitem, ast.expr_context, ast.operator, ast.unaryop, ast.boolop,
    ast.cmpop,
)  # fmt: skip


KNOWN = LOOK | NEW | COLUMNS | CHANGE | DRAW | FITS | FIGURE
CALLED = BUILTINS | {"display"}


class DoubtError(Exception):
    """A cell does something that is on no list here. Its text names it."""


@dataclass(frozen=True)
class Effects:
    """What a plain cell does.

    Attributes
    ----------
    uses, binds : frozenset of str
        Names at the level of the notebook.
    changes : frozenset of str
        Names of objects that it changes; the notebook made them itself.
    notes : bool
        Tells mlmkit something for the session, such as which data were loaded.
    chance : bool
        Gives other numbers each time.
    """

    uses: frozenset[str]
    binds: frozenset[str]
    changes: frozenset[str] = frozenset()
    notes: bool = False
    chance: bool = False


def effects_of(source: str, notebook: Notebook) -> Effects:
    """Read what a cell does.

    Parameters
    ----------
    source : str
    notebook : Notebook
        All the cells that it stands among.

    Raises
    ------
    DoubtError
        If it is not plain.

    Examples
    --------
    >>> cells = ["a = [1]", "b = 7", "a.append(2)", "exec('a = 3')"]
    >>> notebook = Notebook.of(cells)
    >>> sorted(effects_of(cells[2], notebook).changes)
    ['a']
    >>> effects_of(cells[3], notebook)
    Traceback (most recent call last):
    grader.sandbox.commute.DoubtError: exec()
    """
    tree = parsed(source)
    if tree is None:
        raise DoubtError("not Python")
    drawn = set() if _hidden(notebook) else parts_of_own_figures(tree, notebook.functions)
    reader = _Reader(_fresh(tree, notebook), drawn)
    reader.scope(tree, notebook, inside=False)
    names = names_of(source)
    uses = names.uses | _words_in_texts(tree) if notebook.runs_text else names.uses
    changes = frozenset(notebook.holders(reader.changes))
    return Effects(
        frozenset(notebook.uses(uses)), frozenset(names.binds), changes, reader.notes, reader.chance
    )


def bound_by(sources: Iterable[str]) -> set[str]:
    """Return the names that code cells bind."""
    readable = (source for source in sources if parsed(source) is not None)
    return {name for source in readable for name in names_of(source).binds}


def is_the_same_each_time(source: str) -> bool:
    """Tell whether a cell gives the same numbers each time, and notes nothing; of a cell in doubt, too."""
    tree = parsed(source)
    if tree is None:
        return False
    names = {getattr(node, "id", getattr(node, "attr", None)) for node in walk(tree)}
    calls = [node for node in walk(tree) if isinstance(node, ast.Call)]
    return not names & (DRAW | NOTES - {"set_alt_text"}) and not any(map(_is_left_to_chance, calls))


def require_ordinary(source: str) -> None:
    """Raise `DoubtError` if a cell could see how the cells before it were run: history, Jupyter, modules."""
    tree = parsed(source)
    if tree is None:
        raise DoubtError("not Python")
    for node in walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            _require_library(node)
        elif isinstance(node, ast.Name):
            _require_name(node)
        elif isinstance(node, ast.Attribute) and node.attr.startswith("__"):
            raise DoubtError(node.attr)
        elif isinstance(node, ast.Global | ast.Nonlocal | ast.AsyncFunctionDef | ast.Await):
            raise DoubtError(type(node).__name__)


def may_change_places(first: Effects, second: Effects) -> bool:
    """Tell whether two cells leave the same, and show the same, in either order."""
    if first.notes and second.notes:
        return False
    first_leaves, second_leaves = first.binds | first.changes, second.binds | second.changes
    return not (first_leaves & (second.uses | second_leaves) or second_leaves & first.uses)


class _Reader:
    """Goes through one cell, and raises at the first thing that is on no list."""

    def __init__(self, fresh: set[str], drawn: set[int]):
        self.fresh, self.drawn = fresh, drawn
        self.later: set[int] = (
            set()
        )  # what stands in a lambda: by the time it is called, names may mean others
        self.changes, self.notes, self.chance = set(), False, False
        self.taken: frozenset[str] = frozenset()  # what the function around draws from, which it is given

    def scope(self, top: ast.Module, around: Notebook, *, inside: bool) -> None:
        """Read the nodes of a cell, or of a function that is `inside` one; `around` says what names are."""
        docs = {id(node.value) for node in walk(top) if isinstance(node, ast.Expr) and _is_text(node.value)}
        used_up = {id(node) for node in in_scope(top) if _gives_once(node)}
        used_up -= {id(taken) for node in in_scope(top) for taken in _takes_all(node)}
        for node in in_scope(top):
            if isinstance(node, ast.Lambda):
                self.later |= {id(part) for part in walk(node)}
            if not isinstance(node, NODES):
                raise DoubtError(type(node).__name__)
            if id(node) in used_up:
                raise DoubtError(f"{ast.unparse(node)[:40]} gives its values once")
            if isinstance(node, ast.FunctionDef):
                self.function(node, around, inside)
            elif isinstance(node, ast.withitem):
                _require_model(node.context_expr, around)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                _require_import(node)
            elif isinstance(node, ast.Name):
                _require_name(node)
                self.notes |= node.id in NOTES - {"set_alt_text"}
            elif isinstance(node, ast.Constant) and id(node) not in docs and around.runs_text:
                _require_text(node.value)
            elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
                self.change(node.value, around, inside)
            elif isinstance(node, ast.Attribute) and node.attr not in KNOWN:
                raise DoubtError(f".{node.attr}")
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                self.change(node.target, around, inside)
            elif isinstance(node, ast.Call):
                self.call(node, around, inside)

    def function(self, node: ast.FunctionDef, around: Notebook, inside: bool) -> None:
        """Read a function: its parameters are anybody's objects, what it makes is its own."""
        if node.decorator_list:
            raise DoubtError("a decorator")
        given = {arg.arg for arg in walk(node.args) if isinstance(arg, ast.arg)}
        body = ast.Module(node.body, [])
        stored = defined_in([body]) | given
        bound = Bound.of([body], around.defined | stored)
        functions = (around.functions - stored) | (bound.functions - given)
        self.scope(
            ast.Module([ast.Expr(default) for default in _defaults(node.args)], []), around, inside=True
        )
        before = self.notes, self.chance
        taker = None if inside else around.takers.get(node.name)
        self.taken = taker.drawn if taker else frozenset()
        own = replace(
            around,
            defined=around.defined | stored,
            functions=functions,
            made=frozenset(bound.made - given),
            modules=around.modules - stored,
            numbers=(around.numbers - stored) | (numbers_in([body]) - given),
        )
        self.scope(body, own, inside=True)
        self.taken = frozenset()
        if (self.notes, self.chance) != before:  # whoever calls it would do that
            raise DoubtError(f"{node.name} does more than it gives back")

    def change(self, place: ast.expr, around: Notebook, inside: bool, given: Iterable[ast.expr] = ()) -> None:
        """Note that the object at `place` is changed, and whatever it may be a part of.

        `given` are the arguments: a method of a class changes the first of them.
        """
        if is_new(place, around.defined):
            return
        root = place
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        name = getattr(root, "id", None)
        if name in self.fresh and root is place and not inside and id(place) not in self.later:
            return  # whoever uses the name meets the cell that binds it
        if id(root) in self.drawn and not inside:
            return  # and so does whoever uses the figure
        if name in around.made and root is place:
            self.changes |= set() if inside else {name}
        elif name is None or inside or name in around.functions | around.library | around.passing | BUILTINS:
            raise DoubtError(f"{ast.unparse(place)[:40]} is changed")
        else:
            names = {node.id for part in given for node in walk(part) if isinstance(node, ast.Name)}
            for one in {name, *(names - around.functions)}:
                self.changes |= {one} | around.origins.get(one, set())

    def call(self, node: ast.Call, around: Notebook, inside: bool) -> None:
        """Read one call: which function, and what it may change."""
        given = {keyword.arg for keyword in node.keywords}
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        calls_by_name = name in BY_NAME and node.args and (len(node.args) > 1 or given - BY_NAME_WITH)
        taker = around.takers.get(getattr(node.func, "id", None))
        elsewhere = name == INTO_MODEL and len(node.args) > 2
        if given & (IN_PLACE - OF_OTHERS if taker else IN_PLACE) or calls_by_name or elsewhere:
            raise DoubtError(ast.unparse(node)[:40])
        for place in [keyword.value for keyword in node.keywords if keyword.arg == "ax"]:
            self.change(place, around, inside)
        if name == "set_alt_text":
            self.change(node.args[0] if node.args else node, around, inside)
        self.chance |= _is_left_to_chance(node)
        self.seeds(node, taker, around, inside)
        if isinstance(node.func, ast.Attribute):
            if name != "add" or not given & {"axis", "fill_value"}:  # of a set, or of a data frame
                self.method(node, around, inside)
        elif name not in around.functions | CALLED:
            raise DoubtError(f"{ast.unparse(node.func)[:40]}()")

    def seeds(self, node: ast.Call, taker: Taker | None, around: Notebook, inside: bool) -> None:
        """Read what a call may draw random numbers from: a generator, if that is what it is given."""
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        drawn = taker.drawn_in(node) if taker else []
        if drawn is None:
            raise DoubtError(f"{ast.unparse(node)[:40]}, which draws from what it is given")
        for value in [*seeds_of(node), *drawn]:
            if is_new(value, around.defined) or self.is_taken(value, inside):
                continue
            if id(value) in self.later:
                raise DoubtError(ast.unparse(node)[:40])
            if getattr(value, "id", None) in around.numbers:
                continue
            if name == GENERATOR and not inside:  # what it makes is the same generator
                raise DoubtError(ast.unparse(node)[:40])
            self.change(value, around, inside)
        if name == SHUFFLE:
            for value in [*node.args, *(word.value for word in node.keywords)]:
                self.change(value, around, inside)

    def is_taken(self, place: ast.expr, inside: bool) -> bool:
        """Tell whether `place` is what the function around draws from: who calls it, changes that."""
        return inside and getattr(place, "id", None) in self.taken and id(place) not in self.later

    def method(self, node: ast.Call, around: Notebook, inside: bool) -> None:
        """Read the call of a method, or of a function in a module."""
        function = node.func
        of_module = root_of(function) in around.functions
        if of_module and (function.attr in DRAW or function.attr in FIGURE):
            self.chance |= function.attr in DRAW
        elif function.attr in OF_MODULES and getattr(function.value, "id", None) in around.modules:
            return
        elif self.is_taken(function.value, inside) and function.attr in DRAW:
            pass
        elif function.attr in DRAW | CHANGE:
            self.change(function.value, around, inside, [*node.args, *(word.value for word in node.keywords)])
        elif function.attr not in NEW | LOOK | FITS:
            raise DoubtError(f".{function.attr}()")


def _fresh(tree: ast.Module, notebook: Notebook) -> set[str]:
    """Name what a cell makes before it does anything with these names: new objects, each time it is run."""
    made = Bound.of([tree], notebook.defined).made
    found, met = set(), set()
    for statement in tree.body:
        names = [node for node in walk(statement) if isinstance(node, ast.Name)]
        stored = {name.id for name in names if isinstance(name.ctx, ast.Store)}
        if isinstance(statement, ast.Assign):
            found |= (stored & made) - met - {name.id for name in names if isinstance(name.ctx, ast.Load)}
        met |= {name.id for name in names}
    return found


def _hidden(notebook: Notebook) -> bool:
    """Tell whether names that `parts_of_own_figures` goes by mean something else here."""
    return not {PAIRED, NUMBERED}.isdisjoint(notebook.defined)


def _is_left_to_chance(node: ast.Call) -> bool:
    """Tell whether a call takes other numbers each time, for want of a number to begin with."""
    name = getattr(node.func, "attr", getattr(node.func, "id", None))
    given = {word.arg for word in node.keywords if getattr(word.value, "value", word) is not None}
    return (name in SEEDS and SEEDS[name] not in given) or (name == GENERATOR and not (node.args or given))


def _gives_once(node: ast.AST) -> bool:
    """Tell whether an expression is an iterator: whoever reads it, empties it."""
    if isinstance(node, ast.Call):
        function = node.func
        names = ONCE if isinstance(function, ast.Name) else ONCE_METHODS
        return getattr(function, "attr", getattr(function, "id", None)) in names
    return isinstance(node, ast.GeneratorExp)


def _takes_all(node: ast.AST) -> list[ast.AST]:
    """List what is read to its end where it stands."""
    if isinstance(node, ast.For | ast.comprehension):
        return [node.iter]
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        return node.args if name in TAKES_ALL else []
    return []


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _words_in_texts(tree: ast.Module) -> set[str]:
    """Return what may be names in formulas: those of statsmodels look for them in the notebook, too."""
    texts = (node.value for node in walk(tree) if _is_text(node))
    return {word for text in texts for word in re.findall(r"\w+", unicodedata.normalize("NFKC", text))}


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [value for value in [*arguments.defaults, *arguments.kw_defaults] if value is not None]


def _require_text(value: object) -> None:
    """Doubt a text that a formula might run as code: it calls more than the usual functions of formulas."""
    if isinstance(value, str):
        for name in CALL_IN_TEXT.findall(value):
            if name not in FORMULA_CALLS:
                raise DoubtError(f"{name}( in a text")


def _require_name(node: ast.Name) -> None:
    name = node.id
    if name == "_" and isinstance(node.ctx, ast.Store):
        return  # a name for what nobody wants; to read it is doubt
    if HISTORY.fullmatch(name) and name != "__name__":
        raise DoubtError(name)
    if hasattr(builtins, name) and name not in BUILTINS:
        raise DoubtError(name)


def _require_model(context: ast.expr, around: Notebook) -> None:
    """Doubt each ``with`` but that of a new model, ``with pm.Model():``; what is said below it goes there."""
    function = getattr(context, "func", None)
    if getattr(function, "attr", None) != MODEL or root_of(function) not in around.functions:
        raise DoubtError(f"with {ast.unparse(context)[:40]}")


def _require_library(node: ast.Import | ast.ImportFrom) -> None:
    names = [node.module or "."] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    for name in names:
        if name.split(".")[0] not in LIBRARIES or getattr(node, "level", 0):
            raise DoubtError(f"import {name}")


def _require_import(node: ast.Import | ast.ImportFrom) -> None:
    _require_library(node)
    if isinstance(node, ast.ImportFrom):
        allowed = FITS | NOTES if node.module == "mlmkit" else MODULES | NEW | LOOK
        for alias in node.names:
            if alias.name not in allowed:
                raise DoubtError(f"import {alias.name}")
