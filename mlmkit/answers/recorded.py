"""Which answers are recorded, in sentences: for `check_all` and for nbgrader's Validate button.

What is right is not known here. So nothing of this says "success" to a lesson of wrong answers.
"""

RECORDED = "recorded"
BLANK = "not answered"
MISFORMED = "can't be right yet"
NOT_RUN = "check not run"

LATER = "Right or wrong comes after grading."
_SAYS = {  # in this order
    BLANK: "{count} not answered: {which}.",
    NOT_RUN: "{count} not checked, because the check cell was not run: {which}.",
    MISFORMED: "{count} can't be right yet (read the sentence under the check): {which}.",
}
_states: dict[str, str] = {}  # of this session: each question that was checked, and how the last time ended


def note(question, state):
    """Keep how the last check of a question ended; `forget` drops all of it, as a new session does."""
    _states[question] = state


def noted():
    """Return what `note` kept: question id to state."""
    return dict(_states)


def forget():
    """Forget what was checked, as a new session does."""
    _states.clear()


def overview(states):
    """Say how many of a lesson's graded questions have an answer, and name the others.

    Parameters
    ----------
    states : dict
        Question id to ``RECORDED``, ``BLANK``, ``MISFORMED`` or ``NOT_RUN``.

    Returns
    -------
    list of str

    Examples
    --------
    >>> overview({"l01-a": RECORDED, "l01-b": BLANK})
    ['1 of 2 answers recorded.', '1 not answered: l01-b.', 'Right or wrong comes after grading.']
    """
    with_answer = sum(state in (RECORDED, MISFORMED) for state in states.values())
    says = [f"{with_answer} of {len(states)} answers recorded."]
    for state, sentence in _SAYS.items():
        which = [question for question, its in states.items() if its == state]
        if which:
            says.append(sentence.format(count=len(which), which=", ".join(which)))
    return [*says, LATER]


def about_name(typed, login=None):
    """Say what is wrong with the name in STUDENT; nothing where it may be right.

    Parameters
    ----------
    typed : object
        What STUDENT is; None where there is none.
    login : str, optional
        The name that the student is known by here, on a hub.

    Returns
    -------
    list of str

    Examples
    --------
    >>> about_name("ana"), about_name("ana", login="ben")[0][:36]
    ([], 'STUDENT is "ana", but you are logged')
    """
    start = "Type your user name between its quotes, then run all cells from there."
    if typed is None:
        return [f"The cell with STUDENT was not run. {start}"]
    if not isinstance(typed, str) or not typed.strip():
        return [f"STUDENT is empty, so no answer can be right. {start}"]
    if login and typed.strip().casefold() != login.casefold():
        return [f'STUDENT is "{typed.strip()[:40]}", but you are logged in as "{login}". {start}']
    return []
