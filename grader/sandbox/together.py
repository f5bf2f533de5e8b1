"""Run several cells by one request: most of what a short cell takes is the messages about it.

A kernel behind a trunk (`grader.sandbox.inside`) runs the cells one after the other, and says when it begins
each. So what it shows belongs to the cell that it began last.

This is for cells that end. Where anything is not as usual (a cell that runs too long, a kernel that ends, a
message that no kernel of good faith sends) an `UnusualError` is raised: the notebook has to be run anew, with a
request for each cell, which can deal with all that.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty
from time import monotonic

from jupyter_client.asynchronous import AsyncKernelClient

from grader.sandbox.inside import MORE_CELLS

LOOK = 1.0  # seconds between two looks at a kernel that is still at work


class UnusualError(Exception):
    """Cells could not be run together. Its text says why."""


def may_loop(source: str) -> bool:
    """Tell whether a cell should have a request of its own, since it may run for ever.

    Examples
    --------
    >>> may_loop("while True: pass"), may_loop("mean = price.mean()")
    (True, False)
    """
    return "while" in source


async def run_together(
    client: AsyncKernelClient,
    sources: list[str],
    *,
    begin: Callable[[int], None],
    hear: Callable[[dict], None],
    look: Callable[[], object],
) -> list[dict]:
    """Run cells, and return the content of the kernel's reply for each.

    Parameters
    ----------
    client : AsyncKernelClient
        Of a kernel behind a trunk.
    sources : list of str
        At least one.
    begin : callable
        Is called with the number of a cell, from 0 on, before what it shows.
    hear : callable
        Is called with each message of the cell that was begun last.
    look : callable
        Is awaited every second; raises an exception where it is time to give up.

    Raises
    ------
    UnusualError
        If the kernel did not say of each cell that it began and how it ended.
    """
    asked = client.execute(sources[0], stop_on_error=False, user_expressions={MORE_CELLS: sources[1:]})
    begun, looked = 0, monotonic()
    while True:
        if monotonic() - looked > LOOK:
            looked = monotonic()
            await look()
        try:
            message = await client.iopub_channel.get_msg(timeout=LOOK)
        except Empty:
            continue
        if message["parent_header"].get("msg_id") != asked:
            continue
        if message["msg_type"] == "execute_input":
            if begun == len(sources):
                raise UnusualError("the kernel began more cells than there are")
            begin(begun)
            begun += 1
        if message["msg_type"] == "status" and message["content"].get("execution_state") == "idle":
            break
        hear(message)
    if begun < len(sources):
        raise UnusualError("the kernel did not begin every cell")
    return await _replies(client, asked, len(sources), look)


async def _replies(client, asked: str, count: int, look) -> list[dict]:
    while True:
        try:
            message = await client.shell_channel.get_msg(timeout=LOOK)
        except Empty:
            await look()
            continue
        if message["parent_header"].get("msg_id") == asked:
            break
    replies = message["content"].get(MORE_CELLS)
    if not isinstance(replies, list) or len(replies) != count:
        raise UnusualError("the kernel did not say how each cell ended")
    return replies
