"""Landlock: which files a process may touch from now on, whoever its user is. Standard library only.

A part of Linux since 5.13 that needs no privilege. It has grown: what this Linux doesn't know is left out,
and `grader.sandbox.system_calls` closes what no Landlock knows of. The numbers are those of
linux/landlock.h, the meaning is told in Linux's Documentation/userspace-api/landlock.rst.
"""

import ctypes
import os
import struct

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # on every machine
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
READ = EXECUTE | READ_FILE | READ_DIR
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV  # the others are a folder's
# By the first version that knows them. REFER (2): to move a file between folders.
FILES = {1: (1 << 13) - 1, 2: 1 << 13, 3: TRUNCATE, 5: IOCTL_DEV}
NETWORK = {4: 3}  # to listen and to connect with TCP
SCOPES = {6: 3}  # abstract sockets of others, signals to others
LIBC = ctypes.CDLL(None, use_errno=True)


def version():
    """Return the version of Landlock here; 0 where there is none."""
    return max(0, LIBC.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1))


def handled(known):
    """Write what version `known` can deny: ``struct landlock_ruleset_attr``, as long as it knows it.

    >>> len(handled(1)), len(handled(4)), len(handled(7))
    (8, 16, 24)
    """
    kinds = [FILES] + [NETWORK] * (known >= 4) + [SCOPES] * (known >= 6)
    rights = [sum(bits for first, bits in kind.items() if first <= known) for kind in kinds]
    return struct.pack(f"={len(rights)}Q", *rights)


def enter(reads, writes, without, known=None):
    """Deny this process, and all that come from it, every file but these, for good.

    Parameters
    ----------
    reads, writes : list of str
        Folders with all that is in them, and files; what is not there is passed over.
    without : str
        A folder that stays closed though it may lie in one of `reads`. Its names can be listed then.
    known : int, optional
        Use no more than this version of Landlock can do.
    """
    attributes = handled(min(known or 7, version()))
    (files,) = struct.unpack_from("=Q", attributes)
    rules = _ask(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    for path in reads:
        for part, rights in around(path, without):
            _allow(rules, part, rights & files)
    for path in writes:
        _allow(rules, path, files)
    _ask(RESTRICT_SELF, rules, 0)
    os.close(rules)


def around(path, without):
    """Yield the parts of `path` that may be read, with their rights, so that `without` stays closed."""
    if not without.startswith(path.rstrip("/") + "/"):
        yield path, READ
        return
    yield path, READ_DIR
    for name in os.listdir(path):
        part = os.path.join(path, name)
        if part != without:
            yield from around(part, without)


def _allow(rules, path, rights):
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not there, or not for this user
    if not os.path.isdir(path):
        rights &= OF_A_FILE
    _ask(ADD_RULE, rules, 1, struct.pack("=Qi", rights, place), 0)
    os.close(place)


def _ask(number, *arguments):
    answer = LIBC.syscall(number, *arguments)
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return answer
