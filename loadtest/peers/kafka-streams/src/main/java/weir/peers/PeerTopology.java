package weir.peers;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * One processor behind all four sources, with its two stores: so they are one sub-topology, and partition <i>i</i> of each topic
 * belongs to one task, which alone has the state of its debtors. No repartition topic is needed.
 *
 * <p>Keys, values and what is stored go as bytes. What decodes them is in the processor, which uses its objects again.
 */
final class PeerTopology {
    private static final String DECIDE = "decide";

    private PeerTopology() {}

    static Topology of(DebtorProcessor.Shared shared) {
        Topology topology = new Topology();
        for (Kind kind : Kind.values()) {
            topology.addSource(kind.topic, new ByteArrayDeserializer(), new ByteArrayDeserializer(), topic(shared, kind.topic));
        }
        String[] sources = {Kind.ACCOUNTS.topic, Kind.BALANCES.topic, Kind.INVOICES.topic, Kind.PAYMENTS.topic};
        topology.addProcessor(DECIDE, new Supplier(shared), sources);
        for (String sink : new String[] {DebtorProcessor.MESSAGES, DebtorProcessor.PROVISIONING}) {
            topology.addSink(sink, topic(shared, sink), new ByteArraySerializer(), new ByteArraySerializer(), DECIDE);
        }
        return topology;
    }

    static String topic(DebtorProcessor.Shared shared, String name) {
        return shared.prefix() + "." + name;
    }

    private record Supplier(DebtorProcessor.Shared shared) implements ProcessorSupplier<byte[], byte[], byte[], byte[]> {
        @Override
        public Processor<byte[], byte[], byte[], byte[]> get() {
            return new DebtorProcessor(shared);
        }

        /**
         * The debtors are cached: a hot one is written to RocksDB and to the changelog once for each commit, not for each event.
         * The timers are not: an entry is written once and deleted once, mostly in different commits, and is found by ranges, which
         * a cache would only have to merge with what lies below it.
         */
        @Override
        public Set<StoreBuilder<?>> stores() {
            return Set.of(
                    Stores.keyValueStoreBuilder(
                                    Stores.persistentKeyValueStore(DebtorProcessor.DEBTORS), Serdes.Bytes(), Serdes.ByteArray())
                            .withCachingEnabled()
                            .withLoggingEnabled(Map.of()),
                    Stores.<Bytes, byte[]>keyValueStoreBuilder(
                                    Stores.persistentKeyValueStore(DebtorProcessor.TIMERS), Serdes.Bytes(), Serdes.ByteArray())
                            .withCachingDisabled()
                            .withLoggingEnabled(Map.of()));
        }
    }
}
