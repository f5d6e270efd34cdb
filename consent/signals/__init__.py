"""Consent signals of browsers and consent platforms: TCF and GPP strings, and Global Privacy Control."""
