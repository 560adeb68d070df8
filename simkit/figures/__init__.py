"""Figures: stores -> pictures. Nothing is computed here."""
