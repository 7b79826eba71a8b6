"""A small listener on this machine alone: figures and health for a watcher, never a page."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

Answer = tuple[int, str, bytes]
"""Status, content type and body."""
TEXT = "text/plain; charset=utf-8"
READ_SECONDS = 5


class Loopback:
    """Listens from the start; answers, one at a time, once ``serve`` is called."""

    def __init__(self, address: tuple[str, int], answers: Mapping[str, Callable[[], Answer]]):
        """``answers``: by path. Raises OSError where nothing can listen at the address."""

        class Handler(BaseHTTPRequestHandler):
            timeout = READ_SECONDS

            def do_GET(self) -> None:
                answer = answers.get(self.path)
                status, sort, body = answer() if answer else (404, TEXT, b"not found\n")
                self.send_response(status)
                self.send_header("Content-Type", sort)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def version_string(self) -> str:
                return "ankkuri"

            def log_message(self, *_: object) -> None:
                """A scrape is no news."""

        class Server(HTTPServer):
            address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET

            def handle_error(self, *_: object) -> None:
                """The watcher went away in the middle."""

        self._server = Server(address, Handler)

    def serve(self) -> None:
        """Answer from now on, in a thread that ends with the process."""
        Thread(target=self._server.serve_forever, name="loopback", daemon=True).start()

    def close(self) -> None:
        """Let go of the socket, in a process that has inherited it."""
        self._server.socket.close()
