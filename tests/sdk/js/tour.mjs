/*
 * Every operation of kmsd by the AWS SDK for JavaScript v3, unmodified.
 *
 * Settings come from the environment: KMS_ENDPOINT; for mutual TLS also KMS_CA, KMS_CERT
 * and KMS_KEY. Prints one line of JSON an operation: {"operation","ok","why"}.
 */
import { readFileSync } from "node:fs";
import https from "node:https";
import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-kms";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const { KMS_ENDPOINT, KMS_CA, KMS_CERT, KMS_KEY } = process.env;

const client = new sdk.KMSClient({
    region: "us-east-1",
    endpoint: KMS_ENDPOINT,
    maxAttempts: 1,
    credentials: { accessKeyId: "111122223333", secretAccessKey: "anything" },
    ...(KMS_CA && {
        requestHandler: new NodeHttpHandler({
            httpsAgent: new https.Agent({
                ca: readFileSync(KMS_CA),
                cert: readFileSync(KMS_CERT),
                key: readFileSync(KMS_KEY),
                minVersion: "TLSv1.3",
                keepAlive: true,
            }),
        }),
    }),
});

const outcomes = new Map();

/* Send one operation and check its answer; the first failure of an operation stands. */
async function call(operation, input, check = () => {}) {
    let answer;
    try {
        answer = await client.send(new sdk[`${operation}Command`](input));
        assert.equal(answer.$metadata.httpStatusCode, 200);
        assert.match(answer.$metadata.requestId, /^[0-9a-f-]{36}$/);
        check(answer);
        if (!outcomes.has(operation))
            outcomes.set(operation, { ok: true, why: "" });
    } catch (error) {
        if (outcomes.get(operation)?.ok !== false)
            outcomes.set(operation, { ok: false, why: String(error.stack ?? error) });
    }
    return answer;
}

/* An operation that has to be refused with this name. */
async function refused(operation, input, name) {
    try {
        await client.send(new sdk[`${operation}Command`](input));
        throw new Error(`not refused with ${name}`);
    } catch (error) {
        if (error.name !== name)
            outcomes.set(operation, { ok: false, why: `${error.name}, not ${name}` });
        else if (!(error instanceof sdk.KMSServiceException))
            outcomes.set(operation, { ok: false, why: "not a KMSServiceException" });
    }
}

const alias = `alias/js-${Date.now()}-${KMS_CA ? "tls" : "plain"}`;
const context = { tenant: "42", app: "é" };
const payload = new TextEncoder().encode("hello from JavaScript");
const text = (bytes) => new TextDecoder().decode(bytes);

const made = await call("CreateKey", {
    Description: "js", Tags: [{ TagKey: "team", TagValue: "blue" }],
}, (a) => {
    assert.equal(a.KeyMetadata.KeyState, "Enabled");
    assert.ok(a.KeyMetadata.CreationDate instanceof Date);
});
const key = made?.KeyMetadata?.KeyId, arn = made?.KeyMetadata?.Arn;
const other = (await call("CreateKey", {}))?.KeyMetadata?.KeyId;

await call("DescribeKey", { KeyId: arn }, (a) => assert.equal(a.KeyMetadata.KeyId, key));
await refused("DescribeKey", { KeyId: "fake-key-id" }, "NotFoundException");
await call("ListKeys", { Limit: 1 }, (a) => {
    assert.equal(a.Keys.length, 1);
    assert.equal(typeof a.Truncated, "boolean");
});
let seen = 0;
try {
    for await (const page of sdk.paginateListKeys({ client, pageSize: 1 }, {}))
        seen += page.Keys.filter((k) => [key, other].includes(k.KeyId)).length;
    assert.equal(seen, 2);
} catch (error) {
    outcomes.set("ListKeys", { ok: false, why: `paging: ${error}` });
}
await call("DisableKey", { KeyId: key });
await refused("Encrypt", { KeyId: key, Plaintext: payload }, "DisabledException");
await call("EnableKey", { KeyId: key });
await call("UpdateKeyDescription", { KeyId: key, Description: "changed" });
await call("CreateAlias", { AliasName: alias, TargetKeyId: key });
await refused("CreateAlias", { AliasName: alias, TargetKeyId: key }, "AlreadyExistsException");
await call("ListAliases", { KeyId: key }, (a) => {
    assert.equal(a.Aliases.length, 1);
    assert.equal(a.Aliases[0].AliasName, alias);
    assert.equal(a.Aliases[0].TargetKeyId, key);
});
await call("UpdateAlias", { AliasName: alias, TargetKeyId: other });
await call("UpdateAlias", { AliasName: alias, TargetKeyId: key });
await call("TagResource", { KeyId: key, Tags: [{ TagKey: "cost", TagValue: "7" }] });
await call("ListResourceTags", { KeyId: key }, (a) => assert.equal(a.Tags.length, 2));
await call("UntagResource", { KeyId: key, TagKeys: ["cost"] });
const policy = await call("GetKeyPolicy", { KeyId: key, PolicyName: "default" },
    (a) => assert.equal(JSON.parse(a.Policy).Id, "key-default-1"));
await call("PutKeyPolicy", { KeyId: key, PolicyName: "default", Policy: policy?.Policy });
await call("ListKeyPolicies", { KeyId: key },
    (a) => assert.deepEqual(a.PolicyNames, ["default"]));
await call("EnableKeyRotation", { KeyId: key, RotationPeriodInDays: 90 });
await call("GetKeyRotationStatus", { KeyId: key }, (a) => {
    assert.equal(a.KeyRotationEnabled, true);
    assert.equal(a.RotationPeriodInDays, 90);
    assert.ok(a.NextRotationDate instanceof Date);
});
await call("DisableKeyRotation", { KeyId: key });

const sealed = await call("Encrypt", {
    KeyId: alias, Plaintext: payload, EncryptionContext: context,
}, (a) => assert.equal(a.KeyId, arn));
await call("RotateKeyOnDemand", { KeyId: key }, (a) => assert.equal(a.KeyId, arn));
await call("ListKeyRotations", { KeyId: key }, (a) => assert.ok(Array.isArray(a.Rotations)));
await call("Decrypt", {
    CiphertextBlob: sealed?.CiphertextBlob, EncryptionContext: context,
}, (a) => assert.equal(text(a.Plaintext), "hello from JavaScript"));
await refused("Decrypt", { CiphertextBlob: sealed?.CiphertextBlob },
    "InvalidCiphertextException");
const moved = await call("ReEncrypt", {
    CiphertextBlob: sealed?.CiphertextBlob, SourceEncryptionContext: context,
    DestinationKeyId: other,
}, (a) => assert.equal(a.SourceKeyId, arn));
await call("Decrypt", { CiphertextBlob: moved?.CiphertextBlob },
    (a) => assert.equal(text(a.Plaintext), "hello from JavaScript"));
const data_key = await call("GenerateDataKey", { KeyId: key, KeySpec: "AES_256" },
    (a) => assert.equal(a.Plaintext.length, 32));
await call("Decrypt", { CiphertextBlob: data_key?.CiphertextBlob },
    (a) => assert.deepEqual(a.Plaintext, data_key.Plaintext));
await call("GenerateDataKeyWithoutPlaintext", { KeyId: key, NumberOfBytes: 64 },
    (a) => assert.equal(a.Plaintext, undefined));
await call("GenerateRandom", { NumberOfBytes: 24 }, (a) => assert.equal(a.Plaintext.length, 24));
await call("DeleteAlias", { AliasName: alias });
await call("ScheduleKeyDeletion", { KeyId: other, PendingWindowInDays: 7 }, (a) => {
    assert.equal(a.KeyState, "PendingDeletion");
    assert.ok(a.DeletionDate instanceof Date);
});
await call("CancelKeyDeletion", { KeyId: other });

for (const [operation, { ok, why }] of outcomes)
    console.log(JSON.stringify({ operation, ok, why }));
client.destroy();
