package weir.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;

/** What Flink is told. Each setting that is not Flink's own default says why. */
final class Settings {
    private Settings() {}

    static Configuration of(Arguments arguments) {
        Path folder = Path.of(arguments.stateDir()).toAbsolutePath();
        Configuration settings = new Configuration();
        set(settings, "state.backend.type", "rocksdb");
        set(settings, "state.backend.rocksdb.localdir", folder.resolve("rocksdb").toString());
        // Most debtors that are read are there, but those that are new would be looked for in every file.
        set(settings, "state.backend.rocksdb.use-bloom-filter", "true");
        // Block cache and write buffers of all instances together, as the guides advise; outside of the heap.
        set(settings, "taskmanager.memory.managed.size", "512m");
        set(settings, "execution.checkpointing.mode", "EXACTLY_ONCE");
        // What is decided is seen at the next checkpoint; each writes what has changed to files of its own.
        set(settings, "execution.checkpointing.interval", arguments.checkpointIntervalMs() + " ms");
        set(settings, "execution.checkpointing.incremental", "true");
        set(settings, "execution.checkpointing.dir", folder.resolve("checkpoints").toUri().toString());
        set(settings, "execution.checkpointing.savepoint-dir", folder.resolve("savepoints").toUri().toString());
        // A process that is started again goes on from the newest.
        set(settings, "execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
        newest(folder).ifPresent(path -> set(settings, "execution.state-recovery.path", path.toUri().toString()));
        // What it went on from is its own, and goes when newer ones have taken its place.
        set(settings, "execution.state-recovery.claim-mode", "CLAIM");
        // Nothing here keeps what it was given beyond the call: it need not be copied between operators of one thread.
        set(settings, "pipeline.object-reuse", "true");
        set(settings, "pipeline.generic-types", "false");
        // How long a record waits for others on its way from a source to its debtor's thread; the default is 100 ms.
        set(settings, "execution.buffer-timeout.interval", "5 ms");
        set(settings, "taskmanager.numberOfTaskSlots", Integer.toString(arguments.threads()));
        set(settings, "parallelism.default", Integer.toString(arguments.threads()));
        // Master and worker are this one process, and neither can go alone: a machine that stands still for a minute is no reason
        // to give the job up.
        set(settings, "heartbeat.timeout", "600000");
        // Whoever runs it starts it again, as with the others.
        set(settings, "restart-strategy.type", "none");
        arguments.set().forEach((name, value) -> set(settings, name, value));
        return settings;
    }

    static Properties ofConsumers() {
        Properties settings = new Properties();
        // As for the Kafka Streams peer, and for the reasons that are given there.
        settings.put("fetch.min.bytes", Integer.toString(64 << 10));
        settings.put("fetch.max.wait.ms", "10");
        settings.put("max.partition.fetch.bytes", Integer.toString(4 << 20));
        settings.put("receive.buffer.bytes", "-1");
        settings.put("max.poll.records", "5000");
        return settings;
    }

    static Properties ofProducers() {
        Properties settings = new Properties();
        settings.put("batch.size", Integer.toString(128 << 10));
        settings.put("linger.ms", "20");
        settings.put("compression.type", "lz4");
        // The most that brokers allow unless they are told otherwise: a transaction whose checkpoint is done is committed by the
        // process that comes back, as long as it comes back within this.
        settings.put("transaction.timeout.ms", "900000");
        return settings;
    }

    /** All settings that are not defaults. */
    static String print(Arguments arguments) {
        Map<String, Object> all = new TreeMap<>();
        of(arguments).toMap().forEach((name, value) -> all.put("flink." + name, value));
        ofConsumers().forEach((name, value) -> all.put("consumer." + name, value));
        ofProducers().forEach((name, value) -> all.put("producer." + name, value));
        all.put("java.version", Runtime.version());
        all.put("java.options", String.join(" ", java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments()));
        StringBuilder text = new StringBuilder();
        all.forEach((name, value) -> text.append(name).append(" = ").append(value).append('\n'));
        return text.toString();
    }

    /** The newest checkpoint or savepoint in the folder: one is whole when it has its metadata. */
    static Optional<Path> newest(Path folder) {
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.find(folder, 4, (path, attributes) -> path.endsWith("_metadata"))) {
            return files.max(Comparator.comparingLong(Settings::modified)).map(Path::getParent);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot look for checkpoints in " + folder, e);
        }
    }

    private static long modified(Path path) {
        try {
            return Files.getLastModifiedTime(path).toMillis();
        } catch (IOException e) {
            // It was removed since it was found.
            return 0;
        }
    }

    private static void set(Configuration settings, String name, String value) {
        settings.setString(name, value);
    }
}
