"""Builds the room where bubblewrap is not installed: by `os.unshare` and mounts. Standard library only.

    python -c … namespaces OPTIONS -- COMMAND

It knows those options that `grader.sandbox.jail` gives to bubblewrap, with the same names and meaning (see
``man bwrap``), so there is one description of the room and two who build it. Both need the same of Linux:
namespaces for ordinary users, or root with the right to mount.
"""

import ctypes
import os
import sys

from grader.sandbox import inside

ARGUMENTS = {  # how many an option takes; those that are not here take none
    **dict.fromkeys(("--setenv", "--bind", "--ro-bind", "--ro-bind-try", "--symlink"), 2),
    **dict.fromkeys(("--dir", "--tmpfs", "--proc", "--dev", "--remount-ro", "--perms", "--size"), 1),
    "--cap-add": 1,
}
NAMESPACES = {"user": "USER", "pid": "PID", "net": "NET", "ipc": "IPC", "uts": "UTS"}
OLD = "/old"  # where the machine's files lie while the room is built
BASE = "/tmp"  # the room is built over it; where else is an empty folder on every machine?
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {"fd": "fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
MNT_DETACH, AT_FDCWD, AT_RECURSIVE = 2, -100, 0x8000
MOUNT_SETATTR, PIVOT_ROOT = 442, {"x86_64": 155, "aarch64": 41, "riscv64": 41}
RDONLY, NOSUID, NODEV = 1, 2, 4  # MOUNT_ATTR_…
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2


def main(*arguments):
    """Build the room, run the command in it as bubblewrap does, and end with its exit code."""
    inside.LIBC = ctypes.CDLL(None, use_errno=True)
    cut = arguments.index("--")
    options, command = read(arguments[:cut]), arguments[cut + 1 :]
    names = {name for name, _ in options}
    leave([flag for name, flag in NAMESPACES.items() if f"--unshare-{name}" in names])
    if builder := os.fork():
        os.closerange(3, 4096)  # the lines to the grader are the keeper's
        os._exit(os.waitstatus_to_exitcode(os.waitpid(builder, 0)[1]) & 255)
    try:
        build(options)
        if "--unshare-net" in names:
            inside.loopback_up()
        become_first_process(command, dict(values for name, values in options if name == "--setenv"), names)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(1)


def read(arguments):
    """List the options, each with its arguments."""
    left, options = list(arguments), []
    while left:
        name = left.pop(0)
        options.append((name, [left.pop(0) for _ in range(ARGUMENTS.get(name, 0))]))
    return options


def leave(names):
    """Leave the machine's namespaces; in a user namespace, this user stays who it is."""
    users = {"uid_map": os.getuid(), "gid_map": os.getgid()}
    os.unshare(os.CLONE_NEWNS | sum(getattr(os, f"CLONE_NEW{name}") for name in names))
    if "USER" in names:
        inside.write("/proc/self/setgroups", "deny")
        for name, number in users.items():
            inside.write(f"/proc/self/{name}", f"{number} {number} 1")


def build(options):
    """Make a new root with what the options say, and let go of the old one."""
    resolved = {values[0]: os.path.realpath(values[0]) for name, values in options if "bind" in name}
    os.umask(0o022)
    inside.mount(None, "/", None, inside.MS_REC | inside.MS_PRIVATE)
    inside.mount("tmpfs", BASE, "tmpfs", inside.MS_NOSUID | inside.MS_NODEV, "mode=755")
    os.mkdir(BASE + OLD)
    call(PIVOT_ROOT[os.uname().machine], BASE.encode(), (BASE + OLD).encode())
    os.chdir("/")
    perms, size = None, None
    for name, values in options:
        if name == "--perms":
            perms = values[0]
        elif name == "--size":
            size = values[0]
        elif name != "--remount-ro" or values != ["/"]:
            place(name, values, resolved, perms, size)
            perms, size = None, None
    if inside.LIBC.umount2(OLD.encode(), MNT_DETACH):
        raise OSError(ctypes.get_errno(), "The old root could not be let go of.")
    os.rmdir(OLD)
    if ("--remount-ro", ["/"]) in options:
        restrict("/", RDONLY)


def place(name, values, resolved, perms, size):
    """Do one option."""
    if name in ("--bind", "--ro-bind", "--ro-bind-try"):
        source = OLD + resolved[values[0]]
        if os.path.exists(source) or name != "--ro-bind-try":
            show(source, values[1], NOSUID | NODEV | (RDONLY if name != "--bind" else 0))
    elif name == "--symlink":
        os.symlink(*values)
    elif name == "--dir":
        os.makedirs(values[0], exist_ok=True)
        os.chmod(values[0], int(perms or "755", 8))
    elif name == "--tmpfs":
        os.makedirs(values[0], exist_ok=True)
        limit = f",size={size}" if size else ""
        flags = inside.MS_NOSUID | inside.MS_NODEV
        inside.mount("tmpfs", values[0], "tmpfs", flags, f"mode={perms or '755'}{limit}")
    elif name == "--proc":
        os.makedirs(values[0], exist_ok=True)
        flags = inside.MS_NOSUID | inside.MS_NODEV | inside.MS_NOEXEC
        inside.mount("proc", values[0], "proc", flags)
    elif name == "--dev":
        make_devices(values[0])
    elif name == "--remount-ro":
        restrict(values[0], RDONLY)


def show(source, target, attributes):
    """Show a file or folder of the machine, with all that is mounted below it."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT, 0o644))
    inside.mount(source, target, None, inside.MS_BIND | inside.MS_REC)
    restrict(target, attributes, AT_RECURSIVE)


def make_devices(folder):
    """Fill ``/dev`` with what does no harm, and terminals of its own."""
    os.makedirs(folder, exist_ok=True)
    inside.mount("tmpfs", folder, "tmpfs", inside.MS_NOSUID, "mode=755")
    for name in DEVICES:
        if os.path.exists(f"{OLD}/dev/{name}"):
            show(f"{OLD}/dev/{name}", f"{folder}/{name}", NOSUID)
    for name, target in LINKS.items():
        os.symlink(f"/proc/self/{target}", f"{folder}/{name}")
    os.mkdir(f"{folder}/shm")
    os.mkdir(f"{folder}/pts")
    flags = inside.MS_NOSUID | inside.MS_NOEXEC
    inside.mount("devpts", f"{folder}/pts", "devpts", flags, "newinstance,ptmxmode=0666,mode=620")
    os.symlink("pts/ptmx", f"{folder}/ptmx")


def restrict(path, attributes, flags=0):
    """Add attributes to a mount, read-only for instance: mount_setattr(2), Linux 5.12."""
    wanted = (ctypes.c_uint64 * 4)(attributes)
    call(MOUNT_SETATTR, AT_FDCWD, path.encode(), flags, ctypes.byref(wanted), ctypes.sizeof(wanted))


def become_first_process(command, environment, names):
    """Start the command as bubblewrap does, and bury what dies, until the command has ended."""
    if inside.LIBC.prctl(inside.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "The privileges could not be given up.")
    child = os.fork()
    if child == 0:
        if "--cap-add" in names:
            keep_capabilities()
        os.execvpe(command[0], command, environment)
    os.closerange(3, 4096)
    while True:
        pid, status = os.wait()
        if pid == child:
            os._exit(os.waitstatus_to_exitcode(status) & 255)


def keep_capabilities():
    """Let the next program keep this one's privileges in the new namespaces, for making more of them."""
    header, sets = (ctypes.c_uint32 * 2)(inside.CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
    inside.LIBC.capget(header, sets)
    sets[2], sets[5] = sets[1], sets[4]  # what may be inherited: what is permitted
    if inside.LIBC.capset(header, sets):
        raise OSError(ctypes.get_errno(), "The privileges could not be handed on.")
    for number in range(64):
        inside.LIBC.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0)


def call(number, *arguments):
    """Make a system call for which the C library has no name."""
    if inside.LIBC.syscall(number, *arguments):
        code = ctypes.get_errno()
        raise OSError(code, f"{os.strerror(code)} (system call {number})")
