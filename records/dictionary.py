"""The data dictionary: every field that Onym knows of a person: its type, how sensitive it is, its normal form,
whose value wins, and what sources call it."""

from dataclasses import dataclass
from unicodedata import normalize

DIRECT, QUASI, PLAIN = "direct", "quasi", "plain"
SENSITIVITIES = {DIRECT: "direct identifier", QUASI: "quasi-identifier", PLAIN: "plain"}
TYPES = {
    "text": "text",
    "key": "text that a system issued",
    "email": "e-mail address",
    "phone": "phone number, E.164",
    "date": "day, ISO 8601",
    "postcode": "postcode",
    "ip": "IP address",
    "url": "address of a page",
    "code": "one of a set",
    "country": "country, ISO 3166-1 alpha-2",
    "language": "language, BCP 47",
}
# Survivorship: whose value becomes the golden one. What came in through a public write key comes after all others.
MOST_TRUSTED, MOST_RECENT = "most_trusted", "most_recent"
SURVIVORSHIP = {
    MOST_TRUSTED: "the most trusted source's value, then the latest",
    MOST_RECENT: "the latest value, whichever source it is from",
}


@dataclass(frozen=True)
class Field:
    """One canonical field. `standardizer` names the rule of its normal form, `survivorship` the rule of its golden
    value; an identifier links and is found by blind index."""

    name: str
    type: str
    sensitivity: str
    standardizer: str
    identifier: bool = False
    aliases: tuple[str, ...] = ()
    survivorship: str = MOST_TRUSTED


FIELDS = {
    field.name: field
    for field in (
        Field("email", "email", DIRECT, "email", True, ("email_address", "mail")),
        Field("phone", "phone", DIRECT, "phone", True, ("telephone", "mobile", "phone_number", "mobile_phone")),
        Field("account_id", "key", DIRECT, "key", True, ("user_id", "account")),
        Field("customer_number", "key", DIRECT, "key", True, ("customer_id", "customer_no", "crm_id")),
        Field("loyalty_number", "key", DIRECT, "key", True, ("loyalty_card", "card_number", "loyalty_id")),
        Field("device_id", "key", DIRECT, "key", True, ("anonymous_id", "device")),
        Field("given_name", "text", DIRECT, "name", aliases=("first_name", "forename")),
        Field("family_name", "text", DIRECT, "family_name", aliases=("last_name", "surname")),
        Field("full_name", "text", DIRECT, "name", aliases=("name", "customer_name")),
        Field("street", "text", DIRECT, "street", aliases=("address", "address_line_1", "street_address")),
        Field("birth_date", "date", QUASI, "date", aliases=("birthday", "dob", "date_of_birth")),
        Field("postcode", "postcode", QUASI, "postcode", aliases=("postal_code", "zip", "zip_code")),
        Field("city", "text", QUASI, "place", aliases=("town",)),
        Field("gender", "code", QUASI, "gender", aliases=("sex",)),
        Field("ip_address", "ip", QUASI, "key", aliases=("ip",)),
        Field("page_url", "url", QUASI, "key", aliases=("url",)),
        Field("country", "country", PLAIN, "country", aliases=("country_code",)),
        Field("language", "language", PLAIN, "language", aliases=("lang", "locale"), survivorship=MOST_RECENT),
    )
}
IDENTIFIERS = frozenset(field.name for field in FIELDS.values() if field.identifier)


def recognize(column: str) -> str | None:
    """The canonical field that a source's column name stands for, if any, however it is written."""
    return ALIASES.get(letters(column))


def letters(name: str) -> str:
    """A column's name without spaces, signs, capitals and accents: what its spellings have in common."""
    return "".join(character for character in normalize("NFKD", name.casefold()) if character.isalnum())


def names_of(field: Field) -> tuple[str, ...]:
    """Every name by which the field is known, in any language."""
    return (field.name, *field.aliases, *OTHER_LANGUAGES.get(field.name, "").split())


# German, French, Spanish, Italian and Dutch. A name of which people also call something else is left out: it is
# recognized nowhere but in the mapping of its source. `identity.matching` knows these too, and guesses at more.
OTHER_LANGUAGES = {
    "email": """mailadresse email_adresse courriel adresse_email correo correo_electronico indirizzo_email
        emailadres""",
    "phone": """telefon telefonnummer handynummer mobilnummer numero_de_telephone telefono numero_de_telefono movil
        numero_di_telefono cellulare telefoon telefoonnummer""",
    "customer_number": """kundennummer kunden_nr numero_client numero_de_client numero_cliente numero_de_cliente
        codice_cliente klantnummer""",
    "loyalty_number": "kundenkarte kundenkartennummer carte_de_fidelite tarjeta_de_fidelidad klantenkaart",
    "given_name": "vorname prenom nombre nome voornaam",
    "family_name": "nachname familienname zuname nom nom_de_famille apellido apellidos cognome achternaam",
    "full_name": "vollername vollstandiger_name nom_complet nombre_completo nome_completo volledige_naam",
    "street": "strasse strasse_hausnummer anschrift adresse rue calle direccion domicilio indirizzo straat adres",
    "birth_date": """geburtsdatum date_de_naissance fecha_de_nacimiento fecha_nacimiento data_di_nascita data_nascita
        geboortedatum""",
    "postcode": "plz postleitzahl code_postal codigo_postal codice_postale",
    "city": "ort wohnort stadt ville ciudad localidad poblacion citta comune woonplaats plaats",
    "gender": "geschlecht sexe sexo sesso geslacht",
    "country": "land pays pais paese",
    "language": "sprache langue idioma lingua taal",
}
ALIASES = {letters(alias): field.name for field in FIELDS.values() for alias in names_of(field)}
