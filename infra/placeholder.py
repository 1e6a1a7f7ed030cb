"""What runs in the app before the first release: it answers the probes, and predicts nothing.

infra/modules/app.bicep passes this text to Python in a stock image, so it needs no other module.
"""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Placeholder(BaseHTTPRequestHandler):
    """Answers 200 to GET, which the probes ask, and 503 to POST."""

    def do_GET(self) -> None:
        """Say that a release is awaited."""
        self._answer(200)

    def do_POST(self) -> None:
        """Refuse to predict."""
        self._answer(503)

    def _answer(self, status: int) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(min(length, 1 << 20))  # a body that stays unread would be taken for a request
        body = b'{"error": "no release yet: run the workflow release"}\n'
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    address = ("0.0.0.0", int(os.environ.get("SENTIMENT_PORT_SERVICE", "8000")))  # noqa: S104 - a container's ingress calls it
    ThreadingHTTPServer(address, Placeholder).serve_forever()
