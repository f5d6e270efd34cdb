"""What each role may do, spelled out: a capability added to a role is a decision, and shows here."""

import pytest

from access import roles
from access.models import User
from access.roles import ROLES

CAPABILITIES = {
    "profiles.view": {"data_steward", "privacy_officer", "marketer"},
    "identifiers.reveal": {"data_steward", "privacy_officer"},
    "identity.correct": {"data_steward"},
    "identity.rules": {"data_steward"},
    "values.set": {"data_steward"},
    "consents.record": {"privacy_officer"},
    "consents.view": {"data_steward", "privacy_officer", "marketer"},
    "segments.view": {"administrator", "data_steward", "marketer"},
    "segments.edit": {"marketer"},
    "requests.view": {"privacy_officer"},
    "requests.open": {"privacy_officer"},
    "requests.decide": {"privacy_officer"},
    "sources.view": {"administrator", "operator", "data_steward", "privacy_officer", "marketer"},
    "sources.edit": {"administrator", "operator"},
    "quarantine.view": {"administrator", "operator", "data_steward", "privacy_officer"},
    "quarantine.replay": {"administrator", "operator", "data_steward"},
    "recipients.view": {"administrator", "operator", "privacy_officer"},
    "recipients.edit": {"administrator", "operator"},
    "purposes.edit": {"privacy_officer"},
    "segments.review": {"privacy_officer"},
    "retention.view": {"administrator", "privacy_officer"},
    "retention.edit": {"privacy_officer"},
    "audit.view": {"administrator", "privacy_officer"},
    "emergencies.review": {"privacy_officer"},
    "access.manage": {"administrator"},
}


def test_the_table_of_roles():
    granted = {capability for role in ROLES.values() for capability in role.capabilities}
    holders = {
        capability: {slug for slug, role in ROLES.items() if capability in role.capabilities} for capability in granted
    }
    assert holders == CAPABILITIES


def test_every_capability_has_a_name_here():
    named = {value for name, value in vars(roles).items() if name.isupper() and isinstance(value, str) and "." in value}
    assert named == set(CAPABILITIES)


def test_who_manages_access_sees_no_person():
    assert not User(roles=["administrator"]).may("profiles.view")


@pytest.mark.parametrize("capability", CAPABILITIES)
@pytest.mark.parametrize("role", ROLES)
def test_a_user_may_what_the_role_may(role, capability):
    assert User(roles=[role]).may(capability) is (role in CAPABILITIES[capability])
    assert User(roles=[role]).has_perm(capability) is (role in CAPABILITIES[capability])


def test_roles_add_up():
    both = User(roles=["operator", "marketer"])
    assert both.may("sources.edit")
    assert both.may("segments.edit")
    assert not both.may("audit.view")


def test_an_inactive_user_may_nothing():
    left_the_firm = User(roles=list(ROLES), is_active=False)
    assert not any(left_the_firm.may(capability) for capability in CAPABILITIES)
    assert not left_the_firm.has_module_perms("records")


@pytest.mark.parametrize("slugs", [[], ["wizard"]])
def test_without_a_known_role_nothing_is_open(slugs):
    carol = User(roles=slugs)
    assert not any(carol.may(capability) for capability in CAPABILITIES)
    assert not carol.is_staff
    assert not carol.has_module_perms("records")


def test_an_unknown_role_takes_nothing_away():
    assert User(roles=["wizard", "operator"]).may("sources.edit")


@pytest.mark.parametrize("capability", ["", "profiles", "profiles.delete", "records.view_record"])
def test_what_no_role_grants_nobody_may(capability):
    assert not User(roles=list(ROLES)).may(capability)
