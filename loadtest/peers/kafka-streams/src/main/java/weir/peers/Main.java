package weir.peers;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program: starts the topology, says when it is ready, and ends it in good order. */
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);
    private static final Duration STOP_WITHIN = Duration.ofSeconds(30);

    private Main() {}

    public static void main(String[] words) throws Exception {
        Arguments arguments = Program.arguments(words, Arguments.USAGE, Arguments::parse);
        if (arguments == null) {
            return;
        }
        if (arguments.printsConfig()) {
            System.out.print(Settings.print(arguments));
            return;
        }
        run(arguments);
    }

    private static void run(Arguments arguments) throws Exception {
        checkTopics(arguments);
        HttpSchemaRegistry registry = new HttpSchemaRegistry(arguments.registry());
        Stats stats = new Stats();
        DebtorProcessor.Shared shared = new DebtorProcessor.Shared(
                arguments.prefix(), registry, stats,
                registry.register(arguments.prefix() + ".messages-value", Outputs.schemaText("message")),
                registry.register(arguments.prefix() + ".provisioning-value", Outputs.schemaText("provisioning")));
        KafkaStreams streams = new KafkaStreams(PeerTopology.of(shared), Settings.of(arguments));
        CountDownLatch ended = new CountDownLatch(1);
        AtomicBoolean hasFailed = new AtomicBoolean();
        watch(streams, stats, ended, hasFailed);

        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            ended.countDown();
            Program.join(main);
        }));
        streams.start();
        ended.await();
        boolean hasClosed = streams.close(STOP_WITHIN);
        Program.tell(stats, arguments.statsFile());
        // After SIGTERM the hook waits for this thread, and System.exit would wait for the hook.
        Runtime.getRuntime().halt(hasFailed.get() || !hasClosed ? 1 : 0);
    }

    private static void watch(KafkaStreams streams, Stats stats, CountDownLatch ended, AtomicBoolean hasFailed) {
        long startedMs = System.currentTimeMillis();
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) {
                System.out.printf("ready after %d ms%n", System.currentTimeMillis() - startedMs);
            } else if (now == KafkaStreams.State.ERROR || now == KafkaStreams.State.NOT_RUNNING) {
                ended.countDown();
            }
        });
        streams.setUncaughtExceptionHandler(thrown -> {
            LOG.error("a thread has failed; the process ends", thrown);
            hasFailed.set(true);
            ended.countDown();
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.setGlobalStateRestoreListener(new RestoreLog(stats));
    }

    /** Partition i of all topics must belong to one task; Kafka Streams itself does not ask that of a processor's sources. */
    private static void checkTopics(Arguments arguments) throws InterruptedException, ExecutionException {
        List<String> topics = Arrays.stream(Kind.values()).map(kind -> arguments.prefix() + "." + kind.topic).toList();
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, arguments.brokers()))) {
            Map<String, TopicDescription> found = admin.describeTopics(topics).allTopicNames().get();
            Set<Integer> counts = new HashSet<>();
            found.values().forEach(topic -> counts.add(topic.partitions().size()));
            if (counts.size() != 1) {
                throw new IllegalStateException("the topics " + topics + " do not have the same number of partitions: " + counts);
            }
        }
    }

    /** Says how long each store took to come back. */
    private static final class RestoreLog implements StateRestoreListener {
        private final Stats stats;
        private final Map<String, Long> startedMs = new HashMap<>();

        RestoreLog(Stats stats) {
            this.stats = stats;
        }

        @Override
        public synchronized void onRestoreStart(TopicPartition partition, String store, long from, long to) {
            startedMs.put(store + partition, System.currentTimeMillis());
        }

        @Override
        public void onBatchRestored(TopicPartition partition, String store, long to, long count) {
            stats.restoredRecords.add(count);
        }

        @Override
        public synchronized void onRestoreEnd(TopicPartition partition, String store, long count) {
            Long from = startedMs.remove(store + partition);
            if (count > 0 && from != null) {
                long tookMs = System.currentTimeMillis() - from;
                System.out.printf("restored %d records of %s-%d in %d ms%n", count, store, partition.partition(), tookMs);
            }
        }
    }
}
