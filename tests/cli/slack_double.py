"""Slack as far as the doctor asks it: two methods, with the headers that Slack sends. Runs in a thread of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

Answers = dict[str, tuple[dict[str, Any], dict[str, str]]]


@contextmanager
def slack_that_says(answers: Answers) -> Iterator[tuple[str, list[str]]]:
    """`answers`: method to body and headers. Yields the API's address, and the methods that were called."""
    calls: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            method = self.path.rpartition("/")[2]
            calls.append(method)
            body, headers = answers.get(method, ({"ok": False, "error": "unknown_method"}, {}))
            self.send_response_only(200)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Not on the tests' terminal."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api/", calls
        finally:
            server.shutdown()
            thread.join()
