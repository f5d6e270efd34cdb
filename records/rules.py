"""The rules that bring values to their normal form, each with its version: a record keeps which one changed it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One rule. Its version rises with every change that makes another value of the same raw one."""

    name: str
    version: int
    says: str

    @property
    def label(self) -> str:
        """How records name it: email/1."""
        return f"{self.name}/{self.version}"


RULES = {
    rule.name: rule
    for rule in (
        Rule("text", 1, "Spaces tidied, at most 500 characters."),
        Rule("key", 1, "Spaces tidied, at most 500 characters; capitals count."),
        Rule("name", 2, "Spaces tidied; a name all in capitals or all in small letters gets its proper case."),
        Rule(
            "family_name",
            1,
            "Spaces tidied; all in capitals or small letters: proper case, as in van der Berg, O'Brien, McDonald.",
        ),
        Rule("split", 1, "A full name taken apart: Family, Given or Given Family."),
        Rule("place", 1, "Spaces tidied; all in capitals or small letters: proper case, as in Frankfurt am Main."),
        Rule("street", 1, "Spaces and commas tidied; abbreviations are written out for matching only."),
        Rule("email", 1, "Checked by RFC 5321, in small letters."),
        Rule("phone", 1, "E.164; a national number belongs to the record's country, else to the source's region."),
        Rule(
            "date",
            2,
            "ISO 8601, also from names of months in nine languages; what can be read in two ways is flagged.",
        ),
        Rule("country", 2, "ISO 3166-1 alpha-2, from codes and from names in thirty languages."),
        Rule("postcode", 2, "As the record's country writes it; what cannot be one there is kept and flagged."),
        Rule(
            "gender",
            1,
            "Words and letters of nine languages to a set of four; M in Spanish, where it may be either, is flagged.",
        ),
        Rule("language", 1, "A language tag of BCP 47, from codes and names."),
        Rule("currency", 1, "ISO 4217, from codes and signs; a sign that several currencies use is flagged."),
    )
}
