"""A small shop. Its tests cover the everyday cases and leave the edges alone, as tests do."""

__version__ = "1.0.0"
