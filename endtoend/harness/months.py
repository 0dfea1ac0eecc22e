"""The message that starts a close, for tests that publish it themselves."""

from typing import Any


def trigger(period: str, **data: Any) -> dict[str, Any]:  # noqa: ANN401
    """The message that starts a close, as in docs/messages."""
    return {
        "specversion": "1.0",
        "type": "close.requested.v1",
        "source": "/cron",
        "id": f"close-{period}",
        "time": "2026-12-01T02:00:00Z",
        "data": {"period": period, **data},
    }
