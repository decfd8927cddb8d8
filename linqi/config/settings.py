"""Every setting, from the environment, in one file 配置.

DATABASE_URL        default sqlite:///<home>/linqi.sqlite3; postgres://user:password@host/name for PostgreSQL
LINQI_HOME          where the database, the secret key and uploads live; default ./var
LINQI_ENV           "production" refuses to start without a secret key and without allowed hosts; default "local"
LINQI_SECRET_KEY    made and kept in <home>/secret_key when absent outside production
LINQI_HOSTS         comma separated host names; default localhost
LINQI_TRUST_PROXY   "1" when a TLS-terminating proxy sets X-Forwarded-Proto
LINQI_PUBLIC_URL    https://linqi.example.cn – put before addresses in mails; absent: mails carry no address
LINQI_MAIL_URL      smtp://user:password@host:port; absent: mail is written to the log
LINQI_REQUIRE_SECOND_FACTOR  "1": who may manage accounts must set up a second factor before anything else
LINQI_VISIT_PHOTO_DAYS, LINQI_VISIT_PLACE_DAYS  how long pictures and places of visits are kept; default 90 and 30
LINQI_WASTE_MODEL, LINQI_WASTE_STREAMS  the site's own recogniser of waste and its table of streams; default: the shipped ones
LINQI_FILED_AS, LINQI_COMPLAINTS, LINQI_PRIVACY_CONTACT, LINQI_IMPACT_ASSESSMENT  what the self-check of visits asks of the operator
LINQI_MQTT_URL      mqtt://linqi:password@127.0.0.1:1883 – listen to bins on this broker; absent: only over HTTP (docs/operators.md)
LINQI_MQTT_EMBEDDED "1": `linqi serve` also starts a Mosquitto for itself, kept in <home>/mosquitto
LINQI_WASTE_RATE, LINQI_WASTE_BURST  events a second, and at once, that one device may tell; default 50 and 5000
LINQI_FONTS         a folder with a Chinese font for evidence packages (PDF); absent: where fonts-noto-cjk puts it
LINQI_LOG           "json" (default in production) or "text"
"""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from linqi.config.logs import AS_JSON

PACKAGE = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("LINQI_HOME", "var")).resolve()
HOME.mkdir(parents=True, exist_ok=True)
PRODUCTION = os.environ.get("LINQI_ENV", "local") == "production"
DEBUG = False


def _secret_key() -> str:
    """The signing key: from the environment, else made once and kept readable by its owner only."""
    if key := os.environ.get("LINQI_SECRET_KEY"):
        return key
    if PRODUCTION:
        raise ImproperlyConfigured("LINQI_SECRET_KEY must be set when LINQI_ENV=production.")
    return _kept(HOME / "secret_key")


def _kept(path: Path) -> str:
    """A secret made once and kept in a file that only its owner reads."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text().strip()


def _days(name: str, default: int) -> int:
    """A number of days from the environment, at least one."""
    said = os.environ.get(name, str(default))
    if not said.isdecimal() or int(said) < 1:
        raise ImproperlyConfigured(f"{name} must be a whole number of days, at least 1; it is {said!r}.")
    return int(said)


def _count(name: str, default: int) -> int:
    """A whole number from the environment, at least one."""
    said = os.environ.get(name, str(default))
    if not said.isdecimal() or int(said) < 1:
        raise ImproperlyConfigured(f"{name} must be a whole number, at least 1; it is {said!r}.")
    return int(said)


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = [host for host in os.environ.get("LINQI_HOSTS", "").split(",") if host] or (
    [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"]
)
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("LINQI_HOSTS must name the hosts served when LINQI_ENV=production.")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "linqi.ui",
    "linqi.analytics",
    "linqi.conditions",
    "linqi.journal",
    "linqi.search",
    "linqi.territory",
    "linqi.accounts",
    "linqi.notifications",
    "linqi.enterprises",
    "linqi.organisation",
    "linqi.catalogue",
    "linqi.cases",
    "linqi.visits",
    "linqi.policies",
    "linqi.ladder",
    "linqi.bookings",
    "linqi.waste",
    "linqi.dashboards",
    "allauth",  # after ours, so that our templates of the same name are found first
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "linqi.config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "linqi.config.middleware.RequestLog",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "linqi.config.uploads.UploadBound",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "linqi.accounts.middleware.Duties",
    "linqi.config.middleware.PermissionDeclared",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "linqi.config.urls"
WSGI_APPLICATION = "linqi.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [
            PACKAGE / "accounts" / "templates",
            PACKAGE / "ui" / "templates",
        ],  # our sign-in pages before allauth's
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "linqi.ui.context.shell",
            ],
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL") or f"sqlite:///{HOME / 'linqi.sqlite3'}",
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a writer waits at BEGIN instead of failing half way
        "timeout": 20,  # seconds a writer waits for another
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
            "PRAGMA mmap_size=134217728; PRAGMA cache_size=-16000;"
        ),
    }
else:
    # compiling a statement takes PostgreSQL longer than any page of ours may take as a whole
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c jit=off"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {  # shared by all processes, so that throttling of sign-in counts across them
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "linqi_cache",
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

# --- who is there -------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "linqi.accounts.outside.allauth_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_RATE_LIMITS = {
    "login_failed": "5/5m/key,20/5m/ip",
    "ask": "10/h/ip,300/d/key",  # cases.views.asking
    "device_key": "60/5m/ip,20/5m/key",  # wrong keys of devices, waste.views.api
}
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Linqi"
MFA_TOTP_TOLERANCE = 1  # steps of 30 s either way: phones whose clock is a little off (RFC 6238, 5.2)
REQUIRE_SECOND_FACTOR = os.environ.get("LINQI_REQUIRE_SECOND_FACTOR") == "1"
USERSESSIONS_TRACK_ACTIVITY = False  # listing needs no write on every request
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "linqi.ui.views.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SECURE_HSTS_SECONDS = 31536000
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health$"]
if os.environ.get("LINQI_TRUST_PROXY") == "1":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # throttling counts the address that the proxy saw, not the proxy
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- words and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# --- files --------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
WHITENOISE_ALLOW_ALL_ORIGINS = False  # our own pages only
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = HOME / "uploads"
FILE_UPLOAD_PERMISSIONS = 0o600
UPLOAD_MAX_BYTES = 50 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "linqi.config.uploads.Bounded",  # first: what it stops, the others never see
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # of form fields; files are bounded above, on disk from 2.5 MB on

# --- mail ---------------------------------------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
_mail = urlsplit(os.environ.get("LINQI_MAIL_URL", ""))
if _mail.hostname:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname, _mail.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")

PUBLIC_URL = os.environ.get("LINQI_PUBLIC_URL", "").rstrip("/")

# --- law: what the operator has settled outside the program; shown on the self-check of visits, visits/lawful.py ------
VISIT_PHOTO_DAYS = _days("LINQI_VISIT_PHOTO_DAYS", 90)
VISIT_PLACE_DAYS = _days("LINQI_VISIT_PLACE_DAYS", 30)
FILED_AS = os.environ.get("LINQI_FILED_AS", "").strip()  # number under which the application is filed 备案
COMPLAINTS = os.environ.get(
    "LINQI_COMPLAINTS", ""
).strip()  # where suggestions and complaints go: https:, mailto: or tel:
PRIVACY_CONTACT = os.environ.get("LINQI_PRIVACY_CONTACT", "").strip()  # who answers for personal data
IMPACT_ASSESSMENT = os.environ.get(
    "LINQI_IMPACT_ASSESSMENT", ""
).strip()  # document and day: 影评〔2026〕3号 2026-03-01

# --- bins ---------------------------------------------------------------------------------------------------------------
FONTS = os.environ.get("LINQI_FONTS", "").strip()  # looked in first for a Chinese font
MQTT_URL = os.environ.get("LINQI_MQTT_URL", "").strip()
MQTT_EMBEDDED = os.environ.get("LINQI_MQTT_EMBEDDED") == "1"
MQTT_FOLDER = HOME / "mosquitto"  # where its configuration, passwords and access list are written
if MQTT_EMBEDDED and not MQTT_URL:
    MQTT_URL = f"mqtt://linqi:{_kept(MQTT_FOLDER / 'listener_key')}@127.0.0.1:1883"
WASTE_DEVICE_RATE = _count("LINQI_WASTE_RATE", 50)
WASTE_DEVICE_BURST = _count("LINQI_WASTE_BURST", 5000)

# --- logs: one object a line, request id in each ------------------------------------------------------------------
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.format_exc_info,
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer(ensure_ascii=False)
            if AS_JSON
            else structlog.dev.ConsoleRenderer(colors=False),
            "foreign_pre_chain": _SHARED,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django_tasks": {"level": "WARNING"},
        "django_tasks_db": {"level": "WARNING"},  # it says each second that there is nothing to do
    },
}
structlog.configure(
    processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
