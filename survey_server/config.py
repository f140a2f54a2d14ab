"""The settings of one server: read once from the environment, frozen, failing loudly."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from survey_server.disk import make_once
from survey_server.problems import BadSetting


@dataclass(frozen=True)
class Config:
    """Every setting, with the environment variable that sets it (README, "Settings")."""

    data_dir: Path
    database_url: str
    base_url: str
    secret_key: str
    max_body_bytes: int
    max_media_bytes: int
    media_reserve_bytes: int
    jobs_in_server: bool
    webhooks_in_lan: bool
    media_url: str
    metrics_token: str
    log: str
    second_factor_required: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Config:
        """The settings of `environment`; raises BadSetting naming the variable at fault."""
        data_dir = Path(environment.get("SURVEY_DATA_DIR", "data")).resolve()
        return cls(
            data_dir=data_dir,
            database_url=environment.get("SURVEY_DATABASE_URL", f"sqlite:///{data_dir / 'survey.db'}"),
            base_url=_base_url(environment.get("SURVEY_BASE_URL", "http://127.0.0.1:8000")),
            secret_key=environment.get("SURVEY_SECRET_KEY") or _kept_secret(data_dir),
            max_body_bytes=_megabytes(environment, "SURVEY_MAX_BODY_MB", 16),
            max_media_bytes=_megabytes(environment, "SURVEY_MAX_MEDIA_MB", 32),
            media_reserve_bytes=_megabytes(environment, "SURVEY_MEDIA_RESERVE_MB", 256),
            jobs_in_server=_one_of(environment, "SURVEY_JOBS", ("server", "apart")) == "server",
            webhooks_in_lan=_one_of(environment, "SURVEY_WEBHOOKS", ("public", "lan")) == "lan",
            media_url=environment.get("SURVEY_MEDIA_URL", ""),
            second_factor_required=_one_of(environment, "SURVEY_SECOND_FACTOR", ("required", "offered")) == "required",
            metrics_token=environment.get("SURVEY_METRICS_TOKEN", ""),
            log=_one_of(environment, "SURVEY_LOG", ("text", "json")),
        )


def _base_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise BadSetting(f"SURVEY_BASE_URL is {url!r}: write it with http:// or https://, as phones will open it.")
    return url.rstrip("/")


def _megabytes(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise BadSetting(f"{name} is {text!r}: write a whole number of megabytes, at least 1.")
    return int(text) * 1024 * 1024


def _one_of(environment: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """The value of a setting that has few; the first is the default."""
    text = environment.get(name, choices[0])
    if text not in choices:
        raise BadSetting(f"{name} is {text!r}: write one of {', '.join(choices)}.")
    return text


def _kept_secret(data_dir: Path) -> str:
    """The secret in the data folder, made on the first start, so that sessions survive a restart."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        return make_once(data_dir / "secret.key", secrets.token_urlsafe(48).encode).decode().strip()
    except OSError as error:
        raise BadSetting(
            f"SURVEY_DATA_DIR {data_dir} can't be written ({error.strerror}): choose another folder."
        ) from error
