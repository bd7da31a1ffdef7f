/*
 * The AWS SDK for Java v2 as a driver: one JSON line in, one JSON line out.
 * tests/support/scenario/drivers.py tells the lines and the environment.
 *
 * Operations are found by their name; members by the SDK's own description of its classes.
 */
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.kms.model.KmsException;
import software.amazon.awssdk.services.kms.model.KmsResponse;
import software.amazon.awssdk.utils.builder.Buildable;

public final class Driver {
    private static final String MODEL = "software.amazon.awssdk.services.kms.model.";
    private final SdkHttpClient http = Tls.WANTED
        ? UrlConnectionHttpClient.builder().tlsTrustManagersProvider(Tls::trust)
            .tlsKeyManagersProvider(Tls::keys).build()
        : UrlConnectionHttpClient.create();
    private final Map<String, KmsClient> clients = new HashMap<>();

    private KmsClient client(String account, String region) {
        return clients.computeIfAbsent(account + " " + region, name -> KmsClient.builder()
            .region(Region.of(region))
            .endpointOverride(URI.create(System.getenv("KMS_ENDPOINT")))
            .credentialsProvider(StaticCredentialsProvider.create(
                AwsBasicCredentials.create(account, "anything")))
            .overrideConfiguration(ClientOverrideConfiguration.builder()
                .retryStrategy(AwsRetryStrategy.doNotRetry()).build())
            .httpClient(http)
            .build());
    }

    private static Object request(String op, JsonNode in)
            throws ReflectiveOperationException {
        Class<?> type = Class.forName(MODEL + op + "Request");
        SdkPojo builder = (SdkPojo) type.getMethod("builder").invoke(null);
        Values.fill(builder, in);
        return ((Buildable) builder).build();
    }

    private static Object invoke(KmsClient client, String name, Object request)
            throws ReflectiveOperationException {
        try {
            return KmsClient.class.getMethod(name, request.getClass())
                .invoke(client, request);
        } catch (InvocationTargetException wrapped) {
            if (wrapped.getCause() instanceof KmsException refused)
                throw refused;
            throw wrapped;
        }
    }

    private static Map<String, Object> refusal(KmsException refused) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("code", refused.awsErrorDetails().errorCode());
        String message = refused.awsErrorDetails().errorMessage();
        error.put("message", message == null ? "" : message);
        error.put("class", refused.getClass().getSimpleName());
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("error", error);
        reply.put("request_id", refused.requestId());
        return reply;
    }

    private Map<String, Object> perform(Map<String, JsonNode> asked)
            throws ReflectiveOperationException {
        String op = asked.get("op").asString();
        String method = Character.toLowerCase(op.charAt(0)) + op.substring(1);
        KmsClient client = client(asked.get("account").asString(),
            asked.get("region").asString());
        Object request;
        try {
            request = request(op, asked.get("in"));
        } catch (ClassNotFoundException | Values.UnknownMember unknown) {
            return Map.of("unknown", op + ": " + unknown.getMessage());
        }
        Map<String, Object> reply = new LinkedHashMap<>();
        if (asked.get("pages").asBoolean()) {
            List<Object> pages = new ArrayList<>();
            for (Object page : (Iterable<?>) invoke(client, method + "Paginator", request))
                pages.add(Values.plain((SdkPojo) page));
            reply.put("out", Map.of("pages", pages));
            return reply;
        }
        KmsResponse got = (KmsResponse) invoke(client, method, request);
        reply.put("out", Values.plain(got));
        reply.put("request_id", got.responseMetadata().requestId());
        return reply;
    }

    private Map<String, Object> answer(Map<String, JsonNode> asked)
            throws ReflectiveOperationException {
        try {
            return perform(asked);
        } catch (KmsException refused) {
            return refusal(refused);
        }
    }

    public static void main(String[] args) throws IOException {
        Lines.serve(Map.of("sdk", "aws-sdk-java " + VersionInfo.SDK_VERSION),
            new Driver()::answer);
    }
}
