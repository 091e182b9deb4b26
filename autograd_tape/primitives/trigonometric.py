"""Circular functions and their inverses."""

from __future__ import annotations
