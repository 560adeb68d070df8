"""Kernels: numbers in, numbers out. One folder each; ``reference.py`` defines what the others must return."""
