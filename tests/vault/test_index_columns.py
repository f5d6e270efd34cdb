"""Every keyed hash of a value is declared: rotation moves it, or says why it stays."""

from django.apps import apps
from django.db.models import BinaryField

from privacy.data_key_rotation import sealed_columns
from vault.annotations import PSEUDONYM, tables

# Hashed under keys that are kept as long as the installation, or not keyed hashes of a person's values at all.
STAY = {
    "records.Record.message_hash",
    "records.SeenMessage.message_hash",
    "records.QuarantinedRecord.message_hash",
    "records.FileLoad.digest",
    "pipeline.MqttDelivery.content_hash",
    "privacy.Suppression.hash",
    "privacy.Suppression.index",
    "privacy.Inquiry.client",
    "privacy.Link.digest",
    "vault.AuditEntry.cohort",
}


def test_every_keyed_hash_is_moved_by_rotation_or_stays_on_purpose():
    forgotten = {
        f"{table.model}.{name}"
        for table in tables()
        for name, sensitivity in table.fields.items()
        if sensitivity == PSEUDONYM
        and isinstance(apps.get_model(table.model)._meta.get_field(name), BinaryField)
        and name not in {*table.blind, *table.digests}
    }
    assert forgotten - STAY == set()


def test_every_sealed_column_says_whose_key_seals_it():
    columns = {f"{column.model._meta.label}.{column.column}" for column in sealed_columns()}
    assert columns >= {
        "records.Identifier.sealed",
        "records.Attribute.sealed",
        "records.Record.sealed",
        "records.QuarantinedRecord.sealed",
        "privacy.ErasureCase.sealed",
        "privacy.SignUp.sealed",
    }
