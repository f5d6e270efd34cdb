"""Signing in: by user name and password; what a person may do follows from roles alone."""

from django.contrib.auth.backends import ModelBackend

from access.models import User


class RoleBackend(ModelBackend):
    """Django's password check, with permissions answered by the user's roles."""

    def has_perm(self, user_obj: User, perm: str, obj: object = None) -> bool:  # type: ignore[override]
        return isinstance(user_obj, User) and user_obj.may(perm)
