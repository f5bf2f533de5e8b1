"""A graded notebook as pages may show it: only what is known, in the form that is expected, of bounded size.

Students write everything in a notebook: its JSON too, not only code and text. nbconvert's templates put some
of it into a page as it is (a picture's width, a cell's id, the names of files), and expect each part to have
the type that the format says. So this keeps what is on a list and drops the rest, before a template sees it.
"""

from __future__ import annotations

import re
import secrets
from html import escape
from pathlib import Path

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from traitlets import Bool

from grader.grade.verdicts import MIME, read_verdict
from grader.intake.mending import METADATA
from grader.pages.explained import explained
from grader.pages.policy import formgrader_policy, policy
from grader.pages.safe_html import shortened

FORMGRADER_CSS = Path(__file__).parent / "templates" / "formgrade_page" / "formgrade_page.css"
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
TEXTS = ("text/html", "text/markdown", "text/latex", "text/plain")
ATTACHABLE = ("image/png", "image/jpeg", "image/gif")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
NOT_IN_A_NAME = re.compile(r"[^\w.-]+")
LONGEST_OUTPUT = 100_000  # characters of text; `LimitOutput` has cut longer streams before
LONGEST_HTML = 400_000
LONGEST_SOURCE = 20_000
LARGEST_PICTURE = 8_000_000  # characters of base64: six megabytes
MOST_OUTPUTS = 60  # of one cell
MOST_CELLS = 500
TOO_MUCH = "[…] This output is too long for this page, and is left out."


class Tame(Preprocessor):
    """Prepares a notebook for a page; named in ``course/nbgrader_config.py`` for all of them.

    It comes before all other preprocessors: nbconvert stops after one that leaves a notebook invalid, so what
    a student broke has to be dropped first.
    """

    enabled = Bool(True).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict):
        """Change `nb`, and the names in `resources` that nbgrader's templates write into pages unescaped."""
        languages = {"name": "python", "pygments_lexer": "ipython3"}
        nb.metadata = NotebookNode({"language_info": languages, METADATA: nb.metadata.get(METADATA, {})})
        nb.cells = [tame_cell(cell, place) for place, cell in enumerate(nb.cells[:MOST_CELLS], 1)]
        nb.nbformat, nb.nbformat_minor = 4, 5
        resources["verdict_of"] = trusted_verdict
        resources["policy"] = policy()
        resources["formgrader_policy"] = formgrader_policy
        resources["formgrader_css"] = FORMGRADER_CSS.read_text(encoding="utf-8")
        resources["nonce"] = secrets.token_urlsafe(16)
        for name in ("student", "first_name", "last_name", "notebook_path", "assignment_id", "notebook_id"):
            if isinstance(resources.get(name), str):
                resources[name] = escape(_text(resources[name]))
        return nb, resources


def trusted_verdict(cell: NotebookNode) -> str | None:
    """Return the HTML of the grader's verdict on a check cell; None for all other cells.

    It is written again from the verdict's fields: HTML that a notebook holds is never shown as a verdict.
    """
    if cell.cell_type != "code" or not cell.metadata.get("nbgrader", {}).get("grade"):
        return None
    verdict = read_verdict(cell)
    return explained(verdict) if verdict else None


def tame_cell(cell: NotebookNode, place: int = 1) -> NotebookNode:
    """Return a cell with what pages show of it, and nothing else."""
    kind = cell.cell_type if cell.cell_type in ("code", "markdown", "raw") else "raw"
    kept = {"cell_type": kind, "source": shortened(_text(cell.get("source")), LONGEST_SOURCE)}
    kept["metadata"] = _tame_metadata(cell.get("metadata", {}))
    kept["id"] = f"cell-{place}"
    if kind == "code":
        outputs = cell.get("outputs", [])
        kept["execution_count"] = None
        kept["outputs"] = [tame_output(output) for output in outputs[:MOST_OUTPUTS]]
        if len(outputs) > MOST_OUTPUTS:
            kept["outputs"].append(_stream(f"[…] {len(outputs) - MOST_OUTPUTS} more outputs are left out."))
    elif isinstance(cell.get("attachments"), dict):
        kept["attachments"] = _tame_attachments(cell.attachments)
    return NotebookNode(kept)


def _tame_metadata(metadata) -> NotebookNode:
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not isinstance(found, dict) or not found:
        return NotebookNode()
    nbgrader = {name: bool(found.get(name)) for name in ("grade", "solution", "locked", "task")}
    nbgrader["grade_id"] = NOT_IN_A_NAME.sub("_", _text(found.get("grade_id")))
    nbgrader["points"] = _number(found.get("points"))
    return NotebookNode({"nbgrader": NotebookNode(nbgrader)})


def tame_output(output: NotebookNode) -> NotebookNode:
    """Return one output: text, HTML, a picture or an error; what else there is as its plain text."""
    kind = output.get("output_type")
    if kind == "stream":
        return _stream(_text(output.get("text")), "stderr" if output.get("name") == "stderr" else "stdout")
    if kind == "error":
        lines = [_text(line) for line in output.get("traceback") or []]
        says = "\n".join(lines) or f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
        lines = [shortened(says, LONGEST_OUTPUT)]
        return NotebookNode(output_type="error", ename="", evalue="", traceback=lines)
    data = output.get("data", {})
    data = data if isinstance(data, dict) else {}
    kept, about = {}, output.get("metadata", {})
    for name in TEXTS:
        if name in data:
            kept[name] = _tame_text(name, _text(data[name]))
    for name in PICTURES:
        if name in data and (picture := _tame_picture(name, _text(data[name]))) is not None:
            kept[name] = picture
    if MIME in data:
        kept[MIME] = data[MIME]
    if not kept:
        kept["text/plain"] = ""
    return NotebookNode(
        output_type="execute_result" if kind == "execute_result" else "display_data",
        data=NotebookNode(kept),
        metadata=_tame_sizes(about if isinstance(about, dict) else {}),
        **({"execution_count": None} if kind == "execute_result" else {}),
    )


def _tame_text(name: str, text: str) -> str:
    if name == "text/html" and len(text) > LONGEST_HTML:
        return f"<p>{TOO_MUCH}</p>"
    return text if name == "text/html" else shortened(text, LONGEST_OUTPUT)


def _tame_picture(name: str, data: str) -> str | None:
    fits = len(data) <= LARGEST_PICTURE and (name == "image/svg+xml" or BASE64.fullmatch(data))
    return data if fits else None


def _tame_sizes(about: dict) -> NotebookNode:
    """Keep the sizes of pictures where they are numbers, and their descriptions."""
    found = {}
    for name in PICTURES:
        entries = about.get(name)
        if isinstance(entries, dict):
            sizes = {
                key: int(_number(entries[key])) for key in ("width", "height") if _number(entries.get(key))
            }
            alt = {"alt": shortened(entries["alt"], 2_000)} if isinstance(entries.get("alt"), str) else {}
            found[name] = NotebookNode({**sizes, **alt})
    return NotebookNode(found)


def _tame_attachments(attachments: dict) -> NotebookNode:
    found = {}
    for name, content in attachments.items():
        pictures = content if isinstance(content, dict) else {}
        found[str(name)] = NotebookNode(
            {
                kind: data
                for kind, data in pictures.items()
                if kind in ATTACHABLE and isinstance(data, str) and _tame_picture(kind, data) is not None
            }
        )
    return NotebookNode(found)


def _stream(text: str, name: str = "stdout") -> NotebookNode:
    return NotebookNode(output_type="stream", name=name, text=shortened(text, LONGEST_OUTPUT))


def _text(value) -> str:
    """Return text as the format has it: a string, or a list of them; "" for what is no text."""
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    text = value if isinstance(value, str) else ""
    return text.encode("utf-8", "replace").decode("utf-8")  # half characters can't be written to a file


def _number(value) -> float:
    """Return a number between 0 and 10,000; 0 for what is none.

    >>> _number(2.5), _number("7"), _number(float("nan")), _number("1 onload=x()")
    (2.5, 7.0, 0.0, 0.0)
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return number if 0 <= number <= 10_000 else 0.0
