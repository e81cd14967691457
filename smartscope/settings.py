"""Django's settings: safe defaults for the demo and the tests, refusals for production.

Everything a site may change comes from the environment (docs/settings.md lists it). Numbers for
timeouts and queues are those that reliability was measured with; they are not taste.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from smartscope import environment as env
from smartscope.api_settings import (  # Django looks for them here
    REST_FRAMEWORK,  # noqa: F401
    SPECTACULAR_SETTINGS,  # noqa: F401
)

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

MODE = env.choice("SMARTSCOPE_MODE", ("development", "test", "production"), "development")
PRODUCTION = MODE == "production"
PROCESS = env.choice(
    "SMARTSCOPE_PROCESS", ("command", "web", "ws", "bridge", "worker", "sweeper"), "command"
)

# --- Secrets and hosts -------------------------------------------------------------------------

DEFAULT_SECRET_KEY = "insecure-key-for-a-demo-on-one-machine"  # noqa: S105 (production refuses it)
SECRET_KEY = env.secret("SMARTSCOPE_SECRET_KEY", DEFAULT_SECRET_KEY)
DEBUG = env.flag("SMARTSCOPE_DEBUG")
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("SMARTSCOPE_DEBUG shows secrets to visitors; unset it.")
if PRODUCTION and (SECRET_KEY == DEFAULT_SECRET_KEY or len(SECRET_KEY) < 32):
    raise ImproperlyConfigured(
        "Production needs its own SMARTSCOPE_SECRET_KEY of at least 32 characters "
        "(or SMARTSCOPE_SECRET_KEY_FILE naming a file that holds it)."
    )

ALLOWED_HOSTS = env.words("SMARTSCOPE_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("SMARTSCOPE_ORIGINS")
HTTPS = env.flag("SMARTSCOPE_HTTPS", default=PRODUCTION)
# Whose X-Forwarded-For is believed: without them everybody behind a proxy counts as the proxy.
TRUSTED_PROXIES = env.networks("SMARTSCOPE_TRUSTED_PROXIES")
# Who may open a live stream: whole origins over TLS, on one's own machine any port of it.
STREAM_ORIGINS = ALLOWED_HOSTS
if HTTPS:
    STREAM_ORIGINS = CSRF_TRUSTED_ORIGINS or [f"https://{host}" for host in ALLOWED_HOSTS]

# --- Application -------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "smartscope",
    "api",
    "workers",
    "frontend",
]

MIDDLEWARE = [
    "smartscope.asynchronous_streams.AsynchronousStreamsMiddleware",
    "smartscope.security_headers.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "smartscope.emergency_door.EmergencyDoorMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "smartscope.session_age.SessionAgeMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "smartscope.urls"
WSGI_APPLICATION = "smartscope.wsgi.application"
ASGI_APPLICATION = "smartscope.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]

# "/some/prefix" when a proxy serves us below one; "" at the root of the host.
PREFIX = env.text("SMARTSCOPE_PREFIX").rstrip("/")
if PREFIX and not PREFIX.startswith("/"):
    raise ImproperlyConfigured(f"SMARTSCOPE_PREFIX is {PREFIX!r}; it must begin with '/'.")
if PREFIX:
    FORCE_SCRIPT_NAME = PREFIX

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# --- PostgreSQL --------------------------------------------------------------------------------

# milliseconds: statement, lock, idle in transaction; 0 is no limit
DATABASE_LIMITS_MS: dict[str, tuple[int, int, int]] = {
    "web": (5_000, 2_000, 10_000),
    "ws": (5_000, 2_000, 10_000),
    "bridge": (10_000, 2_000, 10_000),
    "worker": (30_000, 2_000, 10_000),
    "sweeper": (10_000, 2_000, 10_000),
    # migrations and exports are long but must not queue for a lock behind a running session
    "command": (0, 5_000, 600_000),
}
KEEPER_STATEMENT_TIMEOUT_MS = 2_000
DATABASE_POOL_SIZE = env.integer("SMARTSCOPE_DATABASE_POOL", 8, minimum=2)
# Requests at work at once in an ASGI process; the rest of the pool is for those that wait.
HTTP_THREADS = max(1, DATABASE_POOL_SIZE // 2)


def _database() -> dict[str, Any]:
    """One database in every setting; only its limits differ by the kind of process."""
    statement, lock, idle = DATABASE_LIMITS_MS[PROCESS]
    database = env.postgresql(
        env.secret("DATABASE_URL", "postgresql://smartscope@127.0.0.1:5432/smartscope")
    )
    database["OPTIONS"] |= {
        "application_name": f"smartscope-{PROCESS}",
        "connect_timeout": "5",
        "options": f"{database['OPTIONS'].get('options', '')} -c statement_timeout={statement}"
        f" -c lock_timeout={lock} -c idle_in_transaction_session_timeout={idle}",
    }
    if PROCESS == "bridge":
        # A network that swallows packets is noticed while the lease still holds.
        database["OPTIONS"] |= {
            "tcp_user_timeout": "4000",
            "keepalives_idle": "2",
            "keepalives_interval": "1",
            "keepalives_count": "2",
        }
    if PROCESS in ("web", "ws"):
        # Under ASGI persistent connections are one per thread and exhaust the server.
        database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DATABASE_POOL_SIZE, "timeout": 5}
    else:
        database |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    return database


DATABASES = {"default": _database()}

# --- Redis: hints and caches only, never the truth ---------------------------------------------

REDIS_URL = env.secret("REDIS_URL", "redis://127.0.0.1:6379/0")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # A quiet stream waits 5 s in one read; redis-py's own limit of 5 s would end it.
            "hosts": [
                {
                    "address": env.secret("SMARTSCOPE_CHANNELS_URL", REDIS_URL),
                    "socket_timeout": 20,
                }
            ],
            "prefix": "smartscope-channels",
            "capacity": 1_000,
            "expiry": 30,
        },
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.secret("SMARTSCOPE_CACHE_URL", REDIS_URL),
        "KEY_PREFIX": "smartscope-cache",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}

# --- Celery ------------------------------------------------------------------------------------

QUEUE_URL = env.secret("SMARTSCOPE_BROKER_URL", REDIS_URL)
CELERY_BROKER_URL = env.celery_redis(QUEUE_URL)
#: what one person may send
SMARTSCOPE_REQUESTS_PER_MINUTE = env.integer("SMARTSCOPE_REQUESTS_PER_MINUTE", 600, minimum=60)
CELERY_VISIBILITY_TIMEOUT = 3_600
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,
    "global_keyprefix": "smartscope-broker:",
    # A lost task is looked for every interval x throttle seconds; tests set both to 1.
    "unacked_restore_interval": env.integer("SMARTSCOPE_UNACKED_RESTORE_INTERVAL", 10, minimum=1),
    "unacked_restore_throttle": env.integer("SMARTSCOPE_UNACKED_RESTORE_THROTTLE", 10, minimum=1),
    "socket_keepalive": True,
    "socket_timeout": 30,
    "health_check_interval": 25,
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": CELERY_VISIBILITY_TIMEOUT}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "analysis"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 2 * 1024 * 1024  # KiB
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 60.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# The sweeper looks this often, and hints again at work that was not taken up for this long.
SMARTSCOPE_SWEEP_SECONDS = env.integer("SMARTSCOPE_SWEEP_SECONDS", 5, minimum=1)
SMARTSCOPE_RENUDGE_SECONDS = env.integer("SMARTSCOPE_RENUDGE_SECONDS", 60, minimum=1)

# --- Signing in --------------------------------------------------------------------------------

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATORS = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": _VALIDATORS + "UserAttributeSimilarityValidator"},
    {"NAME": _VALIDATORS + "MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": _VALIDATORS + "CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/" if not PREFIX else f"{PREFIX}/"

AUTHENTICATION_BACKENDS = ["smartscope.sign_ins.PeopleBackend"]
SESSION_ENGINE = "smartscope.sign_ins"
SESSION_IDLE = timedelta(hours=12)
SESSION_ABSOLUTE = timedelta(days=7)
SESSION_COOKIE_AGE = int(SESSION_IDLE.total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
# Browsers refuse a __Host- cookie without TLS, so the name follows the transport.
SESSION_COOKIE_NAME = "__Host-smartscope-session" if HTTPS else "smartscope-session"
CSRF_COOKIE_NAME = "__Host-smartscope-csrf" if HTTPS else "smartscope-csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "frontend.views.form_refused"

# --- Headers -----------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'self'; frame-ancestors 'none'"
)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
# Being preloaded into browsers is a promise for a whole domain, which is not ours to make.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- The page ----------------------------------------------------------------------------------

DASHBOARD_DIST = BASE_DIR / "frontend" / "dist"
STATIC_URL = f"{PREFIX}/static/"
# The demo serves what was built; production collects once, when its image is made.
STATIC_ROOT: Path | None = None
if PRODUCTION or env.text("SMARTSCOPE_STATIC_ROOT"):
    STATIC_ROOT = env.path("SMARTSCOPE_STATIC_ROOT", BASE_DIR / "var" / "static")
STATICFILES_DIRS = [DASHBOARD_DIST] if DASHBOARD_DIST.is_dir() else []
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = False
WHITENOISE_INDEX_FILE = False
WHITENOISE_MIMETYPES = {".webmanifest": "application/manifest+json"}
WHITENOISE_ALLOW_ALL_ORIGINS = False


def _named_by_content(path: str, url: str) -> bool:
    """Whether the bundler put a content hash into the name: browsers may keep it for ever."""
    return url.startswith(f"{PREFIX}/static/assets/")


WHITENOISE_IMMUTABLE_FILE_TEST = _named_by_content

# --- Files -------------------------------------------------------------------------------------

DATA_DIR = env.path("SMARTSCOPE_DATA_DIR", BASE_DIR / "var" / "data")
SMARTSCOPE_STORAGE_URL: str = env.text(
    "SMARTSCOPE_STORAGE_URL", (DATA_DIR / "images").resolve().as_uri()
)
SMARTSCOPE_SHARED_DATA = env.path("SMARTSCOPE_SHARED_DATA", BASE_DIR.parent / "shared" / "data")

# --- Microscopes and their work ----------------------------------------------------------------

# How long a bridge that went silent still counts as driving; its other times follow from it.
LEASE_TTL_S = env.number("SMARTSCOPE_LEASE_TTL_S", 15.0)

# --- Alarms and the safety agent ---------------------------------------------------------------

# Addresses as apprise writes them; those of a duty are separated by blanks or line ends.
ALARM_MAIL_URL = env.secret("SMARTSCOPE_ALARM_MAIL_URL")
ALARM_URLS = {
    "user": [],
    "operator": env.secret("SMARTSCOPE_ALARM_OPERATOR_URLS").split(),
    "on_call": env.secret("SMARTSCOPE_ALARM_ON_CALL_URLS").split(),
    "lead": env.secret("SMARTSCOPE_ALARM_LEAD_URLS").split(),
}
# Hosts to which webhooks may be sent: HOST, HOST:PORT, or * for any public one over HTTPS.
OUTBOUND_HOSTS = [host.lower() for host in env.words("SMARTSCOPE_OUTBOUND_HOSTS")]
# Where people reach the page, for the link in a message.
PAGE_URL = env.text(
    "SMARTSCOPE_PAGE_URL", f"{CSRF_TRUSTED_ORIGINS[0]}{PREFIX}" if CSRF_TRUSTED_ORIGINS else ""
).rstrip("/")
# Who may read the figures: addresses, or whoever has the token.
METRICS_NETWORKS = env.networks("SMARTSCOPE_METRICS_NETWORKS") or [
    ip_network("127.0.0.0/8"),
    ip_network("::1/128"),
]
METRICS_TOKEN = env.secret("SMARTSCOPE_METRICS_TOKEN")
# Another machine's watchdog: it pages when the sweeper is not heard of for long.
SWEEPER_HEARTBEAT_URL = env.secret("SMARTSCOPE_SWEEPER_HEARTBEAT_URL")
OLD_ANALYSIS_S = env.number("SMARTSCOPE_OLD_ANALYSIS_S", 900.0)
# Safety agents by the microscope's id, and the key that they share with the service.
AGENTS = env.pairs("SMARTSCOPE_AGENTS")
AGENT_KEY = env.secret("SMARTSCOPE_AGENT_KEY")
UNATTENDED_WITHOUT_AGENT = env.flag("SMARTSCOPE_UNATTENDED_WITHOUT_AGENT")

# --- Logs --------------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("SMARTSCOPE_LOG_LEVEL", "INFO")},
    "loggers": {"uvicorn.access": {"level": "WARNING"}, "django.server": {"level": "WARNING"}},
}
