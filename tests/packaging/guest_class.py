"""Grade a class in WebAssembly guests: ``python guest_class.py sample|broken|hostile FOLDER``.

Prints one line of JSON: for each student the marks, the note, the verdicts, and how the notebook was kept
apart. The folders of the sample submissions must be on the path.
"""

import json
import sys
from pathlib import Path

import broken
import hostile
import nbformat

from grader import classroom
from grader.course.course_folder import folder, open_course
from grader.demo import running, sample_class
from grader.grade.saved_marks import auto_marks
from grader.marks.gradebook import read_class

# Half a minute of processor time each in a guest, so not all of them.
QUICK = {name: attack for name, attack in hostile.ATTACKS.items() if not attack.slow}
GUEST = '\nc.SandboxProvisioner.isolation = ["guest"]\n'


def sample(root):
    """Grade the sample class as `python -m grader demo` does."""
    running.CONFIG += GUEST
    running.run_demo(root, say=lambda line: None)
    return sample_class.LESSON


def grade(root, lesson, bank):
    """Grade what lies in ``submitted``."""
    with classroom.local_cluster(2) as client:
        client.register_plugin(bank)
        classroom.grade(lesson, root=root, client=client)
        classroom.feedback(lesson, root=root, client=client)
    return lesson


def broken_class(root):
    """Grade the broken submissions."""
    broken.register()
    broken.make_course(root)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(GUEST)
    classroom.release(broken.LESSON, root=root)
    for fault in broken.FAULTS.values():
        fault.hand_in(root)
    return grade(root, broken.LESSON, broken.Bank())


def hostile_class(root):
    """Grade the hostile submissions that are graded with every change."""
    hostile.register()
    hostile.make_course(
        root, settings=f"{GUEST}c.SandboxProvisioner.memory = 1024\nc.SturdyExecute.timeout = 30\n"
    )
    classroom.release(hostile.LESSON, root=root)
    hostile.hand_in_honest(root)
    for attack in QUICK.values():
        hostile.hand_in(root, attack)
    return grade(root, hostile.LESSON, hostile.Bank())


def results(root, lesson):
    """Tell what each student got."""
    app, found = open_course(root), {}
    marks = auto_marks(app, lesson)
    for item in read_class(app, lesson).submissions:
        graded = folder(app, "autograded", item.student, lesson) / f"{lesson}.ipynb"
        how = nbformat.read(graded, as_version=4).metadata.get("mlmkit", {}) if graded.is_file() else {}
        found[item.student] = {
            "status": item.status,
            "marks": marks[item.student],
            "note": item.note,
            "verdicts": {id: [v.score, v.status, v.message] for id, v in item.verdicts.items()},
            "isolation": how.get("isolation", {}).get("rung"),
        }
    return found


if __name__ == "__main__":
    which, root = sys.argv[1], Path(sys.argv[2])
    root.mkdir(parents=True, exist_ok=True)
    graded = {"sample": sample, "broken": broken_class, "hostile": hostile_class}[which](root)
    print(json.dumps(results(root, graded)))
