"""Attacks that use things up: time, memory, processes, disk, output. What was right before them counts."""

from hostile.attack import attack
from hostile.lesson import RIGHT, notebook

LOST = "The notebook stopped in code cell"
FIRST = (2, 0, 0)  # what ran before the attack keeps its points


@attack(LOST, marks=FIRST, where="t10-mean")
def leaves_at_once():
    """End the kernel's process in the middle of the lesson."""
    return notebook(before_mean="import os; os._exit(0)")


@attack()
def says_exit():
    """Call exit() in the middle of the lesson; Jupyter's own exit lets the cells after it run."""
    return notebook(code="print('working')", last="exit()")


@attack(LOST, marks=FIRST, where="t10-mean")
def crashes_the_kernel():
    """Read memory at address 0, which ends the process."""
    return notebook(before_mean="import ctypes; ctypes.string_at(0)")


@attack(LOST, marks=FIRST, where="t10-mean")
def kills_itself():
    """Send the kernel the signal that can't be caught."""
    return notebook(before_mean="import os, signal; os.kill(os.getpid(), signal.SIGKILL)")


@attack(LOST, marks=FIRST, where="t10-mean")
def falls_asleep():
    """Stop the kernel's process with a signal, so that it neither works nor ends."""
    return notebook(before_mean="import os, signal; os.kill(os.getpid(), signal.SIGSTOP)")


@attack("it ran too long", marks=(2, 0, 1), where="t10-mean")
def loops_for_ever():
    """Run a loop without end before an answer; the questions after it still count."""
    return notebook(before_mean="while True: pass")


@attack(LOST, marks=FIRST, where="t10-mean")
def loops_and_catches_the_interrupt():
    """Run a loop without end that catches the interrupt."""
    return notebook(
        before_mean="""
        import time
        while True:
            try:
                time.sleep(0.1)
            except BaseException:
                pass
        """
    )


@attack(LOST, marks=FIRST, where="t10-mean")
def ignores_all_signals():
    """Ignore every signal that can be ignored, then sleep."""
    return notebook(
        before_mean="""
        import signal, time
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
            signal.signal(number, signal.SIG_IGN)
        time.sleep(1000)
        """
    )


@attack(LOST, marks=FIRST, where="t10-mean")
def computes_where_no_signal_reaches():
    """Count without end inside compiled code, which doesn't look at signals."""
    return notebook(before_mean="import collections, itertools; collections.deque(itertools.repeat(0), 0)")


@attack()
def leaves_a_thread_behind():
    """Leave threads that never end, and one that waits for them at the end."""
    return notebook(
        """
        import atexit, threading, time
        for _ in range(5):
            threading.Thread(target=time.sleep, args=(1000,)).start()
        atexit.register(time.sleep, 1000)
        """
    )


@attack()
def prints_without_end():
    """Print 40 million characters; the answers are right."""
    return notebook("for _ in range(400): print('x' * 100_000)")


@attack()
def prints_errors_without_end():
    """Print 40 million characters to stderr; the answers are right."""
    return notebook("import sys\nfor _ in range(400): print('x' * 100_000, file=sys.stderr)")


@attack()
def displays_without_end():
    """Show 20,000 displays; the answers are right."""
    return notebook("for _ in range(20_000): display({'text/plain': 'y' * 1000}, raw=True)")


@attack()
def shows_a_huge_picture():
    """Show a picture of 30 million bytes; the answers are right."""
    return notebook(
        """
        import base64
        data = base64.b64encode(b"\\x89PNG" + b"0" * 30_000_000).decode()
        display({"image/png": data}, raw=True)
        """
    )


@attack("Python said: ValueError", marks=(2, 0, 1), where="t10-mean")
def raises_an_error_of_ten_million_characters():
    """Raise an error whose text has ten million characters."""
    return notebook(before_mean="raise ValueError('z' * 10_000_000)")


@attack()
def floods_with_widgets():
    """Send 40 million characters as the state of widgets; the answers are right."""
    return notebook(
        """
        from comm import create_comm
        for number in range(40):
            state = {"_model_name": "TextModel", "_model_module": "@jupyter-widgets/controls",
                     "_model_module_version": "2.0.0", "value": "w" * 1_000_000}
            create_comm(target_name="jupyter.widget", data={"state": state}, metadata={"version": "2.1.0"})
        """
    )


@attack("Python said: MemoryError", marks=(2, 0, 1), where="t10-mean", needs="sandbox")
def takes_all_memory():
    """Take 64 GB of memory."""
    return notebook(
        before_mean="""
        taken = []
        for _ in range(256):
            taken.append(bytearray(256 * 1024**2))
        """
    )


@attack(needs="sandbox")
def takes_memory_in_many_processes():
    """Take memory in twenty processes at once, each below the limit of one process."""
    return notebook(
        """
        import os, time
        for _ in range(20):
            try:
                pid = os.fork()
            except OSError:
                break
            if pid == 0:
                try:
                    taken = [bytearray(64 * 1024**2) for _ in range(16)]
                    time.sleep(2)
                finally:
                    os._exit(0)
        """
    )


@attack(needs="sandbox")
def forks_without_end():
    """Start 2,000 processes; the answers are right."""
    return notebook(
        """
        import os, time
        started = 0
        for _ in range(2000):
            try:
                if os.fork() == 0:
                    time.sleep(30)
                    os._exit(0)
                started += 1
            except OSError:
                break
        """
    )


@attack(needs="sandbox")
def fills_the_disk():
    """Write a file of 20 GB; the answers are right."""
    return notebook(
        """
        import os
        for folder in (".", "/tmp", os.path.expanduser("~"), "/dev/shm", "/var/tmp"):
            try:
                with open(os.path.join(folder, "hostile_filler"), "wb") as file:
                    for _ in range(20):
                        file.write(b"0" * 1024**3)
            except (OSError, MemoryError):
                pass
        """
    )


@attack()
def opens_files_without_end():
    """Open as many files as the kernel may, and keep them open."""
    return notebook(
        """
        kept = []
        try:
            for _ in range(100_000):
                kept.append(open("/dev/null"))
        except OSError:
            kept = kept[:-50]
        """
    )


@attack(LOST, marks=(2, 0, 0), where="t10-mean")
def closes_everything():
    """Close all files and sockets of the kernel, so that nobody hears it."""
    return notebook(before_mean="import os; os.closerange(0, 4096)")


@attack()
def collects_no_garbage():
    """Set Python's limits (recursion, threads, garbage) to values that break other code."""
    return notebook(
        """
        import gc, sys, threading
        gc.disable(); gc.set_threshold(1)
        sys.setswitchinterval(1e-6)
        sys.setrecursionlimit(10**9)
        threading.stack_size(2**20)
        """,
        answers=RIGHT,
    )
