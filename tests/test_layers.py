"""The house has storeys: a module uses only what lies below it, late imports included. No circles."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STOREYS = {  # of each package, the lowest first
    "mlmkit": [
        "data",
        "frame",
        "engine",
        "inference",
        "fits",
        "study",
        "bayes",
        "answers",
        "plots",
        "compile_kernels",
    ],
    "grader": [
        "course",
        "bank",
        "judge",
        "author",
        "intake",
        "sandbox",
        "grade",
        "marks",
        "pages",
        "classroom",
        "demo",
        "web",
        "commands",
        "__main__",
    ],
}
PACKAGES = pytest.mark.parametrize("package", list(STOREYS))


def modules_of(package, root=ROOT):
    """Name the modules of a package, with their files; a package has the name of its folder."""
    found = {}
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(module, path, modules, strings):
    """Find which of `modules` a file imports, late ones and, with `strings`, names in strings included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {_nearest(alias.name, modules) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(node, module, path)
            # `from package import thing` uses the module `thing` where there is one, else the package.
            found |= {_nearest(f"{source}.{alias.name}", modules) for alias in node.names}
        elif strings and isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = _nearest(node.value, modules)
            found |= {named} if named and "." in named else set()
    return found - {None, module}


def _absolute(node, module, path):
    """Name what a relative import means."""
    if not node.level:
        return node.module
    parts = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _nearest(name, modules):
    """Name the module that `name` is, or is defined in; None outside of the package."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name or None


def graph_of(package, root=ROOT, *, strings=True):
    modules = modules_of(package, root)
    return {module: imports_of(module, path, modules, strings) for module, path in modules.items()}


def storey_of(module):
    """Name the room of a module: the part of its name behind the package's."""
    return module.split(".")[1] if "." in module else None


def arrows_up(graph, storeys):
    """List the imports of a higher storey, and those of the package's own front door from within."""
    height = {None: len(storeys), **{storey: place for place, storey in enumerate(storeys)}}
    return [
        f"{module} imports {other}"
        for module, others in graph.items()
        for other in sorted(others)
        if storey_of(module) is not None and height[storey_of(other)] > height[storey_of(module)]
    ]


def circle_in(graph):
    """Find modules that import each other in a circle; an empty list where there is none."""
    left = {module: set(others) for module, others in graph.items()}
    while free := [module for module, others in left.items() if not others & left.keys()]:
        for module in free:
            del left[module]
    if not left:
        return []
    path = [min(left)]
    while True:
        following = min(left[path[-1]] & left.keys())
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)


@PACKAGES
def test_every_module_has_a_storey(package):
    rooms = {storey_of(module) for module in modules_of(package)} - {None}
    assert rooms == set(STOREYS[package])


@PACKAGES
def test_no_arrow_goes_up(package):
    assert arrows_up(graph_of(package), STOREYS[package]) == []


@PACKAGES
def test_no_modules_import_each_other_in_a_circle(package):
    assert circle_in(graph_of(package, strings=False)) == []  # a name alone loads nothing


@PACKAGES
def test_no_two_files_have_one_name(package):
    names = [path.name for path in modules_of(package).values() if path.name != "__init__.py"]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    "line",
    [
        "import house.attic.roof",
        "from house.attic import roof",
        "from house.attic.roof import tile",
        "from ..attic import roof",
        "def late():\n    from house.attic.roof import tile",
        "tile = importlib.import_module('house.attic.roof')",
    ],
)
def test_an_arrow_up_is_seen_however_it_is_written(tmp_path, line):
    for name, text in {"cellar": line, "attic": ""}.items():
        (tmp_path / "house" / name).mkdir(parents=True)
        (tmp_path / "house" / name / "__init__.py").touch()
        (tmp_path / "house" / name / {"cellar": "wine", "attic": "roof"}[name]).with_suffix(".py").write_text(
            text
        )
    graph = graph_of("house", tmp_path)
    assert arrows_up(graph, ["cellar", "attic"]) == ["house.cellar.wine imports house.attic.roof"]
    assert arrows_up(graph, ["attic", "cellar"]) == []


def test_a_circle_is_seen():
    graph = {"a": {"b"}, "b": {"c", "d"}, "c": {"b"}, "d": set()}
    assert circle_in(graph) == ["b", "c", "b"]
    assert circle_in({**graph, "c": {"d"}}) == []
