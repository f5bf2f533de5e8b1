"""The tables that the course is about, house sales and radon in houses, and the functions that load them."""

from mlmkit.data.radon import counties_for, load_radon, radon_for
from mlmkit.data.sales import SEATTLE_ZIPCODES, homes_for, load_king_county, load_seattle, zipcodes_for
from mlmkit.data.sources import SOURCES, current_fingerprint, data_fingerprint, part_for

__all__ = [
    "SEATTLE_ZIPCODES",
    "SOURCES",
    "counties_for",
    "current_fingerprint",
    "data_fingerprint",
    "homes_for",
    "load_king_county",
    "load_radon",
    "load_seattle",
    "part_for",
    "radon_for",
    "zipcodes_for",
]
