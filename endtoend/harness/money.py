"""Amounts as closectl reads them."""


def amount(minor: int, currency: str) -> str:
    """`1230, "CHF"` is `12.30 CHF`; all currencies of these tests have two decimals."""
    return f"{minor // 100}.{minor % 100:02d} {currency}"
