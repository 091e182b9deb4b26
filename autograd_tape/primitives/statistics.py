"""Means, variances, quantiles."""

from __future__ import annotations
