"""The form of signing in, in the words of this product."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm

WRONG = "User name or password is wrong, or this account may not sign in. Both are case-sensitive."


class SignIn(AdminAuthenticationForm):
    """User name and password. What is wrong is not told: nobody finds out here who has an account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.error_messages = {**self.error_messages, "invalid_login": WRONG, "inactive": WRONG}
