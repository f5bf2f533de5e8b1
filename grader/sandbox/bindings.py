"""What the cells of a notebook bind: which names are functions or new objects, and what may hold what.

Read from the text alone, for `grader.sandbox.commute`.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from grader.sandbox.harmless import BUILTINS, DRAW, MADE_BY_US, NEW
from grader.sandbox.takers import Taker, numbers_in, takers_in
from grader.sandbox.trees import KEPT, in_scope, parsed, root_of, stored_names, walk

NOT_HOLDING = (ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Constant, ast.JoinedStr)
DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
PUT_IN = {"add", "append", "extend", "fill", "insert", "update"}  # methods of containers
# Python's own names hold nothing, but for those that make a container of what they are given.
HOLD_NOTHING = frozenset(vars(builtins)) - {"dict", "list", "set", "sorted", "tuple"}
CONTAINERS = {"dict", "list", "set", "sorted"}  # functions of Python that make a new one


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
    takers : dict
        Functions that are only called, by their names: what they draw random numbers from.
    numbers : set of str
        Names that stand for numbers wherever they are bound.
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
    takers: dict[str, Taker] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, sources: Iterable[str]) -> Notebook:
        """Read code cells. One that Python can't read binds nothing: it can't run either."""
        sources = list(sources)
        readable = [source for source in sources if parsed(source) is not None]
        trees = [parsed(source) for source in readable]
        defined = set().union(*map(defined_by, readable))
        bound = Bound.of(trees, defined)
        names = [names_of(source) for source in readable]
        ours = {name for cell in names for name in cell.binds} - bound.imported
        behind = {name: set(cell.called) for cell in names if cell.called for name in cell.binds - bound.data}
        held: dict[str, set[str]] = {}
        origins: dict[str, set[str]] = {}
        grown = True
        while grown:
            grown = False
            for cell in names:
                for used in cell.uses:
                    for name in cell.binds - {used}:
                        if name not in bound.data:
                            grown |= _add(behind, name, behind.get(used, set()))
                        if name not in bound.apart and used in ours:
                            if name in ours:
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
            frozenset().union(*map(_passing, readable)),
            any("statsmodels" in source for source in sources),
            takers_in(trees),
            frozenset(numbers_in(trees)),
        )

    def uses(self, names: Iterable[str]) -> set[str]:
        """Return these names, and those that functions behind them look up."""
        return set(names).union(*(self.behind.get(name, ()) for name in names))

    def holders(self, names: Iterable[str]) -> set[str]:
        """Return these names, and those whose objects may hold what these hold."""
        return set(names).union(*(self.held.get(name, ()) for name in names))


@dataclass
class Bound:
    """How names are bound.

    As functions; to new objects (`made`), of these to such as hold no other (`apart`), of these again to such
    as no function of the notebook can be reached through (`data`).
    """

    functions: set[str]
    made: set[str]
    apart: set[str]
    data: set[str]
    modules: set[str]
    imported: set[str]

    @classmethod
    def of(cls, trees: list[ast.AST], defined: Container[str]) -> Bound:
        """Read cells, or the body of a function; `defined` are the names that hide Python's own."""
        functions, made, others, modules, imported, defined_here, blank = (set() for _ in range(7))
        values: list[tuple[set[str], ast.expr]] = []
        for node in (node for tree in trees for node in in_scope(tree)):
            values += _put_in(node)
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {(alias.asname or alias.name).split(".")[0] for alias in node.names}
                (modules if isinstance(node, ast.Import) else imported).update(names)
            elif isinstance(node, ast.FunctionDef):
                functions.add(node.name)
                defined_here.add(node.name)
            elif isinstance(node, ast.Assign):
                for names, value in _each_assigned(node):
                    if isinstance(value, ast.Lambda):
                        functions |= names
                        defined_here |= names
                    elif is_new(value, defined):
                        made |= names
                        values.append((names, value))
                    elif not _is_blank(value):  # nobody can change that
                        others |= names
                    else:
                        blank |= names
            elif isinstance(node, ast.AnnAssign | ast.For | ast.comprehension | ast.NamedExpr):
                others |= set(stored_names(node.target))
            elif isinstance(node, ast.withitem) and node.optional_vars:
                others |= set(stored_names(node.optional_vars))
            elif isinstance(node, ast.Lambda):
                others |= {arg.arg for arg in walk(node.args) if isinstance(arg, ast.arg)}
            elif isinstance(node, ast.ExceptHandler) and node.name:
                others.add(node.name)
        others |= blank - made  # an answer that is still to come: what it will be isn't known
        only_imported = (imported | modules) - functions - others - made
        functions |= imported
        made -= others | functions | modules
        modules -= others | functions
        apart = _apart(made, values, functions | modules)
        data = _apart(apart, values, (functions | modules) - defined_here)
        return cls((functions | modules) - made - others, made, apart, data, modules, only_imported)


def _each_assigned(node: ast.Assign) -> Iterable[tuple[set[str], ast.expr]]:
    """Yield the names that an assignment binds, and to what: ``a, b = 1, 2`` in two parts."""
    for target in node.targets:
        pairs = [(target, node.value)]
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            starred = any(isinstance(part, ast.Starred) for part in [*target.elts, *node.value.elts])
            if len(target.elts) == len(node.value.elts) and not starred:
                pairs = zip(target.elts, node.value.elts, strict=True)
        for place, value in pairs:
            yield set(stored_names(place)), value


def _is_blank(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is ...


def _put_in(node: ast.AST) -> Iterable[tuple[set[str], ast.expr]]:
    """Yield what a node puts into the object of a name, which may hold it from then on."""
    if isinstance(node, ast.Assign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in (part for whole in targets for part in walk(whole)):
            if isinstance(target, ast.Attribute | ast.Subscript) and isinstance(target.ctx, ast.Store):
                yield _names_below(target), node.value
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", None) in PUT_IN:
        for value in [*node.args, *(word.value for word in node.keywords)]:
            yield _names_below(node.func), value


def _names_below(place: ast.expr) -> set[str]:
    """Return the name at the beginning of a place such as ``name[0].part``, if there is one."""
    while isinstance(place, ast.Attribute | ast.Subscript):
        place = place.value
    return {place.id} if isinstance(place, ast.Name) else set()


def _apart(made: set[str], values: list[tuple[set[str], ast.expr]], harmless: set[str]) -> set[str]:
    """Return those of the names `made` that hold no other name's object, but perhaps a `harmless` one."""
    apart, held_in = set(made), []
    for names, value in values:
        if isinstance(value, NOT_HOLDING) and not any(map(_holds, walk(value))):
            held_in.append((names, {node.id for node in walk(value) if isinstance(node, ast.Name)}))
        else:
            apart -= names
    grown = True
    while grown:
        grown = False
        for names, sources in held_in:
            if names & apart and sources - apart - harmless - HOLD_NOTHING:
                apart -= names
                grown = True
    return apart


def _holds(node: ast.AST) -> bool:
    """Tell whether a part of an expression is a function, or a container with the objects of names in it."""
    written_out = isinstance(node, DISPLAYS) and any(isinstance(part, ast.Name) for part in walk(node))
    return written_out or isinstance(node, ast.Lambda)


@dataclass
class CellNames:
    """The names of one cell: used, bound, and looked up by the functions that it defines."""

    uses: set[str]
    binds: set[str]
    called: set[str]

    @classmethod
    def of(cls, tree: ast.AST) -> CellNames:
        """Read one cell. `names_of` keeps what it has read."""
        table = symtable.symtable(ast.unparse(tree), "cell", "exec")
        uses = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
        binds = {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_assigned() or symbol.is_imported()
        } - {"_"}
        called = set().union(*map(_globals_of, table.get_children()))
        return cls(uses | called, binds, called)


@lru_cache(maxsize=KEPT)
def names_of(source: str) -> CellNames:
    """Read the names of one cell, which Python can read. Treat them as read-only."""
    return CellNames.of(parsed(source))


@lru_cache(maxsize=KEPT)
def defined_by(source: str) -> frozenset[str]:
    """Return the names that a cell, which Python can read, binds in any way but by an import."""
    return frozenset(defined_in([parsed(source)]))


@lru_cache(maxsize=KEPT)
def _passing(source: str) -> frozenset[str]:
    """Return the names of what is given to lambdas, and of the parts of comprehensions."""
    found = set()
    for node in walk(parsed(source)):
        if isinstance(node, ast.comprehension):
            found |= set(stored_names(node.target))
        elif isinstance(node, ast.Lambda):
            found |= {arg.arg for arg in walk(node.args) if isinstance(arg, ast.arg)}
    return frozenset(found)


def _bound_to_library(tree: ast.AST, functions: set[str]) -> Iterable[str]:
    """Yield the names that a cell binds where it looks something up in a module, and does not call it."""
    nodes = in_scope(tree)
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    called |= {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.For | ast.NamedExpr) and any(
            isinstance(part, ast.Attribute) and id(part) not in called and root_of(part) in functions
            for part in walk(node)
        ):
            yield from stored_names(node)


def _add(names: dict[str, set[str]], name: str, more: set[str]) -> bool:
    """Add to what a dictionary has for a name; tell whether that was new."""
    new = more - names.get(name, set())
    if new:
        names.setdefault(name, set()).update(new)
    return bool(new)


def _globals_of(table: symtable.SymbolTable) -> set[str]:
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return found.union(*map(_globals_of, table.get_children()))


def defined_in(trees: Iterable[ast.AST]) -> set[str]:
    """Return the names that cells bind in any way but by an import."""
    found = set()
    for node in (node for tree in trees for node in in_scope(tree)):
        found |= {node.name} if isinstance(node, ast.FunctionDef) else set(stored_names(node))
    return found


def is_new(value: ast.expr, defined: Container[str]) -> bool:
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
        isinstance(value, ast.Constant) and not _is_blank(value)
    )
