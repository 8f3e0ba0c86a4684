"""Money, time and counts as people read them. Guarantees: a cost that isn't known is never shown as zero."""

from __future__ import annotations


def money(usd: float | None) -> str:
    """``$0.0021``; ``$0`` for what is free; ``cost unknown`` for what has no price."""
    if usd is None:
        return "cost unknown"
    if usd == 0:
        return "$0"
    if abs(usd) < 0.0000005:
        return "under $0.000001"
    if abs(usd) < 0.01:
        return "$" + f"{usd:.6f}".rstrip("0")
    return f"${usd:,.4f}" if abs(usd) < 1 else f"${usd:,.2f}"


def age(value: float) -> str:
    """``412 ms``, ``2 min 04 s``, ``3.5 h``, ``2.1 d``."""
    if value < 3600:
        return seconds(value)
    return f"{value / 3600:.1f} h" if value < 2 * 86_400 else f"{value / 86_400:.1f} d"


def seconds(value: float) -> str:
    """``0.4 ms``, ``412 ms``, ``1.34 s``, ``2 min 04 s``."""
    if value < 0.01:
        return f"{value * 1000:.1f} ms"
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.2f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s"


def count(number: int, one: str, many: str = "") -> str:
    """``1 call``, ``2 calls``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(count_bytes: int) -> str:
    """``98 MB``, ``1.12 GB``; decimal, as disks are sold."""
    if count_bytes >= 1_000_000_000:
        return f"{count_bytes / 1e9:.2f} GB"
    if count_bytes >= 1_000_000:
        return f"{count_bytes / 1e6:.0f} MB"
    return f"{count_bytes / 1e3:.0f} kB"


def one_line(text: str, width: int) -> str:
    """``text`` on one line, cut to ``width`` columns with an ellipsis; control characters become spaces."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= width else flat[: max(1, width - 1)] + "…"


def safe(text: str) -> str:
    """``text`` without the control characters that could drive a terminal; line ends and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)
