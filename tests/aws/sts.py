# SPDX-License-Identifier: Apache-2.0
"""sts: AWS STS on loopback, for tests: GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity. Signatures are recomputed from the
keys that it knows, and their time has to be right; what a role asks for (who may, external id, MFA code, web identity token) has to be there.

    with Sts() as sts:
        base = sts.user("jane")                              # keys of a user of account 111122223333
        sts.role("arn:aws:iam::444455556666:role/app", external_id="x")
        run(..., env={"AWS_ENDPOINT_URL_STS": sts.url, ...})
        sts.calls                                            # [Call(action, form, caller's arn)]
"""
import dataclasses
import datetime
import secrets
import threading

from stand_in import Reply, StandIn, signature_fault

ACCOUNT = "111122223333"
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def random_keys(prefix="ASIA", session=True):
    """Access key id, secret and session token (or None), as AWS makes them."""
    letters = "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
    return prefix + letters, secrets.token_urlsafe(30), "IQoJ" + secrets.token_urlsafe(300) if session else None


@dataclasses.dataclass
class Call:
    action: str
    form: dict
    caller: str  # its ARN; empty: not signed


@dataclasses.dataclass
class Role:
    arn: str
    trusts: set          # ARNs that may; empty: everybody
    external_id: str
    mfa: tuple           # (serial, code), or None
    web_token: bytes     # the token of the web identity that may, or None
    keys: list           # to hand out, one pair after the other, the last for ever; empty: new ones
    lifetime: int        # seconds, where DurationSeconds is not sent


def instant(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def basic_instant(seconds):
    return instant(seconds).replace("-", "").replace(":", "")


def error(status, code, message):
    return Reply(status, f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>'
                         "<RequestId>test</RequestId></ErrorResponse>", {"Content-Type": "text/xml"})


def answer(action, content):
    return Reply(200, f'<{action}Response xmlns="{NAMESPACE}"><{action}Result>{content}</{action}Result>'
                      f"<ResponseMetadata><RequestId>test</RequestId></ResponseMetadata></{action}Response>", {"Content-Type": "text/xml"})


class Sts(StandIn):
    def __init__(self, region="eu-central-1", delay=0.0, **options):
        super().__init__(self._serve, **options)
        self.region, self.delay = region, delay
        self.secrets, self.callers, self.roles, self.calls = {}, {}, {}, []
        self.refused_clocks = []  # what was signed more than five minutes ago, or ahead
        self._state = threading.Lock()

    def user(self, name, account=ACCOUNT, keys=None):
        keys = keys or random_keys("AKIA", session=False)
        self.know(keys, f"arn:aws:iam::{account}:user/{name}")
        return keys

    def know(self, keys, arn):
        self.secrets[keys[0]] = (keys[1], keys[2])
        self.callers[keys[0]] = arn

    def role(self, arn, trusts=(), external_id="", mfa=None, web_token=None, keys=(), lifetime=3600):
        self.roles[arn] = Role(arn, set(trusts), external_id, mfa, web_token, list(keys), lifetime)

    def actions(self):
        return [call.action for call in self.calls]

    def every_secret(self):
        """Of all keys that it ever knew."""
        with self._state:
            return {text for pair in self.secrets.values() for text in pair if text}

    def _serve(self, request):
        self.ended.wait(self.delay)
        form = request.form
        action = form.get("Action")
        if form.get("Version") != "2011-06-15" or action not in ("GetCallerIdentity", "AssumeRole", "AssumeRoleWithWebIdentity"):
            return error(400, "InvalidAction", "Could not find operation")
        caller = ""
        if action == "AssumeRoleWithWebIdentity":
            if "authorization" in request.headers:
                return error(400, "TestFault", "a web identity is not signed for")
        else:
            fault = signature_fault(request, self.secrets, "sts", self.region)
            if fault:
                return error(403, "SignatureDoesNotMatch", f"The stand-in says: {fault}")
            signed_at = request.headers["x-amz-date"]
            if not basic_instant(-300) <= signed_at <= basic_instant(300):
                with self._state:
                    self.refused_clocks.append(signed_at)
                return error(403, "SignatureDoesNotMatch", f"Signature expired or not yet current: {signed_at}, and now is {basic_instant(0)}")
            caller = self.callers[request.headers["authorization"].split("Credential=")[1].split("/")[0]]
        with self._state:
            self.calls.append(Call(action, form, caller))
            reply = getattr(self, "_" + action)(form, caller)
        return reply

    def _GetCallerIdentity(self, _, caller):  # pylint: disable=invalid-name
        return answer("GetCallerIdentity", f"<Arn>{caller}</Arn><UserId>AIDATEST</UserId><Account>{caller.split(':')[4]}</Account>")

    def _AssumeRole(self, form, caller):  # pylint: disable=invalid-name
        role = self.roles.get(form.get("RoleArn"))
        denied = error(403, "AccessDenied", f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {form.get('RoleArn')}")
        if role is None or role.web_token is not None or (role.trusts and caller not in role.trusts):
            return denied
        if role.external_id != form.get("ExternalId", ""):
            return denied
        if role.mfa != ((form["SerialNumber"], form["TokenCode"]) if "SerialNumber" in form else None):
            return error(403, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
        return self._hand_out("AssumeRole", role, form)

    def _AssumeRoleWithWebIdentity(self, form, _):  # pylint: disable=invalid-name
        role = self.roles.get(form.get("RoleArn"))
        if role is None or role.web_token is None or form.get("WebIdentityToken", "").encode() != role.web_token:
            return error(400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account")
        return self._hand_out("AssumeRoleWithWebIdentity", role, form)

    def _hand_out(self, action, role, form):
        if not 2 <= len(form.get("RoleSessionName", "")) <= 64:
            return error(400, "ValidationError", "roleSessionName")
        keys = (role.keys.pop(0) if len(role.keys) > 1 else role.keys[0]) if role.keys else random_keys()
        _, _, _, _, account, name = role.arn.split(":", 5)
        arn = f"arn:aws:sts::{account}:assumed-role/{name.rsplit('/', 1)[1]}/{form['RoleSessionName']}"
        self.know(keys, arn)
        end = instant(int(form.get("DurationSeconds", role.lifetime)))
        return answer(action, f"<AssumedRoleUser><Arn>{arn}</Arn><AssumedRoleId>AROATEST:s</AssumedRoleId></AssumedRoleUser><Credentials>"
                              f"<AccessKeyId>{keys[0]}</AccessKeyId><SecretAccessKey>{keys[1]}</SecretAccessKey>"
                              f"<SessionToken>{keys[2]}</SessionToken><Expiration>{end}</Expiration></Credentials>")
