"""The keeper of a kernel where there is no jail. Standard library only; it runs as the grader's own user.

Its kernel is shut in by Landlock where the request says so (``closed``): which files it reads and writes,
and as which user it runs.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import time

from grader.sandbox import inside, landlock

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LINUX = sys.platform == "linux"


def main(mode, *arguments):
    """Do what the first argument says: ``warm FD MODULES``, ``cold HANDLES REQUEST``, ``probe``, ``try``."""
    inside.LIBC = ctypes.CDLL(None, use_errno=True)
    if mode == "warm":
        for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
            del sys.modules[name]  # a fork has loaded what a new process has
        inside.serve(socket.socket(fileno=int(arguments[0])), json.loads(arguments[1]), keep_fork)
    elif mode == "cold":
        handles = [int(text) for text in arguments[0].split(",")]
        inside.with_leash(handles, keep, json.loads(arguments[1]) | {"run": inside.run_program})
    elif mode == "probe":
        probe()
    else:
        shut_in(json.loads(arguments[0]))


def probe():
    """Tell by the exit code whether `count_processes_anew` works on this machine."""
    try:
        child = count_processes_anew()
    except OSError:
        os._exit(1)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if child else 0)


def count_processes_anew():
    """Start process 1 of a fresh PID namespace: nothing in it can signal, or see, a process outside.

    Returns 0 in the new process, and its number in the old one, as fork does.
    """
    user = {"uid_map": os.getuid(), "gid_map": os.getgid()}
    flags = os.CLONE_NEWPID | os.CLONE_NEWNS
    if os.getuid() == 0:
        os.unshare(flags)
    else:  # in a user namespace, in which this user stays who it is
        os.unshare(flags | os.CLONE_NEWUSER)
        inside.write("/proc/self/setgroups", "deny")
        for name, number in user.items():
            inside.write(f"/proc/self/{name}", f"{number} {number} 1")
    child = os.fork()
    if child == 0:
        inside.mount(None, "/", None, inside.MS_REC | inside.MS_PRIVATE)
        options = inside.MS_NOSUID | inside.MS_NODEV | inside.MS_NOEXEC
        inside.mount("proc", "/proc", "proc", options)
    return child


def keep_fork(request, leash, cgroups):
    """Leave the warm process, which waits for this one, and keep a kernel that is a fork of it."""
    inside.require(request)
    if os.fork():
        os._exit(0)
    os.setsid()
    keep(request | {"run": inside.become_kernel}, leash, cgroups)


def keep(request, leash, cgroups):
    """Start the kernel and watch over it until it ends or the leash is let go. Never returns."""
    leash.send(b"group %d" % os.getpid())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a kernel may send it to its process group, which is ours
    if request["own_processes"] and count_processes_anew():
        os._exit(0)
    if LINUX:
        inside.LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans become children of this process
        inside.LIBC.prctl(inside.PR_SET_DUMPABLE, 0, 0, 0, 0)  # closed to debuggers and to other processes
    request["keeper"] = os.getpid()
    kernel = os.fork()
    if kernel == 0:
        inside.with_leash([leash.detach(), *cgroups], start_kernel, request)
    status = inside.watch(kernel, leash, door=None)
    end_descendants()
    try:
        leash.send(b"gone %d" % status)
    finally:
        os._exit(0)


def start_kernel(request, leash, cgroups):
    """Accept the limits, agree to end with the keeper, and become the kernel's program."""
    for handle in cgroups:
        os.write(handle, b"0")
    inside.set_limits(request["limits"])
    if LINUX:
        shut_in(request)
        inside.LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        inside.LIBC.prctl(inside.PR_SET_DUMPABLE, 1, 0, 0, 0)
        if os.getppid() != request["keeper"]:  # it ended before we asked
            os._exit(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["folder"])
    os.environ.update(request["environment"], PWD=request["folder"])
    if "tempfile" in sys.modules:
        sys.modules["tempfile"].tempdir = None  # a fork looks for it anew
    leash.close()
    os.closerange(3, 1024)
    request["run"](request)


def shut_in(request):
    """Deny this process system calls and, in a closed room, its privileges and the files outside."""
    closed = request["closed"]
    if closed:
        inside.give_up_privileges(closed["uid"])
    inside.deny_calls(request["filter"])
    if closed:
        landlock.enter(closed["reads"], closed["writes"], closed["without"])


def end_descendants(seconds=4.0):
    """Kill the children of this process until there are none; orphans come to it one by one."""
    end = time.monotonic() + seconds
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < end:
            for child in children():
                with contextlib.suppress(OSError):
                    os.kill(child, signal.SIGKILL)
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.005)


def children():
    """List the children of this process; none where there is no ``/proc`` (macOS)."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else []):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
            parent = file.read().rpartition(b")")[2].split()[1]  # the name in brackets may hold anything
            if int(parent) == os.getpid():
                found.append(int(name))
    return found
