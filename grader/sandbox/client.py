"""A client that goes to work as soon as its kernel is ready."""

from __future__ import annotations

from queue import Empty
from time import monotonic

import zmq
import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient

LARGEST_MESSAGE = 32 * 2**20  # bytes; more than a cell may show, and some thirty times a large figure


class PromptClient(AsyncKernelClient):
    """Jupyter's client, without its pauses: it waits for the kernel's last word about the first question.

    Jupyter's own ``wait_for_ready`` ends with 0.2 s in which nothing more arrives. That is more than a
    third of what a short submission takes.

    A kernel that sends a message of more than `LARGEST_MESSAGE` bytes is disconnected before that is in
    memory. Nothing is heard of it until somebody asks to `listen_anew`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._monitors: dict[str, zmq.asyncio.Socket] = {}
        self.context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)  # for sockets that are made from now on

    def connect_shell(self, identity=None):
        """Connect to the channel of replies, and watch the connection."""
        return self._watched("shell", super().connect_shell(identity))

    def connect_iopub(self, identity=None):
        """Connect to the channel of outputs, and watch the connection."""
        return self._watched("iopub", super().connect_iopub(identity))

    async def is_cut_off(self, channel: str) -> bool:
        """Tell whether ``"shell"`` or ``"iopub"`` was disconnected, for a message that is too large."""
        return bool(await self._monitors[channel].poll(0))

    def stop_channels(self) -> None:
        """Disconnect."""
        super().stop_channels()
        for channel in list(self._monitors):
            self._monitors.pop(channel).close(0)

    def _watched(self, channel: str, connection):
        if channel in self._monitors:
            self._monitors.pop(channel).close(0)
        self._monitors[channel] = connection.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        return connection

    def listen_anew(self) -> None:
        """Connect again to both channels."""
        self.shell_channel.stop()
        self.iopub_channel.stop()
        self._shell_channel = self._iopub_channel = None  # made again when somebody asks for them
        self.shell_channel.start()
        self.iopub_channel.start()

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers on both channels, and has said all about it.

        Raises
        ------
        RuntimeError
            If the kernel has died, or did not answer within `timeout` seconds.
        """
        end = monotonic() + (timeout or float("inf"))
        while True:
            question = self.kernel_info()
            if await self._is_answered(question) and await self._is_idle(question):
                return
            if not await self.is_alive():
                raise RuntimeError("The kernel died before it was ready.")
            if monotonic() > end:
                raise RuntimeError(f"The kernel did not answer in {timeout:g} seconds.")

    async def _is_answered(self, question: str) -> bool:
        """Read replies up to the one to this question; a slow kernel still answers earlier ones."""
        while True:
            try:
                reply = await self.get_shell_msg(timeout=1)
            except Empty:
                return False
            if reply["parent_header"].get("msg_id") == question:
                self._handle_kernel_info_reply(reply)
                return True

    async def _is_idle(self, question: str) -> bool:
        """Read the other channel up to the end of this question; False where it isn't connected yet."""
        while True:
            try:
                message = await self.get_iopub_msg(timeout=0.2)
            except Empty:
                return False
            if (
                message["parent_header"].get("msg_id") == question
                and message["content"].get("execution_state") == "idle"
            ):
                return True
