"""Run several cells by one request: most of what a short cell takes is the messages about it.

A kernel behind a trunk (`grader.sandbox.inside`) runs the cells one after the other, and says when it begins
each. So what it shows belongs to the cell that it began last.

This is for cells that end. Where anything is not as usual (a cell that runs too long, a kernel that ends, a
message that no kernel of good faith sends) there is an `UnusualError`: the notebook has to be run anew, with
a request for each cell, which can deal with all that.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
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


def ask(client: AsyncKernelClient, sources: list[str]) -> str:
    """Send the request to run these cells; return its name."""
    more = {MORE_CELLS: json.dumps(sources[1:])}
    return client.execute(sources[0], stop_on_error=False, user_expressions=more)


async def told(
    client: AsyncKernelClient, asked: str, count: int, look: Callable[[], Awaitable[None]]
) -> AsyncIterator[tuple[int, dict]]:
    """Yield what the kernel says, and with it the number of the cell, from 0 on.

    Parameters
    ----------
    client : AsyncKernelClient
        Of a kernel behind a trunk.
    asked : str
        Name of the request.
    count : int
        How many cells it has.
    look : callable
        Is awaited every second; raises an exception where it is time to give up.

    Raises
    ------
    UnusualError
        If the kernel begins more or fewer cells than there are.
    """
    number, looked = -1, monotonic()
    while True:
        if monotonic() - looked > LOOK:
            looked = monotonic()
            await look()
        with suppress(Empty):
            message = await client.iopub_channel.get_msg(timeout=LOOK)
            if message["parent_header"].get("msg_id") != asked:
                continue
            number += message["msg_type"] == "execute_input"
            if number == count:
                raise UnusualError("the kernel began more cells than there are")
            if message["msg_type"] == "status" and message["content"].get("execution_state") == "idle":
                break
            if number >= 0:
                yield number, message
    if number != count - 1:
        raise UnusualError("the kernel did not begin every cell")


async def replies(
    client: AsyncKernelClient, asked: str, count: int, look: Callable[[], Awaitable[None]]
) -> list[dict]:
    """Return the content of the kernel's reply for each cell; see `told`."""
    while True:
        try:
            message = await client.shell_channel.get_msg(timeout=LOOK)
        except Empty:
            await look()
            continue
        if message["parent_header"].get("msg_id") == asked:
            break
    found = message["content"].get(MORE_CELLS)
    if not isinstance(found, list) or len(found) != count:
        raise UnusualError("the kernel did not say how each cell ended")
    return found
