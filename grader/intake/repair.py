"""Mend the cells of a submission: copied, split, merged, deleted, moved and edited ones, lost metadata.

nbgrader finds questions by the metadata of their cells, and gives up a notebook where one is there twice.
Here the released lesson says which cells there have to be. Cells of the lesson that students must not
change are put back as they were; what students wrote themselves stays, in its order.
"""

from __future__ import annotations

import copy
import re

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from grader.intake.code_cells import assigns, imported, only_imports, without_checks

ROUNDS = 4  # where many things are broken, mending one brings another to light

SAYS = {
    "metadata": "The notebook had lost nbgrader's marks, as it happens in other programs than Jupyter: "
    "{cells} recognised again.",
    "check copied": "The check of `{id}` was there {count} times; the last one counts.",
    "text copied": "The text of `{id}` was in {count} cells; they were put together.",
    "answer split": "The answer to `{id}` was split into {count} cells; they were put together.",
    "answers differ": "The answer to `{id}` was there {count} times, each time different. All were run from "
    "top to bottom, so the last one before the check counts.",
    "answer copied": "The answer cell of `{id}` was there {count} times; one of them counts.",
    "other kind": "A cell of `{id}` had become another kind of cell; it was changed back.",
    "settings": "The settings of a cell of `{id}` were changed; the original ones count.",
    "check edited": "The check of `{id}` was changed; its original text counts.",
    "merged": "The answer and the check of `{id}` were one cell; they were taken apart.",
    "moved": "The check of `{id}` stood before its answer; it was moved behind it.",
    "check deleted": "The check of `{id}` was missing; it was put back.",
    "text elsewhere": "The cell of `{id}` was missing; the text at its place was taken instead.",
    "text deleted": "The cell for the text of `{id}` was missing, so there is no text to read.",
    "imports": "The cell with the imports was missing; it was put back at the top.",
    "name": 'The notebook has {name} in STUDENT, but "{student}" handed it in. Answers from the zip codes '
    "of another name get no points.",
}
_SETTINGS = ("grade", "solution", "locked", "points")


def repair(nb: NotebookNode, released: NotebookNode, student: str) -> list[str]:
    """Mend `nb` in place.

    Parameters
    ----------
    nb : NotebookNode
        The submission, valid, without outputs.
    released : NotebookNode
        The lesson as students get it.
    student : str
        User name of whoever handed in.

    Returns
    -------
    list of str
        A sentence for each thing that was repaired or is suspicious, for student and instructor.
    """
    notices = []
    for _ in range(ROUNDS):
        found = _Repair(nb, released).run()
        notices += [notice for notice in found if notice not in notices]
        if not found:
            break
    return notices + _typed_name(nb, student)


def grade_id(cell: NotebookNode) -> str | None:
    """Return nbgrader's id of a cell, or None."""
    nbgrader = cell["metadata"].get("nbgrader")  # asked often: an attribute takes twice as long
    found = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return found if isinstance(found, str) else None


class _Repair:
    """One repair; each step leaves `cells` in a state that the next one understands."""

    def __init__(self, nb, released):
        self.nb, self.cells, self.notices = nb, nb.cells, []
        self.lesson = released.cells
        self.known = {grade_id(cell): cell for cell in released.cells if grade_id(cell)}
        self.sources = {cell.source.strip() for cell in released.cells}
        self.names = {id: name for id, cell in self.known.items() if (name := _checked_name(cell))}

    def run(self) -> list[str]:
        self.forget_strangers()
        count = self.recognise()
        for id, original in self.known.items():
            self.mend_copies(id, original)
        count += self.recognise_answers()
        if count:
            self.say("metadata", cells="1 cell was" if count == 1 else f"{count} cells were")
        for id, original in self.known.items():
            self.restore(id, original)
        for id in self.names:
            self.put_check_behind_answer(id)
        for id, original in self.known.items():
            if original.metadata.nbgrader.grade and self.find(id) is None:
                self.add(id, original)
        self.add_imports()
        self.nb.cells = self.cells
        _number_again(self.cells)
        return self.notices

    def say(self, what: str, **details) -> None:
        """Note a sentence of `SAYS`."""
        self.notices.append(SAYS[what].format(**details))

    # Looking things up

    def find(self, id: str) -> int | None:
        """Return the place of the cell with this id, or None."""
        return next((place for place, cell in enumerate(self.cells) if grade_id(cell) == id), None)

    def is_own(self, cell) -> bool:
        """Tell whether the student made this cell: it is nowhere in the lesson."""
        source = cell.source.strip()
        return grade_id(cell) is None and bool(source) and source not in self.sources

    def anchor(self, id: str) -> int:
        """Return the place behind the nearest cell that stands before `id` in the lesson and is here too."""
        for original in reversed(self.lesson[: self.lesson.index(self.known[id])]):
            for place, cell in enumerate(self.cells):
                if grade_id(cell) == grade_id(original) and cell.source.strip() == original.source.strip():
                    return place + 1
                if grade_id(original) and grade_id(cell) == grade_id(original):
                    return place + 1
        return 0

    # The steps

    def forget_strangers(self) -> None:
        """Take nbgrader's metadata from cells that are not in the lesson."""
        for cell in self.cells:
            if grade_id(cell) not in self.known:
                cell.metadata.pop("nbgrader", None)

    def recognise(self) -> int:
        """Give cells their lost metadata back: by cell id, or by the call of ``check``; count them."""
        count = 0
        for id, original in self.known.items():
            if self.find(id) is None:
                cell = self.lost(id, original)
                if cell is not None:
                    cell.metadata["nbgrader"] = copy.deepcopy(original.metadata.nbgrader)
                    count += 1
        return count

    def recognise_answers(self) -> int:
        """Give answers their lost metadata back, now that there is one check of each: by their place."""
        count = 0
        for id, name in self.names.items():
            answer, place = f"{id}-answer", self.find(id)
            if answer not in self.known or self.find(answer) is not None or not place:
                continue
            cell = self.cells[place - 1]
            if cell.cell_type == "code" and grade_id(cell) is None and assigns(cell.source, name):
                cell.metadata["nbgrader"] = copy.deepcopy(self.known[answer].metadata.nbgrader)
                count += 1
        return count

    def lost(self, id, original) -> NotebookNode | None:
        free = [cell for cell in self.cells if grade_id(cell) is None]
        for cell in free:
            if cell.get("id") == id:
                return cell
        if id in self.names:
            return next((cell for cell in free if cell.source.strip() == original.source.strip()), None)
        return None

    def mend_copies(self, id, original) -> None:
        """Leave one cell of each id."""
        places = [place for place, cell in enumerate(self.cells) if grade_id(cell) == id]
        if len(places) < 2:
            return
        copies = [self.cells[place] for place in places]
        if not original.metadata.nbgrader.solution:
            self.keep_last_check(id, original, copies)
        elif original.cell_type == "markdown":
            self.keep_all_text(id, original, copies)
        else:
            self.keep_all_code(id, original, places)

    def keep_last_check(self, id, original, copies) -> None:
        for cell in copies[:-1]:
            del cell.metadata["nbgrader"]
        # Copies and halves of a check are nobody's work.
        self.remove(cell for cell in copies[:-1] if cell.source.strip() in original.source)
        self.say("check copied", id=id, count=len(copies))

    def keep_all_text(self, id, original, copies) -> None:
        texts = dict.fromkeys(cell.source.strip() for cell in copies)
        texts.pop(original.source.strip(), None)
        kept = copies[0]
        kept.source = "\n\n".join(texts) or original.source
        self.remove(copies[1:])
        self.say("text copied", id=id, count=len(copies))

    def keep_all_code(self, id, original, places) -> None:
        """Put the halves of a split cell together; of copies keep what was worked on."""
        copies = [self.cells[place] for place in places]
        worked = [cell for cell in copies if cell.source.strip() != original.source.strip()] or copies[:1]
        different = list({cell.source.strip(): cell for cell in worked}.values())
        *earlier, kept = different
        if not earlier:
            self.say("answer copied", id=_question(id), count=len(copies))
        elif places == list(range(places[0], places[0] + len(places))):
            kept.source = "\n".join(cell.source for cell in different)
            earlier = []
            self.say("answer split", id=_question(id), count=len(different))
        else:
            self.say("answers differ", id=_question(id), count=len(different))
        for cell in earlier:  # they stay, as cells of the student's own
            del cell.metadata["nbgrader"]
        self.remove(cell for cell in copies if cell is not kept and grade_id(cell))

    def restore(self, id, original) -> None:
        """Give a cell its kind, its settings and, where it is locked, its text back."""
        place = self.find(id)
        if place is None:
            return
        cell = self.cells[place]
        nbgrader = original.metadata.nbgrader
        if cell.cell_type != original.cell_type:
            fresh = copy.deepcopy(original)
            fresh.source = cell.source
            self.cells[place] = cell = fresh
            self.say("other kind", id=_question(id))
        elif any(cell.metadata.nbgrader.get(key) != nbgrader.get(key) for key in _SETTINGS):
            self.say("settings", id=_question(id))
        if not nbgrader.solution and cell.source.strip() != original.source.strip():
            self.take_apart(id, place)
            self.say("check edited", id=id)
            cell.source = original.source
        cell.metadata["nbgrader"] = copy.deepcopy(nbgrader)

    def take_apart(self, id, place) -> None:
        """Where the answer was merged into its check, make it a cell of its own again."""
        answer = f"{id}-answer"
        if answer not in self.known or self.find(answer) is not None:
            return
        code = without_checks(self.cells[place].source)
        if code:
            metadata = {"nbgrader": copy.deepcopy(self.known[answer].metadata.nbgrader)}
            self.cells.insert(place, new_code_cell(code, metadata=metadata))
            self.say("merged", id=id)

    def put_check_behind_answer(self, id) -> None:
        check, answer = self.find(id), self.find(f"{id}-answer")
        if check is not None and answer is not None and check < answer:
            cell = self.cells.pop(check)
            self.cells.insert(answer, cell)  # one place further up than before the pop
            self.say("moved", id=id)

    def add(self, id, original) -> None:
        """Put a graded cell that was deleted back to its place."""
        place, cell = self.anchor(id), copy.deepcopy(original)
        if original.metadata.nbgrader.solution:
            own = self.own_text_at(place)
            if own:
                cell.source = "\n\n".join(part.source.strip() for part in own)
                self.remove(own)
                self.say("text elsewhere", id=id)
            else:
                self.say("text deleted", id=id)
        else:
            name = self.names.get(id)
            makers = [i for i, own in enumerate(self.cells) if name and assigns(own.source, name)]
            place = max([place, *(i + 1 for i in makers)]) if self.find(f"{id}-answer") is None else place
            self.say("check deleted", id=id)
        self.cells.insert(place, cell)

    def own_text_at(self, place: int) -> list:
        """Return the Markdown cells around `place` that the student made."""
        found = []
        for cell in self.cells[place:]:
            if grade_id(cell) or cell.source.strip() in self.sources:
                break
            if cell.cell_type != "code" and self.is_own(cell):
                found.append(cell)
        return found

    def add_imports(self) -> None:
        """Put a cell back that only imports, when it was deleted and nothing else imports the same."""
        ids = {cell.get("id") for cell in self.cells}
        here = {cell.source.strip() for cell in self.cells}
        for original in reversed(self.lesson):
            names = _imports_only(original)
            if not names or original.get("id") in ids or original.source.strip() in here:
                continue
            code = (cell.source for cell in self.cells if cell.cell_type == "code")
            if names - set().union(*map(imported, code)):
                self.cells.insert(0, copy.deepcopy(original))
                self.say("imports")

    def remove(self, gone) -> None:
        gone = {id(cell) for cell in gone}
        self.cells = [cell for cell in self.cells if id(cell) not in gone]


def _typed_name(nb, student: str) -> list[str]:
    """Say when the name typed into the lesson is not that of whoever handed in."""
    typed = [
        match[1] or match[2] or ""
        for cell in nb.cells
        if cell.cell_type == "code"
        and (match := re.search(r"""^STUDENT\s*=\s*(?:"([^"\n]*)"|'([^'\n]*)')""", cell.source, re.MULTILINE))
    ]
    if not typed or typed[-1].strip().casefold() == student.strip().casefold():
        return []
    name = f'the name "{typed[-1][:40]}"' if typed[-1].strip() else "no name"
    return [SAYS["name"].format(name=name, student=student)]


def _question(id: str) -> str:
    return id.removesuffix("-answer")


def _checked_name(cell) -> str | None:
    """Return the variable that a check cell checks: ``sd`` of ``check("l01-sd", sd)``."""
    if cell.cell_type != "code" or cell.metadata.nbgrader.solution:
        return None
    call = re.search(r"""check\(\s*["'][\w-]+["']\s*,\s*(\w+)\s*\)""", cell.source)
    return call[1] if call else None


def _imports_only(cell) -> set[str]:
    """Return the names that a cell binds, if it does nothing but import; else nothing."""
    return only_imports(cell.source) if cell.cell_type == "code" and not grade_id(cell) else set()


def _number_again(cells) -> None:
    """Cells that were put back may bring an id that is used already."""
    taken = set()
    for cell in cells:
        name = cell.get("id") or grade_id(cell) or "cell"
        while name in taken:
            name += "x"
        cell["id"] = name
        taken.add(name)
