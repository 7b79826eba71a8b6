"""A site on TLS answers under its own name alone (a forged Host leads nobody anywhere)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Response, request


@dataclass(frozen=True)
class OwnName:
    """Before any view: another name in the Host header is answered with a bare 400."""

    base_url: str

    def __call__(self) -> Response | None:
        """None where the name is ours, or where a watcher asks by any name whether we live."""
        if request.blueprint == "probe" or _plain(request.headers.get("Host", "")) == self.name:
            return None
        return Response("This address is not served here.\n", 400, mimetype="text/plain")

    @property
    def name(self) -> str:
        """The host of our address, with its port if that is not TLS's own."""
        return _plain(urlsplit(self.base_url).netloc)


def _plain(host: str) -> str:
    return host.lower().removesuffix(":443")
