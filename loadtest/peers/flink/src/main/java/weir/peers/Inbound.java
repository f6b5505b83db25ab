package weir.peers;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Takes records as they are, with their debtor and kind. They are decoded where they are decided: what goes from the source to
 * there is copied, and bytes are copied fastest.
 */
final class Inbound implements KafkaRecordDeserializationSchema<Tuple3<String, Byte, byte[]>>, Serializable {
    private static final long serialVersionUID = 1L;
    private static final byte[] NOTHING = {};

    static final TypeInformation<byte[]> BYTES = PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;

    static final TypeInformation<Tuple3<String, Byte, byte[]>> TYPE =
            Types.TUPLE(Types.STRING, Types.BYTE, BYTES);

    private final String prefix;

    Inbound(String prefix) {
        this.prefix = prefix;
    }

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Tuple3<String, Byte, byte[]>> out) {
        byte[] key = record.key() == null ? NOTHING : record.key();
        byte[] value = record.value() == null ? NOTHING : record.value();
        byte kind = (byte) Kind.of(record.topic(), prefix).ordinal();
        out.collect(Tuple3.of(new String(key, StandardCharsets.UTF_8), kind, value));
    }

    @Override
    public TypeInformation<Tuple3<String, Byte, byte[]>> getProducedType() {
        return TYPE;
    }
}
