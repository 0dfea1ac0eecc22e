"""A signal to the run ends what its tests have started, in the order of their fixtures."""

import signal
from types import FrameType

ENDINGS = (signal.SIGINT, signal.SIGTERM)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Once: a second one would interrupt the fixtures that end what they have started."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


def pytest_configure() -> None:
    """In each test process, and in the one that gives them their tests."""
    for ending in ENDINGS:
        signal.signal(ending, _interrupt)
