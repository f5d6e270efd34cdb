"""The sealer and the verifier at size: their statements do not grow with the log."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from vault import audit_seals, audit_verification

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
ENTRIES = 300_000
STATEMENTS_A_SEAL, STATEMENTS_IN_ALL = 8, 20

WRITE = """
INSERT INTO vault_auditentry (at, actor, actor_kind, action, purpose, reason, run, subjects, cohort, count, fields)
SELECT now(), 'reader-' || n %% 50, 'person', 'read identifiers', 'service', 'ticket ' || n, gen_random_uuid(),
       ARRAY[decode(md5(n::text), 'hex')], '', 1, ARRAY['email', 'phone'] FROM generate_series(1, %s) AS n
"""


@pytest.mark.slow
def test_sealing_and_verifying_keep_up_with_any_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [ENTRIES])
    with CaptureQueriesContext(connection) as sealing:
        sealed = audit_seals.seal(now=timezone.now())
    with CaptureQueriesContext(connection) as verifying:
        found = audit_verification.verify(now=timezone.now())
    assert (sealed.entries, found.entries, found.faults) == (ENTRIES, ENTRIES, [])
    assert max(len(sealing), len(verifying)) <= STATEMENTS_IN_ALL + STATEMENTS_A_SEAL * sealed.seals, (
        len(sealing),
        len(verifying),
    )


def test_nothing_to_seal_makes_no_seal() -> None:
    audit_seals.seal(now=timezone.now())
    assert audit_seals.seal(now=timezone.now()) == audit_seals.Sealed(0, 0, 0)


def test_without_a_seal_there_is_no_checkpoint() -> None:
    with pytest.raises(audit_verification.NothingSealed, match="audit seal"):
        audit_verification.checkpoint(now=timezone.now())
