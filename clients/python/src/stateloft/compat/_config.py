"""The settings objects of the older library. All but the key are settings of the server, which is a program of its own.

They are taken, because programs make them, and none is passed over: whatever is set says by a :class:`ServerSetting` under
which name the server takes it. A kind of database, or a setting, that nobody knows is refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Optional

__all__ = ["APIConfig", "CacheConfig", "DatabaseConfig", "ServerSetting", "StateManagementConfig"]

_PART = {"part": True}
_DATABASES = ("sqlite", "postgresql", "influxdb")


class ServerSetting(UserWarning):
    """A setting that has no effect in this program: the server has it."""


def _setting(variable: Optional[str], *, secret: bool = False) -> Any:
    """A setting that is not made yet; the server's name of it, if it has one."""
    return field(default=None, repr=not secret, metadata={"variable": variable, "secret": secret})


@dataclass
class _Section:
    """A part of the settings. ``None``: not said here."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in {each.name for each in fields(self)}:
            raise AttributeError(f"{type(self).__name__} has no setting {name!r}")
        if self.__dict__.get("_used") and isinstance(value, _Section):
            raise AttributeError(f"a manager works with {name!r}: set what is in it, one by one")
        self._check(name, value)
        super().__setattr__(name, value)
        if self.__dict__.get("_used"):
            self._changed(name)
            _say([self._belongs(name)])

    def use(self) -> list[str]:
        """A program works with these: where what is set belongs. Of what is set from now on it is said at once."""
        self.__dict__["_used"] = True
        made = (each.name for each in fields(self) if "part" not in each.metadata)
        return [self._belongs(name) for name in made if getattr(self, name) is not None]

    def _check(self, name: str, value: Any) -> None:
        """Raises ``ValueError`` for what the server would not take either."""

    def _changed(self, name: str) -> None:
        """Something was set while a program works with it."""

    def _belongs(self, name: str) -> str:
        variable = next(each.metadata.get("variable") for each in fields(self) if each.name == name)
        if variable is None:
            return f"{name} has no effect: the server has no such setting"
        return f"{name} is a setting of the server, which takes it as TRADING_STATE_{variable} where it is started"


def _say(belongings: list[str]) -> None:
    if belongings:
        warnings.warn("; ".join(belongings), ServerSetting, stacklevel=4)


@dataclass
class DatabaseConfig(_Section):
    """Where the server keeps its versions."""

    database_type: Optional[str] = _setting("DB_TYPE")
    influxdb_url: Optional[str] = _setting("INFLUXDB_URL")
    influxdb_token: Optional[str] = _setting("INFLUXDB_TOKEN", secret=True)
    influxdb_org: Optional[str] = _setting("INFLUXDB_ORG")
    influxdb_bucket: Optional[str] = _setting("INFLUXDB_BUCKET")
    postgresql_host: Optional[str] = _setting("POSTGRES_HOST")
    postgresql_port: Optional[int] = _setting("POSTGRES_PORT")
    postgresql_database: Optional[str] = _setting("POSTGRES_DB")
    postgresql_username: Optional[str] = _setting("POSTGRES_USER")
    postgresql_password: Optional[str] = _setting("POSTGRES_PASSWORD", secret=True)
    connection_timeout: Optional[float] = _setting("CONNECTION_TIMEOUT")
    retry_attempts: Optional[int] = _setting("RETRY_ATTEMPTS")
    retry_delay: Optional[float] = _setting("RETRY_DELAY")

    @classmethod
    def of(cls, database_type: str, connection: Mapping[str, Any]) -> DatabaseConfig:
        """From an adapter's own names, such as ``url`` and ``token``. ``ValueError`` for a name that there is not."""
        made = cls(database_type=database_type)
        known = {each.name for each in fields(cls)}
        for name, value in connection.items():
            whole = name if name in known else f"{database_type}_{name}"
            if whole not in known:
                raise ValueError(f"there is no setting {name!r} of {database_type}")
            setattr(made, whole, value)
        return made

    def get_connection_config(self) -> dict[str, Any]:
        """What was said of the connection; of a password or token only that there is one."""
        said = {each: getattr(self, each.name) for each in fields(self)}
        return {each.name: "***" if each.metadata["secret"] else value for each, value in said.items() if value is not None}

    def _check(self, name: str, value: Any) -> None:
        if name == "database_type" and value is not None and value not in _DATABASES:
            raise ValueError(f"there is no database_type {value!r}; there are {', '.join(_DATABASES)}")


@dataclass
class APIConfig(_Section):
    """How the server is reached. ``api_key`` is sent with every request; that the server wants it, it is told itself."""

    enabled: Optional[bool] = _setting(None)
    host: Optional[str] = _setting("API_HOST")
    port: Optional[int] = _setting("API_PORT")
    api_key: Optional[str] = _setting("API_KEY", secret=True)
    cors_origins: Optional[Sequence[str]] = _setting("API_CORS_ORIGINS")
    rate_limit_per_minute: Optional[int] = _setting(None)

    def send_key_with(self, take: Callable[[Optional[str]], None]) -> None:
        """``take`` is told the key, whenever it is set."""
        self.__dict__["_take"] = take
        if self.api_key is not None:
            take(self.api_key)

    def _changed(self, name: str) -> None:
        if name == "api_key" and "_take" in self.__dict__:
            self.__dict__["_take"](self.api_key)


@dataclass
class CacheConfig(_Section):
    """The server's cache."""

    enabled: Optional[bool] = _setting("CACHE_ENABLED")
    ttl_seconds: Optional[float] = _setting("CACHE_TTL")
    max_size: Optional[int] = _setting("CACHE_MAX_SIZE")
    cleanup_interval: Optional[float] = _setting("CACHE_CLEANUP_INTERVAL")


@dataclass
class StateManagementConfig(_Section):
    """All settings."""

    database: DatabaseConfig = field(default_factory=DatabaseConfig, metadata=_PART)
    api: APIConfig = field(default_factory=APIConfig, metadata=_PART)
    cache: CacheConfig = field(default_factory=CacheConfig, metadata=_PART)
    enable_validation: Optional[bool] = _setting("ENABLE_VALIDATION")
    enable_file_fallback: Optional[bool] = _setting("ENABLE_FILE_FALLBACK")
    fallback_directory: Optional[str] = _setting("FALLBACK_DIR")
    log_level: Optional[str] = _setting("LOG_LEVEL")
    backup_retention_days: Optional[int] = _setting(None)
    migration_batch_size: Optional[int] = _setting(None)
    migration_user_id: Optional[str] = _setting(None)

    def in_use(self) -> None:
        """A program works with all of them: says of what is set where it belongs."""
        _say([said for part in (self, self.database, self.api, self.cache) for said in part.use()])
