"""Puts our Validate and Submit into nbgrader's place: in Jupyter by itself, else by ``nbgrader_config.py``.

The file ``mlmkit.json`` beside this one lies in Jupyter's folder of settings after ``pip install``; Jupyter
then loads this module when it starts. Where nbgrader is not installed, nothing happens.
"""

import importlib
import importlib.util

PLACES = ("nbgrader.server_extensions.validate_assignment.handlers", "nbgrader.apps.validateapp")


def take_nbgraders_place():
    """Let nbgrader's Validate button, ``nbgrader validate`` and Submit say which answers are recorded.

    nbgrader has no setting for them. It finds its validator by a name in these two modules.
    """
    if importlib.util.find_spec("nbgrader") is None:
        return
    from mlmkit.answers import submitting
    from mlmkit.answers.validator import RecordedAnswers

    submitting.take_nbgraders_place()
    for place in PLACES:
        importlib.import_module(place).Validator = RecordedAnswers


def _jupyter_server_extension_points():
    return [{"module": __name__}]


def _load_jupyter_server_extension(_app):
    take_nbgraders_place()
