"""The Celery application: it spreads and schedules; the queue of truth is PostgreSQL."""

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning

from cdp import broker

broker.use()
# Messages are JSON and nothing else, so a worker runs no code that somebody sent it, whoever it runs as.
warnings.filterwarnings("ignore", category=SecurityWarning)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")

app = Celery("cdp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["pipeline", "privacy"])
