"""What to say where a package is missing that mlmkit needs only for some things."""

from contextlib import contextmanager


@contextmanager
def needs(what, packages):
    """Turn the failed import of an optional package into a sentence that tells how to install it.

    Parameters
    ----------
    what : str
        What the user asked for.
    packages : str
        What it needs.

    Raises
    ------
    ModuleNotFoundError
        The sentence.

    Examples
    --------
    >>> with needs("NUTS", "PyMC"):
    ...     import a_package_that_is_not_there
    Traceback (most recent call last):
    ModuleNotFoundError: NUTS needs PyMC: pip install 'mlmkit[bayes]'.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{what} needs {packages}: pip install 'mlmkit[bayes]'.", name=error.name
        ) from error
