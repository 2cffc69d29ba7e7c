#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""verifier: says yes or no to an IAM token of RDS or of Aurora DSQL, as Amazon's side would; part of the local RDS (see rds.py).

It recomputes the signature of every token from its own few lines of SigV4 and shares nothing with the driver, so that
a mistake made twice is not a mistake agreed upon. It is strict where Amazon's own strictness is unknown: percent
encoding must be canonical, parameters may occur once, nothing may be added, a token of RDS may live 900 s at most, one
of DSQL a week. A token of DSQL has no port and no DBUser; it is for admin or for everybody else.

Asked over the Unix-domain socket BOX/verifier.sock, one question a connection: service, user and token, each as a
4-byte big-endian length and so many bytes. The answer is one byte, Y or N. A question that breaks off gets no answer.

Reads anew for every question, so that tests may rewrite them (write a new file and rename it over the old one):
  BOX/keys.json     {"keys": {ID: {"secret": S, "session_token": T or null}},
                     "endpoints": [{"service": S, "host": H, "port": N, "region": R}]}; the rest is not looked at. With
                    port null it is an endpoint of Aurora DSQL
  BOX/control.json  all optional: "refuse_dated_before": "YYYYMMDDThhmmssZ"; "refuse_signatures": [hex];
                    "refuse_tokens": [sha256 of the token, as in the log]; "delay_seconds": N (before the answer)
Writes one JSON line a question to the log, before it answers: time, service, user, length, sha256, verdict
("accepted" or "refused"), reason ("ok" or one of REASONS), and what the token said as far as it was understood:
host, port, region, date. Never the token, its signature, or anything of a key.

Usage: verifier.py --box BOX --log FILE
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""
import argparse
import datetime
import hashlib
import hmac
import json
import os
import re
import socketserver
import sys
import threading
import time
import urllib.parse

MAX_FIELD_BYTES = 1 << 20
MAX_LIFETIME_SECONDS = {"rds-db": 900, "dsql": 604800}
MAX_FUTURE_SECONDS = 300
REQUIRED = {"Action", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
            "X-Amz-Signature"}
OF_RDS = {"DBUser"}
OPTIONAL = {"X-Amz-Security-Token"}
REASONS = {
    "not ascii": "a token is ASCII without blanks and control characters",
    "scheme": "the token begins with a scheme such as https://",
    "no /?": "host:port is not followed by /?",
    "path": "there is a path between host:port and ?",
    "endpoint text": "host:port is missing or malformed",
    "parameter text": "a parameter is not name=value",
    "percent-encoding": "a name or value is not percent-encoded canonically",
    "duplicate parameter": "a parameter occurs twice",
    "unknown parameter": "a parameter that no token has",
    "missing parameter": "a parameter that every token has is missing",
    "action": "Action is not connect, or of DSQL not the one of the user: DbConnectAdmin of admin, else DbConnect",
    "algorithm": "X-Amz-Algorithm is not AWS4-HMAC-SHA256",
    "signed headers": "X-Amz-SignedHeaders is not host",
    "scope": "X-Amz-Credential is not id/day/region/rds-db/aws4_request, or of DSQL dsql",
    "date text": "X-Amz-Date is not YYYYMMDDThhmmssZ",
    "scope day": "the day of the scope is not the day of X-Amz-Date",
    "expires": "X-Amz-Expires is not in 1..900, or of DSQL in 1..604800",
    "endpoint": "no such host:port here",
    "region": "the endpoint lies in another region",
    "user": "DBUser is not the user who logs in",
    "key": "unknown access key",
    "session token": "the session token is missing, not the one of the key, or there should be none",
    "expired": "the token is too old",
    "future": "the token is not yet valid",
    "signature": "the signature is another one",
    "control: date": "told to refuse tokens dated before",
    "control: signature": "told to refuse this signature",
    "control: token": "told to refuse this token",
    "verifier": "the verifier itself failed; see its log",
}


class Refused(Exception):
    """A token is refused; its argument is one of REASONS."""


def sha256_hex(data):
    return hashlib.sha256(data).hexdigest()


def require(condition, reason):
    if not condition:
        raise Refused(reason)


def take_apart(token):
    """The token's (host, port or None, parameters by name, query pairs as written)."""
    require(all(0x20 < byte < 0x7F for byte in token), "not ascii")
    text = token.decode("ascii")
    require(not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text), "scheme")
    address, question_mark, query = text.partition("?")
    require(question_mark, "no /?")
    address, slash, path = address.partition("/")
    require(slash, "no /?")
    require(not path, "path")
    match = re.fullmatch(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([1-9][0-9]{0,4}))?", address)
    require(match and int(match[2] or 0) < 65536, "endpoint text")
    required = REQUIRED | (OF_RDS if match[2] else set())
    pairs, parameters = query.split("&"), {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        require(name and equals, "parameter text")
        plain = []
        for part in (name, value):
            decoded = urllib.parse.unquote_to_bytes(part)
            require(urllib.parse.quote(decoded, safe="") == part, "percent-encoding")
            plain.append(decoded.decode("utf-8", "surrogateescape"))
        require(plain[0] not in parameters, "duplicate parameter")
        parameters[plain[0]] = plain[1]
    require(required <= set(parameters), "missing parameter")
    require(set(parameters) <= required | OPTIONAL, "unknown parameter")
    return match[1], int(match[2]) if match[2] else None, parameters, pairs


def signature_of(host, port, pairs, secret, date, day, region):
    service = "rds-db" if port else "dsql"
    signed_host = host.lower() if port in (None, 443) else f"{host.lower()}:{port}"
    signed_pairs = sorted(pair.partition("=")[::2] for pair in pairs if not pair.startswith("X-Amz-Signature="))
    canonical_query = "&".join(f"{name}={value}" for name, value in signed_pairs)
    request = f"GET\n/\n{canonical_query}\nhost:{signed_host}\n\nhost\n{sha256_hex(b'')}"
    to_sign = f"AWS4-HMAC-SHA256\n{date}\n{day}/{region}/{service}/aws4_request\n{sha256_hex(request.encode())}"
    key = b"AWS4" + secret.encode()
    for step in (day, region, service, "aws4_request", to_sign):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key.hex()


def check(service, user, token, known, control, now, seen):
    """Raises Refused, or returns if the token opens `service` for `user` at `now`; notes in `seen` what it read."""
    host, port, parameters, pairs = take_apart(token)
    seen.update(host=host, port=port)
    signing_name = "rds-db" if port else "dsql"
    require(parameters["Action"] == ("connect" if port else "DbConnectAdmin" if user == b"admin" else "DbConnect"), "action")
    require(parameters["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256", "algorithm")
    require(parameters["X-Amz-SignedHeaders"] == "host", "signed headers")
    scope = parameters["X-Amz-Credential"].split("/")
    require(len(scope) == 5 and scope[3:] == [signing_name, "aws4_request"], "scope")
    key_id, day, region = scope[:3]
    date = parameters["X-Amz-Date"]
    require(re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", date), "date text")
    try:
        signed_at = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise Refused("date text") from None
    seen.update(region=region, date=date)
    require(day == date[:8], "scope day")
    expires = parameters["X-Amz-Expires"]
    require(re.fullmatch(r"[1-9][0-9]{0,5}", expires) and int(expires) <= MAX_LIFETIME_SECONDS[signing_name], "expires")

    here = [endpoint for endpoint in known["endpoints"]
            if (endpoint["service"], endpoint["host"], endpoint["port"]) == (service, host.lower(), port)]
    require(here, "endpoint")
    require(any(endpoint["region"] == region for endpoint in here), "region")
    require(not port or parameters["DBUser"].encode("utf-8", "surrogateescape") == user, "user")
    key = known["keys"].get(key_id)
    require(key, "key")
    require(parameters.get("X-Amz-Security-Token") == key["session_token"], "session token")
    age = now - signed_at.timestamp()
    require(age <= int(expires), "expired")
    require(age >= -MAX_FUTURE_SECONDS, "future")
    given = parameters["X-Amz-Signature"]
    require(hmac.compare_digest(given.encode("utf-8", "surrogateescape"),
                                signature_of(host, port, pairs, key["secret"], date, day, region).encode()),
            "signature")

    require(date >= control.get("refuse_dated_before", ""), "control: date")
    require(given not in control.get("refuse_signatures", []), "control: signature")
    require(sha256_hex(token) not in control.get("refuse_tokens", []), "control: token")


class Question(socketserver.StreamRequestHandler):
    """One connection: read the question, judge, write the log line, answer."""
    timeout = 10

    def field(self):
        length = int.from_bytes(self.rfile.read(4), "big")
        if length > MAX_FIELD_BYTES:
            raise EOFError("a field is too long")
        data = self.rfile.read(length)
        if len(data) < length:
            raise EOFError("the question broke off")
        return data

    def handle(self):
        service, user, token = self.field().decode("utf-8", "replace"), self.field(), self.field()
        seen, reason, delay = {}, "ok", 0
        try:
            with open(os.path.join(self.server.box, "control.json"), encoding="utf-8") as file:
                control = json.load(file)
            with open(os.path.join(self.server.box, "keys.json"), encoding="utf-8") as file:
                known = json.load(file)
            delay = float(control.get("delay_seconds", 0))
            check(service, user, token, known, control, time.time(), seen)
        except Refused as refused:
            reason = str(refused)
        except Exception as error:  # Whatever went wrong, the answer is no. The text may hold a secret: only its kind.
            reason = "verifier"
            print(f"verifier: a question failed: {type(error).__name__}", file=sys.stderr, flush=True)
        verdict = "accepted" if reason == "ok" else "refused"
        self.server.write_log({
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds"),
            "service": service, "user": user.decode("utf-8", "replace"), "length": len(token),
            "sha256": sha256_hex(token), "verdict": verdict, "reason": reason, **seen})
        time.sleep(min(max(delay, 0), 50))
        self.wfile.write(b"Y" if verdict == "accepted" else b"N")


class Verifier(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, box, log):
        self.box = box
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.log_lock = threading.Lock()
        super().__init__(os.path.join(box, "verifier.sock"), Question)

    def write_log(self, entry):
        line = json.dumps(entry).encode() + b"\n"
        with self.log_lock:
            os.write(self.log, line)

    def handle_error(self, request, client_address):
        error = sys.exc_info()[1]
        print(f"verifier: a question failed: {type(error).__name__}", file=sys.stderr, flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--box", required=True)
    arguments.add_argument("--log", required=True)
    options = arguments.parse_args()
    os.umask(0o077)
    with Verifier(options.box, options.log) as server:
        server.serve_forever(poll_interval=60)


if __name__ == "__main__":
    main()
