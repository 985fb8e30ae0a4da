"""What the platform itself puts into an instance: variables, credentials, the context's values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulators.fc.instances import InstanceSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulators.fc.rendered import FunctionSpec

ACCOUNT_ID = "1000000000000001"


@dataclass(frozen=True)
class Credentials:
    """The temporary key of a function's role."""

    access_key_id: str
    access_key_secret: str
    security_token: str

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id!r}, ***)"


NO_CREDENTIALS = Credentials("", "", "")


def instance_spec(
    spec: FunctionSpec,
    *,
    python: Sequence[str],
    code_paths: Sequence[str],
    environment: dict[str, str],
    credentials: Credentials,
) -> InstanceSpec:
    """Everything that starts an instance of this function; no credentials without a role."""
    held = credentials if spec.has_role else NO_CREDENTIALS
    timeout_s = spec.timeout_s if spec.initializer is None else spec.initializer.timeout_s
    return InstanceSpec(
        python=python,
        code_paths=code_paths,
        environment={**environment, **_variables(spec, held, code_paths[0])},
        about=_about(spec, held),
        initialization_timeout_s=timeout_s,
    )


def _variables(spec: FunctionSpec, held: Credentials, code_path: str) -> dict[str, str]:
    variables = {
        "FC_ACCOUNT_ID": ACCOUNT_ID,
        "FC_FUNCTION_HANDLER": spec.handler,
        "FC_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "FC_FUNCTION_NAME": spec.name,
        "FC_FUNC_CODE_PATH": code_path,
        "FC_QUALIFIER": "LATEST",
        "FC_REGION": spec.region,
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }
    if held is not NO_CREDENTIALS:
        variables |= {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": held.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": held.access_key_secret,
            "ALIBABA_CLOUD_SECURITY_TOKEN": held.security_token,
        }
    return variables


def _about(spec: FunctionSpec, held: Credentials) -> dict[str, Any]:
    return {
        "runtime": spec.runtime,
        "region": spec.region,
        "account_id": ACCOUNT_ID,
        "log_project": spec.log_project,
        "log_store": spec.log_store,
        "handler": spec.handler,
        "initializer": None if spec.initializer is None else spec.initializer.handler,
        "function": {
            "name": spec.name,
            "handler": spec.handler,
            "memory": spec.memory_mb,
            "timeout": int(spec.timeout_s),
        },
        "credentials": {
            "access_key_id": held.access_key_id,
            "access_key_secret": held.access_key_secret,
            "security_token": held.security_token,
        },
    }
