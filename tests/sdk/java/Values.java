import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.protocol.MarshallingType;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.traits.MapTrait;
import software.amazon.awssdk.core.util.SdkAutoConstructList;
import software.amazon.awssdk.core.util.SdkAutoConstructMap;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.utils.builder.Buildable;

/* Between lines of JSON and the classes of the SDK. */
final class Values {
    /* This version of the SDK has no such member. */
    static final class UnknownMember extends RuntimeException {
        UnknownMember(String name) {
            super("no member " + name);
        }
    }

    private Values() {
    }

    static void fill(SdkPojo builder, JsonNode in) {
        in.asObject().forEach((name, value) -> {
            SdkField<?> field = builder.sdkFields().stream()
                .filter(f -> f.locationName().equals(name)).findFirst()
                .orElseThrow(() -> new UnknownMember(name));
            field.set(builder, read(field, value));
        });
    }

    private static Object read(SdkField<?> field, JsonNode value) {
        MarshallingType<?> type = field.marshallingType();
        if (type == MarshallingType.STRING)
            return value.asString();
        if (type == MarshallingType.BOOLEAN)
            return value.asBoolean();
        if (type == MarshallingType.INTEGER)
            return Integer.valueOf(value.asNumber());
        if (type == MarshallingType.SDK_BYTES)
            return SdkBytes.fromByteArray(
                Base64.getDecoder().decode(value.asObject().get("$b64").asString()));
        if (type == MarshallingType.INSTANT)
            return Instant.ofEpochMilli(new BigDecimal(
                value.asObject().get("$time").asNumber()).movePointRight(3).longValue());
        if (type == MarshallingType.LIST) {
            SdkField<?> item = field.getTrait(ListTrait.class).memberFieldInfo();
            return value.asArray().stream().map(v -> read(item, v)).toList();
        }
        if (type == MarshallingType.MAP) {
            SdkField<?> item = field.getTrait(MapTrait.class).valueFieldInfo();
            Map<String, Object> map = new LinkedHashMap<>();
            value.asObject().forEach((name, v) -> map.put(name, read(item, v)));
            return map;
        }
        SdkPojo inner = field.constructor().get();
        fill(inner, value);
        return ((Buildable) inner).build();
    }

    /* What an object of the SDK holds; members that are absent are left out. */
    static Map<String, Object> plain(SdkPojo from) {
        Map<String, Object> out = new LinkedHashMap<>();
        for (SdkField<?> field : from.sdkFields()) {
            Object value = plain(field.getValueOrDefault(from));
            if (value != null)
                out.put(field.locationName(), value);
        }
        return out;
    }

    private static Object plain(Object value) {
        if (value instanceof SdkAutoConstructList || value instanceof SdkAutoConstructMap)
            return null;
        if (value instanceof SdkBytes bytes)
            return Map.of("$b64", Base64.getEncoder().encodeToString(bytes.asByteArray()));
        if (value instanceof Instant time)
            return Map.of("$time", time.toEpochMilli() / 1000.0);
        if (value instanceof SdkPojo pojo)
            return plain(pojo);
        if (value instanceof List<?> list) {
            List<Object> items = new ArrayList<>();
            list.forEach(item -> items.add(plain(item)));
            return items;
        }
        return value;
    }
}
