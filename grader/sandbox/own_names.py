"""Names that cells bind before they read them: ``figure, ax = plt.subplots()`` in cell after cell.

What such a name stood for before the cell is nothing to it. Where no later cell reads what the cell leaves,
the name could as well be another one: it is the cell's own, and no tie to other cells. So cells are read
(`grader.sandbox.commute`) as if it had another name in each.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import lru_cache

from grader.sandbox.commute import NODES
from grader.sandbox.trees import KEPT, never_runs, parsed, stored_names, walk

MARK = "·"  # may stand in a name, and nobody types it
READS_TEXT = re.compile(
    r"\b(query|eval)\b|statsmodels"
)  # these may find names in texts that are put together
MARKED = re.compile(rf"\w{MARK}\w")
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
NEVER_OWN = re.compile(r"_.*|In|Out|STUDENT")  # of Jupyter; and mlmkit looks up STUDENT


def told_apart(sources: Iterable[str]) -> list[str]:
    r"""Write the code cells of a notebook with other names in each, where a name is the cell's own.

    Examples
    --------
    >>> told_apart(["a = 1\nb = a", "a = 2\nprint(a)", "print(b)"])  # doctest: +ELLIPSIS
    ['a·... = 1\nb = a·...', 'a·... = 2\nprint(a·...)', 'print(b)']
    >>> told_apart(["a = 1", "print(a)", "a = 2\nprint(a)"])  # doctest: +ELLIPSIS
    ['a = 1', 'print(a)', 'a·... = 2\nprint(a·...)']
    """
    sources = list(sources)
    if any(MARKED.search(source) or READS_TEXT.search(source) for source in sources):
        return sources
    cells = [_read(source) for source in sources]
    shared = set(vars(builtins)).union(*(cell.shared for cell in cells))
    last_read = {name: place for place, cell in enumerate(cells) for name in cell.early}
    return [
        _renamed(
            source,
            frozenset(
                name
                for name in cell.bound - shared
                if last_read.get(name, -1) < place and not NEVER_OWN.fullmatch(name)
            ),
        )
        for place, (source, cell) in enumerate(zip(sources, cells, strict=True))
    ]


def as_typed(text: str) -> str:
    """Give back a text about cells that were told apart, with the names as they were typed.

    Examples
    --------
    >>> as_typed("ax·1f0c92ab is changed")
    'ax is changed'
    """
    return re.sub(rf"{MARK}\w*", "", text)


@lru_cache(maxsize=KEPT)
def _read(source: str) -> _Cell:
    tree = parsed(source)
    cell = _Cell()
    if tree is None and never_runs(source):
        return cell
    if tree is not None and all(isinstance(node, NODES) for node in walk(tree)):
        cell.run(tree.body, set())
        return cell
    nothing_known = _Cell()  # each word in it may be a name that it reads
    nothing_known.shared = set(re.findall(r"\w+", unicodedata.normalize("NFKC", source)))
    return nothing_known


@lru_cache(maxsize=KEPT)
def _renamed(source: str, own: frozenset[str]) -> str:
    if not own and not _read(source).in_loops:
        return source
    tree, cell = ast.parse(source), _Cell()
    cell.run(tree.body, set())
    mark = MARK + hashlib.sha256(source.encode()).hexdigest()[:8]
    for node in cell.places:
        field = "id" if isinstance(node, ast.Name) else "name"
        if getattr(node, field) in own:
            setattr(node, field, getattr(node, field) + mark)
    for node in cell.in_loops:
        node.id += "" if NEVER_OWN.fullmatch(node.id) else mark
    return ast.unparse(tree)


@dataclass(frozen=True)
class _Around:
    """The names of the functions and of the comprehensions that an expression stands in."""

    functions: frozenset[str] = frozenset()
    loops: frozenset[str] = frozenset()


class _Cell:
    """Goes through a cell in the order in which Python runs it.

    Attributes
    ----------
    bound : set of str
        Names of the notebook that it may bind.
    early : set of str
        Names that it may read before it has bound them.
    shared : set of str
        Names that may be read by others at any time, since they stand in a function; and those of imports.
    places : list of ast.Name and ast.FunctionDef
        Where names of the notebook stand in it.
    in_loops : list of ast.Name
        Where names stand that only live within a comprehension.
    """

    def __init__(self):
        self.bound: set[str] = set()
        self.early: set[str] = set()
        self.shared: set[str] = set()
        self.places: list[ast.AST] = []
        self.in_loops: list[ast.Name] = []

    def run(self, statements: list[ast.stmt], known: set[str]) -> None:
        """Go through statements; `known` are the names that are certainly bound, and grow."""
        for statement in statements:
            known |= self._run(statement, known)

    def _run(self, statement: ast.stmt, known: set[str]) -> Set[str]:
        """Go through one statement, and return what it certainly binds."""
        match statement:
            case ast.If():
                self.read(statement.test, known)
                either = set(known), set(known)
                self.run(statement.body, either[0])
                self.run(statement.orelse, either[1])
                return either[0] & either[1]
            case ast.For():
                self.read(statement.iter, known)
                self.read(statement.target, known)
                self.run(statement.body, known | set(stored_names(statement.target)))
                self.run(statement.orelse, set(known))
            case ast.While():
                self.read(statement.test, known)
                for block in (statement.body, statement.orelse):
                    self.run(block, set(known))
            case ast.Try():
                self._try(statement, known)
            case ast.With():
                known = set(known)
                for item in statement.items:
                    self.read(item, known)
                    known |= set(stored_names(item))
                self.run(statement.body, set(known))
                return known
            case ast.FunctionDef():
                return self._define(statement)
            case ast.Import() | ast.ImportFrom():
                return self._import(statement.names)
            case ast.Assign():
                self.read(statement.value, known)
                for target in statement.targets:
                    self.read(target, known)
                return set(stored_names(statement))
            case ast.AugAssign():
                self.early |= set(stored_names(statement.target)) - known
                self.read(statement, known)
            case ast.AnnAssign():
                self.read(statement, None)
            case _:
                self.read(statement, known)
        return set()

    def _try(self, statement: ast.Try, known: set[str]) -> None:
        inside = set(known)
        self.run(statement.body, inside)
        self.run(statement.orelse, inside)
        self.run(statement.finalbody, set(known))
        for handler in statement.handlers:
            if handler.type:
                self.read(handler.type, known)
            if handler.name:
                self.shared.add(handler.name)
            self.run(handler.body, set(known))

    def _define(self, function: ast.FunctionDef) -> Set[str]:
        self.places.append(function)
        self.bound.add(function.name)
        self._function(function, _Around())
        return {function.name}

    def _import(self, aliases: list[ast.alias]) -> Set[str]:
        """Go through an import; what is read of it goes by its names, so they stay as they are."""
        names = {(alias.asname or alias.name).split(".")[0] for alias in aliases}
        self.shared |= names
        return names

    def read(self, node: ast.AST, known: Set[str] | None, around: _Around | None = None) -> None:
        """Go through an expression; `around` are the functions and comprehensions that it stands in.

        With None for `known` it may be read at any time, and from another cell.
        """
        around = around or _Around()
        if isinstance(node, ast.Name):
            self._name(node, known, around)
        elif isinstance(node, ast.FunctionDef | ast.Lambda):
            self._function(node, around)
        elif isinstance(node, COMPREHENSIONS):
            self._comprehension(node, known, around)
        else:
            for part in ast.iter_child_nodes(node):
                self.read(part, known, around)

    def _name(self, node: ast.Name, known: Set[str] | None, around: _Around) -> None:
        if node.id in around.loops:
            self.in_loops.append(node)
        if node.id in around.loops | around.functions:
            return
        self.places.append(node)
        if not isinstance(node.ctx, ast.Load):
            self.bound.add(node.id)
        elif known is None:
            self.shared.add(node.id)
        elif node.id not in known:
            self.early.add(node.id)

    def _function(self, node: ast.FunctionDef | ast.Lambda, around: _Around) -> None:
        """Go through a function: what it reads, it may read in another cell."""
        body = node.body if isinstance(node, ast.FunctionDef) else [node.body]
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        given += filter(None, [node.args.vararg, node.args.kwarg])
        own = {arg.arg for arg in given}.union(*map(_binds, body))
        inside = _Around(around.functions | own, around.loops - own)
        for part in ast.iter_child_nodes(node):
            self.read(part, None, inside if part in body else around)

    def _comprehension(self, node: ast.AST, known: Set[str] | None, around: _Around) -> None:
        """Go through a comprehension; a generator may be read later, but for where it begins."""
        own = {name for loop in node.generators for name in stored_names(loop.target)}
        inside = _Around(around.functions - own, around.loops | own)
        first = node.generators[0].iter
        self.read(first, known, around)
        later = None if isinstance(node, ast.GeneratorExp) else known
        for part in ast.iter_child_nodes(node):
            parts = ast.iter_child_nodes(part) if isinstance(part, ast.comprehension) else [part]
            for inner in parts:
                if inner is not first:
                    self.read(inner, later, inside)


def _binds(node: ast.AST) -> set[str]:
    """Return the names that a part of a function binds in it."""
    match node:
        case ast.Name():
            return set() if isinstance(node.ctx, ast.Load) else {node.id}
        case ast.FunctionDef():
            return {node.name}
        case ast.alias():
            return {(node.asname or node.name).split(".")[0]}
        case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return set()
    named = {node.name} if isinstance(node, ast.ExceptHandler) and node.name else set()
    return named.union(*map(_binds, ast.iter_child_nodes(node)))
