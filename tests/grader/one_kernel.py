"""One notebook in one real kernel, for tests of the sandbox."""

from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config import Config

from grader.sandbox.execute import SturdyExecute
from grader.sandbox.rungs import RUNGS


def run(*sources, folder, **settings):
    """Execute cells in the sandbox that `settings` ask for; return the notebook. ``execute``: its limits."""
    limits = settings.pop("execute", {})
    settings.setdefault("isolation", list(RUNGS))
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    execute = SturdyExecute(config=Config({"SandboxProvisioner": settings}), **limits)
    return execute.preprocess(notebook, {"metadata": {"path": str(folder)}})[0]


def printed(cell):
    """Return what a cell wrote to its standard output."""
    texts = [output.get("text", "") for output in cell.outputs if output.get("name") == "stdout"]
    return "".join(texts).strip()


def shown(cell):
    """Return everything that a cell shows, as text."""
    parts = []
    for output in cell.outputs:
        parts.append(
            output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue", "")
        )
    return "\n".join(parts)


def isolation(notebook):
    """Return how the kernel of an executed notebook was kept apart."""
    return notebook.metadata.mlmkit["isolation"]
