"""nbgrader's *Submit* says what is missing: of the name before, of the answers beside what was handed in.

JupyterLab's assignment list shows two texts of the server: a refusal, in a dialog, and the time of each
submission. So a lesson without a name is refused with a sentence, and the rest is said after the time.
Nothing that a student can't mend in the last minute keeps a lesson from being handed in.
"""

import ast
import textwrap
from pathlib import Path

import nbformat
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from nbgrader.server_extensions.assignment_list.handlers import AssignmentList
from nbgrader.utils import get_username

from mlmkit.answers import recorded
from mlmkit.answers.validator import conclusion, state_of_cell, typed_name

SAVE = "Save the notebook, then press Submit again."
WIDE = 70  # letters of a line that the dialog shows whole
AS_IT_IS = "To hand it in as it is, press Submit again without a change."
_submit, _list = AssignmentList.submit_assignment, AssignmentList.list_submitted_assignments
_told: set[tuple[str, str]] = set()  # folders with another name in them of which this server has told


def take_nbgraders_place():
    """Let the assignment list of JupyterLab say what is missing; other courses see no difference."""
    AssignmentList.submit_assignment = submit_assignment
    AssignmentList.list_submitted_assignments = list_submitted_assignments


def submit_assignment(self, course_id, assignment_id):
    """Hand in as nbgrader does, unless there is no name, or, the first time, another one than the login."""
    try:
        with self.get_assignment_dir_config() as config:
            folder = _folder(config, course_id, assignment_id)
        reason = refusal(folder, get_username())
    except Exception:  # whatever is wrong with the folder, nbgrader's own words are for it
        self.log.warning("What is missing in %s can't be said.", assignment_id, exc_info=True)
        reason = None
    return {"success": False, "value": reason} if reason else _submit(self, course_id, assignment_id)


def list_submitted_assignments(self, course_id=None):
    """List as nbgrader does, and say after the time of each submission what it lacks."""
    listed = _list(self, course_id)
    for assignment in listed["value"] if listed["success"] else []:
        for submission in assignment["submissions"]:
            try:
                says = missing(Path(submission["path"]), submission["student_id"])
            except Exception:  # one that can't be read is listed as it was
                self.log.warning("What is missing in %s can't be said.", submission["path"], exc_info=True)
                continue
            if says:
                submission["timestamp"] += f": {' '.join(says)}"
    return listed


def refusal(folder, login):
    """Say why a lesson is not handed in yet; None where it is.

    Parameters
    ----------
    folder : Path
        The student's folder of the lesson.
    login : str
        The name that nbgrader hands it in under.

    Returns
    -------
    str or None
    """
    typed = next((name for nb in _notebooks(folder) if (name := typed_name(nb)) is not None), None)
    if typed is None or not (says := recorded.about_name(typed, login)):
        return None
    if not typed.strip():
        return _lines([*says, SAVE])
    once = (str(folder), typed)
    if once in _told:
        return None
    _told.add(once)
    return _lines([*says, SAVE, AS_IT_IS])


def _lines(says):
    return "\n".join(line for sentence in says for line in textwrap.wrap(sentence, WIDE))


def missing(folder, login):
    """Say of a lesson that was handed in what it has, what it lacks, and what is wrong with the name.

    Parameters
    ----------
    folder : Path
        nbgrader's copy of what was handed in.
    login : str
        Whom nbgrader knows it by.

    Returns
    -------
    list of str
    """
    says = []
    for nb in _notebooks(folder):
        says += [line for line in _conclusion(nb, login) if line != recorded.LATER]
    return says


def _conclusion(nb, login):
    if typed_name(nb) is None:  # a notebook of another course
        return []
    dots = _blank(nb)

    def state(cell):
        """Go by the saved output, unless the answer was changed after it."""
        its = state_of_cell(cell)
        if its in (recorded.BLANK, recorded.NOT_RUN):
            return recorded.BLANK if cell.metadata.nbgrader.grade_id in dots else recorded.NOT_RUN
        return its

    return conclusion(nb, state=state, login=login)


def _notebooks(folder):
    """Read the notebook of the lesson, or all of a folder where none has the lesson's name."""
    paths = sorted(Path(folder).glob("*.ipynb"))
    lesson = Path(folder).name.split("+")[1] if "+" in Path(folder).name else Path(folder).name
    for path in [path for path in paths if path.stem == lesson] or paths:
        yield nbformat.read(path, as_version=4)


def _folder(config, course_id, assignment_id):
    """Find what nbgrader would hand in."""
    config.CourseDirectory.course_id = course_id
    config.CourseDirectory.assignment_id = assignment_id
    submit = ExchangeFactory(config=config).Submit(coursedir=CourseDirectory(config=config), config=config)
    submit.init_src()
    return Path(submit.src_path)


def _blank(nb):
    """Name the checks whose answer is three dots still, by the text of the cells."""
    dots, blank = {}, set()
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:  # unfinished, or IPython's own
            continue
        about = cell.metadata.get("nbgrader", {})
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if about.get("grade") and any(dots.get(name) for name in used):
            blank.add(about.grade_id)
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                is_blank = isinstance(node.value, ast.Constant) and node.value.value is ...
                dots |= {target.id: is_blank for target in node.targets if isinstance(target, ast.Name)}
    return blank
