"""One hostile submission: how it is made, and what it must get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nbformat import NotebookNode

ATTACKS: dict[str, Attack] = {}


@dataclass(frozen=True)
class Attack:
    """A hostile submission.

    Attributes
    ----------
    name : str
        Such as ``reads-the-source``; also the user name of the student who hands it in.
    about : str
        What it does, in plain words.
    wrong : bool
        True if the answers are wrong: then every point is a success of the attack. False if they are right:
        then every lost point beyond `marks` is.
    build : callable
        Makes the notebook. ``@STUDENT@``, ``@COURSE@`` and ``@PORT@`` in it are filled in by
        `hostile.lesson.hand_in`.
    marks : tuple of float
        Points that it must get for each question, of 2, 3 and 1. Empty: the submission can't be read.
    says : str
        Part of the sentence that the student must read about question `where`; of the note in the class
        report if there are no marks.
    where : str
        Id of that question.
    needs : {"", "sandbox", "mending"}
        What alone stops it: the sandbox, or the mending of broken submissions. Without that, it is not run.
    files : dict
        Other files in the submission: name to text, or to a `Link`.
    slow : bool
        True if the slow tests run it, and not those of every change.
    """

    name: str
    about: str
    wrong: bool
    build: Callable[[], NotebookNode]
    marks: tuple[float, ...]
    says: str
    where: str
    needs: str
    files: dict
    slow: bool


@dataclass(frozen=True)
class Link:
    """A symbolic link in a submission."""

    target: str


def attack(
    says="Right.",
    *,
    marks=None,
    where="t10-two",
    wrong=False,
    needs="",
    files=None,
    slow=False,
):
    """Register an attack; the function's name and docstring name and describe it. See `Attack`."""

    def decorate(function):
        name = function.__name__.replace("_", "-")
        points = marks if marks is not None else ((0, 0, 0) if wrong else (2, 3, 1))
        about = " ".join(function.__doc__.split())
        if name in ATTACKS:
            raise ValueError(f"Two attacks are called {name}.")
        ATTACKS[name] = Attack(name, about, wrong, function, points, says, where, needs, files or {}, slow)
        return function

    return decorate
