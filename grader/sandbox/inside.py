"""What runs within a jail, before and beside a student's kernel. Standard library only.

The keeper (process 1 of a submission) keeps its privileges and runs nothing of the student's. The
kernel is its child: without privileges, and under limits.

    python inside.py warm FD JSON          serve requests that come through socket FD
    python inside.py cold FD JSON          one kernel; its leash is FD
"""

import builtins
import contextlib
import ctypes
import errno
import gc
import importlib
import importlib.util
import io
import json
import os
import random
import resource
import select
import shutil
import signal
import socket
import sys
import threading
import traceback
import types

HOME, WORK = "/home/student", "/home/student/work"
SOCKETS, SPOOL, SKELETONS = "/run/sockets", "/spool", "/run/skeletons"
CONNECTION_FILE = f"{SOCKETS}/connection.json"
PORTS = 5
# In a request: cells to run behind its own, as JSON. In the reply: how each of them ended.
MORE_CELLS = "mlmkit_cells"
# Imported by other libraries only where it happens to be installed; it starts a thread, which no fork has.
UNWANTED = ("polars",)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE = 16384, 1 << 18
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 22, 24, 38
SECCOMP_MODE_FILTER, KEYCTL_JOIN_SESSION_KEYRING = 2, 1
KEYCTL = {"x86_64": 250, "aarch64": 219}  # the number of the system call
CAPABILITY_VERSION = 0x20080522


def serve(requests, modules, start, trunk=()):
    """Import `modules`, then fork for each request, and `start` a keeper there; until the grader hangs up.

    With the cells of a lesson's `trunk`, run these first: the kernels begin behind them.
    """
    failed = warm_up(modules)
    why_not = None if failed else grow(trunk)
    requests.send(json.dumps({"failed": failed, "trunk": why_not, "threads": threads()}).encode())
    while True:
        message, handles, _, _ = socket.recv_fds(requests, 65536, 16)
        if not message:
            return
        request = json.loads(message)
        failed = warm_up(request["modules"])
        keeper = os.fork()
        if keeper == 0:
            requests.close()
            os.dup2(handles[1], 2)  # this submission's own, before anything of it runs
            os.close(handles[1])
            with_leash([handles[0], *handles[2:]], start, {**request, "failed": failed})
        for handle in handles:
            os.close(handle)
        os.waitpid(keeper, 0)


def warm_up(modules):
    """Import `modules`, and call what stands behind a colon; return the names of those that can't be."""
    failed = []
    sys.modules.update(dict.fromkeys(UNWANTED))
    for name in modules:
        module, _, function = name.partition(":")
        if module not in sys.modules:
            try:
                with as_in_a_notebook():
                    importlib.import_module(module)
                if function:
                    getattr(sys.modules[module], function)()
            except Exception:
                failed.append(name)
    for name in UNWANTED:
        del sys.modules[name]
    settle()
    return failed


@contextlib.contextmanager
def as_in_a_notebook():
    """Let modules find a notebook while they are imported, as they would in a kernel.

    Without one, pandas takes itself to be in a terminal, and cuts wide tables to its width.
    """
    builtins.get_ipython = lambda: types.SimpleNamespace(kernel=None)
    try:
        yield
    finally:
        del builtins.get_ipython


def settle():
    """Take what is there for granted: the collector of a fork needn't touch, and so copy, it."""
    gc.collect()
    gc.freeze()


GROWN = None  # the trunk that has been run here: its module, its compiler, its cells, what each has left


def grow(trunk):
    """Run the cells of a trunk as Jupyter would, but show nothing; say why no kernel can begin there."""
    if not trunk:
        return None
    global GROWN
    os.makedirs(WORK, exist_ok=True)
    os.chdir(WORK)
    main = types.ModuleType("__main__", "Automatically created module for IPython interactive environment")
    main.__builtins__ = main.__builtin__ = sys.modules["builtins"]
    compiler = compiler_of(trunk)
    ours, sys.modules["__main__"] = sys.modules["__main__"], main
    before, shown_by, left = chance(), os.environ.get("MPLBACKEND"), []
    os.environ["MPLBACKEND"] = "agg"  # nobody looks at these figures
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].use("agg")
    try:
        for number, source in enumerate(trunk, 1):
            exec(compile(source, compiler.cache(source, number), "exec", dont_inherit=True), main.__dict__)
            close_figures(drawn=True)
            left.append(dict(main.__dict__))
    except Exception as error:
        return f"the lesson's own code fails: {type(error).__name__}: {error}"
    finally:
        sys.modules["__main__"] = ours
        os.environ["MPLBACKEND"] = shown_by or ""
        os.chdir("/")
    if os.listdir(WORK):
        return "the lesson's own code writes files"
    if chance() != before:
        return "the lesson's own code takes random numbers that all code shares"
    settle()
    GROWN = main, compiler, trunk, left
    return None


def compiler_of(trunk):
    """Make Jupyter's compiler, which knows the cells for error messages; their names stay in a fork."""
    from ipykernel.compiler import XCachingCompiler, get_file_name

    names = {source: get_file_name(source) for source in trunk}

    class Compiler(XCachingCompiler):
        def get_code_name(self, raw_code, code, number):
            return names.get(raw_code) or super().get_code_name(raw_code, code, number)

    return Compiler()


def close_figures(drawn=False):
    """Close a cell's figures, as Jupyter does after each cell; `drawn` loads fonts for all forks."""
    if "matplotlib.pyplot" in sys.modules:
        pyplot = sys.modules["matplotlib.pyplot"]
        for number in pyplot.get_fignums() if drawn else ():
            pyplot.figure(number).savefig(io.BytesIO(), format="png", bbox_inches="tight")
        pyplot.close("all")


def chance():
    """Return the state of the random numbers that all code shares."""
    numpy = sys.modules.get("numpy")
    return random.getstate(), repr(numpy.random.get_state()) if numpy else None


def threads():
    """Count the threads of this process. A fork copies one of them only."""
    return len(os.listdir("/proc/self/task"))


def with_leash(handles, start, request):
    """Run `start(request, leash, cgroups)` and end this process; a failure is told through the leash."""
    leash = socket.socket(fileno=handles[0])
    try:
        start(request, leash, handles[1:])
    except BaseException:
        traceback.print_exc()
        with contextlib.suppress(OSError):
            leash.send(b"failed " + traceback.format_exc().encode()[-4000:])
    finally:
        sys.stderr.flush()
        os._exit(1)


def start_in_fresh_namespaces(request, leash, cgroups):
    """Leave all that siblings share, and start the keeper as process 1 of the new namespaces."""
    require(request)
    os.unshare(os.CLONE_NEWNS | os.CLONE_NEWPID | os.CLONE_NEWNET | os.CLONE_NEWIPC | os.CLONE_NEWUTS)
    if os.fork() == 0:
        with_leash([leash.detach(), *cgroups], keep_warm, request)
    os._exit(0)


def require(request):
    """Give up where a module that the submission needs is missing."""
    if request["failed"]:
        raise ImportError(f"{', '.join(request['failed'])} could not be imported")


def keep_warm(request, leash, cgroups):
    """Furnish a private view of the jail, and keep a kernel that is a fork of this process."""
    spool = f"{SPOOL}/{request['id']}"
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for place in request["fresh"]:
        options = f"size={request['home_bytes']},mode=1777"
        mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, options)
    mount(f"{spool}/sockets", SOCKETS, None, MS_BIND)
    furnish(f"{spool}/submission", request)
    # Over the folder with everybody's files. Unmounting that is not allowed to ordinary users.
    mount("tmpfs", SPOOL, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=4k,mode=755")
    loopback_up()
    keep(request, leash, cgroups, become_kernel)


def keep_cold(request, leash, cgroups):
    """Keep a kernel that is a new program; bubblewrap has made the namespaces."""
    furnish("/run/submission", request)
    keep(request, leash, cgroups, run_program)


def furnish(submission, request):
    """Copy the submission, and what belongs into every home, into the student's empty home."""
    copy_skeletons(request["skeletons"])
    shutil.copytree(submission, WORK, symlinks=True)
    if request["uid"] is not None:
        give([HOME, SOCKETS], request["uid"])


def give(tops, uid):
    """Make a user the owner of folders and all that is in them."""
    for top in tops:
        os.chown(top, uid, uid)
        for folder, folders, files in os.walk(top):
            for name in folders + files:
                os.chown(os.path.join(folder, name), uid, uid, follow_symlinks=False)


def copy_skeletons(names):
    """Copy what belongs into every home; a cache that could not be made is not there."""
    for name in names:
        if os.path.isdir(f"{SKELETONS}/{name}"):
            shutil.copytree(f"{SKELETONS}/{name}", HOME, dirs_exist_ok=True)


def keep(request, leash, cgroups, run):
    """Start the kernel and watch over it until it ends or the leash is let go. Never returns."""
    kernel = os.fork()
    if kernel == 0:
        with_leash([leash.detach(), *cgroups], start_kernel, {**request, "run": run})
    for handle in cgroups:
        os.close(handle)
    status = watch(kernel, leash, door=SOCKETS)
    end_all()
    try:
        leash.send(b"gone %d" % status)
    finally:
        os._exit(0)


def start_kernel(request, leash, cgroups):
    """Become the student, let go of everything that is the keeper's, and run the kernel."""
    become_student(request, cgroups)
    leash.close()
    os.closerange(3, 1024)
    request["run"](request)


def watch(kernel, leash, door):
    """Pass signals on to the kernel. Return its exit code, or -9 when it has to end.

    `door` is a folder that is closed once the kernel's sockets are in it.
    """
    ended = [os.pidfd_open(kernel)] if hasattr(os, "pidfd_open") else []  # only Linux has it
    pause = 1.0 if ended else 0.05
    while True:
        ready, _, _ = select.select([leash, *ended], [], [], 0.005 if door else pause)
        if leash in ready:
            message = leash.recv(64)
            if message in (b"", b"%d" % signal.SIGKILL):
                return -signal.SIGKILL
            os.kill(kernel, int(message))
        status = reap(kernel)
        if status is not None:
            return status
        if door and len(os.listdir(door)) > PORTS:
            if not seal(door):
                return -signal.SIGKILL
            door = None


def seal(folder):
    """Make `folder` read-only once the kernel's sockets are in it: it lies on the grader's disk."""
    try:
        mount(None, folder, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    except OSError as error:
        # An ordinary user's keeper in a cold jail may not mount. Whoever writes already has no good reason.
        return error.errno == errno.EPERM
    return True


def reap(kernel):
    """Bury processes whose parents have died. Return the kernel's exit code once it has ended."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == kernel:
            return os.waitstatus_to_exitcode(status)
        if pid == 0:
            return None


def end_all():
    """Kill every other process of this submission, and wait until they are gone."""
    try:
        os.kill(-1, signal.SIGKILL)
        while True:
            os.waitpid(-1, 0)
    except (ProcessLookupError, ChildProcessError, PermissionError):
        return


def become_student(request, cgroups):
    """Give up every privilege, and accept the limits."""
    os.setsid()
    for handle in cgroups:
        os.write(handle, b"0")
    set_limits(request["limits"])
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # when memory runs out, the kernel of the student goes first
    give_up_privileges(request["uid"])
    deny_calls(request["filter"])
    LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as after an exec: /proc/self belongs to its process
    os.chdir(WORK)
    os.environ["PWD"] = WORK


def give_up_privileges(uid):
    """Become an ordinary user, the one with the number `uid` or, with None, the one that it is."""
    capability = 0
    while LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    if LIBC.capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "The privileges could not be given up.")


def deny_calls(steps):
    """Leave the grader's keys, and put the filter of `grader.sandbox.system_calls` in force, for good."""
    if number := KEYCTL.get(os.uname().machine):
        LIBC.syscall(
            number, KEYCTL_JOIN_SESSION_KEYRING, None
        )  # the filter denies them; this takes them away
    if LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "The privileges could not be given up.")
    steps = bytes.fromhex(steps)
    if steps:
        held = ctypes.create_string_buffer(steps, len(steps))
        program = Program(len(steps) // 8, ctypes.addressof(held))
        if LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
            raise OSError(ctypes.get_errno(), "The filter of system calls could not be put in force.")


class Program(ctypes.Structure):
    """``struct sock_fprog``: how many steps, and where they lie."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def set_limits(limits):
    """Set ``RLIMIT_…`` by name; a limit that is lower already stays."""
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))


def run_program(request):
    """Become the kernel's program."""
    os.execvp(request["argv"][0], request["argv"])


def become_kernel(request):
    """Run ipykernel in this process, a fork, as ``ipykernel_launcher`` runs it in a new one."""
    reseed()
    from ipykernel.kernelapp import IPKernelApp

    _, _, launcher, *arguments = request["argv"]  # python -m ipykernel_launcher …
    sys.argv = [importlib.util.find_spec(launcher).origin, *arguments]
    app = IPKernelApp.instance()
    if GROWN:
        begin_behind_trunk(app, request, arguments)
    else:
        app.initialize(arguments)
    if "matplotlib.pyplot" in sys.modules:  # imported before there was a kernel to draw for
        sys.modules["matplotlib.pyplot"].install_repl_displayhook()
    app.start()


def begin_behind_trunk(app, request, arguments):
    """Give the kernel what the trunk has bound, and the numbers of the trunk's cells in this notebook."""
    from ipykernel.ipkernel import IPythonKernel
    from traitlets import Any

    main, compiler, trunk, left = GROWN
    numbers = iter(request["late"])
    for name, number in request["restore"].items():
        main.__dict__.pop(name, None)  # not every name is there: of an `if`, or within a comprehension
        if number is not None and name in left[number]:
            main.__dict__[name] = left[number][name]

    class Kernel(IPythonKernel):
        user_module = Any(main)

        async def do_execute(self, code, silent, store_history=True, user_expressions=None, **named):
            """Run a cell and those behind it in the request, each with its number in the notebook."""
            replies = []
            for source in [code, *json.loads((user_expressions or {}).get(MORE_CELLS, "[]"))]:
                if replies:
                    sys.stdout.flush()
                    sys.stderr.flush()
                    begun = {"code": source, "execution_count": self.execution_count}
                    self.send_response(self.iopub_socket, "execute_input", begun)
                replies.append(await super().do_execute(source, silent, store_history, **named))
                if not silent:
                    self.shell.execution_count = next(numbers, self.shell.execution_count)
            return {**replies[-1], MORE_CELLS: replies}

    app.kernel_class = Kernel
    app.initialize(arguments)
    app.shell.compile, app.shell.execution_count = compiler, next(numbers, 1)
    for source, count in zip(trunk, request["counts"], strict=True):
        compiler.cache(source, count)
    if "matplotlib.pyplot" in sys.modules:
        backend = os.environ["MPLBACKEND"]
        sys.modules["matplotlib"].rcParams["backend"] = (
            backend  # Jupyter's looks there, whether it is asked for
        )
        sys.modules["matplotlib.pyplot"].switch_backend(backend)


def reseed():
    """Renew random states that all forks have in common; the module ``random`` does it itself."""
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def loopback_up():
    """Switch on the network interface of this machine to itself, as bubblewrap does."""
    import fcntl
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        up_and_running = struct.pack("16sH14x", b"lo", 0x1 | 0x40)
        fcntl.ioctl(probe, 0x8914, up_and_running)


def mount(source, target, kind, flags, options=None):
    """Call mount(2)."""
    arguments = [text.encode() if text else None for text in (source, target, kind)]
    if LIBC.mount(*arguments, ctypes.c_ulong(flags), options.encode() if options else None):
        number = ctypes.get_errno()
        raise OSError(number, f"mount {target}: {os.strerror(number)}")


def write(path, text):
    """Write a file of the kernel's in one call."""
    with open(path, "w") as file:
        file.write(text)


def main(mode, *arguments):
    """Do what the first argument says."""
    if mode == "warm":
        requests = socket.socket(fileno=int(arguments[0]))
        sys.path.pop(0)  # the folder of this file
        copy_skeletons(arguments[3:])
        modules, trunk = (json.loads(text) for text in arguments[1:3])
        serve(requests, modules, start_in_fresh_namespaces, trunk)
    else:
        handles = [int(text) for text in arguments[0].split(",")]
        with_leash(handles, keep_cold, json.loads(arguments[1]))


if __name__ == "__main__":
    LIBC = ctypes.CDLL(None, use_errno=True)
    assert threading.active_count() == 1
    main(*sys.argv[1:])
