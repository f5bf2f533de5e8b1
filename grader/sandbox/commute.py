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
import symtable
import warnings
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace

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
    IN_PLACE,
    LIBRARIES,
    LOOK,
    MADE_BY_US,
    MODULES,
    NEW,
    NOTES,
    OF_MODULES,
    ONCE,
    ONCE_METHODS,
    SEEDS,
    TAKES_ALL,
)

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
    ast.Compare, ast.IfExp, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip


NOT_HOLDING = (ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Constant, ast.JoinedStr)
CONTAINERS = {"dict", "list", "set", "sorted"}  # functions of Python that make a new one
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


@dataclass(frozen=True)
class Notebook:
    """What the cells of a notebook bind, all together.

    Attributes
    ----------
    functions : set of str
        Names that stand for a function, a class or a module wherever they are bound.
    made : set of str
        Names that are bound to new objects only, which nobody else holds.
    behind : dict
        Name to the names that functions look up when they are called through it.
    held : dict
        Name to the names whose objects may hold the object of that name.
    origins : dict
        Name to the names whose objects its own may be, or be a part of.
    library : set of str
        Names that may stand for an object of a library.
    modules : set of str
        Names of whole modules.
    defined : set of str
        Names that are bound in any way but by an import.
    passing : set of str
        Names that stand for whatever is given to a lambda, or for each in turn in a comprehension.
    runs_text : bool
        Formulas of statsmodels may occur: these can run any Python, those of mlmkit know a few functions.
    """

    functions: frozenset[str] = frozenset()
    made: frozenset[str] = frozenset()
    behind: dict[str, set[str]] = field(default_factory=dict)
    held: dict[str, set[str]] = field(default_factory=dict)
    origins: dict[str, set[str]] = field(default_factory=dict)
    library: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    defined: frozenset[str] = frozenset()
    passing: frozenset[str] = frozenset()
    runs_text: bool = False

    @classmethod
    def of(cls, sources: Iterable[str]) -> Notebook:
        """Read code cells. One that Python can't read binds nothing: it can't run either."""
        sources = list(sources)
        trees = [tree for source in sources if (tree := _parsed(source)) is not None]
        defined = _defined(trees)
        bound = _Bound.of(trees, defined)
        names = [_Names.of(tree) for tree in trees]
        behind = {name: set(cell.called) for cell in names if cell.called for name in cell.binds}
        held: dict[str, set[str]] = {}
        origins: dict[str, set[str]] = {}
        grown = True
        while grown:
            grown = False
            for cell in names:
                for used in cell.uses:
                    for name in cell.binds - {used}:
                        grown |= _add(behind, name, behind.get(used, set()))
                        if name not in bound.apart:
                            grown |= _add(held, used, {name} | held.get(name, set()))
                            if used not in bound.functions:
                                grown |= _add(origins, name, {used} | origins.get(used, set()))
        library = {name for tree in trees for name in _bound_to_library(tree, bound.functions)}
        return cls(
            frozenset(bound.functions),
            frozenset(bound.made),
            behind,
            held,
            origins,
            frozenset(library),
            frozenset(bound.modules),
            frozenset(defined),
            frozenset(name for tree in trees for name in _passing(tree)),
            any("statsmodels" in source for source in sources),
        )

    def uses(self, names: Iterable[str]) -> set[str]:
        """Return these names, and those that functions behind them look up."""
        return set(names).union(*(self.behind.get(name, ()) for name in names))

    def holders(self, names: Iterable[str]) -> set[str]:
        """Return these names, and those whose objects may hold what these hold."""
        return set(names).union(*(self.held.get(name, ()) for name in names))


@dataclass
class _Bound:
    """How names are bound: as functions, to new objects, and of these to such as hold no other (`apart`)."""

    functions: set[str]
    made: set[str]
    apart: set[str]
    modules: set[str]

    @classmethod
    def of(cls, trees: list[ast.AST], defined: Container[str]) -> _Bound:
        functions, made, holds, others, modules = set(), set(), set(), set(), set()
        for node in (node for tree in trees for node in _in_scope(tree)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {(alias.asname or alias.name).split(".")[0] for alias in node.names}
                (modules if isinstance(node, ast.Import) else functions).update(names)
            elif isinstance(node, ast.FunctionDef):
                functions.add(node.name)
            elif isinstance(node, ast.Assign):
                names = {name for target in node.targets for name in _names(target)}
                if isinstance(node.value, ast.Lambda):
                    functions |= names
                elif _is_new(node.value, defined):
                    made |= names
                    holds |= set() if isinstance(node.value, NOT_HOLDING) else names
                else:
                    others |= names
            elif isinstance(node, ast.AnnAssign | ast.For | ast.comprehension | ast.NamedExpr):
                others |= set(_names(node.target))
            elif isinstance(node, ast.Lambda):
                others |= {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)}
            elif isinstance(node, ast.ExceptHandler) and node.name:
                others.add(node.name)
        made -= others | functions | modules
        modules -= others | functions
        return cls((functions | modules) - made - others, made, made - holds, modules)


@dataclass
class _Names:
    """The names of one cell: used, bound, and looked up by the functions that it defines."""

    uses: set[str]
    binds: set[str]
    called: set[str]

    @classmethod
    def of(cls, tree: ast.AST) -> _Names:
        table = symtable.symtable(ast.unparse(tree), "cell", "exec")
        uses = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
        binds = {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_assigned() or symbol.is_imported()
        } - {"_"}
        called = set().union(*map(_globals_of, table.get_children()))
        return cls(uses | called, binds, called)


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
    tree = _parsed(source)
    if tree is None:
        raise DoubtError("not Python")
    reader = _Reader()
    reader.scope(tree, notebook, inside=False)
    names = _Names.of(tree)
    changes = frozenset(notebook.holders(reader.changes))
    return Effects(
        frozenset(notebook.uses(names.uses)), frozenset(names.binds), changes, reader.notes, reader.chance
    )


def bound_by(sources: Iterable[str]) -> set[str]:
    """Return the names that code cells bind."""
    trees = [_parsed(source) for source in sources]
    return {name for tree in trees if tree is not None for name in _Names.of(tree).binds}


def is_the_same_each_time(source: str) -> bool:
    """Tell whether a cell gives the same numbers each time, and notes nothing; of a cell in doubt, too."""
    tree = _parsed(source)
    if tree is None:
        return False
    names = {getattr(node, "id", getattr(node, "attr", None)) for node in ast.walk(tree)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return not names & (DRAW | NOTES - {"set_alt_text"}) and not any(map(_is_left_to_chance, calls))


def require_ordinary(source: str) -> None:
    """Raise `DoubtError` if a cell could see how the cells before it were run: history, Jupyter, modules."""
    tree = _parsed(source)
    if tree is None:
        raise DoubtError("not Python")
    for node in ast.walk(tree):
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

    def __init__(self):
        self.changes, self.notes, self.chance = set(), False, False

    def scope(self, top: ast.Module, around: Notebook, *, inside: bool) -> None:
        """Read the nodes of a cell, or of a function that is `inside` one; `around` says what names are."""
        docs = {
            id(node.value) for node in ast.walk(top) if isinstance(node, ast.Expr) and _is_text(node.value)
        }
        used_up = {id(node) for node in _in_scope(top) if _gives_once(node)}
        used_up -= {id(taken) for node in _in_scope(top) for taken in _takes_all(node)}
        for node in _in_scope(top):
            if not isinstance(node, NODES):
                raise DoubtError(type(node).__name__)
            if id(node) in used_up:
                raise DoubtError(f"{ast.unparse(node)[:40]} gives its values once")
            if isinstance(node, ast.FunctionDef):
                self.function(node, around)
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

    def function(self, node: ast.FunctionDef, around: Notebook) -> None:
        """Read a function: its parameters are anybody's objects, what it makes is its own."""
        if node.decorator_list:
            raise DoubtError("a decorator")
        given = {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)}
        body = ast.Module(node.body, [])
        stored = _defined([body]) | given
        bound = _Bound.of([body], around.defined | stored)
        functions = (around.functions - stored) | (bound.functions - given)
        self.scope(
            ast.Module([ast.Expr(default) for default in _defaults(node.args)], []), around, inside=True
        )
        before = self.notes, self.chance
        own = replace(
            around,
            defined=around.defined | stored,
            functions=functions,
            made=frozenset(bound.made - given),
            modules=around.modules - stored,
        )
        self.scope(body, own, inside=True)
        if (self.notes, self.chance) != before:  # whoever calls it would do that
            raise DoubtError(f"{node.name} does more than it gives back")

    def change(self, place: ast.expr, around: Notebook, inside: bool, given: Iterable[ast.expr] = ()) -> None:
        """Note that the object at `place` is changed, and whatever it may be a part of.

        `given` are the arguments: a method of a class changes the first of them.
        """
        if _is_new(place, around.defined):
            return
        root = place
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        name = getattr(root, "id", None)
        if name in around.made and root is place:
            self.changes |= set() if inside else {name}
        elif name is None or inside or name in around.functions | around.library | around.passing | BUILTINS:
            raise DoubtError(f"{ast.unparse(place)[:40]} is changed")
        else:
            names = {node.id for part in given for node in ast.walk(part) if isinstance(node, ast.Name)}
            for one in {name, *(names - around.functions)}:
                self.changes |= {one} | around.origins.get(one, set())

    def call(self, node: ast.Call, around: Notebook, inside: bool) -> None:
        """Read one call: which function, and what it may change."""
        given = {keyword.arg for keyword in node.keywords}
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        calls_by_name = name in BY_NAME and node.args and (len(node.args) > 1 or given - BY_NAME_WITH)
        if given & IN_PLACE or calls_by_name:
            raise DoubtError(ast.unparse(node)[:40])
        for place in [keyword.value for keyword in node.keywords if keyword.arg == "ax"]:
            self.change(place, around, inside)
        if name == "set_alt_text":
            self.change(node.args[0] if node.args else node, around, inside)
        self.chance |= _is_left_to_chance(node)
        if isinstance(node.func, ast.Attribute):
            if name != "add" or not given & {"axis", "fill_value"}:  # of a set, or of a data frame
                self.method(node, around, inside)
        elif name not in around.functions | CALLED:
            raise DoubtError(f"{ast.unparse(node.func)[:40]}()")

    def method(self, node: ast.Call, around: Notebook, inside: bool) -> None:
        """Read the call of a method, or of a function in a module."""
        function = node.func
        of_module = _root(function) in around.functions
        if of_module and (function.attr in DRAW or function.attr in FIGURE):
            self.chance |= function.attr in DRAW
        elif function.attr in OF_MODULES and getattr(function.value, "id", None) in around.modules:
            return
        elif function.attr in DRAW | CHANGE:
            self.change(function.value, around, inside, [*node.args, *(word.value for word in node.keywords)])
        elif function.attr not in NEW | LOOK | FITS:
            raise DoubtError(f".{function.attr}()")


def _passing(tree: ast.AST) -> Iterable[str]:
    """Yield the names of what is given to lambdas, and of the parts of comprehensions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.comprehension):
            yield from _names(node.target)
        elif isinstance(node, ast.Lambda):
            yield from (arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg))


def _is_left_to_chance(node: ast.Call) -> bool:
    """Tell whether a call takes other numbers each time, for want of a number to begin with."""
    name = getattr(node.func, "attr", getattr(node.func, "id", None))
    given = {keyword.arg for keyword in node.keywords}
    return (name in SEEDS and SEEDS[name] not in given) or (
        name == "default_rng" and not (node.args or given)
    )


def _bound_to_library(tree: ast.AST, functions: set[str]) -> Iterable[str]:
    """Yield the names that a cell binds where it looks something up in a module, and does not call it."""
    nodes = list(_in_scope(tree))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    called |= {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.For | ast.NamedExpr) and any(
            isinstance(part, ast.Attribute) and id(part) not in called and _root(part) in functions
            for part in ast.walk(node)
        ):
            yield from _names(node)


def _root(node: ast.AST) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return getattr(node, "id", None)


def _parsed(source: str) -> ast.Module | None:
    """Read a cell as Python; None where it isn't. What only Jupyter understands isn't, either."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the student's text; the kernel says so, too
        try:
            tree = ast.parse(source)
            compile(tree, "cell", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return tree


def _add(names: dict[str, set[str]], name: str, more: set[str]) -> bool:
    """Add to what a dictionary has for a name; tell whether that was new."""
    new = more - names.get(name, set())
    if new:
        names.setdefault(name, set()).update(new)
    return bool(new)


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


def _in_scope(top: ast.AST) -> Iterable[ast.AST]:
    waiting = list(ast.iter_child_nodes(top))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting += ast.iter_child_nodes(node)


def _globals_of(table: symtable.SymbolTable) -> set[str]:
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return found.union(*map(_globals_of, table.get_children()))


def _names(target: ast.AST) -> Iterable[str]:
    """Yield the names that a target of an assignment binds."""
    return (
        node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )


def _defined(trees: Iterable[ast.AST]) -> set[str]:
    """Return the names that cells bind in any way but by an import."""
    found = set()
    for node in (node for tree in trees for node in _in_scope(tree)):
        found |= {node.name} if isinstance(node, ast.FunctionDef) else set(_names(node))
    return found


def _is_new(value: ast.expr, defined: Container[str]) -> bool:
    """Tell whether an expression makes an object that nobody else holds."""
    while isinstance(value, ast.Attribute) and value.attr == "T":
        value = value.value
    if isinstance(value, ast.Tuple):
        return False
    if isinstance(value, ast.Call):
        function = value.func
        if isinstance(function, ast.Name):
            names = (NEW - BUILTINS) | MADE_BY_US | CONTAINERS
            return function.id in names and function.id not in defined
        return isinstance(function, ast.Attribute) and function.attr in NEW | DRAW | MADE_BY_US
    kinds = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.JoinedStr)
    return isinstance(value, (*kinds, ast.BinOp, ast.UnaryOp, ast.Compare)) or (
        isinstance(value, ast.Constant) and value.value is not ...
    )


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


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
