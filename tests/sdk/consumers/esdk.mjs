/*
 * The AWS Encryption SDK for JavaScript: what esdk.py is for Python, on keyrings.
 * KMS_MODULES is the directory that has the node_modules.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import https from "node:https";

const { KMS_ENDPOINT, KMS_ACCOUNT, KMS_CA, KMS_CERT, KMS_KEY, KMS_MODULES } =
    process.env;
const require = createRequire(`${KMS_MODULES}/`);
const { buildClient, CommitmentPolicy, KmsKeyringNode, getClient } =
    require("@aws-crypto/client-node");
const { KMS } = require("@aws-sdk/client-kms");
const { NodeHttpHandler } = require("@smithy/node-http-handler");

const clientProvider = getClient(KMS, {
    endpoint: KMS_ENDPOINT,
    credentials: { accessKeyId: KMS_ACCOUNT, secretAccessKey: "anything" },
    ...(KMS_CA && {
        requestHandler: new NodeHttpHandler({
            httpsAgent: new https.Agent({
                ca: readFileSync(KMS_CA),
                cert: readFileSync(KMS_CERT),
                key: readFileSync(KMS_KEY),
            }),
        }),
    }),
});
const { encrypt, decrypt } =
    buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);

async function answer({ do: what, keys, context, text, message }) {
    const keyring = new KmsKeyringNode({
        clientProvider, generatorKeyId: keys[0], keyIds: keys.slice(1),
    });
    try {
        if (what === "encrypt") {
            const { result } =
                await encrypt(keyring, text, { encryptionContext: context });
            return { message: result.toString("base64") };
        }
        const { plaintext, messageHeader } =
            await decrypt(keyring, Buffer.from(message, "base64"));
        return {
            text: plaintext.toString(),
            context: { ...messageHeader.encryptionContext },
        };
    } catch (refused) {
        return { error: refused.name, words: String(refused.message) };
    }
}

console.log(JSON.stringify(await answer(JSON.parse(readFileSync(0, "utf8")))));
