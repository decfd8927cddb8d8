"""A Mosquitto of our own: its configuration, its passwords and who may write where, as files 消息代理配置.

A device's user name is its serial, and the access list binds its topics to that name: what comes below `linqi/1/<serial>/` was published by
who has that serial's key. Keys are kept as digests in Mosquitto's own form, so that broker and HTTP door check the same.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

ITERATIONS: Final = 101  # Mosquitto's own; a key is 160 random bits, so it cannot be guessed however fast one tries
SALT: Final = 12  # bytes
LISTENER: Final = "linqi"  # the user that hears everything; no serial may be so called
BIGGEST: Final = 2 * 1024 * 1024  # bytes; larger messages the broker itself refuses, see rules.messages.MOST_BYTES
INFLIGHT: Final = 60_000  # messages that the listener may have unacknowledged; then the broker waits
QUEUED: Final = 200_000  # messages kept while nobody listens, and
QUEUED_BYTES: Final = 256 * 1024 * 1024  # their bytes
_DIGEST: Final = re.compile(r"\$7\$([1-9]\d{0,6})\$([A-Za-z0-9+/=]{8,64})\$([A-Za-z0-9+/=]{88})")

ACCESS: Final = """\
# Written by Linqi. %u is the user's name, which is the device's serial.
user linqi
topic read linqi/1/#
topic read spBv1.0/#
topic read v1/devices/me/telemetry
topic read v1/gateway/telemetry
topic write linqi/1/+/receipt
topic write spBv1.0/+/NCMD/+

pattern write linqi/1/%u/events
pattern write linqi/1/%u/v1/devices/me/telemetry
pattern write linqi/1/%u/v1/gateway/telemetry
pattern read linqi/1/%u/receipt
pattern write spBv1.0/+/NBIRTH/%u
pattern write spBv1.0/+/NDEATH/%u
pattern write spBv1.0/+/NDATA/%u
pattern write spBv1.0/+/DBIRTH/%u/+
pattern write spBv1.0/+/DDEATH/%u/+
pattern write spBv1.0/+/DDATA/%u/+
pattern read spBv1.0/+/NCMD/%u
"""


class Account(NamedTuple):
    """A user of the broker."""

    name: str
    digest: str


def new_key() -> str:
    """A key that nobody guesses; shown once."""
    return secrets.token_urlsafe(20)


def digest(key: str, *, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """The digest of a key as mosquitto_passwd writes it: $7$, PBKDF2 with SHA-512."""
    salt = salt if salt is not None else secrets.token_bytes(SALT)
    made = hashlib.pbkdf2_hmac("sha512", key.encode(), salt, iterations)
    return f"$7${iterations}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"


def fits(key: str, kept: str) -> bool:
    """Whether a key is the one of a digest; compared in constant time."""
    parts = _DIGEST.fullmatch(kept)
    if parts is None:
        return False
    made = digest(key, salt=base64.b64decode(parts[2]), iterations=int(parts[1]))
    return hmac.compare_digest(made, kept)


def configuration(folder: Path, *, port: int = 1883, bind: str = "127.0.0.1") -> str:
    """The configuration of a Mosquitto that serves only this machine; TLS for others: docs/operators.md."""
    return f"""\
# Written by Linqi; changes are lost. For a broker of your own see docs/operators.md.
per_listener_settings false
listener {port} {bind}
allow_anonymous false
password_file {folder / "passwords"}
acl_file {folder / "access"}
pid_file {folder / "mosquitto.pid"}
persistence true
persistence_location {folder}/
autosave_interval 60
max_packet_size {BIGGEST}
max_inflight_messages {INFLIGHT}
persistent_client_expiration 7d
max_queued_messages {QUEUED}
max_queued_bytes {QUEUED_BYTES}
max_keepalive 600
log_dest stderr
log_type error
log_type warning
{"user root" if os.geteuid() == 0 else ""}
"""


def write(
    folder: Path, accounts: Iterable[Account], *, port: int = 1883, bind: str = "127.0.0.1", reload: bool = True
) -> Path:
    """Write configuration, passwords and access list, each whole or not at all, readable by us only; have a running broker read them.

    Returns the path of the configuration.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lines = [f"{one.name}:{one.digest}\n" for one in accounts if _DIGEST.fullmatch(one.digest)]
    _whole(folder / "passwords", "".join(lines))
    _whole(folder / "access", ACCESS)
    _whole(folder / "mosquitto.conf", configuration(folder, port=port, bind=bind))
    if reload:
        read_again(folder)
    return folder / "mosquitto.conf"


def read_again(folder: Path) -> bool:
    """Have the Mosquitto of this folder read passwords and access list again; whether there is one."""
    try:
        pid = int((folder / "mosquitto.pid").read_text().strip())
        if b"mosquitto" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return False
        os.kill(pid, signal.SIGHUP)
    except (OSError, ValueError):
        return False
    return True


def _whole(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    new.replace(path)
