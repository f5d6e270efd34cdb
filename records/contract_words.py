"""What a record breaks of its contract, in words: the field and the rule, never the value."""

from jsonschema_rs import ValidationError

from records.shown_names import shown

UNCHECKED = "The record cannot be held against the source's schema: it is nested too deep, or holds no JSON."
MOST_STEPS = 10

# By the keyword that is broken; `limit` is what the schema says, shortened.
RULES = {
    "additionalProperties": "is not among the properties that the schema allows",
    "unevaluatedProperties": "is not among the properties that the schema allows",
    "anyOf": "fits none of the schema's alternatives",
    "oneOf": "fits none of the schema's alternatives, or several",
    "not": "is what the schema excludes",
    "const": "is not the one value that the schema allows",
    "enum": "is not one of the values that the schema lists",
    "contains": "holds nothing of what the schema asks for",
    "required": "is missing",
    "uniqueItems": "holds a value twice",
    "propertyNames": "has a name that the schema does not allow",
    "pattern": "does not match the schema's pattern",
    "format": "must be written as {limit}",
    "type": "must be {limit}",
    "minimum": "must be at least {limit}",
    "maximum": "must be at most {limit}",
    "exclusiveMinimum": "must be more than {limit}",
    "exclusiveMaximum": "must be less than {limit}",
    "multipleOf": "must be a multiple of {limit}",
    "minLength": "must have at least {limit} characters",
    "maxLength": "must have at most {limit} characters",
    "minItems": "must have at least {limit} entries",
    "maxItems": "must have at most {limit} entries",
    "minProperties": "must have at least {limit} members",
    "maxProperties": "must have at most {limit} members",
}
NAMES_A_MEMBER = ("required", "additionalProperties", "unevaluatedProperties")
OTHERWISE = "breaks a rule of the schema"
LONGEST_LIMIT = 60


def of(error: ValidationError) -> tuple[str, str]:
    """The field, and a sentence. Names that the record brought are masked where they may name somebody."""
    keyword, value = error.kind.name, error.kind.value
    path = [str(step) for step in error.instance_path[:MOST_STEPS]]
    if keyword in NAMES_A_MEMBER:
        path.append(_first(value))
    field = shown(".".join(path))
    rule = RULES.get(keyword, OTHERWISE)
    limit = _limit(value) if "{limit}" in rule else ""
    what = f"'{field}'" if field else "The record"
    return field, f"{what} {rule.format(limit=limit)} ({keyword})."


def _first(value: object) -> str:
    return str(value[0]) if isinstance(value, list) and value else str(value)


def _limit(value: object) -> str:
    """What the schema says: never anything of the record."""
    told = " or ".join(map(str, value)) if isinstance(value, list) else str(value)
    return told[:LONGEST_LIMIT]
