package weir.peers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecordBase;

/** Writes what goes out: Confluent's framing and Avro. Of one task, and so of one thread. */
final class Outputs<T extends SpecificRecordBase> {
    private final SpecificDatumWriter<T> writer;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    private final byte[] frame;
    private BinaryEncoder encoder;

    Outputs(Schema schema, int id) {
        writer = new SpecificDatumWriter<>(schema);
        frame = ByteBuffer.allocate(5).put((byte) 0).putInt(id).array();
    }

    byte[] encode(T record) {
        bytes.reset();
        bytes.writeBytes(frame);
        encoder = EncoderFactory.get().directBinaryEncoder(bytes, encoder);
        try {
            writer.write(record, encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes what it is given", e);
        }
        return bytes.toByteArray();
    }

    /** The text of a schema as it lies in schemas/avsc: what is registered is the same to the letter as Weir's. */
    static String schemaText(String name) {
        String file = "/avsc/" + name + ".avsc";
        try (InputStream in = Outputs.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("built without " + file);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }
}
