"""What the descriptions of commands share, and what several of them print."""

from __future__ import annotations

from pathlib import Path

from grader.course.repository import ROOT
from grader.course.screen import plain


def add(commands, name, run, about, *, says):
    """Add a command.

    Parameters
    ----------
    commands : the subparsers of argparse
    name : str
    run : callable
        Takes the options; imports what it needs itself, since that can take seconds.
    about : str
        What it does, for the help.
    says : str
        What it says at once, before its imports: a sentence that may name options, as in ``{lesson}``,
        and ``{crew}``, those who work.
        A dot later on means: still at work.
    """
    command = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
    command.set_defaults(run=run, says=says)
    return command


def for_lesson(commands, name, run, about, *, says):
    """Add a command for one lesson of one course."""
    command = add(commands, name, run, about, says=says)
    command.add_argument("lesson", metavar="LESSON", help="such as 01_pooling")
    course(command)
    return command


def course(command):
    """Let a command work in another course folder."""
    command.add_argument(
        "--course",
        type=Path,
        default=ROOT / "course",
        help="the folder with nbgrader_config.py (default: course/ in the repository)",
    )


def at_once(command):
    """Let a command say how many processes work: one per core where nothing is said."""
    command.add_argument(
        "--workers", type=int, help="processes that work at the same time (default: one per core)"
    )


def workers(command):
    """Let a command say how many processes grade: two where nothing is said."""
    command.add_argument(
        "--workers", type=int, default=2, metavar="N", help="processes at the same time (default: 2)"
    )


def first_words(options):
    """Say what a command is about to do: its `says`, with the options filled in.

    Examples
    --------
    >>> from argparse import Namespace
    >>> first_words(Namespace(says="With {crew}.", workers=2, scheduler=None))
    'With 2 processes.'
    >>> first_words(Namespace(says="With {crew}.", workers=2, scheduler="tls://host:8786"))
    'With the workers of tls://host:8786.'
    """
    given = vars(options)
    scheduler = given.get("scheduler")
    crew = f"the workers of {scheduler}" if scheduler else f"{given.get('workers')} processes"
    return options.says.format(**given, crew=crew)


def scheduler(command):
    """Let a command use a scheduler of dask that exists."""
    command.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="use the workers of this dask scheduler, such as tls://host:8786, instead of processes here",
    )


def tell(outcomes, what):
    """Print what did not work, then how much did."""
    from grader.classroom import shown

    for outcome in outcomes:
        if outcome.status != "done":
            print(f"{shown(outcome.student)}: {plain(outcome.message)}")
    print(f"{sum(outcome.status == 'done' for outcome in outcomes)} of {len(outcomes)} {what}.")
