"""Who may use the product: people with roles, and programs with API keys."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models

from access.roles import ROLES


class UserManager(BaseUserManager["User"]):
    """Makes users; `createsuperuser` makes one who holds every role."""

    def create_user(self, username: str, password: str | None = None, *, roles: list[str] | None = None) -> "User":
        user = self.model(username=username, roles=roles or [])
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, username: str, password: str | None = None) -> "User":
        return self.create_user(username, password, roles=list(ROLES))


class User(AbstractBaseUser):
    """This person works with the product, in these roles."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(max_length=80, unique=True)
    roles = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    def __str__(self) -> str:
        return self.username

    @property
    def is_staff(self) -> bool:
        """Whether the admin lets this person in: anyone with a role."""
        return any(slug in ROLES for slug in self.roles)

    def may(self, capability: str) -> bool:
        """Whether one of this person's roles grants the capability."""
        return self.is_active and any(capability in ROLES[slug].capabilities for slug in self.roles if slug in ROLES)

    def has_perm(self, permission: str, obj: object = None) -> bool:
        """Django's question, answered by capability; model permissions are not used."""
        return self.may(permission)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """API keys by state."""

    def live(self, now: datetime) -> "ApiKeyQuerySet":
        """Neither revoked nor expired at that instant."""
        return self.filter(revoked_at=None, expires_at__gt=now)

    def bearing(self, digest: bytes, *, now: datetime) -> "ApiKeyQuerySet":
        """The one with this secret, or with the secret that it had before, while that one still holds."""
        former = models.Q(former_digest=digest, former_until__gt=now)
        return self.live(now).filter(models.Q(digest=digest) | former)

    def ending(self, now: datetime, *, within: timedelta) -> "ApiKeyQuerySet":
        """Live ones that expire soon."""
        return self.live(now).filter(expires_at__lte=now + within)


class ApiKey(models.Model):
    """A program may call the API with this key, within these scopes and for these purposes, until it expires."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80, unique=True)
    digest = models.BinaryField(unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), blank=True)
    purposes = ArrayField(models.CharField(max_length=40), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    former_digest = models.BinaryField(null=True, unique=True, editable=False)
    former_until = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(former_digest=None, former_until=None)
                | models.Q(former_digest__isnull=False, former_until__isnull=False),
                name="a_former_secret_has_an_end",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Turn(models.Model):
    """Somebody did something so often in the stretch of time that began then."""

    pk = models.CompositePrimaryKey("actor", "deed", "began_at")
    actor = models.CharField(max_length=80)
    deed = models.CharField(max_length=80)
    began_at = models.DateTimeField()
    count = models.PositiveIntegerField()
