"""Which calls of Linux a student's code has no use for: a filter (seccomp) that answers "not permitted".

The jail keeps a submission from files, processes and networks. The filter keeps it from those parts of Linux
in which errors were found that lead out of jails: namespaces, mounts, keys, tracing, io_uring, modules, BPF.
It is a list of what is denied, so that libraries which we don't know go on running. A kernel that is kept
apart by Landlock shares the machine's network: for it a second list closes what Landlock leaves open.

The program is the kernel's classic BPF: eight bytes an instruction, made here, put in force by
``inside.become_student`` and by the keeper of a bare kernel. A call that is denied gives ``PermissionError``.
"""

from __future__ import annotations

import errno
import os
import struct

# Numbers from Linux's asm/unistd_64.h (x86_64) and asm-generic/unistd.h (aarch64).
DENIED = {
    # Reading and changing other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # Namespaces and mounts
    "unshare": (272, 97),
    "setns": (308, 268),
    "chroot": (161, 51),
    "pivot_root": (155, 41),
    "mount": (165, 40),
    "umount2": (166, 39),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    # Keys, which belong to a user and not to a jail
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # Parts of the kernel that are large, and young
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "fanotify_init": (300, 262),
    # The machine itself
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "personality": (135, 92),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "syslog": (103, 116),
    "acct": (163, 89),
    "quotactl": (179, 60),
}
# Its flags lie in memory, where a filter can't look: without it, libraries call `clone`.
UNKNOWN = {"clone3": (435, 435)}
# Denied for some values of one argument: where it stands, and which values.
NEW_NAMESPACE = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET
WITH_FLAGS = {"clone": ((56, 220), 0, NEW_NAMESPACE)}
WITH_VALUES = {
    "ioctl": ((16, 29), 1, (0x5412, 0x541C)),  # TIOCSTI and TIOCLINUX: to type into somebody's terminal
    "socket": (
        (41, 198),
        0,
        (17, 38, 40, 44),
    ),  # AF_PACKET, AF_ALG, AF_VSOCK (to a virtual machine's host), AF_XDP
}

NONE = -1  # where a machine doesn't have the call
# Beside Landlock, which knows of opening, making, moving and removing files, and of TCP.
UNREACHED = {
    # Sockets of other programs of this user: one of them may start programs for whoever asks
    "connect": (42, 203),
    # Memory and queues that a user's programs share by number or name
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semctl": (66, 191),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    # Files by name; what has them open may still shorten them
    "truncate": (76, 45),
    "inotify_add_watch": (254, 27),
}
# Rights, owners and times of files, and how urgent a process is. Libraries ask for it in passing, when they
# copy a file or start a thread: these calls answer "done", and do nothing.
UNTOUCHED = {
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
    "chmod": (90, NONE),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, NONE),
    "fchown": (93, 55),
    "lchown": (94, NONE),
    "fchownat": (260, 54),
    "utime": (132, NONE),
    "utimes": (235, NONE),
    "futimesat": (261, NONE),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}
UNASKED = {"openat2": (437, 437)}  # its flags lie in memory, and libraries can do without it
# Which argument, which of its bits, and the one value of them that is allowed; how it is denied.
ONLY = [
    # AF_UNIX: not even UDP. With this answer ZeroMQ looks at no network, with another one it gives up.
    ((41, 198), 0, 0xFFFFFFFF, 1, errno.EOPNOTSUPP),
    # SOCK_STREAM and SOCK_SEQPACKET. What the others send may name another receiver each time.
    ((41, 198), 1, 0x2, 0, errno.EPERM),
    ((53, 199), 1, 0x2, 0, errno.EPERM),  # socketpair
    ((302, 261), 0, 0xFFFFFFFF, 0, errno.EPERM),  # prlimit64: of its own process
]
# The same, with the one value that is not: O_TRUNC with O_RDONLY, to empty what is to be read only. Landlock
# minds it since Linux 6.2.
NOT = [
    ((2, NONE), 1, 0x203, 0x200, errno.EPERM),  # open
    ((257, 56), 2, 0x203, 0x200, errno.EPERM),  # openat
]

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # place in the tuples; AUDIT_ARCH_…
X32 = 0x40000000  # calls of a third kind of programs on x86_64 have this bit in their number

# linux/filter.h and linux/seccomp.h
LOAD, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, KEEP_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
ALLOW, ERROR = 0x7FFF0000, 0x00050000
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; an argument has eight bytes


def program(machine: str | None = None, *, beside_landlock: bool = False) -> bytes:
    """Write the filter.

    Parameters
    ----------
    machine : str, optional
        As ``uname -m`` calls it. Default: this one.
    beside_landlock : bool
        Close what Landlock leaves open, too.

    Returns
    -------
    bytes
        Instructions; none for a machine whose numbers are not known here.

    Examples
    --------
    >>> len(program("x86_64")) % 8, program("riscv64")
    (0, b'')
    """
    machine = machine or os.uname().machine
    column, architecture = MACHINES.get(machine, (0, 0))
    if not architecture:
        return b""
    denied, unknown, done = (_return(ERROR | number) for number in (errno.EPERM, errno.ENOSYS, 0))
    # A program of another architecture has other numbers.
    steps = [(LOAD, 0, 0, ARCHITECTURE), (IF_EQUAL, 1, 0, architecture), denied, (LOAD, 0, 0, NUMBER)]
    if machine != "aarch64":
        steps += [(IF_AT_LEAST, 0, 1, X32), denied]
    answers = [(DENIED, denied), (UNKNOWN, unknown)]
    if beside_landlock:
        answers += [(UNREACHED, denied), (UNTOUCHED, done), (UNASKED, unknown)]
    for calls, answer in answers:
        for numbers in calls.values():
            if numbers[column] != NONE:
                steps += [(IF_EQUAL, 0, 1, numbers[column]), answer]
    for numbers, place, flags in WITH_FLAGS.values():
        steps += _with_argument(numbers[column], place, [(IF_ANY_BIT, 0, 1, flags), denied])
    for numbers, place, values in WITH_VALUES.values():
        tests = [step for value in values for step in ((IF_EQUAL, 0, 1, value), denied)]
        steps += _with_argument(numbers[column], place, tests)
    for calls, jump in ((ONLY, (1, 0)), (NOT, (0, 1))) if beside_landlock else ():
        for numbers, place, bits, value, error in calls:
            tests = [(KEEP_BITS, 0, 0, bits), (IF_EQUAL, *jump, value), _return(ERROR | error)]
            if numbers[column] != NONE:
                steps += _with_argument(numbers[column], place, tests)
    steps.append(_return(ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _with_argument(number: int, place: int, tests: list[tuple]) -> list[tuple]:
    """Do some tests with the lower half of an argument of one call; who passes them goes on."""
    body = [(LOAD, 0, 0, ARGUMENTS + 8 * place), *tests, (LOAD, 0, 0, NUMBER)]
    return [(IF_EQUAL, 0, len(body), number), *body]


def _return(value: int) -> tuple:
    return (RETURN, 0, 0, value)
