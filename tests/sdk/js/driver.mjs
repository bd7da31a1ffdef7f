/*
 * The AWS SDK for JavaScript v3 as a driver: one JSON line in, one JSON line out.
 * tests/support/scenario/drivers.py tells the lines and the environment. The argument is
 * the folder whose node_modules hold the SDK.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import https from "node:https";
import readline from "node:readline";

const require = createRequire(`${process.argv[2]}/`);
const sdk = require("@aws-sdk/client-kms");
const { NodeHttpHandler } = require("@smithy/node-http-handler");
const { KMS_ENDPOINT, KMS_CA, KMS_CERT, KMS_KEY } = process.env;
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const clients = new Map();

function client(account, region) {
    const name = `${account} ${region}`;
    if (!clients.has(name))
        clients.set(name, new sdk.KMSClient({
            region,
            endpoint: KMS_ENDPOINT,
            maxAttempts: 1,
            credentials: { accessKeyId: account, secretAccessKey: "anything" },
            ...(KMS_CA && {
                requestHandler: new NodeHttpHandler({
                    httpsAgent: new https.Agent({
                        ca: readFileSync(KMS_CA),
                        cert: readFileSync(KMS_CERT),
                        key: readFileSync(KMS_KEY),
                        keepAlive: true,
                    }),
                }),
            }),
        }));
    return clients.get(name);
}

function revive(value) {
    if (Array.isArray(value))
        return value.map(revive);
    if (value === null || typeof value !== "object")
        return value;
    if ("$b64" in value)
        return new Uint8Array(Buffer.from(value.$b64, "base64"));
    if ("$time" in value)
        return new Date(value.$time * 1000);
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, revive(v)]));
}

function plain(value) {
    if (value instanceof Uint8Array)
        return { $b64: Buffer.from(value).toString("base64") };
    if (value instanceof Date)
        return { $time: value.getTime() / 1000 };
    if (Array.isArray(value))
        return value.map(plain);
    if (value === null || typeof value !== "object")
        return value;
    return Object.fromEntries(Object.entries(value)
        .filter(([k, v]) => k !== "$metadata" && v !== undefined)
        .map(([k, v]) => [k, plain(v)]));
}

/* The first member that this version does not know: it would leave it out, silently. */
function strange(command, input) {
    const [, , , , names] = command.schema[4]();
    return Object.keys(input).find((name) => !names.includes(name));
}

async function answer({ op, in: input, account, region, pages }) {
    const command = sdk[`${op}Command`];
    if (command === undefined)
        return { unknown: op };
    const unknown = strange(new command({}), input);
    if (unknown !== undefined)
        return { unknown: `${op}: ${unknown}` };
    try {
        if (pages) {
            const out = [];
            const paginate = sdk[`paginate${op}`];
            for await (const page of paginate(
                { client: client(account, region) }, revive(input)))
                out.push(plain(page));
            return { out: { pages: out } };
        }
        const got = await client(account, region).send(new command(revive(input)));
        return { out: plain(got), request_id: got.$metadata.requestId };
    } catch (error) {
        if (!(error instanceof sdk.KMSServiceException))
            return { failed: String(error.stack ?? error) };
        // The SDK's own words for an answer without any.
        const none = ["Unknown", "UnknownError"].includes(error.message);
        const message = none ? "" : error.message;
        return {
            error: { code: error.name, message, class: error.constructor.name },
            request_id: error.$metadata.requestId,
        };
    }
}

const { version } = require("@aws-sdk/client-kms/package.json");
say({ sdk: `aws-sdk-js ${version}` });
for await (const line of readline.createInterface({ input: process.stdin }))
    say(await answer(JSON.parse(line)));
for (const made of clients.values())
    made.destroy();
