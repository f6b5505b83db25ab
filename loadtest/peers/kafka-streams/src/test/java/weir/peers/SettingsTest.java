package weir.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The command line, and what comes of it. */
class SettingsTest {
    private static Arguments parse(String... more) throws CommandLine.Wrong {
        List<String> words = new ArrayList<>(List.of("--brokers", "b:1", "--registry", "http://r", "--state-dir", "/s"));
        words.addAll(Arrays.asList(more));
        return Arguments.parse(words.toArray(new String[0]));
    }

    private static String valueOf(String name, String... more) throws CommandLine.Wrong {
        String printed = Settings.print(parse(more));
        return printed.lines().filter(line -> line.startsWith(name + " = ")).findFirst()
                .map(line -> line.substring(name.length() + 3)).orElse("nothing");
    }

    @Test
    void bothKindsOfSettingsAreExactlyOnce() throws Exception {
        for (String[] more : new String[][] {{}, {"--defaults"}}) {
            assertEquals("exactly_once_v2", valueOf("streams.processing.guarantee", more));
            assertEquals("earliest", valueOf("consumer.auto.offset.reset", more));
            assertEquals("read_committed", valueOf("consumer.isolation.level", more));
        }
    }

    @Test
    void defaultsAreKafkasAndTheOthersAreOurs() throws Exception {
        String[][] rows = {
            {"streams.statestore.cache.max.bytes", "10485760", "268435456"},
            {"streams.num.stream.threads", "1", "2"},
            {"streams.poll.ms", "100", "10"},
            {"streams.max.task.idle.ms", "0", "-1"},
            {"streams.rocksdb.config.setter", "null", "weir.peers.RocksDbSettings"},
            {"streams.commit.interval.ms", "100", "100"},
            {"producer.compression.type", "none", "lz4"},
            {"consumer.group.instance.id", "null", "kafka-streams-peer-0-0"},
            {"rocksdb.block_cache_bytes_of_all_stores", "nothing", "536870912"},
        };
        for (String[] row : rows) {
            assertEquals(row[1], valueOf(row[0], "--defaults"), row[0]);
            assertEquals(row[2], valueOf(row[0]), row[0]);
        }
    }

    @Test
    void whatIsSetByNameGoesBeforeAll() throws Exception {
        assertEquals("7", valueOf("streams.poll.ms", "--set", "poll.ms=7"));
        assertEquals("zstd", valueOf("producer.compression.type", "--set", "producer.compression.type=zstd"));
        assertEquals("50", valueOf("streams.commit.interval.ms", "--commit-interval-ms", "50"));
    }

    @Test
    void aCommandLineThatMakesNoSenseSaysWhatIsWrong() {
        String[][] rows = {
            {"unknown argument --what", "--what"},
            {"--threads has no value", "--threads"},
            {"--threads is a whole number above zero, not 0", "--threads", "0"},
            {"--threads is a whole number above zero, not x", "--threads", "x"},
            {"--set takes NAME=VALUE, not =1", "--set", "=1"},
        };
        for (String[] row : rows) {
            String[] words = Arrays.copyOfRange(row, 1, row.length);
            assertEquals(row[0], assertThrows(CommandLine.Wrong.class, () -> parse(words)).getMessage());
        }
        assertEquals("--brokers is needed", assertThrows(CommandLine.Wrong.class, () -> Arguments.parse(new String[0])).getMessage());
    }
}
