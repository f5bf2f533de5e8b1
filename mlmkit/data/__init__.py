"""The tables that the course is about, house sales and radon in houses, and the functions that load them."""

from mlmkit.data.radon import load_radon
from mlmkit.data.sales import (
    SEATTLE_ZIPCODES,
    current_fingerprint,
    data_fingerprint,
    homes_for,
    load_king_county,
    load_seattle,
    zipcodes_for,
)

__all__ = [
    "SEATTLE_ZIPCODES",
    "current_fingerprint",
    "data_fingerprint",
    "homes_for",
    "load_king_county",
    "load_radon",
    "load_seattle",
    "zipcodes_for",
]
