"""Polynomials in NumPy's coefficient order."""

from __future__ import annotations
