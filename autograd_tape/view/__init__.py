"""Looking at a tape: as text, as a picture, step by step.  Nothing here is needed to compute.

Read :mod:`autograd_tape.view.text`, then :mod:`autograd_tape.view.graph`.
"""
