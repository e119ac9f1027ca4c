"""Task server for expert human feedback: blind assignment, agreement, training datasets."""

from __future__ import annotations

__version__ = "0.1.0"
