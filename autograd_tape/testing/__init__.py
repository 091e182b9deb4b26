from .check import check_grads

__all__ = ["check_grads"]
