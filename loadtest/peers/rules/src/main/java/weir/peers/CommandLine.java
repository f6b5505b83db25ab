package weir.peers;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The words of a command line: flags, options with a value, and {@code --set NAME=VALUE} as often as it is given. */
final class CommandLine {
    private final Map<String, String> given = new HashMap<>();
    private final Map<String, String> set = new HashMap<>();

    private CommandLine() {}

    /** A command line that makes no sense: the message says what is wrong with it. */
    static final class Wrong extends Exception {
        Wrong(String message) {
            super(message);
        }
    }

    static CommandLine parse(String[] words, Set<String> flags, Set<String> options) throws Wrong {
        CommandLine line = new CommandLine();
        for (int at = 0; at < words.length; at++) {
            String word = words[at];
            if (flags.contains(word)) {
                line.given.put(word, "");
                continue;
            }
            if (!options.contains(word) && !word.equals("--set")) {
                throw new Wrong("unknown argument " + word);
            }
            at++;
            if (at == words.length) {
                throw new Wrong(word + " has no value");
            }
            line.take(word, words[at]);
        }
        return line;
    }

    private void take(String option, String value) throws Wrong {
        if (!option.equals("--set")) {
            given.put(option, value);
            return;
        }
        int middle = value.indexOf('=');
        if (middle < 1) {
            throw new Wrong("--set takes NAME=VALUE, not " + value);
        }
        set.put(value.substring(0, middle), value.substring(middle + 1));
    }

    boolean has(String flag) {
        return given.containsKey(flag);
    }

    String needed(String option) throws Wrong {
        if (!has(option)) {
            throw new Wrong(option + " is needed");
        }
        return given.get(option);
    }

    String text(String option, String otherwise) {
        return given.getOrDefault(option, otherwise);
    }

    int number(String option, int otherwise) throws Wrong {
        String text = given.get(option);
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
        throw new Wrong(option + " is a whole number above zero, not " + text);
    }

    /** What {@code --set} gave. */
    Map<String, String> set() {
        return set;
    }
}
