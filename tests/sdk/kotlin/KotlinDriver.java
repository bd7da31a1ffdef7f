/*
 * The AWS SDK for Kotlin as a driver: one JSON line in, one JSON line out.
 * tests/support/scenario/drivers.py tells the lines and the environment.
 *
 * Written in Java, so that no second compiler is needed: a suspending function is one that
 * takes a continuation. Operations and members are found by their names.
 */
import aws.sdk.kotlin.runtime.auth.credentials.StaticCredentialsProvider;
import aws.sdk.kotlin.services.kms.KmsClient;
import aws.sdk.kotlin.services.kms.model.KmsException;
import aws.sdk.kotlin.services.kms.paginators.PaginatorsKt;
import aws.smithy.kotlin.runtime.auth.awscredentials.Credentials;
import aws.smithy.kotlin.runtime.auth.awscredentials.CredentialsProvider;
import aws.smithy.kotlin.runtime.collections.AttributesKt;
import aws.smithy.kotlin.runtime.http.engine.HttpClientEngine;
import aws.smithy.kotlin.runtime.http.engine.okhttp.OkHttpEngine;
import aws.smithy.kotlin.runtime.net.url.Url;
import aws.smithy.kotlin.runtime.net.url.UrlEncoding;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.X509TrustManager;
import kotlin.Unit;
import kotlin.coroutines.Continuation;
import kotlin.coroutines.EmptyCoroutineContext;
import kotlinx.coroutines.BuildersKt;
import kotlinx.coroutines.flow.Flow;
import kotlinx.coroutines.flow.FlowKt;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;

public final class KotlinDriver {
    private static final String MODEL = "aws.sdk.kotlin.services.kms.model.";
    private final HttpClientEngine http = OkHttpEngine.Companion.invoke(config -> {
        if (Tls.WANTED) {
            config.setTrustManager((X509TrustManager) Tls.trust()[0]);
            config.setKeyManager(Tls.keys()[0]);
        }
        return Unit.INSTANCE;
    });
    private final Map<String, KmsClient> clients = new HashMap<>();

    private KmsClient client(String account, String region) {
        return clients.computeIfAbsent(account + " " + region,
            name -> KmsClient.Companion.invoke(config -> {
                config.setRegion(region);
                config.setEndpointUrl(Url.Companion.parse(
                    System.getenv("KMS_ENDPOINT"), UrlEncoding.Companion.getAll()));
                config.setCredentialsProvider(credentials(account));
                config.setHttpClient(http);
                config.retryStrategy(retries -> {
                    retries.setMaxAttempts(1);
                    return Unit.INSTANCE;
                });
                return Unit.INSTANCE;
            }));
    }

    private static CredentialsProvider credentials(String account) {
        return new StaticCredentialsProvider(Credentials.Companion.invoke(
            account, "anything", null, null, null, AttributesKt.emptyAttributes()));
    }

    /* Runs a suspending function to its end. */
    private static Object await(Method method, Object on, Object... with)
            throws Throwable {
        Object[] all = Arrays.copyOf(with, with.length + 1);
        try {
            return BuildersKt.runBlocking(EmptyCoroutineContext.INSTANCE, (scope, then) -> {
                all[with.length] = then;
                try {
                    return method.invoke(on, all);
                } catch (InvocationTargetException wrapped) {
                    throw Sneaky.raise(wrapped.getCause());
                } catch (IllegalAccessException problem) {
                    throw new IllegalStateException(problem);
                }
            });
        } catch (InterruptedException problem) {
            throw new IllegalStateException(problem);
        }
    }

    /* The SDK's exceptions are no RuntimeExceptions that Java would have to be told of. */
    private static final class Sneaky {
        @SuppressWarnings("unchecked")
        static <T extends Throwable> RuntimeException raise(Throwable problem) throws T {
            throw (T) problem;
        }
    }

    private static List<Object> pages(KmsClient client, String name, Object request)
            throws Throwable {
        Flow<?> flow = (Flow<?>) PaginatorsKt.class.getMethod(
            name + "Paginated", KmsClient.class, request.getClass())
            .invoke(null, client, request);
        List<Object> out = new ArrayList<>();
        List<?> got = (List<?>) BuildersKt.runBlocking(EmptyCoroutineContext.INSTANCE,
            (scope, then) -> FlowKt.toList(flow, new ArrayList<>(), then));
        for (Object page : got)
            out.add(KotlinValues.plain(page));
        return out;
    }

    private static Map<String, Object> refusal(KmsException refused) {
        var told = refused.getSdkErrorMetadata();
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("code", told.getErrorCode());
        error.put("message", told.getErrorMessage() == null ? "" : told.getErrorMessage());
        error.put("class", refused.getClass().getSimpleName());
        return Map.of("error", error);
    }

    private Map<String, Object> perform(Map<String, JsonNode> asked) throws Throwable {
        String op = asked.get("op").asString();
        String name = Character.toLowerCase(op.charAt(0)) + op.substring(1);
        KmsClient client = client(asked.get("account").asString(),
            asked.get("region").asString());
        Object request;
        try {
            request = KotlinValues.make(Class.forName(MODEL + op + "Request"),
                asked.get("in"));
        } catch (ClassNotFoundException | KotlinValues.UnknownMember unknown) {
            return Map.of("unknown", op + ": " + unknown.getMessage());
        }
        try {
            if (asked.get("pages").asBoolean())
                return Map.of("out", Map.of("pages", pages(client, name, request)));
            Method method = KmsClient.class.getMethod(
                name, request.getClass(), Continuation.class);
            return Map.of("out", KotlinValues.plain(await(method, client, request)));
        } catch (KmsException refused) {
            return refusal(refused);
        }
    }

    public static void main(String[] args) throws IOException {
        String version = KmsClient.class.getProtectionDomain().getCodeSource()
            .getLocation().getPath().replaceAll(".*/kms-jvm-|\\.jar$", "");
        // It looks for the request id in a header that KMS does not send.
        Lines.serve(Map.of("sdk", "aws-sdk-kotlin " + version, "tells_ids", false),
            new KotlinDriver()::perform);
        System.exit(0);
    }
}
