package weir.peers;

import java.util.Map;
import java.util.Set;

/**
 * The command line.
 *
 * @param statsFile where to write what was done, when it ends; null for nowhere
 * @param set settings of Flink by name, which go before all others
 */
record Arguments(
        String brokers,
        String registry,
        String prefix,
        String applicationId,
        String stateDir,
        int threads,
        int checkpointIntervalMs,
        String statsFile,
        Map<String, String> set,
        boolean printsConfig) {
    static final String USAGE = """
            flink-peer: the work of loadtest/peers/README.md on Flink

              --brokers HOST:PORT,…        Kafka (needed)
              --registry URL               the schema registry, as .../apis/ccompat/v7 (needed)
              --prefix NAME                what the topics' names begin with (weir)
              --application-id ID          its group, and the start of its transactions' names (flink-peer)
              --state-dir DIR              where RocksDB's files and the checkpoints lie (needed)
              --threads N                  its parallelism (2)
              --checkpoint-interval-ms N   how often it commits (1000)
              --stats FILE                 at the end, writes as JSON what was done
              --set NAME=VALUE             a setting of Flink, before all others; may be given again
              --print-config               prints the settings that are not Flink's defaults, and ends

            It prints a line with the word ready once it runs, and ends in good order at SIGTERM. It goes on from the
            newest checkpoint in its folder.
            """;

    private static final Set<String> FLAGS = Set.of("--print-config");
    private static final Set<String> OPTIONS = Set.of("--brokers", "--registry", "--prefix", "--application-id", "--state-dir",
            "--threads", "--checkpoint-interval-ms", "--stats");

    static Arguments parse(String[] words) throws CommandLine.Wrong {
        CommandLine given = CommandLine.parse(words, FLAGS, OPTIONS);
        return new Arguments(
                given.needed("--brokers"),
                given.needed("--registry"),
                given.text("--prefix", "weir"),
                given.text("--application-id", "flink-peer"),
                given.needed("--state-dir"),
                given.number("--threads", 2),
                given.number("--checkpoint-interval-ms", 1_000),
                given.text("--stats", null),
                given.set(),
                given.has("--print-config"));
    }
}
