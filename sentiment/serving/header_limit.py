"""A limit on the size of headers, which uvicorn's protocol lacks: one connection filled the memory.

Our application sees a request after its headers have ended; so this is in the protocol, which
`connection_limit` completes.
"""

from __future__ import annotations

import json
import secrets

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 64 * 1024  # as much as h11 takes
_BODY = json.dumps({"error": f"the headers are over {MOST_BYTES} bytes: send fewer or shorter ones"}).encode()


class LimitedHeaders(HttpToolsProtocol):
    """uvicorn's protocol; too large headers are answered 431 and end the connection.

    So do trailers, which it would add to the headers, and the extensions of a chunk.
    """

    _is_in_headers = True
    _is_too_large = False
    _ended = 0  # bytes of the request's complete headers
    _received = 0  # bytes since the request began, its headers ended, or its last piece of body

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; a header that never ends is counted as it comes."""
        self._received += len(data)  # what is parsed may set it to 0
        super().data_received(data)
        if self._is_in_headers:
            self._received = max(self._received, len(data))
        if self._received > MOST_BYTES and not self.transport.is_closing():
            self._is_too_large = True
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self._is_in_headers, self._ended, self._received = True, 0, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a complete header; the exception ends the parsing, and uvicorn answers it."""
        self._ended += len(name) + len(value)
        if self._ended > MOST_BYTES:
            self._is_too_large = True
            raise ValueError("the headers are too large")
        if self._is_in_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End the count of the headers."""
        self._is_in_headers, self._received = False, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count anew: a body has limits of its own."""
        self._received = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed, if nothing was answered yet, and hang up."""
        if not self._is_too_large:
            super().send_400_response(msg)
            return
        if not self._is_in_headers and self.cycle.response_started:
            self.transport.close()
            return
        head = (
            "HTTP/1.1 431 Request Header Fields Too Large",
            "content-type: application/json",
            f"content-length: {len(_BODY)}",
            f"x-trace-id: {secrets.token_hex(16)}",
            "connection: close",
        )
        self.transport.write("\r\n".join((*head, "", "")).encode() + _BODY)
        self.transport.close()
