"""The one TLS context of the process: building it takes tens of milliseconds, so it is built once and shared."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


@cache
def tls_context() -> ssl.SSLContext:
    """Verifies certificates by httpx's rules (certifi, or what ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` name)."""
    import httpx

    return httpx.create_ssl_context()
