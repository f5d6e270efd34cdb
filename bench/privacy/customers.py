"""Customer file rows for the benchmark: seeded, plausible, nobody's."""

from random import Random

GIVEN = ("Alba", "Bruno", "Clara", "Dario", "Elena", "Fabio", "Greta", "Hugo", "Ines", "Jonas", "Karla", "Leo")
FAMILY = ("Arnold", "Berger", "Costa", "Dubois", "Engel", "Ferrari", "Garcia", "Huber", "Ivanov", "Jansen", "Keller")
COLUMNS = (
    *("customer_number", "given_name", "family_name", "email", "phone"),
    *("birth_date", "street", "postcode", "city", "country"),
)
MAPPING = {
    "message_id": ["customer_number", "updated_at"],
    "occurred_at": "updated_at",
    "fields": {name: name for name in COLUMNS},
    "consents": {"analytics": {"purpose": "analytics"}},
}


def email_of(number: int) -> str:
    """The address of the customer with this number."""
    return f"customer.{number}@example.com"


def row(number: int) -> dict[str, str]:
    """The customer with this number, as a row of the customer file."""
    random = Random(number)
    return {
        "customer_number": f"C{number:08}",
        "given_name": random.choice(GIVEN),
        "family_name": f"{random.choice(FAMILY)}{number % 997}",
        "email": email_of(number),
        "phone": f"+447{number:09}",
        "birth_date": f"{random.randrange(1940, 2005)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}",
        "street": f"{random.randrange(1, 200)} {random.choice(FAMILY)} Street",
        "postcode": f"AB{random.randrange(1, 99)} {random.randrange(1, 9)}CD",
        "city": "Aberdeen",
        "country": "GB",
        "analytics": "yes",
        "updated_at": f"2026-10-{random.randrange(1, 29):02}T10:00:00Z",
    }
