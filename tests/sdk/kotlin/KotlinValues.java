import aws.smithy.kotlin.runtime.time.Instant;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;

/* Between lines of JSON and the classes of the SDK. */
final class KotlinValues {
    /* This version of the SDK has no such member. */
    static final class UnknownMember extends RuntimeException {
        UnknownMember(String name) {
            super("no member " + name);
        }
    }

    private KotlinValues() {
    }

    /* A structure of the SDK, by the builder it has. */
    static Object make(Class<?> type, JsonNode in) throws ReflectiveOperationException {
        Class<?> builder = Class.forName(type.getName() + "$Builder");
        Object made = builder.getConstructor().newInstance();
        for (Map.Entry<String, JsonNode> member : in.asObject().entrySet()) {
            Method set = Arrays.stream(builder.getMethods())
                .filter(m -> m.getName().equalsIgnoreCase("set" + member.getKey()))
                .findFirst().orElseThrow(() -> new UnknownMember(member.getKey()));
            set.invoke(made, read(set.getGenericParameterTypes()[0], member.getValue()));
        }
        return builder.getMethod("build").invoke(made);
    }

    private static Object read(Type type, JsonNode value)
            throws ReflectiveOperationException {
        if (type instanceof WildcardType any)
            return read(any.getUpperBounds()[0], value);
        if (type instanceof ParameterizedType many) {
            Type[] of = many.getActualTypeArguments();
            if (many.getRawType() == List.class) {
                List<Object> list = new ArrayList<>();
                for (JsonNode item : value.asArray())
                    list.add(read(of[0], item));
                return list;
            }
            Map<String, Object> map = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> item : value.asObject().entrySet())
                map.put(item.getKey(), read(of[1], item.getValue()));
            return map;
        }
        if (type == String.class)
            return value.asString();
        if (type == Boolean.class || type == boolean.class)
            return value.asBoolean();
        if (type == Integer.class || type == int.class)
            return Integer.valueOf(value.asNumber());
        if (type == byte[].class)
            return Base64.getDecoder().decode(value.asObject().get("$b64").asString());
        if (type == Instant.class) {
            BigDecimal seconds = new BigDecimal(value.asObject().get("$time").asNumber());
            return Instant.Companion.fromEpochSeconds(seconds.longValue(),
                seconds.remainder(BigDecimal.ONE).movePointRight(9).intValue());
        }
        Class<?> known = (Class<?>) type;
        if (!value.isString())
            return make(known, value);
        // An enumeration takes any word, so that the service can refuse one.
        Object companion = known.getField("Companion").get(null);
        return companion.getClass().getMethod("fromValue", String.class)
            .invoke(companion, value.asString());
    }

    /* What an object of the SDK holds; members that are absent are left out. */
    static Object plain(Object value) throws ReflectiveOperationException {
        if (value == null || value instanceof String || value instanceof Boolean
                || value instanceof Integer)
            return value;
        if (value instanceof byte[] bytes)
            return Map.of("$b64", Base64.getEncoder().encodeToString(bytes));
        if (value instanceof Instant time)
            return Map.of("$time",
                time.getEpochSeconds() + time.getNanosecondsOfSecond() / 1000000 / 1000.0);
        if (value instanceof List<?> list) {
            List<Object> out = new ArrayList<>();
            for (Object item : list)
                out.add(plain(item));
            return out;
        }
        Map<String, Object> out = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> item : map.entrySet())
                out.put(item.getKey().toString(), plain(item.getValue()));
            return out;
        }
        if (Arrays.stream(value.getClass().getMethods())
                .anyMatch(m -> m.getName().equals("getValue")))
            return value.getClass().getMethod("getValue").invoke(value);
        for (Method get : value.getClass().getMethods()) {
            String name = get.getName();
            if (!name.startsWith("get") || name.equals("getClass")
                    || get.getParameterCount() != 0 || name.contains("$"))
                continue;
            Object held = plain(get.invoke(value));
            if (held != null)
                out.put(wire(name.substring(3)), held);
        }
        return out;
    }

    /* The service's name of a member: Kotlin's has fewer capitals in one case. */
    private static String wire(String name) {
        return name.equals("AwsAccountId") ? "AWSAccountId" : name;
    }
}
