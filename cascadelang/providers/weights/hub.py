"""Weights from the official hub: one file over HTTP, resumed where it stopped.

Takes: a model and a partial file. Gives: that file whole, not yet verified. Guarantees: a hub that can't be reached
is given up on within seconds; bytes that are here aren't fetched again; nothing larger than the model is written.

The address is the hub's ``/REPO/resolve/REVISION/FILE``, its documented form for downloads; ``HF_ENDPOINT`` names a
mirror, as it does for the hub's own client.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cascadelang.contracts.provider import Progress
from cascadelang.providers.weights.fetch import SourceFailed
from cascadelang.providers.weights.table import KnownModel

if TYPE_CHECKING:
    import httpx

HUB_URL: Final = "https://huggingface.co"
_CONNECT_S: Final = 4.0
_QUIET_S: Final = 20.0
_TRIES: Final = 3


def url_of(model: KnownModel) -> str:
    """Where the hub has the model's file."""
    host = os.environ.get("HF_ENDPOINT", "").rstrip("/") or HUB_URL
    return f"{host}/{model.repo}/resolve/{model.revision}/{model.file_name}"


def fetch(model: KnownModel, partial: Path, tell: Progress) -> None:
    """Fetch what is missing of ``partial``; it stays when the connection breaks, for the next time.

    Raises:
        SourceFailed: when the hub can't be reached, doesn't have it, or keeps breaking off.
        OSError: when it can't be written.
    """
    import httpx

    timeout = httpx.Timeout(_QUIET_S, connect=_CONNECT_S)
    reason = "it broke off"
    try:
        client = httpx.Client(timeout=timeout, follow_redirects=True)
    except (ValueError, ImportError) as error:  # proxy settings that httpx can't use
        raise SourceFailed(f"the proxy settings are not usable: {error}") from None
    with client:
        for _ in range(_TRIES):
            before = _size(partial)
            if before == model.size_bytes:
                return
            try:
                _fetch_rest(client, model, partial, tell)
            except httpx.TimeoutException:
                reason = "it did not answer in time"
            except httpx.InvalidURL:
                raise SourceFailed("its address is not usable") from None
            except httpx.HTTPError as error:
                reason = _in_words(error)
            if _size(partial) <= before:
                break
        if _size(partial) != model.size_bytes:
            raise SourceFailed(reason)


def _fetch_rest(client: httpx.Client, model: KnownModel, partial: Path, tell: Progress) -> None:
    """One request for the bytes that are missing."""
    have = _size(partial)
    if have > model.size_bytes:
        partial.unlink()
        have = 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url_of(model), headers=headers) as response:
        if response.status_code == 206 and not _starts_at(response, have):
            raise SourceFailed("it sent another part of the file than was asked for")
        if response.status_code not in {200, 206}:
            raise SourceFailed(f"it answered with status {response.status_code}")
        if response.status_code == 200:
            have = 0
        what = f"fetching {model.name}"
        with partial.open("ab" if have else "wb") as file:
            for chunk in response.iter_bytes():  # as they come: a break loses nothing
                have += len(chunk)
                if have > model.size_bytes:
                    file.truncate(0)
                    raise SourceFailed("the file it has is larger than it should be")
                file.write(chunk)
                tell(have, model.size_bytes, what)


def _starts_at(response: httpx.Response, offset: int) -> bool:
    """Whether a partial response begins where it was asked to."""
    content_range: str = response.headers.get("content-range", "")
    return content_range.startswith(f"bytes {offset}-")


def _in_words(error: Exception) -> str:
    """A connection's failure, without the library's names."""
    import httpx

    if isinstance(error, httpx.ConnectError):
        return "it can't be reached"
    if isinstance(error, httpx.TooManyRedirects):
        return "it redirects without end"
    if isinstance(error, httpx.ProxyError):
        return "the proxy refused the connection"
    return "the connection broke off"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
