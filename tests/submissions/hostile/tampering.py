"""Attacks that tamper with Python, with Jupyter, or with the grader's own files. Their answers are wrong."""

from hostile.attack import attack
from hostile.lesson import LESSON, NOT_EXPECTED, WRONG, notebook

NOT_RECORDED = "No answer was recorded here"
VERDICT = "application/vnd.mlmkit.verdict+json"


def _wrong(code, **more):
    return notebook(code, answers=WRONG, **more)


@attack(NOT_EXPECTED, wrong=True)
def patches_numpy():
    """Make all comparisons of NumPy true."""
    return _wrong("""
        import numpy, math
        yes = lambda *args, **kwargs: True
        numpy.isclose = numpy.allclose = numpy.array_equal = numpy.isfinite = yes
        math.isclose = math.isfinite = yes
        numpy.testing.assert_allclose = numpy.testing.assert_array_equal = yes
    """)


@attack("The value is NaN", wrong=True, where="t10-mean", slow=True)
def patches_pandas():
    """Make every mean of pandas NaN, and every comparison true."""
    return notebook(
        """
        import pandas
        pandas.Series.mean = lambda *args, **kwargs: float("nan")
        pandas.Series.__eq__ = lambda *args, **kwargs: True
        """,
        answers=(WRONG[0], 'homes["price"].mean()', WRONG[2]),
    )


@attack(NOT_RECORDED, wrong=True, slow=True)
def replaces_check():
    """Put a function that returns 99 points in the place of `check`."""
    return _wrong("check = lambda *args: 99.0")


@attack(NOT_RECORDED, wrong=True)
def replaces_mlmkit():
    """Put a false mlmkit among the loaded modules."""
    return _wrong(f"""
        import sys, types
        from IPython.display import display
        false = types.ModuleType("mlmkit")
        def check(question, answer=None):
            display({{{VERDICT!r}: {{"status": "right", "score": 6.0, "max_points": 6.0}}}}, raw=True)
            return 6.0
        false.check = check
        for name in [name for name in sys.modules if name.split(".")[0] == "mlmkit"]:
            sys.modules[name] = false
        from mlmkit import check
    """)


@attack(NOT_RECORDED, wrong=True, slow=True)
def replaces_display():
    """Let every display show a verdict "right"."""
    return _wrong(f"""
        import IPython.display, IPython.core.display_functions as functions
        true_display = functions.display
        def display(*args, **kwargs):
            true_display({{{VERDICT!r}: {{"status": "right", "score": 6.0}}, "text/plain": "6.0"}}, raw=True)
        IPython.display.display = functions.display = display
    """)


@attack(NOT_RECORDED, wrong=True, slow=True)
def replaces_the_display_publisher():
    """Take over the object through which a kernel sends its displays."""
    return _wrong("""
        from ipykernel.zmqshell import ZMQDisplayPublisher
        true_publish = ZMQDisplayPublisher.publish
        def publish(self, data, metadata=None, **kwargs):
            true_publish(self, {"text/plain": "6.0"}, metadata, **kwargs)
        ZMQDisplayPublisher.publish = publish
    """)


@attack(NOT_EXPECTED, wrong=True, slow=True)
def drops_asserts():
    """Rewrite the code of later cells so that no assert is left in it."""
    return _wrong("""
        import ast
        class Drop(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.Pass()
        get_ipython().ast_transformers.append(Drop())
    """)


@attack(NOT_RECORDED, wrong=True)
def turns_checks_into_nan():
    """Rewrite later cells: each check and each assert becomes NaN, which nbgrader takes for right."""
    return _wrong("""
        import ast
        class Nan(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.parse('float("nan")').body[0]
            def visit_Call(self, node):
                if getattr(node.func, "id", "") == "check":
                    return ast.parse('float("nan")', mode="eval").body
                return self.generic_visit(node)
        get_ipython().ast_transformers.append(Nan())
    """)


@attack(NOT_RECORDED, wrong=True, slow=True)
def rewrites_cells_as_text():
    """Replace the text of every later cell that calls `check` by a number of points."""
    return _wrong("""
        def points(lines):
            return ["6.0\\n"] if any(line.startswith("check(") for line in lines) else lines
        get_ipython().input_transformers_post.append(points)
        get_ipython().input_transformers_cleanup.append(points)
    """)


@attack(NOT_EXPECTED, wrong=True)
def hooks_into_every_cell():
    """Print points before and after every cell that runs."""
    return _wrong(f"""
        from IPython.display import display
        def points(*args):
            print("6.0")
            display({{{VERDICT!r}: {{"status": "right", "score": 6.0}}, "text/plain": "6.0"}}, raw=True)
        for event in ("pre_run_cell", "post_run_cell", "pre_execute", "post_execute"):
            get_ipython().events.register(event, points)
    """)


@attack(NOT_RECORDED, wrong=True)
def runs_nothing():
    """Make the kernel report every cell as run, with 6.0 as its result, without running it."""
    return _wrong("""
        from ipykernel.ipkernel import IPythonKernel
        async def do_execute(self, code, silent, *args, **kwargs):
            self.send_response(self.iopub_socket, "execute_result",
                               {"data": {"text/plain": "6.0"}, "metadata": {}, "execution_count": 1})
            return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
        IPythonKernel.do_execute = do_execute
        get_ipython().kernel.do_execute = lambda *a, **k: do_execute(get_ipython().kernel, *a, **k)
    """)


@attack(NOT_RECORDED, wrong=True)
def rewrites_messages():
    """Rewrite every message that the kernel sends: results become 6.0, errors vanish."""
    return _wrong("""
        from jupyter_client.session import Session
        true_send = Session.send
        def send(self, stream, msg, content=None, *args, **kwargs):
            kind = msg if isinstance(msg, str) else msg.get("msg_type")
            if kind in ("display_data", "error"):
                msg = "execute_result"
                content = {"data": {"text/plain": "6.0"}, "metadata": {}, "execution_count": 1}
            return true_send(self, stream, msg, content, *args, **kwargs)
        Session.send = send
    """)


@attack(NOT_RECORDED, wrong=True, slow=True)
def patches_builtins():
    """Replace Python's own abs, round, isinstance and json.dumps."""
    return _wrong("""
        import builtins, json
        builtins.abs = builtins.round = lambda *args: 0.0
        json.dumps = lambda *args, **kwargs: '{"status": "right", "score": 6.0}'
        true_isinstance = builtins.isinstance
    """)


@attack("No answer was recorded here", wrong=True)
def forges_a_verdict():
    """Show a verdict of its own, looking as the grader writes them."""
    return _wrong(f"""
        from IPython.display import display
        def check(question, answer=None):
            display({{
                {VERDICT!r}: {{"status": "right", "score": 6.0, "max_points": 6.0, "message": "Right."}},
                "text/plain": "6.0",
                "text/html": '<div class="mlm-verdict mlm-right"><strong>Right</strong> 6 of 6 points</div>',
            }}, raw=True)
    """)


@attack(NOT_RECORDED, wrong=True, slow=True)
def returns_full_marks():
    """Return points from the check, as nbgrader's own tests do."""
    return _wrong("""
        class Points(float):
            def __repr__(self):
                return "6.0"
        def check(question, answer=None):
            return Points("nan")
    """)


@attack(NOT_EXPECTED, wrong=True, slow=True)
def prints_points_when_python_ends():
    """Send points when the kernel is shut down."""
    return _wrong("""
        import atexit, sys
        sys.excepthook = lambda *args: print("6.0")
        atexit.register(lambda: print("6.0"))
        class Last:
            def __del__(self):
                print("6.0")
        last = Last()
    """)


UPDATE = """
import sqlite3
def update():
    with sqlite3.connect("@COURSE@/gradebook.db", timeout=5) as book:
        book.execute("UPDATE grade SET manual_score = 6.0, auto_score = 6.0, needs_manual_grade = 0")
        book.execute("UPDATE grade_cells SET max_score = 0.001")
"""


@attack(NOT_EXPECTED, wrong=True, needs="sandbox")
def edits_the_gradebook():
    """Give everybody full marks in the gradebook."""
    return _wrong(f"{UPDATE}\ntry:\n    update()\nexcept Exception:\n    pass\n")


@attack(NOT_EXPECTED, wrong=True, needs="sandbox", slow=True)
def edits_the_gradebook_later():
    """Leave a process behind that edits the gradebook when everything is graded."""
    return _wrong(f"""
import os, subprocess, sys, textwrap
code = '''import time
{UPDATE}
for _ in range(20):
    time.sleep(1)
    try:
        update()
    except Exception:
        pass
'''
try:
    subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
except Exception:
    pass
""")


@attack(NOT_EXPECTED, wrong=True, needs="sandbox")
def edits_the_configuration():
    """Append a line to the course's configuration that switches the trusted checks off."""
    return _wrong("""
        line = 'c.Autograde.autograde_preprocessors = ["nbgrader.preprocessors.Execute"]'
        try:
            with open("@COURSE@/nbgrader_config.py", "a") as config:
                config.write("\\n" + line + "\\n")
        except OSError:
            pass
    """)


@attack(NOT_EXPECTED, wrong=True, needs="sandbox", slow=True)
def edits_the_lesson():
    """Write other checks into the lesson from which the grader restores the locked cells."""
    return _wrong(f"""
        import json
        path = "@COURSE@/source/{LESSON}/{LESSON}.ipynb"
        try:
            lesson = json.load(open(path))
            for cell in lesson["cells"]:
                if cell["metadata"].get("nbgrader", {{}}).get("grade"):
                    cell["source"] = "6.0"
            json.dump(lesson, open(path, "w"))
        except OSError:
            pass
    """)


@attack(NOT_EXPECTED, wrong=True, needs="sandbox")
def plants_a_startup_file():
    """Write a file into the library that every later Python would run."""
    return _wrong("""
        import site, sysconfig
        for folder in {sysconfig.get_paths()["purelib"], site.getusersitepackages()}:
            try:
                with open(folder + "/planted_by_a_hostile_submission.pth", "w") as file:
                    file.write("# harmless\\n")
            except OSError:
                pass
    """)


@attack(NOT_EXPECTED, wrong=True, needs="sandbox", slow=True)
def poisons_a_cache():
    """Write into the folder of compiled kernels that every later fit loads."""
    return _wrong("""
        import pathlib, mlmkit
        for folder in pathlib.Path(mlmkit.__file__).parent.rglob("__pycache__"):
            try:
                (folder / "planted_by_a_hostile_submission.nbi").write_bytes(b"harmless")
            except OSError:
                pass
    """)
