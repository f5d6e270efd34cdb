"""Gender: the words and letters of several languages to a small set. A letter that two languages share is left open."""

from collections.abc import Mapping


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FEMALE, MALE, DIVERSE, UNDISCLOSED = "female", "male", "diverse", "undisclosed"
WORDS: Mapping[str, str] = {
    **dict.fromkeys(
        _words(
            """
            f fem female woman women girl w weiblich frau femme féminin feminin femenino mujer femmina femminile donna
            vrouw vrouwelijk v kobieta żeńska kadın kadin kvinna kvinnlig ms mrs fru mme señora
            """
        ),
        FEMALE,
    ),
    **dict.fromkeys(
        _words(
            """
            m male man men boy männlich maennlich mann herr homme masculin masculino hombre maschio maschile uomo
            mannelijk mężczyzna męska erkek manlig mr señor
            """
        ),
        MALE,
    ),
    **dict.fromkeys(
        _words(
            """
            d x diverse divers nonbinary non-binary enby nb other andere autre otro altro overig inna inny diğer annat
            intersex genderqueer
            """
        ),
        DIVERSE,
    ),
    "non binary": DIVERSE,
    **dict.fromkeys(("undisclosed", "prefer not to say", "keine angabe", "not specified"), UNDISCLOSED),
}
# Where women are mujeres and men hombres, M may be either.
M_IS_EITHER = frozenset({"ES", "MX", "AR", "CO", "CL", "PE", "VE", "EC", "UY", "BO", "PY", "CR", "GT", "DO"})
H_IS_MALE = M_IS_EITHER | {"FR", "BE", "LU", "CH"}


def gender_of(text: str, region: str) -> tuple[str | None, str | None]:
    """The gender that is meant, or None and what is the matter: `ambiguous` or `unknown`."""
    word = text.casefold().rstrip(".")
    if word == "m" and region in M_IS_EITHER:
        return None, "ambiguous"
    if word == "h" and region in H_IS_MALE:
        return MALE, None
    found = WORDS.get(word)
    return found, None if found else "unknown"
