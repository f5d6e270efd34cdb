"""Likely special categories of personal data (GDPR article 9): recognized by name or word, kept out unless declared.

A retailer seldom means to collect them, and mostly does by accident: a free property, an event, a product category.
What is recognized goes to quarantine with its field named; a source that may collect it lists the property under
`special_categories` in its mapping. This is a net with known meshes, not a promise: what no word betrays passes.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Set
from functools import lru_cache
from typing import Any

from records.envelope import Unreadable

HEALTH, BELIEF, POLITICS, ORIGIN, SEX_LIFE, UNION, BODY = (
    "health",
    "religion or belief",
    "political opinion",
    "racial or ethnic origin",
    "sex life or sexual orientation",
    "trade union membership",
    "genetic or biometric data",
)

# What properties are called, as words in lower case: English, German, French, Spanish, Italian, Dutch.
NAMES = {
    HEALTH: "diagnosis, diagnose, diagnostic, diagnostico, disease, illness, krankheit, maladie, enfermedad, malattia, "
    "ziekte, medication, medikament, medicament, medicamento, medicijn, allergy, allergies, allergie, alergia, "
    "disability, behinderung, handicap, discapacidad, pregnant, pregnancy, schwanger, schwangerschaft, enceinte, "
    "grossesse, embarazo, zwanger, blood type, blood group, blutgruppe, health status, health condition, "
    "medical history, patient id, icd, icd10, icd 10, prescription, rezept, heart rate, blood pressure, glucose, bmi",
    BELIEF: "religion, religious, faith, denomination, konfession, glaube, croyance, confession, church, kirche, "
    "mosque, synagogue, creencia, geloof, kerkgenootschap",
    POLITICS: "political, political party, political opinion, political affiliation, party membership, partei, "
    "parteizugehoerigkeit, parti politique, partido, voting intention, voted for, politieke voorkeur",
    ORIGIN: "ethnicity, ethnic, ethnic origin, race, racial, ethnie, etnia, etniciteit, herkunft, skin color, "
    "skin colour, hautfarbe, afkomst",
    SEX_LIFE: "sexual orientation, sexuality, sexual preference, sexuelle orientierung, orientation sexuelle, "
    "orientacion sexual, seksuele geaardheid, lgbt, lgbtq",
    UNION: "trade union, labor union, labour union, union member, union membership, gewerkschaft, syndicat, sindicato, "
    "vakbond",
    BODY: "fingerprint template, face template, faceprint, voiceprint, iris scan, retina scan, biometric, biometrics, "
    "biometrie, dna, genome, genetic, genetics",
}
# Words in values that hardly mean anything else.
VALUES = {
    HEALTH: "hiv, hiv test, hiv positive, chemotherapy, chemotherapie, antidepressant, antidepressivum, insulin, "
    "diabetic, diabetes, epilepsy, cancer patient, pregnancy test, schwangerschaftstest, test de grossesse, "
    "prescription filled, rehab clinic, dialysis, multiple sclerosis, schizophrenia, infertility treatment",
    BELIEF: "muslim, islam, jewish, judaism, catholic, katholisch, protestant, evangelisch, hindu, buddhist, atheist, "
    "jehovah s witness",
    POLITICS: "republican voter, democrat voter, conservative voter, labour voter, party donation",
    SEX_LIFE: "homosexual, bisexual, transgender, lesbian, gay dating",
    UNION: "union dues, gewerkschaftsbeitrag, trade union fee",
    BODY: "dna test, dna kit, face id template",
}
WORD = re.compile(r"[^\W\d_]+|\d+")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def keep_out(event: str, properties: Mapping[str, Any], *, allowed: Collection[str]) -> None:
    """Raises `Unreadable` naming the first property (or the event) that is likely of a special category."""
    told = [value for value in properties.values() if isinstance(value, str)]
    # Hardly a message holds such a word: one look at all of its texts finds that out.
    if not allowed and _is_clear("\n".join((event, *told))) and not any(map(_of_name, properties)):
        return
    if "event" not in allowed and (category := _of_value(event)):
        raise _refusal("event", category)
    for name, value in properties.items():
        if name in allowed:
            continue
        if category := _of_name(name) or (_of_value(value) if isinstance(value, str) else ""):
            raise _refusal(name, category)


def keep_out_name(name: str, told: str) -> None:
    """Raises `Unreadable` where a field of this name is likely of a special category; it speaks of it as `told`."""
    if category := _of_name(name):
        raise _refusal(told, category)


def _refusal(name: str, category: str) -> Unreadable:
    shown = name[:40]
    return Unreadable(
        "special_category",
        name,
        f"'{shown}' looks like {category}. Remove it from the source's properties, or, if there is a legal ground, "
        "list it under 'special_categories' in the mapping.",
    )


@lru_cache(maxsize=10_000)
def _of_name(name: str) -> str:
    return _found(CAMEL.sub(" ", name), NAME_PHRASES, NAME_BEGINNINGS)


def _is_clear(text: str) -> bool:
    """Whether no phrase can be in this text: none begins here."""
    return VALUE_BEGINNINGS.isdisjoint(WORD.findall(text.casefold()))


def _of_value(value: str) -> str:
    return _found(value, VALUE_PHRASES, VALUE_BEGINNINGS)


def _found(text: str, phrases: Mapping[str, str], first_words: Set[str]) -> str:
    words = WORD.findall(text.casefold())
    if first_words.isdisjoint(words):
        return ""
    for length in (1, 2, 3):
        for start in range(len(words) - length + 1):
            if category := phrases.get(" ".join(words[start : start + length])):
                return category
    return ""


def _phrases(lexicon: Mapping[str, str]) -> dict[str, str]:
    return {phrase: category for category, listed in lexicon.items() for phrase in _split(listed)}


def _split(listed: str) -> Iterable[str]:
    return (phrase.strip() for phrase in listed.split(","))


NAME_PHRASES, VALUE_PHRASES = _phrases(NAMES), _phrases(VALUES)
NAME_BEGINNINGS, VALUE_BEGINNINGS = (
    frozenset(phrase.split()[0] for phrase in phrases) for phrases in (NAME_PHRASES, VALUE_PHRASES)
)
