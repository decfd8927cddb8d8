"""Linqi 邻企: open-source software for sub-districts whose residents are companies."""

__version__ = "0.1.0"
