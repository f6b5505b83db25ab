package weir.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line, what comes of it, and which checkpoint is gone on from. */
class SettingsTest {
    @TempDir
    private Path folder;

    private Configuration settings(String... more) throws CommandLine.Wrong {
        String[] words = {"--brokers", "b:1", "--registry", "http://r", "--state-dir", folder.toString()};
        String[] all = java.util.stream.Stream.of(words, more).flatMap(java.util.Arrays::stream).toArray(String[]::new);
        return Settings.of(Arguments.parse(all));
    }

    private void checkpoint(String path, long atMs) throws Exception {
        Path metadata = folder.resolve(path).resolve("_metadata");
        Files.createDirectories(metadata.getParent());
        Files.writeString(metadata, "");
        Files.setLastModifiedTime(metadata, FileTime.fromMillis(atMs));
    }

    @Test
    void itGoesOnFromTheNewestCheckpointOrSavepointThatIsWhole() throws Exception {
        assertEquals(Optional.empty(), Settings.newest(folder.resolve("missing")));
        assertEquals("nothing", settings().toMap().getOrDefault("execution.state-recovery.path", "nothing"));
        checkpoint("checkpoints/one/chk-9", 1_000);
        checkpoint("checkpoints/two/chk-2", 3_000);
        checkpoint("savepoints/savepoint-1", 2_000);
        // One that a kill cut short has no metadata.
        Files.createDirectories(folder.resolve("checkpoints/two/chk-3"));
        assertEquals(Optional.of(folder.resolve("checkpoints/two/chk-2")), Settings.newest(folder));
        checkpoint("savepoints/savepoint-2", 4_000);
        String path = settings().toMap().get("execution.state-recovery.path");
        assertEquals(folder.resolve("savepoints/savepoint-2").toUri().toString(), path);
    }

    @Test
    void itIsExactlyOnceOnRocksDbAndWhatIsSetByNameGoesBeforeAll() throws Exception {
        Configuration settings = settings("--set", "execution.buffer-timeout.interval=7 ms", "--checkpoint-interval-ms", "250");
        assertEquals("EXACTLY_ONCE", settings.toMap().get("execution.checkpointing.mode"));
        assertEquals("rocksdb", settings.toMap().get("state.backend.type"));
        assertEquals("250 ms", settings.toMap().get("execution.checkpointing.interval"));
        assertEquals("7 ms", settings.toMap().get("execution.buffer-timeout.interval"));
        assertThrows(CommandLine.Wrong.class, () -> settings("--defaults"));
    }
}
