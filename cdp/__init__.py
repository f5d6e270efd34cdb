"""The roof: settings, urls, the Celery application. It wires the rooms by strings; nobody imports it.

The Celery application is loaded with it, so that a task sent from any process goes to the configured broker.
"""

from cdp.celery import app as celery_app

__all__ = ["celery_app"]
