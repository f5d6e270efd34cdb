"""Cleaning the fields of one message: each to its normal form, with flags for what was changed or could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace
from phonenumbers import SUPPORTED_REGIONS

from records.dictionary import FIELDS
from records.envelope import Unreadable
from records.rules import RULES
from records.standardize import LONGEST_TEXT, Absurd, Setting, split_name, standardize

# What a record keeps of a step that changed something: the field, and the rule with its version.
STEPS = {name: f"{name}:{RULES[known.standardizer].label}" for name, known in FIELDS.items()}
SPLIT = {name: f"{name}:{RULES['split'].label}" for name in ("given_name", "family_name")}


@dataclass
class Cleaned:
    """Canonical fields in normal form, the raw values that differ from it, flags, and the steps that changed one."""

    fields: dict[str, str] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


def clean(raw: Mapping[str, tuple[str, object]], setting: Setting) -> Cleaned:
    """Clean raw values by canonical field; each comes with the source's own name for it, which errors speak of.

    Raises `Unreadable` for a value of a wrong type or a date that cannot be.
    """
    cleaned = Cleaned()
    setting = _at_home(raw, setting)
    for name, (source_name, value) in raw.items():
        if value is None or value == "":
            continue
        _clean_one(cleaned, name, source_name, value, setting)
    _split_full_name(cleaned)
    return cleaned


def _at_home(raw: Mapping[str, tuple[str, object]], setting: Setting) -> Setting:
    """The setting with the record's own country, where it names one: a national phone number belongs there."""
    country = raw.get("country", ("", None))[1]
    region = standardize("country", country, setting).value if isinstance(country, str) else None
    if not region:
        return setting
    return replace(setting, region=region if region in SUPPORTED_REGIONS else setting.region, country=region)


def _clean_one(cleaned: Cleaned, name: str, source_name: str, value: object, setting: Setting) -> None:
    text = value if isinstance(value, str) else _as_text(source_name, value)
    if "\0" in text:
        raise Unreadable("invalid_text", source_name, f"'{source_name}' holds a zero byte, which text cannot hold.")
    try:
        result = standardize(FIELDS[name].standardizer, text, setting)
    except Absurd as error:
        raise Unreadable("absurd_date", source_name, f"'{source_name}' {error}.") from None
    if result.value is not None:
        cleaned.fields[name] = result.value
    if result.flag:
        cleaned.flags.append(f"{name}:{result.flag}")
    if result.value != text and text.strip():
        cleaned.raw[name] = text[:LONGEST_TEXT]
        cleaned.steps.append(STEPS[name])


def _as_text(source_name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable("wrong_type", source_name, f"'{source_name}' must be text, not {_kind(value)}.")
    return str(value)


def _split_full_name(cleaned: Cleaned) -> None:
    full = cleaned.fields.pop("full_name", None)
    if full is None or "family_name" in cleaned.fields:
        return
    given, family = split_name(full)
    for name, part in (("family_name", family), ("given_name", given)):
        if part and name not in cleaned.fields:
            cleaned.fields[name] = part
            cleaned.steps.append(SPLIT[name])
    # As it came, where standardizing has kept that already.
    cleaned.raw.setdefault("full_name", full)


def _kind(value: object) -> str:
    return {dict: "an object", list: "a list", bool: "true or false"}.get(type(value), type(value).__name__)
