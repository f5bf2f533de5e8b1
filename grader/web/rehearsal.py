"""Imported ahead, in the tab: does once what lessons begin with, so that all that it needs is loaded."""

from guest_inside import SHELL

from mlmkit import lmer, load_seattle

SHELL.display_formatter.format(lmer("price ~ (1 | zipcode)", load_seattle()))
SHELL.run_cell("pass", silent=True, store_history=False)
