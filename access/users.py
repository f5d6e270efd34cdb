"""Users: added, changed and given passwords by those who manage access."""

from collections.abc import Collection
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from access.models import User
from access.roles import MANAGE_ACCESS, ROLES


class LastManager(ValueError):
    """Nobody would be left who may manage access."""


def add(username: str, *, password: str, roles: Collection[str], id: UUID | None = None) -> User:
    """A new user in these roles, under this id where it is given.

    Raises `django.core.exceptions.ValidationError` naming the field.
    """
    user = User(username=username, roles=_known(roles), **({"id": id} if id else {}))
    _set_password(user, password)
    user.full_clean()
    user.save(force_insert=True)
    return user


def change(user: User, *, roles: Collection[str], is_active: bool) -> User:
    """The user with these roles, active or not. Raises `LastManager`, and then has changed nothing."""
    fresh = User.objects.get(pk=user.pk)
    fresh.roles, fresh.is_active = _known(roles), is_active
    others = User.objects.filter(is_active=True).exclude(pk=fresh.pk)
    if not any(one.may(MANAGE_ACCESS) for one in (fresh, *others)):
        raise LastManager("somebody must be left who may manage access: give that role to another user first")
    fresh.save(update_fields=["roles", "is_active"])
    return fresh


def remove(user: User) -> None:
    """Let go of a user that a program made for its own work. What they looked at stays on record under their id."""
    User.objects.filter(pk=user.pk).delete()


def set_password(user: User, password: str) -> None:
    """Give the user a new password, which ends their sessions. Raises `ValidationError` when it is too weak."""
    _set_password(user, password)
    user.save(update_fields=["password"])


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from None
    user.set_password(password)


def _known(roles: Collection[str]) -> list[str]:
    unknown = sorted(set(roles) - ROLES.keys())
    if unknown:
        raise ValidationError({"roles": f"'{unknown[0]}' is not a role; choose from {', '.join(ROLES)}"})
    return [role for role in ROLES if role in roles]
