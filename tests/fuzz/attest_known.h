/* Made by tests/vectors/make_attestation.py: the root of the corpus, and the SHA-256 of
   every payload that was signed under it. */
#ifndef KMS_FUZZ_ATTEST_KNOWN_H
#define KMS_FUZZ_ATTEST_KNOWN_H

static const char known_root[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBrjCCATWgAwIBAgIUHnZB69shia81k7l2IlyYYEADt5wwCgYIKoZIzj0EAwMw\n"
    "JTEjMCEGA1UEAwwaa21zZCB0ZXN0IGF0dGVzdGF0aW9uIHJvb3QwHhcNMjcwMTE0\n"
    "MDgwMDAwWhcNMjcwMjE0MDgwMDAwWjAlMSMwIQYDVQQDDBprbXNkIHRlc3QgYXR0\n"
    "ZXN0YXRpb24gcm9vdDB2MBAGByqGSM49AgEGBSuBBAAiA2IABLZNLRe8km7LHT4H\n"
    "0N2oO4sXqG74ks7rqiFTuA7tbiuqSy8lAapNRpZ+Up/buNEQQyDiijwluqghclws\n"
    "3qln4YtCRxvDFZXG3M8wuztQVXbOgZCNrtO8rcM9l/pUwfpADKMmMCQwEgYDVR0T\n"
    "AQH/BAgwBgEB/wIBAzAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZIzj0EAwMDZwAwZAIw\n"
    "JFFxiNj/1cV6gtuLiQqSKd+0zMbbPaA4qDRB/u7kSi8VOl5BXk6EMAkFMjsOmLFx\n"
    "AjAIDVUvlhxMxDuYIxKjwFsSf6NTbLc7ua5FjA39m3WKg8et1ebPoSrXvxJl/Rvg\n"
    "R+U=\n"
    "-----END CERTIFICATE-----\n";

static const char *const known_payloads[] = {
    "577524f77cc23a79d0c1c8689d09840c6f7837844a5682d348e1dacb60871081",
    "a610f99c98313ff59fbc6053f529b4e88325e067fd985ec28ac7f7bf828f560b",
    "511334890c9d72d43087858d8e896c4fa8b9f0775a0cb8787c527c37d70b1a14",
};

#endif
