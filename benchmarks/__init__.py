"""Benchmarks at named sizes, side by side with other people's programs."""
