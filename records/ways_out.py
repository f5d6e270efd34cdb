"""The way out of quarantine, by the reason for which a record is there."""

# The way out, by the reason of a record in quarantine. The record's own message says what is the matter with it.
ADVICE = {
    "malformed_json": "The line is cut or has a quote too few: look at this place of what its source sends.",
    "invalid_utf8": "The row is broken, or the file is in another encoding than was found: say which it is, or export "
    "it as UTF-8.",
    "invalid_text": "Take the zero byte out of the value at its source; text cannot hold one.",
    "unstorable_json": "The message holds text that is not Unicode, or is nested without end: change how its source "
    "writes it.",
    "unstorable": "The database could not keep this record; the log of that minute says why. Its source still has it.",
    "unreadable": "The field, or the message, holds what has no value here, such as a date after the year 9999: change "
    "how its source writes it.",
    "broken_row": "The row has another number of cells than the header, or an open quote: export the file anew with "
    "quotes around values that hold the separator.",
    "not_an_object": "Send an object with named fields, {...}, a line or message for each record.",
    "missing_identifier": "Without an identifier nobody is meant: send one of those named, or map its column in rows.",
    "missing_field": "Send the field that is named, with a text in it.",
    "wrong_type": "Send the field that is named as the type that is named, or change the type in the source's mapping.",
    "unknown_type": "Send one of the types that are named; other kinds of messages are not for Onym.",
    "unknown_version": "Set the sender to the version that is named.",
    "too_large": "Send less in one record, or have the source's limit (max_record_bytes) raised.",
    "too_long": "Shorten the value that is named at its source.",
    "absurd_date": "Correct the date at its source. Where days and months of a table were taken for each other, say "
    "their order in the source's mapping (date_order); where the times of all records are off, set the sender's clock.",
    "special_category": "It looks like health, faith or the like. Take the property out of the source's mapping, or, "
    "where there is a legal ground, name it under special_categories.",
    "breaks_contract": "Send the field as the source's schema wants it, or change the schema on the source's contract "
    "page.",
    "breaks_rule": "Send the field as the rule in the source's mapping wants it, or change the rule there, or let it "
    "only flag what breaks it.",
    "undeclared_field": "Declare the field in the source's mapping or schema, or take it out at the source; or let the "
    "source drop or discover such fields, on its contract page.",
    "truncated_at_source": "The table was emptied as a whole, which names nobody: if people are to be erased, ask for "
    "it by subject requests; if not, nothing has to be done.",
}
UNKNOWN = "Look at the message and at this place of what was sent, at its source."
AGAIN = "Mend it at the source and send it again: what was taken in stays as it is, and this one is taken in then."


def way_out(reason: str) -> str:
    """What is to be done about a record that is in quarantine for this reason."""
    return ADVICE.get(reason, UNKNOWN)
