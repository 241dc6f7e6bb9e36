"""redis-py's own metrics (OpenTelemetry), for commands that travel through the library.

They are recorded only when the program has switched them on with redis-py's ``get_observability_instance().init(...)``; otherwise
nothing is measured. redis-py before 7.1 has none.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any, Callable, Iterator, Mapping, Optional

try:
    from redis.observability import providers, recorder  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    providers = recorder = None  # type: ignore[assignment]


def is_on() -> bool:
    """Has the program asked for redis-py's metrics?"""
    if providers is None:
        return False
    instance = getattr(providers, "_observability_instance", None)
    return instance is not None and instance.get_provider_manager() is not None


@contextlib.contextmanager
def recording(name: str, place: Mapping[str, Any]) -> Iterator[None]:
    """Records how long it took, and how it ended."""
    address: Optional[str] = place.get("host") or place.get("path")
    port: Optional[int] = place.get("port")
    began = time.monotonic()
    try:
        yield
    except Exception as error:
        recorder.record_error_count(
            server_address=address,
            server_port=port,
            network_peer_address=address,
            network_peer_port=port,
            error_type=error,
            retry_attempts=0,
            is_internal=False,
        )
        raise
    recorder.record_operation_duration(
        command_name=name,
        duration_seconds=time.monotonic() - began,
        server_address=address,
        server_port=port,
        db_namespace=str(place.get("db", 0)),
    )


def recorded(name: str, place: Mapping[str, Any], call: Callable[[], Any]) -> Any:
    """Makes the call, and records that."""
    with recording(name, place):
        return call()
