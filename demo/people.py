"""The demo's logins, one per role, and its API key: made once, kept readable by the owner only."""

import json
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from access import api_keys, users
from access.models import ApiKey, User
from access.roles import ADMINISTRATOR, DATA_STEWARD, MARKETER, PRIVACY_OFFICER

LOGINS = {
    "admin": [ADMINISTRATOR],
    "marketer": [MARKETER],
    "steward": [DATA_STEWARD],
    "privacy": [PRIVACY_OFFICER],
    "privacy2": [PRIVACY_OFFICER],
}
API_KEY = "demo"
PURPOSES = ["service", "analytics", "marketing"]


def ensure(folder: Path) -> dict[str, Any]:
    """The logins (`logins`: user name to password) and the API key (`api_key`) of this demo."""
    path = folder / "credentials.json"
    if path.exists() and ApiKey.objects.filter(name=API_KEY).exists():
        return dict(json.loads(path.read_text()))
    credentials = {"logins": {name: _login(name, roles) for name, roles in LOGINS.items()}, "api_key": _api_key()}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(credentials, file)
    return credentials


def _login(name: str, roles: list[str]) -> str:
    password = secrets.token_urlsafe(9)
    user = User.objects.filter(username=name).first()
    if user is None:
        users.add(name, password=password, roles=roles)
    else:
        users.set_password(users.change(user, roles=roles, is_active=True), password)
    return password


def _api_key() -> str:
    key = ApiKey.objects.filter(name=API_KEY).first()
    if key is None:
        return api_keys.add(API_KEY, purposes=PURPOSES)[1]
    return api_keys.rotate(key, now=timezone.now(), overlap=timedelta())
