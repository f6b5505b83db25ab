package weir.peers;

import java.util.Map;
import java.util.Set;

/**
 * The command line.
 *
 * @param set settings of Kafka Streams by name, which go before all others
 * @param statsFile where to write what was done, when it ends; null for nowhere
 * @param isDefaults run on Kafka's defaults, but for exactly-once: what tuning is held against
 */
record Arguments(
        String brokers,
        String registry,
        String prefix,
        String applicationId,
        String stateDir,
        String instance,
        int threads,
        int commitIntervalMs,
        String statsFile,
        Map<String, String> set,
        boolean isDefaults,
        boolean printsConfig) {
    static final String USAGE = """
            kafka-streams-peer: the work of loadtest/peers/README.md on Kafka Streams

              --brokers HOST:PORT,…      Kafka (needed)
              --registry URL             the schema registry, as .../apis/ccompat/v7 (needed)
              --prefix NAME              what the topics' names begin with (weir)
              --application-id ID        its group, and the start of its changelogs' names (kafka-streams-peer)
              --state-dir DIR            where RocksDB's files lie (needed)
              --instance NAME            this process's name in the group; the same again takes its place at once (0)
              --threads N                stream threads (2; with --defaults Kafka's 1)
              --commit-interval-ms N     how often it commits (100, Kafka's own default under exactly-once)
              --stats FILE               at the end, writes as JSON what was done
              --set NAME=VALUE           a setting of Kafka Streams, before all others; may be given again
              --defaults                 runs on Kafka's defaults, but for exactly-once
              --print-config             prints the settings that are in force, and ends

            It prints a line with the word ready once it runs, and ends in good order at SIGTERM.
            """;

    private static final Set<String> FLAGS = Set.of("--defaults", "--print-config");
    private static final Set<String> OPTIONS = Set.of("--brokers", "--registry", "--prefix", "--application-id", "--state-dir",
            "--instance", "--threads", "--commit-interval-ms", "--stats");

    static Arguments parse(String[] words) throws CommandLine.Wrong {
        CommandLine given = CommandLine.parse(words, FLAGS, OPTIONS);
        boolean isDefaults = given.has("--defaults");
        return new Arguments(
                given.needed("--brokers"),
                given.needed("--registry"),
                given.text("--prefix", "weir"),
                given.text("--application-id", "kafka-streams-peer"),
                given.needed("--state-dir"),
                given.text("--instance", "0"),
                given.number("--threads", isDefaults ? 1 : 2),
                given.number("--commit-interval-ms", 100),
                given.text("--stats", null),
                given.set(),
                isDefaults,
                given.has("--print-config"));
    }
}
