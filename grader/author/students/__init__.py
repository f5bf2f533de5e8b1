"""Answers that students give: for each question a list, and what each of them deserves.

One module per lesson, one function per question. It takes a `Work`, a student's sales with the fits that a
student makes from them, and yields pairs: what the answers deserve, and the answers. Nothing here knows the
bank: a right answer is computed a second time, by another route where there is one, and a wrong one as a
student comes to it. So `grader.author.simulate` can hold the bank against them.

An answer deserves `RIGHT`, or the name of a mistake (as in the class report), or `UNNAMED`: it is wrong, and
no sentence may say what was done wrong. Two of them, with " or " between, where that depends on the data.

>>> from grader.author.students import answers_of
>>> sorted(answers_of("01_pooling"))[:2]
['l01-few-sales', 'l01-fixef']
"""

import importlib

RIGHT, UNNAMED = "right", "no accusation"
_registry = {}


def answers(question):
    """Register what students answer to one question: a decorator for a function of a `Work`."""

    def decorate(function):
        _registry.setdefault(function.__module__.rpartition(".")[2].removeprefix("of_"), {})[question] = (
            function
        )
        return function

    return decorate


def answers_of(lesson):
    """Return the functions of one lesson, question to function; none where no module is written yet."""
    try:
        importlib.import_module(f"{__name__}.of_{lesson}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.of_{lesson}":
            raise
    return dict(_registry.get(lesson, {}))
