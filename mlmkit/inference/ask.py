"""Ask a fit for something, and say in a sentence why it can't answer."""

from inspect import getattr_static


class Absent:
    """An attribute that other fits have and this kind of fit can't have: asking for it says what to use.

    Parameters
    ----------
    instead : str
        A sentence that goes on after "A regression has no ranef: ".
    """

    def __init__(self, instead):
        self._instead = instead

    def __set_name__(self, owner, name):
        self._name = name

    def __get__(self, fit, owner=None):
        if fit is None:
            return self
        raise AttributeError(self.says(fit.kind))

    def says(self, kind, function=None):
        """Say why a kind of fit has no such thing, or why a function doesn't work on it."""
        if function:
            return f"{function} doesn't work on a {kind}: {self._instead}"
        return f"A {kind} has no {self._name}: {self._instead}"


def ask(fit, name, function=None):
    """Return an attribute or a method of a fit.

    Parameters
    ----------
    fit : object
        What a user gave to a function such as ``confint``.
    name : str
        The attribute.
    function : str, optional
        What the user called, for the message; by default the attribute's own name.

    Returns
    -------
    object
        The attribute.

    Raises
    ------
    TypeError
        With a sentence, if this is no fit, or a fit that can't have the attribute.

    Examples
    --------
    >>> ask([1, 2], "confint")
    Traceback (most recent call last):
    TypeError: confint works on a fit, such as the one that lmer returns, not on list.
    """
    if not hasattr(fit, "solution"):
        raise TypeError(
            f"{function or name} works on a fit, such as the one that lmer returns, not on "
            f"{type(fit).__name__}."
        )
    found = getattr_static(type(fit), name, None)
    if isinstance(found, Absent):
        raise TypeError(found.says(fit.kind, function))
    return getattr(fit, name)
