"""What fits into this machine's memory, said before it is tried."""

import math

MATRICES = 4  # dense matrices of the rest's size that are held at once
FREELY = 5_000  # up to this size (0.2 GB a matrix) nobody asks


def check_memory(parts, labels):
    """Refuse a model whose dense matrices don't fit into memory.

    Parameters
    ----------
    parts : list of IndependentPart
        The model's groups that hang together.
    labels : list of str
        Its grouping factors.

    Raises
    ------
    ValueError
        With the memory needed and the memory there is.
    """
    layout = max((part.layout for part in parts), key=lambda layout: layout.rest)
    size = layout.rest
    if size <= FREELY:
        return
    needed, free = MATRICES * 8 * size**2, available()
    if needed > free:
        raise ValueError(
            f"Beside {labels[layout.first]} the grouping factors have {size:,} random effects that hang "
            f"together through common rows. They need about {needed / 1e9:.0f} GB of memory; this machine "
            f"has {free / 1e9:.0f} GB free. Let fewer terms vary, fit a part of the data, or use a larger "
            "machine."
        )


def available():
    """Return the free memory in bytes; infinite where psutil is missing, so that nothing is refused."""
    try:
        import psutil
    except ModuleNotFoundError:
        return math.inf
    return psutil.virtual_memory().available
