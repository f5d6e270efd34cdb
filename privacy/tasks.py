"""Celery tasks of this room: each makes one call and may run twice."""

from celery import shared_task
from django.utils import timezone

from privacy import links
from privacy.public import inquiries, opt_in


@shared_task
def answer_inquiries() -> None:
    """Send the messages that people asked for on the public form, and ask for the second yes of subscriptions."""
    inquiries.answer_waiting(now=timezone.now())
    opt_in.ask_waiting(now=timezone.now())


@shared_task
def forget_old_links() -> None:
    """Delete links that have long ended."""
    links.forget_old(now=timezone.now())
