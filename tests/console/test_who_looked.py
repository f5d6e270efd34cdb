"""Who looked at this person: for those who may see the audit log and profiles, and about this person alone."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def test_a_privacy_officer_sees_who_looked_at_this_person_alone(world, sign_in):
    steward = sign_in("data_steward")
    steward.post(reverse("admin:identity_profile_reveal", args=[world.alice]), {"reason": "ticket 4711"})
    steward.get(reverse("admin:identity_profile_change", args=[world.bob]))
    officer = sign_in("privacy_officer")
    at_alice = officer.get(reverse("admin:identity_profile_who_looked", args=[world.alice])).content.decode()
    at_bob = officer.get(reverse("admin:identity_profile_who_looked", args=[world.bob])).content.decode()
    assert "reveal: ticket 4711" in at_alice
    assert "data_steward" in at_alice
    assert "ticket 4711" not in at_bob
    assert "profile page" in at_bob


@pytest.mark.parametrize("role", ["administrator", "marketer", "data_steward", "operator"])
def test_nobody_else_does(world, sign_in, role):
    page = reverse("admin:identity_profile_who_looked", args=[world.alice])
    assert sign_in(role).get(page).status_code == 403
