# The image of every Onym service: web, processor, worker, scheduler and migrate differ only in their command.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/production.txt /tmp/production.txt
RUN python -m venv /opt/onym && /opt/onym/bin/pip install --no-deps --require-hashes -r /tmp/production.txt \
    && /opt/onym/bin/pip check

FROM python:3.13-slim
ENV PATH=/opt/onym/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ONYM_ENV=production ONYM_HOME=/var/lib/onym
RUN useradd --uid 10001 --no-create-home --home-dir /var/lib/onym --shell /usr/sbin/nologin onym \
    && install --directory --owner onym --group onym --mode 0700 /var/lib/onym
COPY --from=build /opt/onym /opt/onym
WORKDIR /app
COPY . .
# Collecting static files reads the settings but connects to nothing: these values do not outlive the command.
RUN SECRET_KEY=only-while-building ONYM_HOME=/tmp/onym CELERY_BROKER_URL=memory:// \
    DATABASE_URL=postgresql://database.invalid/onym KEYSTORE_URL=postgresql://keystore.invalid/onym_keys \
    python manage.py collectstatic --no-input && rm -rf /tmp/onym
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "deploy/health.py", "live"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "cdp.wsgi:application"]
