"""What the rules made of a value in their earlier versions: digests that were taken then are found by it."""

from collections.abc import Iterator, Mapping

from records.standardize import LONGEST_TEXT, split_name

LONGEST_POSTCODE = 16


def earlier_forms(field: str, raw: Mapping[str, str]) -> Iterator[str]:
    """The forms that this field of a record, of which these values were changed, would have had before.

    Names, places, streets and words had their spaces tidied and no more; postcodes were in capitals.
    """
    if field in raw:
        tidy = " ".join(raw[field].split())
        yield tidy.upper()[:LONGEST_POSTCODE] if field == "postcode" else tidy[:LONGEST_TEXT]
    if field in ("given_name", "family_name") and "full_name" in raw:
        given, family = split_name(" ".join(raw["full_name"].split()))
        yield (given or "") if field == "given_name" else family
