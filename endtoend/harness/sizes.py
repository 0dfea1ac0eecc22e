"""The size of a close: as small as what the test shows allows, and the full one with `-m full`."""

import pytest


def sizes(short: int, full: int) -> pytest.MarkDecorator:
    """Parametrizes `accounts`, for a test or for its fixtures."""
    return pytest.mark.parametrize("accounts", [short, pytest.param(full, marks=pytest.mark.full)])
