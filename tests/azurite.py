"""A real Azurite, Microsoft's emulator of Azure Blob storage, on loopback; and faults between it and us."""

import contextlib
import http.client
import socket
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient
from ports import free_port

ACCOUNT = "devstoreaccount1"
# The key that every Azurite has; it is public and opens nothing else.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def connection_string(port, *, key=KEY):
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={key};BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"


class Azurite:
    """One Azurite, which can be stopped and started again with all that it holds."""

    def __init__(self, command, folder, *options):
        self._command, self._folder, self._options = command, folder, options
        self.port = free_port()
        self.connection_string = connection_string(self.port)

    def start(self):
        # The client's protocol may be newer than Azurite's.
        flags = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--location", str(self._folder), *self._options]
        where = ["--blobHost", "127.0.0.1", "--blobPort", str(self.port)]
        with (self._folder / "azurite.log").open("ab") as log:
            self._process = subprocess.Popen([self._command, *where, *flags], cwd=self._folder, stdout=log, stderr=log)
        for _ in range(240):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            assert self._process.poll() is None, (self._folder / "azurite.log").read_text()
            time.sleep(0.25)
        pytest.fail("Azurite did not answer within a minute")

    def stop(self):
        self._process.terminate()
        self._process.wait(timeout=30)

    def container(self, name=""):
        """A container of the caller's own."""
        client = BlobServiceClient.from_connection_string(self.connection_string).get_container_client(name or f"c{uuid.uuid4().hex[:20]}")
        with contextlib.suppress(ResourceExistsError):
            client.create_container()
        return client


@contextlib.contextmanager
def answering(status, code):
    """A storage that answers everything with one error of Azure's; gives its connection string."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>signed: {KEY}</Message></Error>'.encode()
            self.send_response(status)
            for name, value in (("x-ms-error-code", code), ("Content-Type", "application/xml"), ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = _answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_):
            pass

    with _served(Handler) as port:
        yield connection_string(port)


@contextlib.contextmanager
def losing_the_first_answer(azurite):
    """Azurite behind a line that carries every request and loses the answer to the first PUT; gives its connection string."""
    lost = []

    class Handler(BaseHTTPRequestHandler):
        def _forward(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            upstream = http.client.HTTPConnection("127.0.0.1", azurite.port)
            upstream.request(self.command, self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            content = answer.read()
            if self.command == "PUT" and not lost:
                lost.append(answer.status)
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "content-length", "date", "server", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = _forward  # noqa: N815 - the names that http.server calls

        def log_message(self, *_):
            pass

    with _served(Handler) as port:
        yield connection_string(port)
    assert lost == [201], "the answer to a write that succeeded should have been lost"


@contextlib.contextmanager
def _served(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
