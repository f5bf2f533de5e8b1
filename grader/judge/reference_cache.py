"""Expected answers kept on disk, so that a student's references are fitted once and not at every grading.

An entry is a small JSON file. Its name is made from everything that the answer depends on: the list in
`grader.judge.depends`, the question, and the student's sales. So nothing ever has to be declared stale:
after a change of the bank, other names are looked for. Processes may share the folder: an entry appears in
one step.
"""

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path

import pandas as pd
import platformdirs

from grader.course.files import write_atomically
from grader.judge.depends import lesson_modules, print_of_all
from mlmkit.answers.kinds import from_key, to_key

FOLDER = "MLMKIT_REFERENCES"  # environment variable: another folder; empty for none
KEPT = 3  # folders, each of one state of the bank


def folder():
    """Return the folder of the entries that fit today's bank; None where nothing is to be kept.

    Notes
    -----
    By default it lies in the user's cache folder, out of a course that may be shared. A student's kernel
    must not be able to write there: in the sandbox it has no home.
    """
    place = os.environ.get(FOLDER)
    if place == "":
        return None
    return Path(place or platformdirs.user_cache_path("mlmkit") / "references") / bank_digest()[:16]


def bank_digest():
    """Return the fingerprint of all that decides what is right, for all lessons."""
    return print_of_all("grader.judge.references", *lesson_modules())


def contents_of(homes):
    """Return the fingerprint of a student's sales: every number counts, the student's name does not."""
    digest = hashlib.sha256(" ".join(homes.columns).encode())
    digest.update(pd.util.hash_pandas_object(homes, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def look_up(question, contents, make):
    """Return what is right for a question on a student's sales: from the folder, else made and put there.

    Parameters
    ----------
    question : grader.bank.Question
    contents : str
        What `contents_of` says of the student's sales.
    make : callable
        Takes nothing and gives the kind of answer.

    Returns
    -------
    mlmkit.answers.kinds.Kind
        With the mistakes that can be told from the right answer on these sales. An entry that can't be
        read is made anew; a folder that can't be written costs time and nothing else.
    """
    place = folder()
    if place is None:
        return make()
    path = _place(place, question, contents)
    try:
        return _read(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        kind = make()
    with contextlib.suppress(OSError):
        _write(path, kind)
    return kind


def is_there(question, contents):
    """Tell whether `look_up` would find an entry, without reading it."""
    place = folder()
    return place is not None and _place(place, question, contents).is_file()


def _place(place, question, contents):
    return place / f"{question.id}-{contents[:32]}.json"


def _read(path):
    digest, _, text = path.read_text(encoding="utf-8").partition("\n")
    if digest != _digest(text):
        raise ValueError(f"{path.name} is damaged.")
    return from_key(json.loads(text))


def _write(path, kind):
    """Write an entry in one step: a reader sees all of it or nothing."""
    new = not path.parent.is_dir()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = json.dumps(to_key(kind))
    write_atomically(path, f"{_digest(text)}\n{text}")
    if new:
        _drop_old(path.parent)


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _drop_old(current):
    """Delete the entries of older states of the bank, all but the last few."""
    others = [place for place in current.parent.iterdir() if place.is_dir() and place != current]
    for place in sorted(others, key=lambda place: place.stat().st_mtime)[: -(KEPT - 1)]:
        shutil.rmtree(place, ignore_errors=True)
