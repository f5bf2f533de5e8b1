"""What a graded notebook tells, so that the short way and the long one can be compared."""

import json
import re

import nbformat

from grader.grade.verdicts import read_verdicts


def told(notebook):
    """What a notebook shows, without how and when it was run; one text may come in two messages."""
    cells = []
    # Each styled table has a name of its own, and lies in a place of its own.
    text = re.sub(r"\bT_[0-9a-f]{5}| at 0x[0-9a-f]+", "", nbformat.writes(notebook))
    for cell in json.loads(text)["cells"]:
        outputs = []
        for output in cell.get("outputs", []):
            last = outputs[-1] if outputs else {}
            text = "".join(output.get("text", []))
            if output["output_type"] == "stream" and output["name"] == last.get("name"):
                last["text"] += text
            else:
                outputs.append({**output, "text": text})
        cells.append((cell["source"], cell.get("execution_count"), outputs))
    return cells, {name: verdict.message for name, verdict in read_verdicts(notebook).items()}
