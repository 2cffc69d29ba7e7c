# SPDX-License-Identifier: Apache-2.0
"""sso: IAM Identity Center in this process: its sign-in service (OpenID Connect), the page where a person allows a program, and its portal. It checks what it gets: clients
and their secrets, PKCE, codes that are used once, redirect addresses, bearer tokens, that nothing is signed with keys.

    center = IdentityCenter({("123456789012", "reader"): (id, secret, token)})
    with StandIn(center) as server:
        env = {"AWS_ENDPOINT_URL_SSO": server.url, "AWS_ENDPOINT_URL_SSO_OIDC": server.url}
"""
import base64
import datetime
import hashlib
import html
import json
import secrets
import time
import urllib.parse

from stand_in import Reply

START_URL = "https://d-abc.awsapps.com/start"


def moment(seconds):
    """So many seconds from now, as the caches write it."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def refused(status, name, description, **headers):
    """In both forms that the service has been seen to use."""
    code = "".join("_" + c.lower() if c.isupper() else c for c in name.removesuffix("Exception")).lstrip("_")
    return Reply(status, json.dumps({"error": code, "error_description": description}), {"x-amzn-ErrorType": name, **headers})


class IdentityCenter:
    def __init__(self, roles):
        self.roles = roles
        self.clients, self.codes, self.devices, self.refresh_tokens = {}, {}, {}, {}
        self.access_tokens = set()
        self.code_suffix = ""       # of the codes that a person enters
        self.polls = []             # what a poll for a device's token is told, one each; then the token
        self.poll_times = []
        self.interval = 1
        self.token_seconds = 28800
        self.key_seconds = 3600
        self.denies = False         # the person on the page does
        self.needs_click = False    # else the page sends the browser on at once
        self.token_delay = 0        # seconds that the token service takes
        self.gives_refresh_tokens = True
        self.made = []              # every secret that was handed out

    def _secret(self, kind):
        value = f"{kind}-{secrets.token_urlsafe(24)}"
        self.made.append(value)
        return value

    def new_access_token(self):
        token = self._secret("access")
        self.access_tokens.add(token)
        return token

    def new_refresh_token(self, client_id):
        token = self._secret("refresh")
        self.refresh_tokens[token] = client_id
        return token

    def new_client(self, grants=(), scopes=()):
        client_id = f"client-{secrets.token_hex(4)}"
        self.clients[client_id] = {"secret": self._secret("client"), "grants": list(grants), "scopes": list(scopes)}
        return client_id, self.clients[client_id]["secret"]

    def kept_token(self, seconds, registration=86400, **more):
        """What the cache file of a sign-in holds whose token ends in so many seconds."""
        client_id, secret = self.new_client()
        return {"startUrl": START_URL, "region": "eu-central-1", "accessToken": self.new_access_token(), "expiresAt": moment(seconds),
                "clientId": client_id, "clientSecret": secret, "registrationExpiresAt": moment(registration),
                "refreshToken": self.new_refresh_token(client_id), **more}

    # ---- what it answers ----

    def __call__(self, request):
        if "authorization" in request.headers:
            return refused(400, "InvalidRequestException", "this is signed")
        routes = {("POST", "/client/register"): self._register, ("POST", "/device_authorization"): self._device,
                  ("POST", "/token"): self._token, ("GET", "/authorize"): self._authorize, ("GET", "/allowed"): self._allowed,
                  ("GET", "/federation/credentials"): self._keys}
        route = routes.get((request.method, request.path))
        return route(request) if route else refused(404, "ResourceNotFoundException", request.path)

    def _register(self, request):
        asked = json.loads(request.body)
        if request.headers.get("content-type") not in ("application/json", "application/x-amz-json-1.1") or asked.get("clientType") != "public" or not asked.get("clientName"):
            return refused(400, "InvalidRequestException", "not a registration")
        grants = asked.get("grantTypes", [])
        if "authorization_code" in grants and (asked.get("redirectUris") != ["http://127.0.0.1/oauth/callback"] or not asked.get("issuerUrl")):
            return refused(400, "InvalidRequestException", "redirectUris or issuerUrl")
        client_id, secret = self.new_client(grants, asked.get("scopes", []))
        now = int(time.time())
        return Reply(200, json.dumps({"clientId": client_id, "clientSecret": secret, "clientIdIssuedAt": now, "clientSecretExpiresAt": now + 90 * 86400}))

    def _knows(self, asked):
        return self.clients.get(asked.get("clientId"), {}).get("secret") == asked.get("clientSecret", "")

    def _device(self, request):
        asked = json.loads(request.body)
        if not self._knows(asked):
            return refused(401, "InvalidClientException", "unknown client")
        device_code, user_code = self._secret("device"), f"ABCD-{secrets.token_hex(2).upper()}{self.code_suffix}"
        self.devices[device_code] = asked["clientId"]
        address = "https://device.sso.eu-central-1.amazonaws.com/"
        return Reply(200, json.dumps({"deviceCode": device_code, "userCode": user_code, "verificationUri": address, "expiresIn": 600,
                                      "verificationUriComplete": f"{address}?user_code={user_code}", "interval": self.interval}))

    def _authorize(self, request):
        """A page that asks a person; it sends the browser to /allowed."""
        asked, client = request.query, self.clients.get(request.query.get("client_id"))
        redirect = urllib.parse.urlsplit(asked.get("redirect_uri", ""))
        if (client is None or "authorization_code" not in client["grants"] or asked.get("response_type") != "code" or redirect.hostname != "127.0.0.1"
                or redirect.scheme != "http" or redirect.path != "/oauth/callback" or asked.get("code_challenge_method") != "S256"
                or len(asked.get("code_challenge", "")) != 43 or not asked.get("state") or asked.get("scopes", "").split(" ") != client["scopes"]):
            return Reply(400, "this is no request to sign in")
        target = "/allowed?" + request.raw_target.partition("?")[2]
        if not self.needs_click:
            return Reply(302, "", {"Location": target})
        return Reply(200, f"<!doctype html><title>Sign in</title><h1>Allow iamodbc to use your data?</h1><a id=allow href=\"{html.escape(target)}\">Allow access</a>",
                     {"Content-Type": "text/html"})

    def _allowed(self, request):
        asked = request.query
        answer = {"state": asked["state"]}
        if self.denies:
            answer.update(error="access_denied", error_description="The person said no <b>&</b> left")
        else:
            answer["code"] = self._secret("code")
            self.codes[answer["code"]] = (asked["client_id"], asked["redirect_uri"], asked["code_challenge"])
        return Reply(302, "", {"Location": asked["redirect_uri"] + "?" + urllib.parse.urlencode(answer)})

    def _token(self, request):
        asked = json.loads(request.body)
        time.sleep(self.token_delay)
        if not self._knows(asked):
            return refused(401, "InvalidClientException", "unknown client")
        kind = asked["grantType"]
        if kind == "authorization_code":
            client_id, redirect, challenge = self.codes.pop(asked["code"], (None, None, None))
            made = base64.urlsafe_b64encode(hashlib.sha256(asked["codeVerifier"].encode()).digest()).decode().rstrip("=")
            if (client_id, redirect, challenge) != (asked["clientId"], asked["redirectUri"], made) or not 43 <= len(asked["codeVerifier"]) <= 128:
                return refused(400, "InvalidGrantException", f"wrong code, address or verifier: {asked['code']}")
        elif kind == "urn:ietf:params:oauth:grant-type:device_code":
            self.poll_times.append(time.monotonic())
            if self.devices.get(asked["deviceCode"]) != asked["clientId"]:
                return refused(400, "InvalidGrantException", "unknown device code")
            if self.polls:
                return refused(400, self.polls.pop(0), "not now")
            del self.devices[asked["deviceCode"]]
        elif kind == "refresh_token":
            if self.refresh_tokens.pop(asked["refreshToken"], None) != asked["clientId"]:
                return refused(400, "InvalidGrantException", f"unknown refresh token {asked['refreshToken']}")
        else:
            return refused(400, "UnsupportedGrantTypeException", kind)
        token = {"accessToken": self.new_access_token(), "tokenType": "Bearer", "expiresIn": self.token_seconds}
        if self.gives_refresh_tokens:
            token["refreshToken"] = self.new_refresh_token(asked["clientId"])
        return Reply(200, json.dumps(token))

    def _keys(self, request):
        if request.headers.get("x-amz-sso_bearer_token") not in self.access_tokens:
            return Reply(401, json.dumps({"message": "Session token not found or invalid"}), {"x-amzn-ErrorType": "UnauthorizedException:"})
        keys = self.roles.get((request.query.get("account_id"), request.query.get("role_name")))
        if keys is None:
            return Reply(403, json.dumps({"message": "No access"}), {"x-amzn-ErrorType": "ForbiddenException"})
        return Reply(200, json.dumps({"roleCredentials": {"accessKeyId": keys[0], "secretAccessKey": keys[1], "sessionToken": keys[2],
                                                          "expiration": int((time.time() + self.key_seconds) * 1000)}}))


def cache_name(text):
    return hashlib.sha1(text.encode()).hexdigest() + ".json"
