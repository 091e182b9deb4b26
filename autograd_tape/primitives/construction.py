"""Arrays made from values: full, linspace and their like."""

from __future__ import annotations
