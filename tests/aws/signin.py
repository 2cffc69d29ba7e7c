# SPDX-License-Identifier: Apache-2.0
"""signin: AWS's sign-in service for sessions of `aws login`, in this process. It checks the DPoP token of a refresh: its members, the address it is for, its age, that it comes
once, and, with openssl, its signature by the session's own key."""
import base64
import hashlib
import json
import os
import secrets
import subprocess
import tempfile
import time

from stand_in import Reply


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def integer(raw):
    """DER."""
    raw = raw.lstrip(b"\0") or b"\0"
    raw = b"\0" + raw if raw[0] & 0x80 else raw
    return b"\x02" + bytes([len(raw)]) + raw


class LoginSession:
    def __init__(self, folder):
        self.key_file = os.path.join(folder, "dpop.pem")
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key_file], check=True, timeout=30)
        with open(self.key_file, encoding="ascii") as file:
            self.key = file.read()
        self.url = ""  # of the service
        self.refresh_token = secrets.token_urlsafe(24)
        self.next_keys, self.delay, self.refusal = None, 0, None
        self.seen, self.complaints = set(), []

    def cached(self, keys, seconds, moment):
        return {"accessToken": {"accessKeyId": keys[0], "secretAccessKey": keys[1], "sessionToken": keys[2], "accountId": "123456789012",
                                "expiresAt": moment(seconds)}, "tokenType": "urn:aws:params:oauth:token-type:access_token_sigv4",
                "clientId": "arn:aws:signin:::devtools/same-device", "refreshToken": self.refresh_token, "idToken": "id", "dpopKey": self.key}

    def __call__(self, request):
        time.sleep(self.delay)
        if self.refusal:
            return Reply(400, json.dumps({"error": self.refusal, "message": "refused"}), {"x-amzn-ErrorType": "AccessDeniedException"})
        asked = json.loads(request.body)
        fault = self._fault_of(request.headers.get("dpop", ""))
        if (request.method, request.path) != ("POST", "/v1/token") or "authorization" in request.headers:
            fault = f"{request.method} {request.path}"
        if asked != {"clientId": "arn:aws:signin:::devtools/same-device", "refreshToken": self.refresh_token, "grantType": "refresh_token"}:
            fault = "members"
        if fault:
            self.complaints.append(fault)
            return Reply(400, json.dumps({"message": fault}), {"x-amzn-ErrorType": "ValidationException"})
        self.refresh_token = secrets.token_urlsafe(24)
        return Reply(200, json.dumps({"accessToken": dict(zip(("accessKeyId", "secretAccessKey", "sessionToken"), self.next_keys)),
                                      "tokenType": "urn:aws:params:oauth:token-type:access_token_sigv4", "expiresIn": 900, "refreshToken": self.refresh_token}))

    def _fault_of(self, proof):
        try:
            head, payload, signature = proof.split(".")
            header, claims, raw = json.loads(decoded(head)), json.loads(decoded(payload)), decoded(signature)
        except ValueError:
            return "no DPoP token"
        public = subprocess.run(["openssl", "ec", "-in", self.key_file, "-pubout", "-outform", "DER"], check=True, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, timeout=30).stdout[-64:]
        wanted = {"typ": "dpop+jwt", "alg": "ES256",
                  "jwk": {"kty": "EC", "crv": "P-256", **{name: base64.urlsafe_b64encode(part).decode().rstrip("=")
                                                          for name, part in (("x", public[:32]), ("y", public[32:]))}}}
        if header != wanted:
            return f"header {header}"
        if claims["htm"] != "POST" or claims["htu"] != self.url + "/v1/token" or abs(claims["iat"] - time.time()) > 60 or claims["jti"] in self.seen:
            return f"claims {claims}"
        self.seen.add(claims["jti"])
        if len(raw) != 64:
            return "signature is not 64 bytes"
        parts = integer(raw[:32]) + integer(raw[32:])
        with tempfile.TemporaryDirectory() as folder:
            for name, content in (("der", b"\x30" + bytes([len(parts)]) + parts), ("text", f"{head}.{payload}".encode())):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
            done = subprocess.run(["openssl", "dgst", "-sha256", "-prverify", self.key_file, "-signature", folder + "/der", folder + "/text"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=30)
        return None if done.returncode == 0 else "signature"


def cache_name(session):
    return hashlib.sha256(session.encode()).hexdigest() + ".json"
