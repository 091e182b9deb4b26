"""Functions with kinks: extremes, clipping, steps."""

from __future__ import annotations
