"""Screens: one module per thing that the admin lists, each with its admin class."""
