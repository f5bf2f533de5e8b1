"""The student's side of grading: `check` records, and answers practice questions; `hint`, `check_all`."""

import difflib
import html
import json
import os
import sys
from functools import lru_cache
from pathlib import Path

from mlmkit import data
from mlmkit.answers import recorded
from mlmkit.answers.encoding import kind_of
from mlmkit.answers.kinds import MIME, BadAnswerError, decode, encode
from mlmkit.answers.practice import Reply, next_hint, practised
from mlmkit.answers.text import a_few, plain

__all__ = ["check", "check_all", "hint"]

KEY_ENDING = ".practice.json"
PARTS = ("practice", "graded", "predict", "by_hand")  # of a key file: each has questions by their ids
_COLOURS = {"good": "#1b7837", "bad": "#b35806", "plain": "#4d4d4d"}
MARKS = {"good": "✔", "bad": "✘", "plain": "•"}  # each sentence begins with one


def check(question, answer=None):
    """Hand in the answer to a question.

    For a graded question the answer is recorded, and its form is checked: a number where a number is
    asked for, one number per group with the right labels, no missing values. It is judged later, when
    the notebook is graded. A practice question is answered at once: a wrong answer gets a hint, each other
    wrong answer the next one, and after three of them the worked solution can be opened. A guess, before
    the code that shows how it is, is only noted.

    Parameters
    ----------
    question : str
        The question's id, as the lesson gives it: ``"l01-mean-price"``.
    answer : object
        A number, text, Series or dict by group, data frame, list, fit, the axes of a plot, or
        simulation draws (an array, or a data frame with a column per group). None or ``...`` (three dots)
        means "not answered yet".

    Notes
    -----
    Shows a sentence under the cell. It raises no error and prints no warning: a mistake in an answer
    never stops the notebook.

    Examples
    --------
    >>> from mlmkit import check
    >>> check("l01-mean-price", ...)
    l01-mean-price: not answered yet. Replace the three dots by your answer, then run both cells again.
    """
    question = question if isinstance(question, str) else str(type(question).__name__)
    try:
        encoded, problem = encode(answer, _shape_of(question)), None
    except BadAnswerError as error:
        encoded, problem = {"unreadable": str(error)}, str(error)
    except Exception as error:  # an object whose own methods fail
        problem = f"Your answer can't be read: {type(error).__name__}."
        encoded = {"unreadable": problem}
    try:
        reply = _reply(question, encoded, problem)
    except Exception as error:  # a damaged key file must not stop the lesson
        reply = Reply("plain", f"recorded. (It could not be looked at here: {type(error).__name__}.)")
    recorded.note(question, state_of(encoded, reply.mood))
    payload = {"question": question, "answer": encoded, "data": data.current_fingerprint()}
    show(question, reply, {MIME: payload})


def check_all():
    """Say which graded questions of the lesson have an answer, in this session.

    It names the questions that are not answered, those whose check cell was not run, and answers in a form
    that can't be right, and says when STUDENT is empty. It doesn't know what is right, and it doesn't look
    at texts.

    Notes
    -----
    It goes by the checks of this session (this kernel). So after **Restart Kernel and Run All Cells** it says
    what the notebook hands in. The lesson is the one whose questions were checked; its ``.practice.json``
    file lists all of them.

    Examples
    --------
    >>> from mlmkit import check_all
    >>> check_all()  # doctest: +ELLIPSIS
    Your answers: ...
    """
    try:
        says = [*_all_recorded(), *recorded.about_name(_typed_name(), os.environ.get("JUPYTERHUB_USER"))]
    except Exception as error:  # a damaged key file must not stop the lesson
        says = [f"They can't be listed: the key file can't be read ({type(error).__name__})."]
    complete = len(says) == 2  # how many, and that right or wrong comes later
    show("Your answers", Reply("good" if complete else "plain", " ".join(says)), {})


def state_of(encoded, mood):
    """Tell how a check ended, from what it recorded and from the mood of what it said."""
    if encoded is None:
        return recorded.BLANK
    return recorded.MISFORMED if mood == "bad" else recorded.RECORDED


def _all_recorded():
    """Say how many graded questions of the lessons that were checked in this session have an answer."""
    states, asked, files = recorded.noted(), [], _key_files(Path.cwd())
    for keys in files:
        if any(question in part for question in states for part in keys.values()):
            asked += keys["graded"]
    if not states:
        return ["No check cell was run in this session. Run all cells of the lesson, then this one."]
    if not files:
        says = recorded.overview(states)
        return [
            *says,
            f"The lesson's {KEY_ENDING} file is not in this folder, so there may be more questions.",
        ]
    return recorded.overview({question: states.get(question, recorded.NOT_RUN) for question in asked})


def _typed_name():
    """Return STUDENT as the session has it; None where there is none."""
    return getattr(sys.modules.get("__main__"), "STUDENT", None)


def hint(question):
    """Show the next hint to a practice question.

    Parameters
    ----------
    question : str
        The question's id, as in its ``check``.

    Notes
    -----
    Wrong answers get the same hints, one after the other. Graded questions have none: practise first.

    Examples
    --------
    >>> from mlmkit import hint
    >>> hint("l02-practice-weight")
    l02-practice-weight: there is no hint here: the lesson's .practice.json file is not in this folder.
    """
    question = question if isinstance(question, str) else str(type(question).__name__)
    try:
        keys = read_keys(Path.cwd())
        if not keys:
            reply = Reply(
                "plain", f"there is no hint here: the lesson's {KEY_ENDING} file is not in this folder."
            )
        elif question in keys["practice"]:
            reply = next_hint(question, keys["practice"][question])
        elif question in [*keys["graded"], *keys["predict"]]:
            reply = Reply("plain", "there are hints to practice questions only.")
        else:
            reply = unknown(question, keys)
    except Exception as error:  # a damaged key file must not stop the lesson
        reply = Reply("plain", f"there is no hint: the key file can't be read ({type(error).__name__}).")
    show(question, reply, {})


def _shape_of(question):
    """Return the form that a question asks for, where the lesson's key file says it; else None."""
    try:
        keys = read_keys(Path.cwd()) or {"practice": {}, "graded": {}}
        graded, practice = keys["graded"].get(question), keys["practice"].get(question)
        return dict(graded["shape"]) if graded else dict(practice["answer"]) if practice else None
    except Exception:  # a damaged key file: the answer is recorded all the same
        return None


def _reply(question, encoded, problem):
    """Choose what the student is told."""
    keys = read_keys(Path.cwd())
    if keys and question in keys["predict"]:
        return _noted(encoded)
    if keys and question in keys["by_hand"]:
        return Reply("plain", "your instructor reads this text. It needs no check.")
    if encoded is None:
        return Reply(
            "plain", "not answered yet. Replace the three dots by your answer, then run both cells again."
        )
    if problem:
        return Reply("bad", problem)
    if not keys:
        return Reply(
            "plain",
            f"recorded. Its form could not be checked: the lesson's {KEY_ENDING} file is not in this folder.",
        )
    if question in keys["practice"]:
        return practised(question, keys["practice"][question], encoded)
    if question in keys["graded"]:
        return _look_over(keys["graded"][question], encoded)
    return unknown(question, keys)


def _noted(encoded):
    """Take a guess, whatever it is: what comes next shows whether it was a good one."""
    if encoded is None:
        return Reply("plain", "no guess yet. Replace the three dots: a wrong guess costs nothing.")
    said = encoded if isinstance(encoded, (str, int, float)) else ""
    said = plain(said) if isinstance(said, str) else f"{said:.6g}"
    return Reply("plain", f"your guess{f' ({said})' if said else ''} is noted. Run on, and compare.")


def unknown(question, keys):
    """Say that no question has this id, and which ones are near."""
    near = difflib.get_close_matches(question, [name for part in keys.values() for name in part], 3, 0.4)
    did_you = f" Did you mean {a_few(near)}?" if near else ""
    return Reply("bad", f"there is no question with this id.{did_you}")


def read_keys(folder):
    """Merge the key files beside the notebook; None where there is none."""
    files = _key_files(folder)
    return (
        {part: {k: v for keys in files for k, v in keys[part].items()} for part in files[0]}
        if files
        else None
    )


def _key_files(folder):
    """Read each key file beside the notebook, with all of `PARTS`."""
    files = sorted(folder.glob(f"*{KEY_ENDING}"))
    states = [file.stat() for file in files]
    return [_parts_of(file, (of.st_mtime_ns, of.st_size)) for file, of in zip(files, states, strict=True)]


@lru_cache(maxsize=64)  # a lesson asks fifty times, and all lessons' files may lie there
def _parts_of(file, _state):
    """Read a key file once, until it changes."""
    keys = json.loads(file.read_text(encoding="utf-8"))
    return {part: keys.get(part, {}) for part in PARTS}


def _look_over(entry, encoded):
    """Check the form of a graded answer. What is right is not known here."""
    shape, own = dict(entry["shape"]), entry["own_data"]
    fingerprint = data.current_fingerprint(own)
    if own and fingerprint is None:
        return Reply(
            "bad",
            "recorded, but your own data are not loaded, so it can't be right yet. "
            "Type your user name at the top of the lesson and run all cells from there.",
        )
    if own and shape.get("group") == data.SOURCES[own].group:
        shape["labels"] = fingerprint.rpartition(" in ")[2].split()
    kind = kind_of(shape)
    try:
        value = kind.read(decode(encoded), shape)
    except BadAnswerError as error:
        return Reply("bad", f"recorded, but it can't be right yet. {error}")
    says = f"recorded{kind.echo(value)}: {kind.wanted(shape)}."
    return Reply("plain", f"{says} It will be graded when you hand in the lesson.")


def show(question, reply, for_grader):
    """Emit the sentence for the student, and what the grader reads, in one output."""
    sentence = f"{question}: {reply.says}"
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = lambda: None  # noqa: E731
    if get_ipython() is None:
        print(sentence)
        return
    page = (
        f'<div class="mlmkit-answer mlmkit-{reply.mood}" role="status" '
        f'style="border-left: 4px solid {_COLOURS[reply.mood]}; padding: 0.3em 0.8em">'
        f"{MARKS[reply.mood]} <b>{html.escape(question)}</b>: {html.escape(reply.says)}{reply.more}</div>"
    )
    display({**for_grader, "text/plain": f"{MARKS[reply.mood]} {sentence}", "text/html": page}, raw=True)
