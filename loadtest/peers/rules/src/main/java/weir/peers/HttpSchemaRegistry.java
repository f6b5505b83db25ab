package weir.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A registry that speaks version 7 of Confluent's API. Each id is asked for once, by whichever task meets it first. */
final class HttpSchemaRegistry implements SchemaRegistry {
    private static final Logger LOG = LoggerFactory.getLogger(HttpSchemaRegistry.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** A registry that is away for longer ends the process: nothing can be read without it. */
    private static final int TRIES = 10;

    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();
    private final ObjectMapper json = new ObjectMapper();
    private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
    private final String url;

    HttpSchemaRegistry(String url) {
        this.url = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    }

    @Override
    public Schema schema(int id) throws Events.Unreadable {
        Schema known = schemas.get(id);
        if (known != null) {
            return known;
        }
        HttpResponse<String> answer = ask(HttpRequest.newBuilder(URI.create(url + "/schemas/ids/" + id)));
        if (answer.statusCode() == 404) {
            throw new Events.Unreadable("the registry has no schema of id " + id, null);
        }
        Schema schema = new Schema.Parser().parse(parsed(answer).get("schema").asText());
        schemas.put(id, schema);
        return schema;
    }

    @Override
    public int register(String subject, String schemaJson) {
        String body = json.createObjectNode().put("schema", schemaJson).toString();
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + "/subjects/" + subject + "/versions"))
                .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        return parsed(ask(request)).get("id").asInt();
    }

    private HttpResponse<String> ask(HttpRequest.Builder request) {
        HttpRequest built = request.timeout(PATIENCE).build();
        for (int tried = 1; ; tried++) {
            try {
                HttpResponse<String> answer = client.send(built, HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() < 500 || tried == TRIES) {
                    return answer;
                }
            } catch (IOException e) {
                if (tried == TRIES) {
                    throw new UncheckedIOException("the schema registry at " + url + " is out of reach", e);
                }
                LOG.warn("the schema registry at {} does not answer, trying again: {}", url, e.toString());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while asking the schema registry", e);
            }
            pause();
        }
    }

    private JsonNode parsed(HttpResponse<String> answer) {
        if (answer.statusCode() != 200) {
            throw new IllegalStateException("the schema registry answers " + answer.statusCode() + ": " + answer.body());
        }
        try {
            return json.readTree(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException("the schema registry does not answer in JSON", e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(1_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
