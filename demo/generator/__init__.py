"""A seeded generator of one retailer's customer records with known truth; it knows no Django."""

from demo.generator.generate import Summary, generate

__all__ = ["Summary", "generate"]
