"""Hand a model over to Splink: settings that it loads, the table that they speak of, and what cannot be said there."""

from identity.matching.splink.left_out import left_out
from identity.matching.splink.prepare import COLUMNS, RECORD_ID, known_comparisons, prepared
from identity.matching.splink.rarity import chances_to_agree
from identity.matching.splink.settings import splink_settings

__all__ = ["COLUMNS", "RECORD_ID", "chances_to_agree", "known_comparisons", "left_out", "prepared", "splink_settings"]
