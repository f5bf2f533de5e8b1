"""The instructor's command line: ``python -m grader COMMAND``."""

from __future__ import annotations

import argparse
import sys

from grader.commands import by_hand, lessons, one_lesson, people
from grader.commands.options import first_words
from grader.commands.other_systems import WINDOWS, other_python, other_system
from grader.course.screen import plain_lines, signs_of_life

DESCRIPTION = """Release lessons, collect and grade what students hand in, and report on the class.

A lesson goes through these commands, in this order:
  lessons       make the lessons from solutions/
  handout       pack the lessons with the library, for students without an exchange folder
  release       give a lesson to the class
  collect       fetch what the students handed in
  grade         run and judge the submissions
  written       read and mark the written answers
  feedback      write a page for each student
  requests      read and answer students who ask to look at a mark again
  release-feedback  let the students fetch their pages
  report        write a page about the class
  export        write the marks for Canvas or Moodle
  review        after some lessons: again what was got wrong, on fresh data

Around it: class (who is in the course), due (until when a lesson can be handed in),
gradebook (the marks over all lessons), site (web pages for everybody), web (the course in a browser).
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 0, or 1 after a sentence about what went wrong."""
    options = parser().parse_args(arguments)
    if sentence := other_system(options.command, sys.platform):
        print(sentence, file=sys.stderr, flush=True)
        if sys.platform == WINDOWS:
            return 1
    if sentence := other_python():
        print(sentence, file=sys.stderr, flush=True)
        return 1
    # Before the imports of the command, which take seconds.
    print(first_words(options), flush=True)
    from grader.author.lesson_error import LessonError
    from grader.bank import BankError
    from grader.course.course_folder import CourseError
    from grader.grade.outages import explained

    try:
        with explained():
            return options.run(options) or 0
    except (CourseError, LessonError, BankError) as error:
        print(f"{options.command}: {plain_lines(str(error))}", file=sys.stderr)
    except KeyboardInterrupt as stopped:
        print(f"\n{options.command}: stopped. {stopped or 'What was finished is kept.'}", file=sys.stderr)
        return 130  # what a shell gives a command that Ctrl-C has ended
    return 1


def parser() -> argparse.ArgumentParser:
    """Describe all commands."""
    top = argparse.ArgumentParser(
        "python -m grader", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for part in (lessons, one_lesson, by_hand, people):
        part.describe(commands)
    return top


if __name__ == "__main__":
    with signs_of_life():
        code = main()
    sys.exit(code)
