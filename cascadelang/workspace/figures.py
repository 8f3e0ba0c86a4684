"""Money, shares, time and counts as people read them, on a terminal and on a page.

Takes: figures. Gives: text. Guarantees: what isn't known is never shown as zero, and what is less than can be shown
neither; nothing in powers of ten. What a policy or a proof says is worded in `cascadelang.graph.wording`, exactly.
"""

from __future__ import annotations

from math import floor, log10


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


def dollars(usd: float | None) -> str:
    """``$0.0021`` a query: four figures that count; ``unknown`` where a price is."""
    if usd is None:
        return "unknown"
    if not usd:
        return "$0"
    return f"${usd:,.2f}" if usd >= 10 else f"${usd:.4g}" if usd >= 1 else f"${significant(usd, 4)}"


def monthly(usd: float | None) -> str:
    """``$12,300`` a month: whole dollars, where those say enough."""
    if usd is None:
        return "unknown"
    return f"${usd:,.0f}" if usd >= 100 or not usd else f"${usd:,.2f}"


def whole_dollars(usd: float | None) -> str:
    """``$12,300``, ``$4.20``, ``$0.0021``, ``unknown``."""
    if usd is None:
        return "unknown"
    if not usd or usd >= 100:
        return f"${usd:,.0f}"
    return f"${usd:,.2f}" if usd >= 1 else f"${significant(usd, 3)}"


def significant(value: float, count: int) -> str:
    """A number under 1 with so many figures that count, never in powers of ten."""
    return f"{value:.{count - 1 - floor(log10(value))}f}".rstrip("0").rstrip(".")


def percent(share: float | None, *, least: str = "under 0.1%") -> str:
    """``62%``, ``0.4%``; ``least`` for what is less than a tenth and not nothing; ``unknown``."""
    if share is None:
        return "unknown"
    if 0 < share < 0.0005:
        return least
    share = round(share, 9)  # what lies halfway is no matter of how a Python adds its floats
    return f"{share:.0%}" if share in (0, 1) or 0.0995 <= share <= 0.9949 else f"{share:.1%}"


def fine_percent(value: float | None) -> str:
    """``62%``, ``4.3%``, ``98.7%``, ``under 0.1%``: to a tenth where it is near none or all; ``-`` of nothing."""
    if value is None:
        return "-"
    if 0 < value < 0.001:
        return "under 0.1%"
    if 0.999 < value < 1:
        return "over 99.9%"
    return f"{100 * value:.0f}%" if 0.1 <= value <= 0.9 or value in {0, 1} else f"{100 * value:.1f}%"


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


def rough_seconds(value: float | None) -> str:
    """``412 ms``, ``1.3 s``, ``2.1 min``; ``unknown``."""
    if value is None:
        return "unknown"
    if value < 0.0005:
        return f"{value * 1000:.1f} ms" if value else "0 s"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s" if value < 60 else f"{value / 60:.1f} min"


def count(number: int, one: str, many: str = "") -> str:
    """``1 call``, ``2 calls``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def rounded(number: float) -> str:
    """``1,234``, ``2.5``: a count that may be an average."""
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:,.1f}"


def size(count_bytes: int) -> str:
    """``98 MB``, ``1.12 GB``; decimal, as disks are sold."""
    if count_bytes >= 1_000_000_000:
        return f"{count_bytes / 1e9:.2f} GB"
    if count_bytes >= 1_000_000:
        return f"{count_bytes / 1e6:.0f} MB"
    return f"{count_bytes / 1e3:.0f} kB"
