package weir.peers;

import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;

/**
 * What Kafka Streams is told. Each setting that is not Kafka's own default says why.
 *
 * <p>Left at their defaults, since nothing was gained by others: {@code max.poll.records} and {@code
 * buffered.records.per.partition}, both five to ten times as many; {@code commit.interval.ms}, five times as long, which costs
 * five times the latency.
 */
final class Settings {
    private Settings() {}

    static Properties of(Arguments arguments) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments.applicationId());
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments.brokers());
        settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments.stateDir());
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, arguments.threads());
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, arguments.commitIntervalMs());
        // What lies in the topics when the group is new belongs to the work.
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        if (!arguments.isDefaults()) {
            tuneStreams(settings, arguments);
            tuneProducer(settings);
            tuneConsumers(settings);
        }
        settings.putAll(arguments.set());
        return settings;
    }

    private static void tuneStreams(Properties settings, Arguments arguments) {
        // Room for what is hot between two commits; the default of 10 MiB is filled by some ten thousand debtors, and a cache that
        // is full writes to the changelog before the commit.
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 256L << 20);
        settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksDbSettings.class);
        // How long a thread waits in poll when nothing comes. Commits and timers come round no more often than that: with the
        // default of 100 ms they are late by as much.
        settings.put(StreamsConfig.POLL_MS_CONFIG, 10L);
        // Takes what is at hand, and does not wait until each topic of a partition has said that it has nothing older. Order across
        // topics is not promised by the senders, and the rules do without it: a payment waits for its invoice, a command for the
        // account. The question alone, asked before each record, takes a seventh of the CPU.
        settings.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, StreamsConfig.MAX_TASK_IDLE_MS_DISABLED);
        // A process that was killed and comes back takes its own place: no session has to run out first.
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG),
                arguments.applicationId() + "-" + arguments.instance());
        // Nobody reads them here.
        settings.put(StreamsConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    }

    private static void tuneProducer(Properties settings) {
        // Batches large enough for what one commit writes to a partition: fewer requests.
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 128 << 10);
        // The commit flushes whatever waits, so waiting costs no latency beyond the commit interval.
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 20);
        // Changelog records of one debtor after the other are much alike, and broker and disk are shared.
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 64L << 20);
    }

    private static void tuneConsumers(Properties settings) {
        // A broker that answers each fetch with a few records is kept busy by answering; it waits for this much, or this long,
        // which is a tenth of the commit interval.
        settings.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.FETCH_MIN_BYTES_CONFIG), 64 << 10);
        settings.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG), 10);
        settings.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 << 20);
        // A restore reads one long log as fast as it can.
        settings.put(StreamsConfig.restoreConsumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 10_000);
        settings.put(StreamsConfig.restoreConsumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 8 << 20);
        settings.put(StreamsConfig.restoreConsumerPrefix(ConsumerConfig.FETCH_MIN_BYTES_CONFIG), 64 << 10);
        // The sockets' buffers grow with what the system sees fit.
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.RECEIVE_BUFFER_CONFIG), -1);
    }

    /** All that is in force, Kafka's defaults included: of Streams itself, of its clients, of RocksDB and of Java. */
    static String print(Arguments arguments) {
        StreamsConfig config = new StreamsConfig(of(arguments));
        Map<String, Object> all = new TreeMap<>();
        config.values().forEach((name, value) -> all.put("streams." + name, value));
        Map<String, Object> producer = config.getProducerConfigs("peer");
        producer.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        producer.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        producer.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, arguments.applicationId());
        new ProducerConfig(producer).values().forEach((name, value) -> all.put("producer." + name, value));
        consumer(config.getMainConsumerConfigs(arguments.applicationId(), "peer", 0)).values()
                .forEach((name, value) -> all.put("consumer." + name, value));
        consumer(config.getRestoreConsumerConfigs("peer")).values().forEach((name, value) -> all.put("restore." + name, value));
        if (!arguments.isDefaults()) {
            RocksDbSettings.describe().forEach((name, value) -> all.put("rocksdb." + name, value));
        }
        all.put("java.version", Runtime.version());
        all.put("java.options", String.join(" ", java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments()));
        StringBuilder text = new StringBuilder();
        all.forEach((name, value) -> text.append(name).append(" = ").append(value instanceof Class<?> of ? of.getName() : value).append('\n'));
        return text.toString();
    }

    private static ConsumerConfig consumer(Map<String, Object> given) {
        given.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        given.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        return new ConsumerConfig(given);
    }
}
