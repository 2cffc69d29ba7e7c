# SPDX-License-Identifier: Apache-2.0
"""stand_in: a loopback HTTP server in the place of an AWS service, in this process. It checks what it gets: signatures are
recomputed here from the published algorithm, with nothing of core/. Answers and faults are told to it.

    with StandIn(handler) as server:            # handler(request) -> Reply
        run(..., env={"AWS_ENDPOINT_URL_STS": server.url})
        server.requests                          # what came, in order
        server.faults = [Fault("status", 503), Fault("hang")]   # for the next requests, one each
        server.fault_path = "/token"                            # of this path alone
"""
import dataclasses
import hashlib
import hmac
import http.server
import socket
import ssl
import threading
import time
import urllib.parse


@dataclasses.dataclass
class Request:
    method: str
    path: str       # without the query
    query: dict     # decoded, the last of a name
    headers: dict   # names in lower case
    body: bytes
    raw_target: str

    @property
    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclasses.dataclass
class Reply:
    status: int = 200
    body: bytes | str = b""
    headers: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Fault:
    """close: hangs up before an answer; hang: never answers; slow: a byte every half second; half: hangs up in the middle of the body; status: `value` with an
    empty body; reply: `value` is a Reply; big: 10 MB; body: 200 with the text `value`; raw: these bytes and nothing else."""
    kind: str
    value: object = None


def signature_fault(request, secrets, service, region):
    """What is wrong with the signature of a request, or nothing. `secrets`: {access key id: (secret, session token or None)}."""
    text = request.headers.get("authorization", "")
    if not text.startswith("AWS4-HMAC-SHA256 "):
        return "not signed"
    parts = dict(part.strip().split("=", 1) for part in text.split(" ", 1)[1].split(","))
    key_id, day, signed_region, signed_service, end = parts["Credential"].split("/")
    if (signed_region, signed_service, end) != (region, service, "aws4_request"):
        return f"scope {parts['Credential']}"
    if key_id not in secrets:
        return f"unknown key {key_id}"
    secret, token = secrets[key_id]
    if request.headers.get("x-amz-security-token") != token:
        return "session token"
    names = parts["SignedHeaders"].split(";")
    needed = {"host", "x-amz-date"} | ({"x-amz-security-token"} if token else set()) | ({"content-type"} & set(request.headers))
    if not needed <= set(names) or names != sorted(names):
        return f"signed headers {names}"
    date = request.headers["x-amz-date"]
    path, _, query = request.raw_target.partition("?")
    canonical_query = "&".join(sorted(pair if "=" in pair else pair + "=" for pair in query.split("&") if pair))
    canonical = "\n".join([request.method, urllib.parse.quote(path, safe="/~"), canonical_query,
                           *(f"{name}:{' '.join(request.headers[name].split())}" for name in names), "",
                           parts["SignedHeaders"], hashlib.sha256(request.body).hexdigest()])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", date, f"{day}/{region}/{service}/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for step in (day, region, service, "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    wanted = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return None if date.startswith(day) and hmac.compare_digest(wanted, parts["Signature"]) else "signature"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self):
        owner = self.server.owner
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        path, _, query = self.path.partition("?")
        request = Request(self.command, urllib.parse.unquote(path), dict(urllib.parse.parse_qsl(query, keep_blank_values=True)),
                          {name.lower(): value for name, value in self.headers.items()}, body, self.path)
        with owner.lock:
            owner.requests.append(request)
            fails = owner.faults and owner.fault_path in ("", request.path)
            fault = owner.faults.pop(0) if fails else None
        if fault is None:
            self._reply(owner.handler(request))
        else:
            self._fail(fault, owner)

    def do_CONNECT(self):  # pylint: disable=invalid-name
        """As a proxy that ends the tunnel itself: what comes through it is answered here."""
        context = self.server.owner.tunnel_context
        with self.server.owner.lock:
            self.server.owner.tunnels.append(self.path)
        if context is None:
            self._reply(Reply(self.server.owner.tunnel_refusal))
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.close_connection = False

    def _reply(self, reply):
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _fail(self, fault, owner):
        self.close_connection = True
        if fault.kind == "close":
            return
        if fault.kind == "hang":
            owner.ended.wait(60)
        elif fault.kind == "slow":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            while not owner.ended.wait(0.5):
                self.wfile.write(b" ")
        elif fault.kind == "half":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"{\"half\":")
        elif fault.kind == "status":
            self._reply(Reply(fault.value))
        elif fault.kind == "reply":
            self._reply(fault.value)
        elif fault.kind == "big":
            self._reply(Reply(200, b" " * 10_000_000))
        elif fault.kind == "raw":
            self.wfile.write(fault.value)
        elif fault.kind == "body":
            self._reply(Reply(200, fault.value))
        else:
            raise ValueError(fault.kind)

    def handle(self):
        plain = self.connection
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError, TimeoutError):
            pass  # the client left; some tests want that
        if self.connection is not plain:
            self.connection.close()

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _serve

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        self.owner.errors.append(time.time())
        super().handle_error(request, client_address)


class _Server6(_Server):
    address_family = socket.AF_INET6


class StandIn:
    """`certificate`: (chain file, key file) for https. `tunnel`: the same for what comes by CONNECT, so that the URL may be a proxy's; `tunnels` are the hosts asked for, and without one
    what all of them get is `tunnel_refusal`."""

    def __init__(self, handler, certificate=None, address="127.0.0.1", port=0, tunnel=None):
        self.handler = handler
        self.tunnels, self.tunnel_context, self.tunnel_refusal = [], None, 405
        if tunnel:
            self.tunnel_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tunnel_context.load_cert_chain(*tunnel)
        self.requests, self.faults, self.fault_path, self.errors = [], [], "", []
        self.lock, self.ended = threading.Lock(), threading.Event()
        self._server = (_Server6 if ":" in address else _Server)((address, port), _Handler)
        self._server.owner = self
        self.port = self._server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://{'localhost' if certificate else f'[{address}]' if ':' in address else address}:{self.port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
