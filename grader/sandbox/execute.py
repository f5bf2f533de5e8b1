"""Run a submission so that a lost kernel costs only the cells that did not run.

nbgrader's own ``Execute`` gives up the whole submission when the kernel dies, hangs or
floods its output. Here the cells that ran keep what they printed, and each cell that
did not run says why, in its output and in its metadata (``not_run_reason``).
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path
from queue import Empty
from textwrap import dedent

from jupyter_core.utils import ensure_async, run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute
from traitlets import Bool, Integer

from grader.intake.mending import METADATA, unreadable_reason
from grader.sandbox.jail import ANSWER_SECONDS, JailError
from grader.sandbox.journal import Journal, shown_by
from grader.sandbox.processor_time import Allowance
from grader.sandbox.provisioner import OF_PLAN, SandboxKernelManager
from grader.sandbox.run_notes import mark_not_run, say_in
from grader.sandbox.together import LOOK, UnusualError, ask, may_loop, replies, told
from grader.sandbox.trunk import LongWayError, Plan, Trunk, require_nothing_to_import, trunk_of_lesson
from grader.sandbox.trunk_outputs import Outputs, outputs_of

OUTPUT_MESSAGES = {"stream", "display_data", "execute_result", "update_display_data", "error"}
# Everything else, such as the messages of widgets, is for somebody who sits in front of the notebook.
HEARD = OUTPUT_MESSAGES | {"status", "execute_input", "clear_output"}
ENVELOPE = {
    "stream": 100,
    "update_display_data": 100,
}  # characters that a message counts at least: many small ones are work, too
OTHER_ENVELOPE = 1_000
LONG_WAY = Trunk(()), Plan({}, [], [], {}), []  # nothing is run once for all
ATTEMPTS = 2  # a kernel that was killed may be no fault of its notebook: somebody or the system did it
ERROR_CHARS = {"ename": 200, "evalue": 5_000, "traceback": 50_000}


LOST = (
    "The grading process was killed while this notebook ran, twice. What was answered before that moment "
    "counts. Look at its code first."
)


class SturdyExecute(Execute):
    """Execute every cell; when the kernel is lost, mark the cells that are left.

    A student's exception does not stop the cells after it (nbgrader's ``allow_errors``).
    A kernel that cannot be started at all raises: that is the grader's fault, not the student's.
    """

    timeout = Integer(
        120,
        allow_none=True,
        help=dedent(
            """
            Seconds of processor time that one cell may take. Then it is interrupted, and the next cell runs.
            A cell that ignores the interrupt ends the notebook: the cells after it are not run.
            """
        ),
    ).tag(config=True)

    notebook_timeout = Integer(
        600,
        help=dedent(
            """
            Seconds of processor time that one notebook may take, all cells together. The cells after that
            are not run.
            """
        ),
    ).tag(config=True)

    patience = Integer(
        5,
        help=dedent(
            """
            How many times as long as these limits a cell and a notebook may run by the clock: what waits, or
            gets no processor on a busy machine, uses little processor time.
            """
        ),
    ).tag(config=True)

    short_way = Bool(
        True,
        help=dedent(
            """
            Run the lecture's own cells once for all submissions, where the text of a submission proves that
            this changes nothing. False: run every notebook from top to bottom.
            """
        ),
    ).tag(config=True)

    max_stream_chars = Integer(
        100_000,
        help="Characters that one cell may print (stdout and stderr together). The rest is dropped.",
    ).tag(config=True)

    max_display_chars = Integer(
        10_000_000,
        help="Characters of figures, tables and tracebacks that one cell may show. The rest is dropped.",
    ).tag(config=True)

    max_notebook_chars = Integer(
        50_000_000,
        help="Characters that all cells of a notebook together may print and show. The rest is dropped.",
    ).tag(config=True)

    # For a kernel that starts on a busy machine. One that dies is noticed at once.
    startup_timeout = ANSWER_SECONDS

    # When each message came: nobody asks.
    record_timing = False

    # Seconds in which a kernel that has replied, or was interrupted, has to say its last word.
    iopub_timeout = Integer(10).tag(config=True)

    # A submission's kernel has nothing to clean up, and one that hangs would not do it.
    shutdown_kernel = "immediate"

    # nbclient's own tag for cells to leave out. A submission must not choose what is run.
    skip_cells_with_tag = ""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("kernel_manager_class", SandboxKernelManager)
        super().__init__(*args, **kwargs)

    def preprocess(self, nb: NotebookNode, resources, km=None):
        """Run `nb`; outputs that were saved in the submitted file are dropped first."""
        if unreadable_reason(nb):
            return nb, resources  # there is nothing of the student's in it
        for cell in nb.cells:
            cell.metadata.pop(METADATA, None)
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        about = resources.get("nbgrader", {})
        self._journal, self._stopped = Journal(about.get("journal")), None
        if about.get("lost"):
            self._take_from_journal(nb)
            return nb, resources
        self._trunk, self._plan, self._shown = self._way(nb, resources)
        for attempt in range(ATTEMPTS):
            found = self._attempt(nb, resources, km)
            if not self._killed:
                break
            self.log.warning("The kernel was killed, in attempt %s of %s.", attempt + 1, ATTEMPTS)
        return found

    def _attempt(self, nb: NotebookNode, resources, km):
        """Run a copy of `nb`: many cells by one request where all is as usual, else anew, one by one."""
        try:
            self._begin(bundles=True)
            return self._run_notebook(copy.deepcopy(nb), resources, km)
        except UnusualError as why:
            self.log.info("The cells are run one by one: %s", why)
            self._begin(bundles=False)
            return self._run_notebook(copy.deepcopy(nb), resources, km)

    def _begin(self, *, bundles: bool) -> None:
        self._bundles, self._done = bundles, set()
        self._left, self._stopped, self._killed = self.max_notebook_chars, None, False

    def _run_notebook(self, nb: NotebookNode, resources, km):
        """Run `nb`; from the top where no kernel can begin behind the trunk, for whatever reason."""
        try:
            return super().preprocess(nb, resources, km)
        except JailError as error:
            if not self._trunk.sources:
                raise
            self.log.warning("No kernel began behind the lesson's own cells: %s", error)
            self._trunk, self._plan, self._shown = LONG_WAY
            self._why_long = "no kernel could begin behind the lesson's own cells"
            return super().preprocess(nb, resources, km)

    @contextmanager
    def setup_kernel(self, **kwargs):
        """Start the kernel, quietly, and note in the notebook how it was kept apart."""
        # What a kernel writes past Jupyter is not for the instructor's screen.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        # ... and neither are progress bars, in a notebook that nobody watches.
        kwargs.setdefault("env", {**os.environ, "MLMKIT_QUIET": "1"})
        code = "\n".join(cell.source for cell in self.nb.cells if cell.cell_type == "code")
        plan = {name: getattr(self._plan, name) for name in OF_PLAN}
        with super().setup_kernel(code=code, trunk=self._trunk.sources, **plan, **quiet, **kwargs):
            how = asdict(self.km.provisioner.how)
            self.nb.metadata.setdefault(METADATA, {})["isolation"] = how
            self._behind_trunk = self.km.provisioner.behind_trunk
            if self._trunk.sources and not self._behind_trunk:
                self._why_long = "no process could run the lesson's own cells for all"
            self.nb.metadata[METADATA]["long_way"] = self._why_long
            self._journal.begin(isolation=how)
            # The start of the kernel is not the student's.
            self._whole = self._limit = self._allowance(self.notebook_timeout)
            yield

    def preprocess_cell(self, cell, resources, index):
        """Run one cell, or say in it why it was not run; write down what it shows."""
        if _is_run(cell) and index not in self._done:
            bundle = self._bundle_from(index)
            if len(bundle) > 1:
                try:
                    run_sync(self._run_bundle)(bundle)
                except Exception as error:
                    raise UnusualError(f"{type(error).__name__}: {str(error)[:200]}") from error
                return cell, resources
            self._run(cell, resources, index)
            if self._stopped is None:
                self._journal.add(index, cell)
        return cell, resources

    def _bundle_from(self, index: int) -> list[int]:
        """Return the places of cells that one request can run, beginning with this one; none for no such."""
        if not (self._bundles and self._behind_trunk) or index in self._plan.given:
            return []
        cells = self.nb.cells
        left = [place for place in range(index, len(cells)) if _is_run(cells[place])]
        late = (place for place in left if place not in self._plan.given)
        return list(takewhile(lambda place: not may_loop(cells[place].source), late))

    async def _run_bundle(self, places: list[int]) -> None:
        """Run these cells by one request, and show what is given between them."""
        cells, self._at = self.nb.cells, places[0]
        asked = ask(self.kc, [cells[place].source for place in places])
        async for number, message in told(self.kc, asked, len(places), self._look):
            place = places[number]
            if message["msg_type"] == "execute_input":
                self._go_on_to(place)
            self.process_message(message, cells[place], place)
            if self._said_cut:
                raise UnusualError("a cell printed too much")
        for place, reply in zip(places, await replies(self.kc, asked, len(places), self._look), strict=True):
            self.on_cell_executed(cell=cells[place], cell_index=place, execute_reply={"content": reply})
        self._finish(places[-1])

    def _go_on_to(self, place: int) -> None:
        """Finish the cells of a bundle before this one, show what is given there, and get ready for it."""
        for before in range(self._at, place):
            if before in self._plan.given:
                self._make_room()
                self._show(self.nb.cells[before], self._shown[self._plan.given[before]])
            if _is_run(self.nb.cells[before]):
                self._finish(before)
        self._make_room()
        self.code_cells_executed += 1
        self.clear_before_next_output = False
        self._at, self._limit = place, self._allowance(self.timeout)

    def _finish(self, place: int) -> None:
        """Write down what a cell of a bundle shows."""
        self._journal.add(place, self.nb.cells[place])
        self._done.add(place)

    async def _look(self) -> None:
        """Raise where a bundle can't go on as usual."""
        await self._async_check_alive()
        if await self.kc.is_cut_off("iopub") or await self.kc.is_cut_off("shell"):
            raise UnusualError("a message of the kernel is too large")
        if self._limit.is_over() or self._whole.is_over():
            raise UnusualError("a cell ran too long")

    def _make_room(self) -> None:
        """Let the next cell print and show as much as one may."""
        self._said_cut = False
        self._room = {"stream": self.max_stream_chars, "display": self.max_display_chars}

    def _run(self, cell, resources, index) -> None:
        if self._stopped is None and self._whole.is_over():
            self._stopped = (
                f"The notebook ran longer than {self.notebook_timeout} seconds in all and was stopped."
            )
        if self._stopped is not None:
            mark_not_run(cell, self._stopped)
            return
        self._make_room()
        if self._behind_trunk and index in self._plan.given:
            self._show(cell, self._shown[self._plan.given[index]])
            return
        try:
            super().preprocess_cell(cell, resources, index)
        except DeadKernelError:
            self._killed = run_sync(self.km.provisioner.poll)() == -signal.SIGKILL
            self._stop(cell, "the kernel died")
        except CellTimeoutError:
            if self._kernel_answers():
                say_in(cell, "This cell printed too much. Its output could not be read.")
            else:
                self._stop(cell, "it ran too long and could not be interrupted")
        except Exception as error:  # a message that no kernel of good faith sends
            self.log.warning("Cell %s: %s: %s", index, type(error).__name__, str(error)[:200])
            say_in(cell, "The output of this cell could not be read.")

    def _way(self, nb: NotebookNode, resources) -> tuple[Trunk, Plan, Outputs]:
        """Say what of `nb` need not be run, and what that shows; for the long way there is no trunk."""
        self._why_long = None
        about = resources.get("nbgrader", {})
        if not self.short_way or "released" not in about:
            self._why_long = "so it is set" if not self.short_way else "the lesson is not known"
            return LONG_WAY
        try:
            trunk = trunk_of_lesson(about["released"])
            if not trunk.sources:
                raise LongWayError("the lesson has no cells of its own")
            require_nothing_to_import(resources["metadata"]["path"])
            plan = trunk.plan(nb.cells)
            return trunk, plan, outputs_of(trunk, about.get("trunks"), self._run_plainly(about["released"]))
        except LongWayError as reason:
            self._why_long = str(reason)
            return LONG_WAY

    def _run_plainly(self, released: str):
        """Return what runs a notebook in a kernel of its own, beside the released lesson's files."""

        def run(notebook: NotebookNode) -> NotebookNode:
            execute = type(self)(parent=self.parent, config=self.config, short_way=False)
            place = {"metadata": {"path": str(Path(released).parent)}}
            return execute.preprocess(notebook, place)[0]

        return run

    def _show(self, cell: NotebookNode, shown: list[NotebookNode]) -> None:
        """Put in what a cell of the trunk shows, as if it had just been run."""
        self.code_cells_executed += 1
        cell.execution_count = self.code_cells_executed
        for output in copy.deepcopy(shown):
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
            message = {"msg_type": output.output_type, "content": {**output, "transient": {}}}
            if self._take_room(message, cell):
                cell.outputs.append(output)

    def _take_from_journal(self, nb: NotebookNode) -> None:
        """Put back what the cells showed before the grading process was lost; nothing is run."""
        self.nb, self.code_cells_executed = nb, 0
        written = self._journal.cells()
        for index, cell in enumerate(nb.cells):
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            self.code_cells_executed += 1
            shown = shown_by(written, index, cell)
            if self._stopped is None and shown is not None:
                cell.outputs = shown
            elif self._stopped is None:
                self._stop(cell, "the grading process was killed")
            else:
                mark_not_run(cell, self._stopped)
        about = nb.metadata.setdefault(METADATA, {})
        about |= self._journal.about()
        about["notices"] = [*about.get("notices", []), LOST]

    def _allowance(self, seconds: float | None) -> Allowance:
        return Allowance(seconds, self.patience, self.km.provisioner.processor_time)

    async def _async_poll_for_reply(self, msg_id, cell, timeout, outputs, alive):
        """Wait for the end of a cell, which nbclient would interrupt by the clock.

        Parameters
        ----------
        msg_id : str
            Of the request.
        cell : NotebookNode
        timeout : int or None
            Of the cell, in seconds of processor time.
        outputs, alive : asyncio.Future
            nbclient's own: one reads what the cell shows, the other looks whether the kernel lives.
        """
        try:
            reply = await self._reply(msg_id, cell, self._allowance(timeout))
            await self._last_output(outputs, cell)
        finally:
            alive.cancel()
        return reply

    async def _reply(self, msg_id, cell, allowance: Allowance) -> dict:
        """Return the kernel's reply; when the cell's time is over, interrupt it and reply in its place."""
        while True:
            try:
                reply = await self.kc.shell_channel.get_msg(timeout=LOOK)
                if reply["parent_header"].get("msg_id") == msg_id:
                    return reply
            except Empty:
                await self._async_check_alive()
                if await self.kc.is_cut_off("shell"):
                    raise CellTimeoutError("Its reply is too large.") from None
            over = next((limit for limit in (allowance, self._whole) if limit.is_over()), None)
            if over is not None:
                await ensure_async(self.km.interrupt_kernel())
                seconds = min(over.clock, over.patience * over.seconds)
                error = _timeout_error(over.seconds if over.worked >= over.seconds else seconds)
                return {"content": {**error, "status": "error"}}

    async def _last_output(self, outputs, cell) -> None:
        """Wait for the kernel's word that a cell has shown everything."""
        allowance = self._allowance(self.iopub_timeout)
        while not (await asyncio.wait([outputs], timeout=LOOK))[0]:
            await self._async_check_alive()
            if allowance.is_over() or await self.kc.is_cut_off("iopub"):
                raise CellTimeoutError("Its last output did not arrive.")
        outputs.result()

    def _kernel_answers(self) -> bool:
        """Tell whether the kernel can go on: with a message that is too large, its line is lost, too."""
        allowance = self._allowance(self.iopub_timeout)
        self.kc.listen_anew()
        while not allowance.is_over():
            with suppress(RuntimeError):
                run_sync(self.kc.wait_for_ready)(timeout=LOOK)
                return True
        return False

    def process_message(self, msg, cell, cell_index):
        """Keep a kernel's message, as long as cell and notebook have room left for it."""
        if msg["msg_type"] not in HEARD:
            return None
        content = msg["content"]
        if not isinstance(content.get("execution_count", 0), int):
            del content["execution_count"]
        if msg["msg_type"] == "error":
            _shorten_error(content)
        if msg["msg_type"] in OUTPUT_MESSAGES and not self._take_room(msg, cell):
            return None
        return super().process_message(msg, cell, cell_index)

    def on_cell_executed(self, **kwargs):
        """Note an error that is in the kernel's last reply only."""
        _shorten_error(kwargs["execute_reply"]["content"])
        super().on_cell_executed(**kwargs)

    def _take_room(self, msg, cell) -> bool:
        kind = "stream" if msg["msg_type"] == "stream" else "display"
        before = min(self._room[kind], self._left)
        if before <= 0:
            if not self._said_cut:
                self._say_cut(cell)
            return False
        size = _size(msg) * self._places(msg)
        if size <= before:
            self._room[kind] -= size
            self._left -= size
            return True
        self._room[kind] = 0
        if kind == "stream":
            text = msg["content"]["text"][:before]
            self._left -= len(text)
            cell.outputs.append(new_output("stream", name=msg["content"]["name"], text=text))
        self._say_cut(cell)
        return False

    def _say_cut(self, cell) -> None:
        """Say once in a cell that something was dropped."""
        self._said_cut = True
        whole = "This notebook" if self._left <= 0 else "This cell"
        say_in(cell, f"{whole} printed too much. Its output is cut here.")

    def _places(self, msg: dict) -> int:
        """Count the outputs that a message makes or changes: all that bear its name, in all cells."""
        name = (msg["content"].get("transient") or {}).get("display_id")
        changed = sum(map(len, self._display_id_map.get(name, {}).values()))
        return max(1, changed + (msg["msg_type"] != "update_display_data"))

    def _stop(self, cell, why: str) -> None:
        number = self.code_cells_executed
        self._stopped = f"The notebook stopped in code cell {number} ({_first_line(cell)}): {why}."
        self.log.warning(self._stopped)
        cell.metadata[METADATA] = {"not_run": self._stopped}
        say_in(cell, f"The notebook stopped in this cell (code cell {number}): {why}.")


def _is_run(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip())


def _timeout_error(seconds: float) -> dict:
    sentence = f"This cell was interrupted after {seconds:.0f} s: it ran too long."
    return {"ename": "CellTimeoutError", "evalue": sentence, "traceback": [sentence]}


def _first_line(cell: NotebookNode) -> str:
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    code = [line for line in lines if not line.startswith("#")] or lines
    return f'it begins with "{code[0][:40]}"'


def _size(msg: dict) -> int:
    """Characters that a message would add to the notebook; never less than its envelope."""
    length = len(json.dumps(msg["content"], ensure_ascii=False))
    return max(length, ENVELOPE.get(msg["msg_type"], OTHER_ENVELOPE))


def _shorten_error(content: dict) -> None:
    """Cut the texts of an error in place, where it has any; of a long traceback the end counts."""
    for part in ("ename", "evalue"):
        if part in content:
            content[part] = str(content[part])[: ERROR_CHARS[part]]
    if "traceback" in content:
        lines, room = [], ERROR_CHARS["traceback"]
        told = content["traceback"]
        for line in reversed(told) if isinstance(told, list) else [told]:
            lines.append(str(line)[:room])
            room -= 1 + len(lines[-1])
            if room <= 0:
                lines.append("(The beginning of this error is left out: it is too long.)")
                break
        content["traceback"] = lines[::-1]
