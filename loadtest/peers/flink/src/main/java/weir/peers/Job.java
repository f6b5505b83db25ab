package weir.peers;

import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The job: one source of four topics, one keyed function, two sinks. */
final class Job {
    private Job() {}

    static StreamExecutionEnvironment of(Arguments arguments, int messageSchema, int provisioningSchema) {
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createLocalEnvironment(arguments.threads(), Settings.of(arguments));
        SingleOutputStreamOperator<Tuple2<byte[], byte[]>> decided = environment
                .fromSource(source(arguments), WatermarkStrategy.noWatermarks(), "events", Inbound.TYPE)
                .uid("events")
                .keyBy(record -> record.f0, Types.STRING)
                .process(new DebtorFunction(arguments.registry(), messageSchema, provisioningSchema),
                        Types.TUPLE(Inbound.BYTES, Inbound.BYTES))
                .name("decide")
                .uid("decide");
        decided.sinkTo(sink(arguments, "messages")).name("messages").uid("messages");
        decided.getSideOutput(DebtorFunction.ORDERS).sinkTo(sink(arguments, "provisioning")).name("provisioning").uid("provisioning");
        return environment;
    }

    private static KafkaSource<Tuple3<String, Byte, byte[]>> source(Arguments arguments) {
        List<String> topics = Arrays.stream(Kind.values()).map(kind -> arguments.prefix() + "." + kind.topic).toList();
        return KafkaSource.<Tuple3<String, Byte, byte[]>>builder()
                .setBootstrapServers(arguments.brokers())
                .setTopics(topics)
                .setGroupId(arguments.applicationId())
                .setStartingOffsets(OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST))
                .setDeserializer(new Inbound(arguments.prefix()))
                .setProperties(Settings.ofConsumers())
                .build();
    }

    private static KafkaSink<Tuple2<byte[], byte[]>> sink(Arguments arguments, String name) {
        String topic = arguments.prefix() + "." + name;
        KafkaRecordSerializationSchema<Tuple2<byte[], byte[]>> schema =
                (record, context, timestamp) -> new ProducerRecord<>(topic, record.f0, record.f1);
        return KafkaSink.<Tuple2<byte[], byte[]>>builder()
                .setBootstrapServers(arguments.brokers())
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix(arguments.applicationId() + "-" + name)
                .setKafkaProducerConfig(Settings.ofProducers())
                .setRecordSerializer(schema)
                .build();
    }
}
