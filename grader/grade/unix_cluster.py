"""Grading processes that talk through files which only your account can open.

dask's own clusters listen on TCP ports. Whoever reaches such a port runs code as you, and on a shared
machine every account does. So here dask talks through Unix sockets in a folder that only you may enter, and
its web server (the dashboard, metrics) does not start: no port is opened at all.

dask finds a way of talking by the beginning of an address. This module adds ``unix://``.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import struct
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from distributed import Nanny, Scheduler, SpecCluster, Worker
from distributed.comm.core import BaseListener, Comm, CommClosedError, Connector
from distributed.comm.registry import Backend, backends
from distributed.comm.utils import from_frames, to_frames
from distributed.protocol.utils import pack_frames, unpack_frames

from grader.course.files import remove_leftovers

SCHEME = "unix"
LONGEST_PATH = 107  # of a socket: Linux takes no more bytes, see unix(7)
SIZE = struct.Struct("<Q")
_numbers = itertools.count()


class Quiet:
    """Takes a slow disk without a word: dask's advice on it names settings that the grader chooses itself."""

    def __init__(self, *args, **settings):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Creating scratch directories")
            super().__init__(*args, **settings)


class WithoutWeb(Quiet):
    """Leaves out the web server that dask's schedulers and workers start, also without a dashboard."""

    def start_http_server(self, *_args, **_settings):
        """Open no port."""


class QuietScheduler(WithoutWeb, Scheduler):
    """dask's scheduler, without a port."""


class QuietWorker(WithoutWeb, Worker):
    """dask's worker, without a port. That its module is imported makes its process know ``unix://``."""


class QuietNanny(Quiet, Nanny):
    """dask's process that starts a worker, and starts it anew when it dies."""


@contextmanager
def unix_cluster(workers: int) -> Iterator[SpecCluster]:
    """Start a scheduler here and `workers` processes that only this account can talk to.

    Yields
    ------
    distributed.SpecCluster
        For ``distributed.Client``. All of it ends with the block.
    """
    with _private_folder() as folder:
        here = {"host": folder, "protocol": SCHEME}
        one = {
            "cls": QuietNanny,
            "options": {
                **here,
                "worker_class": QuietWorker,
                "nthreads": 1,
                "memory_limit": None,
                "dashboard": False,
                "local_directory": folder,
                "silence_logs": logging.CRITICAL,
            },
        }
        cluster = SpecCluster(
            scheduler={"cls": QuietScheduler, "options": {**here, "port": 0, "dashboard": False}},
            workers=dict.fromkeys(range(workers), one),
            silence_logs=logging.CRITICAL,
        )
        with cluster:
            yield cluster


@contextmanager
def _private_folder() -> Iterator[str]:
    """Make a folder that only this account can enter; its name leaves room for the name of a socket."""
    usual = tempfile.gettempdir()
    unfit = ":" in usual or len(os.fsencode(usual)) > LONGEST_PATH - 50
    place = "/tmp" if unfit else usual
    remove_leftovers(Path(place), "grader")
    with tempfile.TemporaryDirectory(
        prefix=f"grader-{os.getpid()}-", dir=place, ignore_cleanup_errors=True
    ) as folder:  # mode 0700
        yield folder


class UnixComm(Comm):
    """One connection. A message is its length and then dask's frames, packed."""

    def __init__(self, reader, writer, local: str, peer: str, deserialize: bool):
        super().__init__(deserialize=deserialize)
        self._reader, self._writer = reader, writer
        self._local_addr, self._peer_addr = local, peer  # dask reads these names in `comm.core.connect`

    @property
    def local_address(self) -> str:
        """The address of this end."""
        return self._local_addr

    @property
    def peer_address(self) -> str:
        """The address of the other end."""
        return self._peer_addr

    async def read(self, deserializers=None):
        """Wait for a message."""
        try:
            (size,) = SIZE.unpack(await self._reader.readexactly(SIZE.size))
            frames = unpack_frames(await self._reader.readexactly(size))
        except (EOFError, OSError) as error:
            self.abort()
            raise CommClosedError(f"in {self}: {error}") from error
        except BaseException:  # cancelled in the middle of a message: the rest makes no sense
            self.abort()
            raise
        return await from_frames(
            frames,
            deserialize=self.deserialize,
            deserializers=deserializers,
            allow_offload=self.allow_offload,
        )

    async def write(self, msg, serializers=None, on_error="message"):
        """Send a message; returns its size in bytes."""
        if self.closed():
            raise CommClosedError(f"in {self}: closed")
        about = {"sender": self.local_info, "recipient": self.remote_info, **self.handshake_options}
        frames = await to_frames(
            msg,
            allow_offload=self.allow_offload,
            serializers=serializers,
            on_error=on_error,
            context=about,
        )
        packed = pack_frames(frames)
        try:
            self._writer.write(SIZE.pack(len(packed)) + packed)
            await self._writer.drain()
        except OSError as error:
            self.abort()
            raise CommClosedError(f"in {self}: {error}") from error
        return len(packed)

    async def close(self):
        """Send what waits, then hang up."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    def abort(self):
        """Hang up at once."""
        self._writer.transport.abort()

    def closed(self) -> bool:
        """Tell whether either end has hung up."""
        return self._writer.is_closing() or self._reader.at_eof()


class UnixConnector(Connector):
    """Connects to a socket."""

    async def connect(self, address, deserialize=True, **_settings):
        """Connect to the socket at the path `address`."""
        try:
            reader, writer = await asyncio.open_unix_connection(address)
        except OSError as error:
            raise CommClosedError(f"{SCHEME}://{address}: {error}") from error
        return UnixComm(reader, writer, f"{SCHEME}://", f"{SCHEME}://{address}", deserialize)


class UnixListener(BaseListener):
    """Listens on a new socket in a folder."""

    prefix = f"{SCHEME}://"

    def __init__(self, folder, handle_comm, deserialize=True, allow_offload=True, **_settings):
        super().__init__()
        place = folder.removesuffix(":0")  # dask appends a port to what it takes for a host
        self._path = str(Path(place, f"{os.getpid()}.{next(_numbers)}"))
        self._handle, self._deserialize, self._allow_offload = handle_comm, deserialize, allow_offload
        self._server = None

    async def start(self):
        """Begin to listen."""
        self._server = await asyncio.start_unix_server(self._welcome, self._path)

    def stop(self):
        """Take no further connection."""
        if self._server is not None:
            self._server.close()

    async def _welcome(self, reader, writer):
        comm = UnixComm(reader, writer, self.contact_address, f"{SCHEME}://", self._deserialize)
        comm.allow_offload = self._allow_offload
        with suppress(CommClosedError):  # gone before the handshake was over
            await self.on_connection(comm)
            await self._handle(comm)

    @property
    def listen_address(self):
        """The address of the socket."""
        return f"{SCHEME}://{self._path}"

    contact_address = listen_address


class UnixBackend(Backend):
    """What dask asks about addresses: all of them are on this machine."""

    def get_connector(self):
        """Give what connects."""
        return UnixConnector()

    def get_listener(self, loc, handle_comm, deserialize, **settings):
        """Give what listens."""
        return UnixListener(loc, handle_comm, deserialize, **settings)

    def get_address_host(self, loc):
        """Name the machine."""
        return "localhost"

    def resolve_address(self, loc):
        """Leave the path as it is."""
        return loc

    def get_local_address_for(self, loc):
        """Name a folder to listen in: the one of the other end."""
        return str(Path(loc).parent)


backends[SCHEME] = UnixBackend()
