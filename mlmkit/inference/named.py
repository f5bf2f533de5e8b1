"""Tables by grouping factor."""


class Named(dict):
    """A dict by grouping factor that lists the valid names when asked for another one."""

    def __missing__(self, name):
        raise KeyError(f"The fit has no grouping factor {name!r}. It has: {', '.join(map(str, self))}.")
