"""Differences, interpolation and convolution."""

from __future__ import annotations
