"""Sorting, and what follows from order."""

from __future__ import annotations
