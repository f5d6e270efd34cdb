"""The roof: settings, urls, the Celery application. It wires the rooms by strings; nobody imports it."""
