import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.protocols.jsoncore.JsonWriter;

/* The lines of a driver: tests/support/scenario/drivers.py tells what is in them. */
final class Lines {
    interface Performer {
        Map<String, Object> perform(Map<String, JsonNode> asked) throws Throwable;
    }

    private Lines() {
    }

    /* Says who it is and answers line for line; what is thrown is a failure. */
    static void serve(Map<String, Object> about, Performer performer) throws IOException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.println(json(about));
        BufferedReader in = new BufferedReader(
            new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine())
            out.println(json(answer(performer, line)));
    }

    private static Map<String, Object> answer(Performer performer, String line) {
        try {
            return performer.perform(JsonNode.parser().parse(line).asObject());
        } catch (Throwable problem) {
            StringWriter trace = new StringWriter();
            problem.printStackTrace(new PrintWriter(trace));
            return Map.of("failed", trace.toString());
        }
    }

    private static String json(Object value) {
        JsonWriter to = JsonWriter.create();
        write(to, value);
        return new String(to.getBytes(), StandardCharsets.UTF_8);
    }

    private static void write(JsonWriter to, Object value) {
        if (value == null) {
            to.writeNull();
        } else if (value instanceof Map<?, ?> map) {
            to.writeStartObject();
            map.forEach((name, item) -> {
                to.writeFieldName(name.toString());
                write(to, item);
            });
            to.writeEndObject();
        } else if (value instanceof List<?> list) {
            to.writeStartArray();
            list.forEach(item -> write(to, item));
            to.writeEndArray();
        } else if (value instanceof Boolean flag) {
            to.writeValue(flag);
        } else if (value instanceof Double number) {
            to.writeValue(number);
        } else if (value instanceof Integer number) {
            to.writeValue(number.longValue());
        } else {
            to.writeValue(value.toString());
        }
    }
}
