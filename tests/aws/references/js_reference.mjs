// js_reference: what the AWS SDK for JavaScript makes of this environment, as one line of JSON: {"result"}, {"token"} or {"error"} as in expect.json.
//   node js_reference.mjs [--profile NAME]               credentials
//   node js_reference.mjs token HOST PORT USER REGION    a token
// It is copied beside its node_modules before it runs. SPDX-License-Identifier: Apache-2.0
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { Signer } from "@aws-sdk/rds-signer";

const [command, ...rest] = process.argv.slice(2);

async function credentials(profile) {
  const found = await fromNodeProviderChain(profile ? { profile } : {})();
  return {
    result: {
      access_key_id: found.accessKeyId,
      secret_access_key: found.secretAccessKey,
      session_token: found.sessionToken ?? "",
      expiration: found.expiration ? found.expiration.toISOString().replace(/\.\d+Z$/, "Z") : "",
    },
  };
}

async function token(hostname, port, username, region) {
  return { token: await new Signer({ hostname, port: Number(port), username, region }).getAuthToken() };
}

let answer;
try {
  answer = command === "token" ? await token(...rest) : await credentials(command === "--profile" ? rest[0] : undefined);
} catch (error) {
  answer = { error: `${error.name}: ${error.message}` };
}
process.stdout.write(JSON.stringify(answer) + "\n");
process.exit(0);
