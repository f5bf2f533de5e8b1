"""What a cell of code assigns, checks and imports, read without running it; students' code may not parse."""

import ast
import re

from grader.intake.preflight import CHECK_CALL


def assigns(source: str, name: str) -> bool:
    """Tell whether code gives a variable a value.

    >>> assigns("sd = fit.sigma", "sd"), assigns("sd == 2", "sd")
    (True, False)
    """
    return bool(re.search(rf"^\s*{re.escape(name)}\s*(:[^=\n]+)?=[^=]", source, re.MULTILINE))


def without_checks(source: str) -> str:
    r"""Return code without its calls of ``check``.

    >>> without_checks('mu = 2\ncheck("l01-fixef", mu)')
    'mu = 2'
    """
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        lines = [line for line in source.split("\n") if not CHECK_CALL.search(line)]
        return "\n".join(lines).strip()
    lines = source.split("\n")
    for node in statements:
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and getattr(call.func, "id", None) == "check":
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(lines).strip()


def imported(source: str) -> set[str]:
    """Return the names that the imports in code bind.

    >>> sorted(imported("import numpy as np, scipy.stats"))
    ['np', 'scipy']
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return {(alias.asname or alias.name).split(".")[0] for node in imports for alias in node.names}


def only_imports(source: str) -> set[str]:
    """Return the names that code binds, if it does nothing but import; else nothing.

    >>> only_imports("import numpy as np"), only_imports("import numpy as np; x = 2")
    ({'np'}, set())
    """
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return set()
    only = all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)
    return imported(source) if body and only else set()
