"""Settings: everything comes from the environment, and every default is safe on a laptop.

`ONYM_HOME` holds all state of the embedded mode. With `DATABASE_URL` unset, PostgreSQL runs embedded below it.
"""

import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
import structlog
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from cdp import embedded
from cdp.quiet_logs import scrub

BASE_DIR = Path(__file__).resolve().parent.parent
ONYM_HOME = Path(os.environ.get("ONYM_HOME", BASE_DIR / "var")).expanduser().resolve()
ENVIRONMENT = os.environ.get("ONYM_ENV", "development")
PRODUCTION = ENVIRONMENT == "production"


def _secret(name: str) -> str:
    """The secret of that name below `ONYM_HOME/keys`, made at first use and readable by the owner only."""
    path = ONYM_HOME / "keys" / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text()


DEBUG = os.environ.get("ONYM_DEBUG") == "1"
SECRET_KEY = os.environ.get("SECRET_KEY") or _secret("django-secret")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if origin]

EMBEDDED = "DATABASE_URL" not in os.environ
DATABASE_URL = os.environ.get("DATABASE_URL") or embedded.ensure_running(ONYM_HOME)
KEYSTORE_URL = os.environ.get("KEYSTORE_URL") or (embedded.keystore_url(ONYM_HOME) if EMBEDDED else "")
KEK_FILE = Path(os.environ.get("ONYM_KEK_FILE", ONYM_HOME / "keys" / "kek"))
# Outside both databases, on a disk whose backups are not theirs: a restore must not take it back in time.
ERASURE_LEDGER = Path(os.environ.get("ERASURE_LEDGER", ONYM_HOME / "erasures.jsonl"))
# Where the key-encryption key lives: "file", "transit" (Vault, OpenBao) or "aws". See docs/deployment.md.
KEY_SERVICE = os.environ.get("ONYM_KEY_SERVICE", "file")
TRANSIT_ADDRESS = os.environ.get("VAULT_ADDR", "https://127.0.0.1:8200")
TRANSIT_NAMESPACE = os.environ.get("VAULT_NAMESPACE") or None
TRANSIT_MOUNT = os.environ.get("ONYM_TRANSIT_MOUNT", "transit")
TRANSIT_KEY = os.environ.get("ONYM_TRANSIT_KEY", "onym")
TRANSIT_TOKEN_FILE = os.environ.get("ONYM_TRANSIT_TOKEN_FILE", "")
AWS_KMS_KEY = os.environ.get("ONYM_AWS_KMS_KEY", "alias/onym")
# Recipients in the organization's own network: off, so that nobody can point a recipient at internal services.
# Where the organization is: whose public holidays count in its deadlines ("DE", "DE-BY"). Empty: weekends alone.
COUNTRY = os.environ.get("ONYM_COUNTRY", "")
CLOCKS_FILE = os.environ.get("ONYM_CLOCKS_FILE", "")
OPENDSR_DOMAIN = os.environ.get("ONYM_OPENDSR_DOMAIN", "") or ALLOWED_HOSTS[0]
OPENDSR_CERTIFICATE_FILE = os.environ.get("ONYM_OPENDSR_CERTIFICATE_FILE", "")
PRIVACY_TEAM = [address for address in os.environ.get("ONYM_PRIVACY_TEAM", "").split(",") if address]

OUTGOING_PRIVATE_ADDRESSES = os.environ.get("ONYM_OUTGOING_PRIVATE_ADDRESSES", "0" if PRODUCTION else "1") == "1"


# Statements that ask for it are planned once for each connection (`vault.cursors.planned_cursor`), and no others. A
# pooler that hands out another connection for each transaction may not know them.
PLANNED_EACH_TIME = os.environ.get("ONYM_PREPARED_STATEMENTS") == "off"
ONLY_WHEN_ASKED = 1_000_000_000


def _database(url: str) -> dict[str, Any]:
    database: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    # Server-side binding keeps the values of a failed statement out of the server's log.
    database["OPTIONS"] = {
        **database.get("OPTIONS", {}),
        "server_side_binding": True,
        "prepare_threshold": None if PLANNED_EACH_TIME else ONLY_WHEN_ASKED,
    }
    return database


# What changes tables connects as their owner, where one is named; everything else as the application's own role.
if len(sys.argv) > 1 and sys.argv[1] in ("migrate", "database_roles"):
    DATABASE_URL = os.environ.get("ONYM_MIGRATION_DATABASE_URL") or DATABASE_URL
    KEYSTORE_URL = os.environ.get("ONYM_MIGRATION_KEYSTORE_URL") or KEYSTORE_URL

DATABASES = {"default": _database(DATABASE_URL), "keystore": _database(KEYSTORE_URL or DATABASE_URL)}
# Tests of the key store alone need no other database.
DATABASES["keystore"]["TEST"] = {"DEPENDENCIES": []}
DATABASE_ROUTERS = ["cdp.routers.KeystoreRouter"]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "cdp",
    "vault",
    "access",
    "outbox",
    "records",
    "consent",
    "identity",
    "segments",
    "privacy",
    "pipeline",
    "console",
    "api",
    "demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cdp.gate.EpochGate",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "console.second_factor.SecondFactor",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "cdp.urls"
WSGI_APPLICATION = "cdp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ONYM_HOME / "templates"],  # an organization's own words for the public pages come first
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "access.backends.RoleBackend"]
# The second factor: required in production, off on a laptop and in the demo unless asked for.
MFA = os.environ.get("ONYM_MFA") or ("required" if PRODUCTION else "off")
if MFA not in ("required", "off"):
    raise ImproperlyConfigured("ONYM_MFA is 'required' or 'off'")
MFA_REQUIRED = MFA == "required"
MFA_ADAPTER = "access.second_factor.Adapter"
MFA_TOTP_ISSUER = "Onym"
# The code before and after hold, too: clocks of phones differ.
MFA_TOTP_TOLERANCE = 1
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Five failures of one name from one address lock that pair for a quarter of an hour; both are kept as keyed hashes.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "access.lockout.name_of"
AXES_CLIENT_IP_CALLABLE = "access.lockout.address_of"
AXES_CLIENT_STR_CALLABLE = "access.lockout.caller"
AXES_LOCKOUT_CALLABLE = "access.lockout.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "password", "ip_address", "csrfmiddlewaretoken", "next", "code"]
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# Look-ups by identifier a minute, for each person and each API key: enough to work, too few to try out a list.
LOOK_UPS_A_MINUTE = int(os.environ.get("ONYM_LOOK_UPS_A_MINUTE", "60"))
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
API_KEY_DAYS = int(os.environ.get("ONYM_API_KEY_DAYS", "365"))

LANGUAGE_CODE = "en-us"
# Languages of the public pages; the admin and the API speak English.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else ONYM_HOME / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
# What a form brings is kept in memory (2.5 MB) or not at all: never as plaintext in a temporary file.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
# Who answers for the data, and whom people may ask: in the article 30 record.
ORGANIZATION = os.environ.get("ONYM_ORGANIZATION", "Onym")
# The epsilon that published figures may cost in a calendar month, in sum.
PRIVACY_BUDGET = float(os.environ.get("ONYM_PRIVACY_BUDGET", "1.0"))
PRIVACY_CONTACT = os.environ.get("ONYM_PRIVACY_CONTACT", "")

# What privacy calls, on the floor above, when a person has said something.
WAKE = "pipeline.queue.enqueue"
# And when whoever was erased has signed up anew and confirmed it.
TAKE_IN = "pipeline.coming_back.take_in"

# The public pages: whose they are, where they are reached from outside, and which header of the proxy in front names
# the client (empty: there is none, and the connection does).
ORGANIZATION = os.environ.get("ONYM_ORGANIZATION", "Onym")
PUBLIC_URL = os.environ.get("ONYM_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
CLIENT_ADDRESS_HEADER = os.environ.get("ONYM_CLIENT_ADDRESS_HEADER", "")

# Messages to people go by SMTP where a host is named, else into a folder.
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = ONYM_HOME / "mail"
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("EMAIL_USE_TLS", "1") == "1"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("ONYM_EMAIL_FROM", "privacy@localhost")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["api.permissions.HasScope"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "api.pagination.Cursor",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "api.errors.problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Onym API",
    "DESCRIPTION": "Profiles, consents, segments, subject requests and sources. Reads ask consent and fail closed.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
}

# The largest file that is taken as an upload; manage.py ingest knows no limit.
UPLOAD_BYTES = int(os.environ.get("ONYM_UPLOAD_BYTES", str(5 * 1024**3)))

# How long an approved erasure can still be called back; nothing of the person is used meanwhile.
ERASURE_WINDOW_DAYS = float(os.environ.get("ERASURE_WINDOW_DAYS", "3"))
# Folders beside ONYM_HOME that a proof of erasure searches: logs, exports, mounted backups.
PROOF_FOLDERS = [Path(folder) for folder in os.environ.get("ONYM_PROOF_FOLDERS", "").split(os.pathsep) if folder]
# How long a recipient may take to confirm an erasure before it is named as silent and the values are destroyed.
ERASURE_RECIPIENT_DAYS = float(os.environ.get("ERASURE_RECIPIENT_DAYS", "30"))

# Brokers whose messages are taken in; the consumers read these, and say what does not fit together: docs/streams.md.
STREAMS = {name: value for name, value in os.environ.items() if name.startswith(("ONYM_MQTT_", "ONYM_KAFKA_"))}

SPOOL = ONYM_HOME / "spool"
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "filesystem://")
if CELERY_BROKER_URL == "filesystem://":
    SPOOL.mkdir(parents=True, exist_ok=True, mode=0o700)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(SPOOL),
        "data_folder_out": str(SPOOL),
        "control_folder": str(SPOOL / "control"),
        "store_processed": False,
    }
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "beat": {"task": "pipeline.tasks.beat", "schedule": 5.0},
    "answer-inquiries": {"task": "privacy.tasks.answer_inquiries", "schedule": 10.0},
    "forget-old-links": {"task": "privacy.tasks.forget_old_links", "schedule": 86_400.0},
    "hand-over": {"task": "pipeline.tasks.hand_over", "schedule": 10.0},
    "sweep": {"task": "pipeline.tasks.sweep", "schedule": 60.0},
    "destroy-orphans": {"task": "pipeline.tasks.destroy_orphans", "schedule": 3600.0},
    "make-partitions": {"task": "pipeline.tasks.make_partitions", "schedule": 3600.0},
    "refresh-segments": {"task": "pipeline.tasks.refresh_all", "schedule": 3600.0},
    "execute-erasures": {"task": "pipeline.tasks.execute_erasures", "schedule": 60.0},
    "prove-erasures": {"task": "pipeline.tasks.prove_erasures", "schedule": 300.0},
    "seal-audit-log": {"task": "pipeline.tasks.seal_audit_log", "schedule": 60.0},
    "keep-limits": {"task": "pipeline.tasks.keep_limits", "schedule": 6 * 3600.0},
    "block-what-many-share": {
        "task": "pipeline.tasks.block_what_many_share",
        "schedule": crontab(hour="2", minute="30"),
    },
    # By the calendar, not by an interval: it must come also where the scheduler is started anew every day.
    "learn-match-model": {"task": "pipeline.tasks.learn", "schedule": crontab(day_of_week="sun", hour="3", minute="0")},
    "call-back": {"task": "pipeline.tasks.call_back", "schedule": 15.0},
    "remind-of-deadlines": {"task": "pipeline.tasks.remind_of_deadlines", "schedule": 3600.0},
    "forget-requests": {"task": "pipeline.tasks.forget_requests", "schedule": 6 * 3600.0},
    "end-exports": {"task": "pipeline.tasks.end_exports", "schedule": 1800.0},
    "attend-to-files": {"task": "pipeline.tasks.attend_to_files", "schedule": 60.0},
    "attend-to-dry-runs": {"task": "pipeline.tasks.attend_to_dry_runs", "schedule": 60.0},
    "attend-to-settlings": {"task": "pipeline.tasks.attend_to_settlings", "schedule": 60.0},
    "attend-to-replays": {"task": "pipeline.tasks.attend_to_replays", "schedule": 60.0},
    "watch-volume": {"task": "pipeline.tasks.watch_volume", "schedule": 600.0},
    "tell-of-alarms": {"task": "pipeline.tasks.tell_of_alarms", "schedule": 15.0},
    "watch-fields": {"task": "pipeline.tasks.watch_fields", "schedule": 600.0},
    "measure-outliers": {"task": "pipeline.tasks.measure_outliers", "schedule": crontab(hour="2", minute="30")},
    "end-quarantine": {"task": "pipeline.tasks.end_quarantine", "schedule": 3600.0},
}

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        scrub,
        structlog.processors.JSONRenderer(),
    ]
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"quiet": {"()": "cdp.quiet_logs.Quiet", "format": "%(levelname)s %(name)s %(message)s"}},
    "filters": {"answered": {"()": "cdp.quiet_logs.Answered"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "quiet"}},
    "root": {"handlers": ["console"], "level": os.environ.get("ONYM_LOG_LEVEL", "INFO")},
    # Request lines and query texts can hold identifiers: neither is logged. Django's own handlers, which print whole
    # requests and mail them to ADMINS, are taken off.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
        "django.request": {"level": "ERROR", "filters": ["answered"]},
        "django.db.backends": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
    },
}

if PRODUCTION:
    SECURE_SSL_REDIRECT = os.environ.get("SECURE_SSL_REDIRECT", "1") == "1"
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^readyz$", r"^livez$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 8 * 3600

UNFOLD = {
    "SITE_TITLE": "Onym",
    "SITE_HEADER": "Onym",
    "SITE_SUBHEADER": "Customer data platform",
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "STYLES": [lambda request: static("console/console.css")],
    "SCRIPTS": [lambda request: static("console/sheets.js")],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "console.dashboard.fill",
    "SIDEBAR": {"show_search": False, "navigation": "console.navigation.entries"},
}
