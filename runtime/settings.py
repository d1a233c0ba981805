"""Every setting of the system, in one class; the reference page is checked against it.

A setting is an environment variable: `WHISTLE_` and the field's name in capitals. Nothing has to be set.
"""

import difflib
import json
import os
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime import networks
from runtime.faults import SetupError

PROJECT = Path(__file__).resolve().parent.parent
ENV_PREFIX = "WHISTLE_"
NO_SETTINGS = ("WHISTLE_AS", "WHISTLE_TOKEN", "WHISTLE_ZONE")
"""Variables of the command line alone: who acts, by demo log-in or by token, and in which zone times are shown."""

_LOOPBACK = "127.0.0.1"
_ADDRESS = re.compile(r"^[^\s:/]+:\d{1,5}$")
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+/?")
_ISSUER = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(/[\w.~%/-]*)?", re.ASCII)
_WITNESS = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+ +https?://[^\s,]+", re.ASCII)
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")


class Profile(StrEnum):
    """How careful the system is: a laptop's comfort, or a service's strictness."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "whistle"


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))


def _address(value: str) -> str:
    if not _ADDRESS.match(value):
        raise ValueError("must read host:port, such as 127.0.0.1:7233")
    return value


def _database_url(value: str) -> str:
    if not value.startswith(("postgresql+psycopg2://", "postgresql://")):
        raise ValueError("must read postgresql+psycopg2://user:password@host:port/database")
    return value.replace("postgresql://", "postgresql+psycopg2://", 1)


def _sha256(value: str) -> str:
    if not _SHA256.match(value.lower()):
        raise ValueError("must be 64 hexadecimal digits")
    return value.lower()


def _name(value: str) -> str:
    if not _NAME.match(value):
        raise ValueError("must be letters, digits, '-', '_' or '.'")
    return value


def _hosts(value: str) -> str:
    networks.hosts(value)
    return value


def _networks(value: str) -> str:
    if networks.hosts(value).names:
        raise ValueError("must be addresses and networks such as 10.1.0.0/16, no names")
    return value


def _witnesses(value: str) -> str:
    if not all(_WITNESS.fullmatch(entry.strip()) for entry in value.split(",") if value.strip()):
        raise ValueError("must be witnesses apart by commas, each its vkey, a space and its address")
    return value


def _ports(value: str) -> str:
    if not all(port.strip().isdigit() and 1 <= int(port) <= 65535 for port in value.split(",")):
        raise ValueError("must be ports apart by commas, such as 80,443")
    return value


def _public_url(value: str) -> str:
    if value and not _ORIGIN.fullmatch(value):
        raise ValueError("must read https://host or https://host:port, with nothing behind")
    return value.rstrip("/")


def _issuer(value: str) -> str:
    if not _ISSUER.fullmatch(value):
        raise ValueError("must read https://host or https://host/path, as the provider's own documents name it")
    return value


def _groups(value: str) -> str:
    try:
        groups = json.loads(value)
    except ValueError:
        groups = None
    if not isinstance(groups, dict) or not all(isinstance(role, str) for role in groups.values()):
        raise ValueError('must be a JSON object from group to role, such as {"complaints-agents": "agent"}')
    return value


Port = Annotated[int, Field(ge=1, le=65535)]
Folder = Annotated[Path, AfterValidator(_absolute)]
Address = Annotated[str, AfterValidator(_address)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
Name = Annotated[str, AfterValidator(_name)]


class Settings(BaseSettings):
    """All settings of one installation, read from `WHISTLE_…` environment variables."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    profile: Profile = Field(
        Profile.DEVELOPMENT,
        description="`development` opens the demo log-ins and loads the demo organisation; `production` does neither.",
    )
    demo_logins: bool | None = Field(
        None,
        description="Whether `Authorization: Bearer dev:<person>` is believed. Default: in the development profile; "
        "in the production profile nothing starts with it.",
    )
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = Field(
        "info", description="How much the API and the workers write to their logs: debug, info, warning or error."
    )
    data_dir: Folder = Field(
        PROJECT / ".whistle",
        description="Folder of everything that must survive a restart: database, passwords, logs.",
    )
    keys_file: Folder | None = Field(
        None,
        description="File of the secret keys. Without it the personal data can never be read again: back it up apart "
        "from the database. Default: `keys.json` in `data_dir`.",
    )
    cache_dir: Folder = Field(
        default_factory=_default_cache,
        description="Folder of the built or downloaded engine, by version; shared between clones. "
        "Default: `$XDG_CACHE_HOME/whistle`, else `~/.cache/whistle`.",
    )

    database_url: DatabaseUrl | None = Field(
        None,
        description="The application's database as its owner, who migrates it. Together with `app_database_url` it "
        "replaces the embedded PostgreSQL.",
    )
    app_database_url: DatabaseUrl | None = Field(
        None, description="The same database as the role that API and workers use, which may not change events."
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        le=200,
        description="Threads that use the database, of one API or worker; it has up to twice as many connections, "
        "and one more.",
    )
    postgres_port: Port = Field(15433, description="Port of the embedded PostgreSQL, on loopback.")
    postgres_os_user: Name = Field(
        "nobody",
        description="Operating-system user of the embedded PostgreSQL when the system is started by root, "
        "as which PostgreSQL refuses to run.",
    )

    temporal_address: Address | None = Field(
        None, description="host:port of a running Temporal server; when set, none is started."
    )
    temporal_namespace: Name = Field("whistle", description="Temporal namespace of the real orders.")
    rehearsal_namespace: Name = Field(
        "whistle-rehearsal", description="Temporal namespace of rehearsals and the tour, where time may be skipped."
    )
    temporal_port: Port = Field(
        17233,
        le=65535 - 8,
        description="First of the nine neighbouring ports of the embedded Temporal server; clients use this one.",
    )
    temporal_shards: int = Field(
        64, ge=1, le=16384, description="History shards of the embedded Temporal server; can never change afterwards."
    )
    temporal_archive_url: str = Field(
        "https://github.com/temporalio/temporal/releases/download/v{version}/temporal_{version}_{platform}.tar.gz",
        pattern="^(https?|file)://",
        description="Where the Temporal release archive is; `{version}` and `{platform}` are filled in.",
    )
    temporal_archive_sha256: Annotated[str, AfterValidator(_sha256)] | None = Field(
        None,
        description="SHA-256 of that archive for this platform. Without a known checksum nothing is downloaded.",
    )
    ui_enabled: bool = Field(True, description="Whether Temporal's own web UI is started beside the server.")
    ui_port: Port = Field(18233, description="Port of Temporal's web UI, on loopback.")
    ui_url: Annotated[str, AfterValidator(_public_url)] = Field(
        "",
        description="Where people open Temporal's web UI, such as https://temporal.example.net: its pages alone may "
        "ask the API to decrypt what they show. Default: the embedded one's address.",
    )

    api_host: str = Field(_LOOPBACK, min_length=1, description="Address the API listens on.")
    api_port: Port = Field(8010, description="Port the API listens on.")
    api_workers: int = Field(1, ge=1, le=64, description="Processes of the API.")

    public_url: Annotated[str, AfterValidator(_public_url)] = Field(
        "",
        description="Where people reach the system from outside, such as https://whistle.example.net; '' for loopback.",
    )
    allowed_hosts: Annotated[str, AfterValidator(_hosts)] = Field(
        "", description="Further names and networks that a request's Host may name, apart by commas; `*` is not one."
    )
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        "", description="Networks whose X-Forwarded-For and X-Forwarded-Proto are believed, apart by commas."
    )
    api_docs: bool | None = Field(
        None, description="Whether /docs and /openapi.json are served. Default: in the development profile only."
    )
    console_dir: Folder = Field(
        PROJECT / "console" / "dist", description="Folder of the built console, which the API serves to browsers."
    )
    rate_per_identity: int = Field(
        12_000, ge=0, description="Requests a minute of one person or program to one API process; 0: no bound."
    )
    rate_per_address: int = Field(
        24_000, ge=0, description="Requests a minute from one address to one API process; 0: no bound."
    )
    stream_seconds: int = Field(
        3600, ge=1, le=86_400, description="Seconds after which a stream of changes ends, and its reader comes back."
    )
    file_max_mb: int = Field(20, ge=1, le=100, description="The largest document that may be attached, in MiB.")

    session_idle_minutes: int = Field(
        60, ge=30, le=480, description="Minutes after which a log-in that is not used ends."
    )
    session_hours: int = Field(12, ge=1, le=24, description="Hours after which every log-in of staff ends.")

    oidc_issuer: Annotated[str, AfterValidator(_issuer)] | None = Field(
        None, description="The OpenID provider that staff log in with, exactly as it names itself; none without it."
    )
    oidc_client_id: str = Field("", description="What that provider knows this system by.")
    oidc_client_secret: SecretStr | None = Field(
        None, description="The secret that it gave with that; without one the system is a public client."
    )
    oidc_scopes: str = Field(
        "openid profile email", pattern="(^| )openid( |$)", description="What the provider is asked for."
    )
    oidc_person_claim: str = Field(
        "sub",
        min_length=1,
        description="The claim that names a person's id when he first comes; take none that users can change.",
    )
    oidc_role_claim: str = Field("groups", min_length=1, description="The claim that lists somebody's groups.")
    oidc_roles: Annotated[str, AfterValidator(_groups)] = Field(
        "{}", description="Which group has which role, as a JSON object; of several groups the first here counts."
    )
    oidc_unit_claim: str = Field("unit", min_length=1, description="The claim that names somebody's unit.")
    oidc_allow_provisioning: bool = Field(
        False, description="Whether somebody whom the directory does not know yet is entered at his first log-in."
    )

    link_days: int = Field(30, ge=1, le=365, description="Days for which a customer's link to his order is good.")
    sms_url: str | None = Field(
        None,
        pattern="^https?://",
        description="The gateway that sends codes to customers' phones; it gets a POST of JSON with `to` and `text`.",
    )
    sms_token: SecretStr | None = Field(None, description="The bearer token for that gateway.")

    outgoing_private_hosts: Annotated[str, AfterValidator(_hosts)] = Field(
        "", description="Names and networks inside our own walls that calls may go out to, apart by commas."
    )
    outgoing_ports: Annotated[str, AfterValidator(_ports)] = Field(
        "80,443", description="Ports that HTTP calls may go out to, apart by commas."
    )

    worker_count: int = Field(1, ge=1, le=64, description="Worker processes started by `whistle up`.")
    worker_concurrency: int = Field(
        100, ge=2, le=2000, description="Workflow tasks that one worker process handles at once."
    )
    replay_at: Annotated[str, Field(pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d$")] = Field(
        "02:30",
        description="Time of day in Beijing at which open and newly closed orders are replayed and a report is made; "
        "'' for no nightly replay.",
    )
    worker_metrics_address: Address | None = Field(
        None,
        description="host:port where a worker serves its metrics for Prometheus, such as 127.0.0.1:9464; of several "
        "workers that `whistle up` starts, each takes the next port. Without it none are served.",
    )
    workflow_sandbox: bool = Field(
        False,
        description="Whether workers run workflow code in the SDK's sandbox. Off by default: it costs time with every "
        "command and cannot see into passed-through modules; lint and the replay of histories stand in for it.",
    )

    smtp_host: str | None = Field(
        None, description="Mail server for notices; without one they appear in the inboxes only."
    )
    smtp_port: Port = Field(25, description="Port of that mail server.")
    smtp_from: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] = Field(
        "whistle@localhost.localdomain", description="Sender of notices by mail."
    )

    log_key_path: Folder | None = Field(
        None,
        description="File of the private key that signs the log of all events: back it up, and let workers alone read "
        "it. Made at the first start in development; in production it is brought, see `whistle audit key`. "
        "Default: `log.key` in `data_dir`.",
    )
    log_origin: str = Field(
        "whistle.localhost/log",
        pattern=r"^[^\s+]+$",
        description="The name of the log of all events, unlike that of any other log, such as "
        "audit.example.net/whistle; it never changes.",
    )
    witnesses: Annotated[str, AfterValidator(_witnesses)] = Field(
        "",
        description="The witnesses that cosign the log, apart by commas, each its vkey, a space and its address. "
        "Default: those that `whistle up` starts here.",
    )
    witness_quorum: int = Field(
        0, ge=0, le=16, description="How many of them must have cosigned; 0: more than half, and one at least."
    )
    witness_count: int = Field(2, ge=0, le=8, description="Witnesses that `whistle up` starts, where none are named.")
    witness_port: Port = Field(
        18701, le=65535 - 8, description="Port of the first of them, on loopback; the others take the next ones."
    )
    tsa_url: str | None = Field(
        None,
        pattern="^https?://",
        description="A time-stamp authority (RFC 3161), which stamps the log's newest checkpoint now and then.",
    )
    tsa_certificates: Folder | None = Field(
        None, description="File of the certificates (PEM) that its stamps must go back to; needed with `tsa_url`."
    )
    tsa_minutes: int = Field(60, ge=1, le=1440, description="Minutes from one such stamp to the next.")

    @model_validator(mode="after")
    def _ports_differ(self) -> "Settings":
        taken: dict[int, str] = {}
        wanted = [("postgres_port", self.postgres_port), ("api_port", self.api_port)]
        wanted += [("temporal_port", self.temporal_port + offset) for offset in range(9)]
        wanted += [("ui_port", self.ui_port)]
        if not self.witnesses:
            wanted += [("witness_port", self.witness_port + offset) for offset in range(self.witness_count)]
        for field, port in wanted:
            other = taken.setdefault(port, field)
            if other != field:
                raise ValueError(f"{field} and {other} both need port {port}; choose another for one of them")
        return self

    @model_validator(mode="after")
    def _stamps_can_be_checked(self) -> "Settings":
        if self.tsa_url is not None and self.tsa_certificates is None:
            raise ValueError("tsa_url needs tsa_certificates, by which its stamps are checked")
        return self

    @model_validator(mode="after")
    def _open_id_is_whole(self) -> "Settings":
        if self.oidc_issuer is not None and not self.oidc_client_id:
            raise ValueError("oidc_issuer needs oidc_client_id, by which the provider knows this system")
        if self.profile is Profile.PRODUCTION:
            for field in ("oidc_issuer", "sms_url"):
                if (getattr(self, field) or "").startswith("http:"):
                    raise ValueError(f"{field} must begin with https in the production profile")
        return self

    @property
    def demo_open(self) -> bool:
        """True where a demo log-in is believed: never in production, whatever is set."""
        return self.profile is Profile.DEVELOPMENT and self.demo_logins is not False

    @property
    def loopback(self) -> str:
        """Return the address that embedded servers bind to."""
        return _LOOPBACK

    @property
    def temporal_target(self) -> str:
        """Return the host:port where clients reach Temporal, embedded or not."""
        return self.temporal_address or f"{_LOOPBACK}:{self.temporal_port}"

    @property
    def keyring_path(self) -> Path:
        """Return the file of the secret keys."""
        return self.keys_file or self.data_dir / "keys.json"

    @property
    def log_key_file(self) -> Path:
        """Return the file of the key that signs the log."""
        return self.log_key_path or self.data_dir / "log.key"

    @property
    def shows_docs(self) -> bool:
        """Return whether the API describes itself to anybody who asks."""
        return self.profile is Profile.DEVELOPMENT if self.api_docs is None else self.api_docs

    @property
    def ui_origin(self) -> str:
        """Return the origin of Temporal's web UI, as a browser names it."""
        return self.ui_url.lower() or f"http://{_LOOPBACK}:{self.ui_port}"

    @property
    def codec_url(self) -> str:
        """Return where Temporal's web UI has payloads decrypted."""
        return f"{self.public_url or self.api_url}/v1/codec"

    @property
    def logs(self) -> Path:
        """Return the folder of the log files."""
        return self.data_dir / "logs"

    @property
    def api_url(self) -> str:
        """Return the address where a person on this machine reaches the API."""
        host = _LOOPBACK if self.api_host in ("0.0.0.0", "::") else self.api_host  # nosec B104  # looks, binds nothing
        return f"http://{host}:{self.api_port}"

    @property
    def entrance(self) -> str:
        """Return the address where people reach the system from outside, without a slash at its end."""
        return self.public_url or self.api_url

    def environment(self) -> dict[str, str]:
        """Return the `WHISTLE_…` variables that give a child process these very settings."""
        values = self.model_dump(mode="json", exclude_none=True)
        for name in values:
            held = getattr(self, name)
            if isinstance(held, SecretStr):
                values[name] = held.get_secret_value()
        return {
            ENV_PREFIX + name.upper(): str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in values.items()
        }


class SettingError(SetupError):
    """A setting that is not understood."""


def load(**values: Any) -> Settings:
    """Return the settings from the environment, `values` taking precedence.

    Raises:
        SettingError: a value is not acceptable, or demo log-ins are open in production; one line names each variable,
            the reason and the remedy.
    """
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingError(*_explain(error)) from None
    if settings.demo_logins and settings.profile is Profile.PRODUCTION:
        raise SettingError(
            "生产环境 (WHISTLE_PROFILE=production) 不得开放演示登录; 请取消 WHISTLE_DEMO_LOGINS, "
            "并以 python -m runtime.provision --admin <工号> 建立首位管理员",
            "demo log-ins cannot be open in the production profile; unset WHISTLE_DEMO_LOGINS, "
            "and make the first administrator with: python -m runtime.provision --admin <person>",
        )
    return settings


def demand_known(environment: Mapping[str, str] = os.environ) -> None:
    """Return if every `WHISTLE_…` variable is one that somebody reads.

    Raises:
        SettingError: one is not, most likely a slip of the pen; the line names the nearest real one.
    """
    known = [*(ENV_PREFIX + name.upper() for name in Settings.model_fields), *NO_SETTINGS]
    strange = [name for name in environment if name.upper().startswith(ENV_PREFIX) and name.upper() not in known]
    if not strange:
        return
    zh, en = [], []
    for name in sorted(strange):
        nearest = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.75)
        zh.append(f"没有设置 {name}" + (f"; 是否指 {nearest[0]}?" if nearest else ""))
        en.append(f"there is no setting {name}" + (f"; did you mean {nearest[0]}?" if nearest else ""))
    raise SettingError(
        "; ".join(zh) + "; 请改正或取消设置, 全部设置见 docs/operations.md",
        "; ".join(en) + "; correct or unset it, all are listed in docs/operations.md",
    )


def _explain(error: ValidationError) -> tuple[str, str]:
    zh, en = [], []
    for item in error.errors(include_url=False):
        reason = item["msg"].removeprefix("Value error, ")
        if not item["loc"]:
            zh.append(f"设置有误: {reason}")
            en.append(f"settings: {reason}")
            continue
        field = str(item["loc"][0])
        variable = ENV_PREFIX + field.upper()
        info = Settings.model_fields.get(field)
        default = info.get_default(call_default_factory=True, validated_data={}) if info else None
        remedy_zh = f"改正它, 或取消设置以用默认值 {default}"
        remedy_en = f"correct it, or unset it for the default {default}"
        shown = "***" if re.search("url|secret|token", field) else item["input"]
        zh.append(f"{variable}={shown} 无效: {reason}; {remedy_zh}")
        en.append(f"{variable}={shown} is not valid: {reason}; {remedy_en}")
    return "; ".join(zh), "; ".join(en)
