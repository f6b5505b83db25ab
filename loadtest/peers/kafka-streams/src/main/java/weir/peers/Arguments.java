package weir.peers;

import java.util.HashMap;
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
            "--instance", "--threads", "--commit-interval-ms", "--stats", "--set");

    /** A command line that makes no sense: the message says what is wrong with it. */
    static final class Wrong extends Exception {
        Wrong(String message) {
            super(message);
        }
    }

    static Arguments parse(String[] words) throws Wrong {
        Map<String, String> given = new HashMap<>();
        Map<String, String> set = new HashMap<>();
        for (int at = 0; at < words.length; at++) {
            String word = words[at];
            if (FLAGS.contains(word)) {
                given.put(word, "");
            } else if (!OPTIONS.contains(word)) {
                throw new Wrong("unknown argument " + word);
            } else if (at + 1 == words.length) {
                throw new Wrong(word + " has no value");
            } else if (word.equals("--set")) {
                at++;
                int middle = words[at].indexOf('=');
                if (middle < 1) {
                    throw new Wrong("--set takes NAME=VALUE, not " + words[at]);
                }
                set.put(words[at].substring(0, middle), words[at].substring(middle + 1));
            } else {
                at++;
                given.put(word, words[at]);
            }
        }
        return of(given, set);
    }

    private static Arguments of(Map<String, String> given, Map<String, String> set) throws Wrong {
        for (String needed : new String[] {"--brokers", "--registry", "--state-dir"}) {
            if (!given.containsKey(needed)) {
                throw new Wrong(needed + " is needed");
            }
        }
        boolean isDefaults = given.containsKey("--defaults");
        return new Arguments(
                given.get("--brokers"),
                given.get("--registry"),
                given.getOrDefault("--prefix", "weir"),
                given.getOrDefault("--application-id", "kafka-streams-peer"),
                given.get("--state-dir"),
                given.getOrDefault("--instance", "0"),
                number(given, "--threads", isDefaults ? 1 : 2),
                number(given, "--commit-interval-ms", 100),
                given.get("--stats"),
                set,
                isDefaults,
                given.containsKey("--print-config"));
    }

    private static int number(Map<String, String> given, String name, int otherwise) throws Wrong {
        String text = given.get(name);
        if (text == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(text);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new Wrong(name + " is a whole number above zero, not " + text);
    }
}
