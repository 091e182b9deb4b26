"""Decompositions, solutions and norms."""

from __future__ import annotations
