"""The data dictionary: every field that Onym knows of a person, how sensitive it is, and what sources call it."""

from dataclasses import dataclass

DIRECT, QUASI, PLAIN = "direct", "quasi", "plain"


@dataclass(frozen=True)
class Field:
    """One canonical field. `standardizer` names its normal form; an identifier links and is found by blind index."""

    name: str
    sensitivity: str
    standardizer: str = "text"
    identifier: bool = False
    aliases: tuple[str, ...] = ()


FIELDS = {
    field.name: field
    for field in (
        Field("email", DIRECT, "email", True, ("email_address", "mail")),
        Field("phone", DIRECT, "phone", True, ("telephone", "mobile", "phone_number", "mobile_phone")),
        Field("account_id", DIRECT, "key", True, ("user_id", "account")),
        Field("customer_number", DIRECT, "key", True, ("customer_id", "customer_no", "crm_id")),
        Field("loyalty_number", DIRECT, "key", True, ("loyalty_card", "card_number", "loyalty_id")),
        Field("device_id", DIRECT, "key", True, ("anonymous_id", "device")),
        Field("given_name", DIRECT, "name", aliases=("first_name", "forename")),
        Field("family_name", DIRECT, "name", aliases=("last_name", "surname")),
        Field("full_name", DIRECT, "name", aliases=("name", "customer_name")),
        Field("street", DIRECT, "text", aliases=("address", "address_line_1", "street_address")),
        Field("birth_date", QUASI, "date", aliases=("birthday", "dob", "date_of_birth")),
        Field("postcode", QUASI, "postcode", aliases=("postal_code", "zip", "zip_code")),
        Field("city", QUASI, "name", aliases=("town",)),
        Field("gender", QUASI, "text", aliases=("sex",)),
        Field("ip_address", QUASI, "key", aliases=("ip",)),
        Field("page_url", QUASI, "key", aliases=("url",)),
        Field("country", PLAIN, "country", aliases=("country_code",)),
        Field("language", PLAIN, "text", aliases=("lang", "locale")),
    )
}
IDENTIFIERS = frozenset(field.name for field in FIELDS.values() if field.identifier)


def recognize(column: str) -> str | None:
    """The canonical field that a source's column name stands for, if any, however it is written."""
    return ALIASES.get(letters(column))


def letters(name: str) -> str:
    """A column's name without spaces, signs and capitals: what its spellings have in common."""
    return "".join(character for character in name.casefold() if character.isalnum())


ALIASES = {letters(alias): field.name for field in FIELDS.values() for alias in (field.name, *field.aliases)}
