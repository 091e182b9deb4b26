"""The tape as a program: recorded once, replayed on new values, printed as readable NumPy.

Read :mod:`.trace` (how the engine is watched while it runs once), :mod:`.symbol` (the values that
write down what is done to them), :mod:`.step` (what is written down), then what is made of it:
:mod:`.passes`, :mod:`.source`, :mod:`.program`.  What a function reaches besides its arguments is
found by :mod:`.reach`.
"""

from .program import Program, compile

__all__ = ["Program", "compile"]
