"""Attacks that are answers: forged, sprayed, copied, lying, or too large."""

from hostile.attack import attack
from hostile.lesson import NOT_EXPECTED, RIGHT, WRONG, notebook

MIME = "application/vnd.mlmkit.answer+json"
TELL = f"""
from IPython.display import display
def tell(question, answer, data=None):
    payload = {{"question": question, "answer": answer, "data": data}}
    display({{{MIME!r}: payload, "text/plain": "recorded"}}, raw=True)
"""


def _two(expression, code="", **more):
    """Hand in an expression for the first question, and right answers for the others."""
    return notebook(code, answers=(expression, *RIGHT[1:]), **more)


@attack("4 answers to this question were recorded", wrong=True, marks=(0, 0, 0))
def sprays_answers():
    """Record many answers to each question, one of them right."""
    return notebook(
        TELL
        + """
def check(question, answer=None):
    for value in (1.0, 2.0, 3.0, "price ~ (1 | zipcode)"):
        tell(question, value)
""",
        answers=WRONG,
    )


@attack(NOT_EXPECTED, wrong=True, marks=(0, 0, 0), slow=True)
def answers_every_question_in_every_cell():
    """Record answers to the other questions in each check cell."""
    return notebook(
        TELL
        + """
true_check = check
def check(question, answer=None):
    for other in ("t10-two", "t10-mean", "t10-formula"):
        if other != question:
            tell(other, 2.0)
    true_check(question, answer)
""",
        answers=WRONG,
    )


@attack("was not answered", marks=(0, 3, 1), slow=True)
def answers_in_another_cell():
    """Record the answer to a question in the cell of another one, and none in its own."""
    return notebook(TELL, before_mean='tell("t10-two", 2.0)', answers=("None", *RIGHT[1:]))


@attack("3 answers to this question were recorded", wrong=True, marks=(0, 0, 0))
def changes_an_answer_later():
    """Send further displays that claim to belong to the cell of an earlier question."""
    return notebook(
        TELL
        + f"""
MIME = {MIME!r}
"""
        + """
kernel = get_ipython().kernel
parents = {}
true_check = check
def check(question, answer=None):
    parents[question] = kernel.get_parent()
    true_check(question, answer)
    for value in (2.0, "price ~ (1 | zipcode)"):
        payload = {"question": question, "answer": value, "data": None}
        content = {"data": {MIME: payload}, "metadata": {}, "transient": {}}
        kernel.session.send(kernel.iopub_socket, "display_data", content, parent=parents[question])
""",
        answers=WRONG,
    )


@attack("computed from other data than yours", marks=(2, 0, 1), where="t10-mean")
def works_on_a_classmates_data():
    """Type a classmate's name, to hand in the same answers."""
    return notebook(setup='from mlmkit import check, homes_for\nhomes = homes_for("adam-honest")')


@attack(NOT_EXPECTED, marks=(2, 0, 1), where="t10-mean")
def forges_the_fingerprint():
    """Hand in a classmate's answer under the fingerprint of one's own data."""
    return notebook(
        """
        import mlmkit.data as data
        own = data.current_fingerprint()
        homes = homes_for("adam-honest")
        data.current_fingerprint = lambda *_: own
        """
    )


@attack("The value is NaN", marks=(0, 3, 1), slow=True)
def answers_nan():
    """Answer NaN, which nbgrader's scores take for full marks."""
    return _two('float("nan")')


@attack("The value is infinite", marks=(0, 3, 1), slow=True)
def answers_infinity():
    """Answer infinity."""
    return _two('float("inf")')


@attack("The value is infinite", marks=(0, 3, 1), slow=True)
def answers_a_number_of_five_thousand_digits():
    """Answer a whole number too large for any floating point number."""
    return _two("10**5000")


@attack(slow=True)
def answers_numpy_scalars():
    """Give right answers as NumPy scalars."""
    return notebook(
        "import numpy as np", answers=("np.float32(2)", 'np.float64(homes["price"].mean())', RIGHT[2])
    )


@attack("Your answer is the truth value True", marks=(0, 3, 1), slow=True)
def answers_true():
    """Answer True, which Python counts as the number 1."""
    return _two("True")


@attack("which can't be handed in", marks=(0, 3, 1))
def answers_an_object_that_equals_everything():
    """Answer an object that says of itself that it equals everything."""
    return _two(
        "Equal()",
        """
        class Equal:
            def __eq__(self, other): return True
            __lt__ = __le__ = __gt__ = __ge__ = __eq__
            __hash__ = None
            def __bool__(self): return True
            def __repr__(self): return "2.0"
        """,
    )


@attack(NOT_EXPECTED, marks=(0, 3, 1))
def answers_a_lying_float():
    """Answer a float that says 2.0 when it is printed, and claims to equal everything."""
    return _two(
        "Lies(7.0)",
        """
        class Lies(float):
            def __eq__(self, other): return True
            __hash__ = None
            def __repr__(self): return "2.0"
            __str__ = __repr__
            def __float__(self): return 7.0
            def __sub__(self, other): return 0.0
            __rsub__ = __sub__
        """,
    )


@attack(NOT_EXPECTED, marks=(0, 3, 1), slow=True)
def answers_something_new_each_time():
    """Answer an object that turns into another number whenever it is looked at."""
    return _two(
        "Changes(7.0)",
        """
        import itertools
        class Changes(float):
            values = itertools.cycle([7.0, 2.0])
            def __float__(self): return next(self.values)
        """,
    )


@attack("Your answer can't be read", marks=(0, 3, 1), slow=True)
def answers_a_trap():
    """Answer an object whose every method raises an error or never ends."""
    return _two(
        "Trap()",
        """
        class Trap:
            def __getattribute__(self, name): raise RecursionError
            def __class__(self): raise SystemExit
        """,
    )


@attack("which can't be handed in", marks=(0, 3, 1), slow=True)
def answers_a_pickle():
    """Answer an object that would run a command if the grader unpickled it."""
    return _two(
        "Pickled()",
        """
        import os
        class Pickled:
            def __reduce__(self): return (os.system, ("touch @COURSE@/unpickled",))
        """,
    )


@attack(NOT_EXPECTED, marks=(0, 3, 1), slow=True)
def answers_a_lying_text():
    """Answer a text that claims to be a number and to equal everything."""
    return _two(
        "Text('price')",
        """
        class Text(str):
            __class__ = float
            def __float__(self): return 7.0
            def __eq__(self, other): return True
            __hash__ = str.__hash__
        """,
    )


@attack("At most 1,000,000 can be handed in", marks=(0, 3, 1), slow=True)
def answers_three_million_numbers():
    """Answer a list of three million numbers."""
    return _two("[2.0] * 3_000_000")


@attack("No answer was recorded here", marks=(0, 3, 1), slow=True)
def forges_a_huge_answer():
    """Record an answer of 30 million characters past `check`."""
    return _past_check('tell(question, "x" * 30_000_000)')


# Sends bytes as the content of a message; `check` and Jupyter would not let them through.
RAW = """
def tell_raw(question, answer, data="null"):
    kernel = get_ipython().kernel
    payload = '{"question": "%s", "answer": %s, "data": %s}' % (question, answer, data)
    content = '{"data": {"MIME": %s}, "metadata": {}}' % payload
    true_pack = kernel.session.pack
    kernel.session.pack = lambda thing: content.encode() if thing == {"raw": 1} else true_pack(thing)
    kernel.session.send(kernel.iopub_socket, "display_data", {"raw": 1}, parent=kernel.get_parent())
    kernel.session.pack = true_pack
""".replace("MIME", MIME)


def _past_check(call):
    """Replace `check` by a call of `tell` or `tell_raw`, for the first question."""
    return notebook(
        f"""
{TELL}{RAW}
true_check = check
def check(question, answer=None):
    if question == "t10-two":
        {call}
    else:
        true_check(question, answer)
"""
    )


@attack("No answer was recorded here", marks=(0, 3, 1))
def forges_a_deep_answer():
    """Record an answer that is nested 50,000 lists deep, past `check`."""
    return _past_check('tell_raw(question, "[" * 50_000 + "]" * 50_000)')


@attack("No answer was recorded here", marks=(0, 3, 1), slow=True)
def forges_an_answer_of_endless_digits():
    """Record a whole number of a million digits, past `check`."""
    return _past_check('tell_raw(question, "9" * 1_000_000)')


@attack("can't be read", marks=(0, 3, 1))
def forges_half_characters():
    """Record an answer with characters that no text file can hold, past `check`."""
    return _past_check(
        r"""tell_raw(question, '{"unreadable": "can\'t be read: \\ud800 \\u0000"}', '"\\ud800\\u0000"')"""
    )


@attack(where="t10-mean", slow=True)
def prints_half_characters():
    """Print characters that no text file can hold; the answers are right."""
    return notebook(r"""print("\ud800 \x00 \ud83d")""" + '\nraise ValueError("\\ud800")')


@attack("too long to compare", marks=(2, 3, 0), where="t10-formula")
def answers_a_formula_that_explodes():
    """Answer a formula with billions of terms."""
    return notebook(answers=(*RIGHT[:2], '"price ~ (a + b + c + d + e)**99999 + (1 | zipcode)"'))


@attack("too long to compare", marks=(2, 3, 0), where="t10-formula", slow=True)
def answers_a_formula_with_code():
    """Answer a formula that holds a command."""
    return notebook(
        answers=(*RIGHT[:2], '\'price ~ __import__("os").system("touch @COURSE@/formula") + (1 | zipcode)\'')
    )


@attack("appears more than once", marks=(0, 3, 1), slow=True)
def answers_the_same_label_twice():
    """Answer a Series in which one label has two numbers, one of them right."""
    return _two(
        'pd.Series([7.0, 2.0], index=["a", "a"])',
        "import pandas as pd",
    )


@attack("asks for one number", marks=(0, 3, 1), slow=True)
def answers_a_frame_that_lies():
    """Answer a data frame whose shape is not its own."""
    return _two(
        "Frame({'a': [2.0, 7.0], 'b': [1.0, 2.0]})",
        """
        import pandas as pd
        class Frame(pd.DataFrame):
            shape = (1, 1)
            size = 1
        """,
    )
