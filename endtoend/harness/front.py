"""A server in front of the gateway that changes and counts requests and answers."""

import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.gateway import Gateway
from harness.places import free_port


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def charges(self) -> bool:
        """Whether the request would take money."""
        return self.method == "POST" and self.path.startswith("/v1/payment_intents")


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    cut_short: bool = False  # ends the connection in the middle of the body


Forward = Callable[[Request], Reply]
Rule = Callable[[Request, Forward], Reply]


class Front:
    """The server that the charger calls as gateway. A rule sees each request and may forward it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.port = free_port()
        self.requests: list[Request] = []
        self.rule: Rule = lambda request, forward: forward(request)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
        return self.rule(request, self.forward)

    def forward(self, request: Request) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self._gateway.port, timeout=30)
        try:
            connection.request(request.method, request.path, request.body, request.headers)
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(), _kept(dict(answer.getheaders())))
        finally:
            connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignores clients that disconnect in the middle, which these tests cause."""


def _kept(headers: dict[str, str]) -> dict[str, str]:
    """The headers without those that belong to one connection."""
    own = {"connection", "content-length", "host", "transfer-encoding", "expect"}
    return {name: value for name, value in headers.items() if name.lower() not in own}


def _handler(front: Front) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = _kept(dict(self.headers.items()))
            request = Request(self.command, self.path, headers, self.rfile.read(length))
            reply = front.answer(request)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if reply.cut_short:
                self.wfile.write(reply.body[: len(reply.body) // 2])
                self.close_connection = True
            else:
                self.wfile.write(reply.body)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Logs nothing: the requests are kept."""

    return Handler


@pytest.fixture
def front(gateway: Gateway) -> Iterator[Front]:
    made = Front(gateway)
    yield made
    made.stop()
