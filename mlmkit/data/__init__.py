"""The house sales that the course is about, as shipped tables and the functions that load them."""

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
    "load_seattle",
    "zipcodes_for",
]
