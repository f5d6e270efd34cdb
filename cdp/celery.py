"""The Celery application: it spreads and schedules; the queue of truth is PostgreSQL."""

import os

from celery import Celery

from cdp import broker

broker.use()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")

app = Celery("cdp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["pipeline", "privacy"])
