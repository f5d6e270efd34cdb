"""Messages to people: a link and what it is for, in text and HTML, and nothing else about them."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from privacy.public.wording import kind_name

ROUTES = {"preferences": "preferences", "request": "subject-request", "opt_in": "opt-in"}


def send(use: str, *, to: str, token: str, asked: str = "", purpose: str = "") -> None:
    """Send the message of this use in the active language. Raises what the mail backend raises."""
    context = {
        "organization": settings.ORGANIZATION,
        "address": f"{settings.PUBLIC_URL}{reverse(ROUTES[use], args=[token])}",
        "asked": kind_name(asked) if asked else "",
        "purpose": purpose,
    }
    subject = " ".join(render_to_string(f"privacy/mail/{use}.subject.txt", context).split())
    message = EmailMultiAlternatives(subject, render_to_string(f"privacy/mail/{use}.txt", context), to=[to])
    message.attach_alternative(render_to_string(f"privacy/mail/{use}.html", context), "text/html")
    message.send()
