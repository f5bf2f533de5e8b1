"""Run every hostile submission under stock nbgrader and under ours; print the table of the instructor guide.

    python -m tests.bench.attacks                    all of them (about half a minute each)
    python -m tests.bench.attacks reads-the-source   some

Stock nbgrader gets the same lesson as its manual would have it, with asserts in hidden tests, and is itself
shut into bubblewrap, so that an attack which succeeds changes the one course folder and nothing else of this
machine. It grades the attacker between two honest classmates. Needs bubblewrap.

With both, everything goes the whole way: it lies in the exchange folder, `collect` fetches it, it is graded.
"""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from nbgrader.api import Gradebook, MissingEntry

from grader import classroom
from grader.course.course_folder import open_course
from grader.marks.gradebook import read_class
from tests.bench.grading import STOCK

sys.path.insert(0, str(Path(__file__).parents[1] / "submissions"))
import hostile
from hostile.lesson import stock_source

EXCHANGE = 'c.CourseDirectory.course_id = "multilevel"\nc.Exchange.root = "{root}/exchange"\n'
SECONDS = 240  # then stock nbgrader hangs


def shut_in(root):
    """Begin the command that gives stock nbgrader this machine read-only, and its course folder to write."""
    view = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    return ["bwrap", "--unshare-pid", "--die-with-parent", *view, "--bind", str(root), str(root)]


def under_stock(attack, root):
    """Grade one attack with stock nbgrader; return the attacker's points and what became of the others."""
    hostile.make_course(root, made=stock_source())
    classroom.release(hostile.LESSON, root=root)
    hostile.hand_in(root, attack)
    hostile.hand_in_honest(root)
    into_the_exchange(root)
    (root / "nbgrader_config.py").write_text(
        STOCK.format(root=str(root)).replace("timeout = 120", "timeout = 30")
        + EXCHANGE.format(root=str(root))
    )
    nbgrader = f"{sys.executable} -m nbgrader"
    both = f"{nbgrader} collect {hostile.LESSON}; exec {nbgrader} autograde {hostile.LESSON} --create"
    grader = subprocess.Popen(
        [*shut_in(root), "--chdir", str(root), "--", "sh", "-c", both],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "HOME": str(root)},
    )
    try:
        grader.wait(timeout=SECONDS)
        end = "" if grader.returncode >= 0 else "; the grader was killed"
    except subprocess.TimeoutExpired:
        os.killpg(grader.pid, signal.SIGKILL)
        grader.wait()
        end = f"; not finished after {SECONDS} s"
    try:
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
            marks = {name: points(gradebook, name) for name in (attack.name, *hostile.HONEST)}
    except Exception as error:
        return f"the gradebook is lost ({type(error).__name__}){end}"
    lost = [name for name, (_, right) in hostile.HONEST.items() if marks[name] in (None, 0) and sum(right)]
    robbed = f"; {len(lost)} of {len(hostile.HONEST)} classmates without a mark" if lost else ""
    return f"{text(marks[attack.name])}{robbed}{end}"


def into_the_exchange(root):
    """Move what lies in ``submitted/`` to where students hand in, in the form that nbgrader gives it."""
    inbound = root / "exchange" / "multilevel" / "inbound"
    inbound.mkdir(parents=True, exist_ok=True)
    for folder in sorted((root / "submitted").iterdir()):
        now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"
        (folder / hostile.LESSON / "timestamp.txt").write_text(now)
        (folder / hostile.LESSON).rename(inbound / f"{folder.name}+{hostile.LESSON}+{now}+abcdefghijkl")
        folder.rmdir()


def points(gradebook, student):
    """Return a student's points; None where there is no grade."""
    try:
        submission = gradebook.find_submission(hostile.LESSON, student)
    except MissingEntry:
        return None
    graded = [grade for part in submission.notebooks for grade in part.grades if grade.auto_score is not None]
    return submission.score if graded else None


def under_ours(attacks, root):
    """Grade all attacks in one class with this package; return each attacker's points as text."""
    hostile.register()
    hostile.make_course(root)
    classroom.release(hostile.LESSON, root=root)
    hostile.hand_in_honest(root)
    for attack in attacks:
        hostile.hand_in(root, attack)
    into_the_exchange(root)
    classroom.collect(hostile.LESSON, root=root)
    with classroom.local_cluster(2) as client:
        client.register_plugin(hostile.Bank())
        classroom.grade(hostile.LESSON, root=root, client=client)
    rows = {item.student: item for item in read_class(open_course(root), hostile.LESSON).submissions}
    for name, (_, marks) in hostile.HONEST.items():
        assert rows[name].score == sum(marks), f"{name} got {rows[name].score}"
    return {
        attack.name: text(rows[attack.name].score) if attack.name in rows else "refused: 0"
        for attack in attacks
    }


def text(score):
    """Write points."""
    return "no grade" if score is None else f"{score:g}"


def main():
    """Print the table."""
    asked = sys.argv[1:] or list(hostile.ATTACKS)
    attacks = [hostile.ATTACKS[name] for name in asked]
    with TemporaryDirectory(prefix="attacks-") as folder:
        ours = under_ours(attacks, Path(folder))
    print("| attack | answers | earned | stock nbgrader | this course |\n| --- | --- | --- | --- | --- |")
    for attack in attacks:
        with TemporaryDirectory(prefix="attacks-", ignore_cleanup_errors=True) as folder:
            stock = under_stock(attack, Path(folder))
        earned = f"{sum(attack.marks):g}" if attack.marks else "no grade"
        answers = "wrong" if attack.wrong else "right"
        print(f"| {attack.about} | {answers} | {earned} | {stock} | {ours[attack.name]} |", flush=True)


if __name__ == "__main__":
    main()
