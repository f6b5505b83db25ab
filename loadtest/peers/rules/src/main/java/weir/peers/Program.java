package weir.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** What the program of a peer does, whichever it is. */
final class Program {
    private static final int WRONG_ARGUMENTS = 2;

    /** Reads a command line. */
    interface Parser<A> {
        A parse(String[] words) throws CommandLine.Wrong;
    }

    private Program() {}

    /** The arguments; null where help was asked for, which is printed. Wrong ones end the process. */
    static <A> A arguments(String[] words, String usage, Parser<A> parser) {
        if (Arrays.asList(words).contains("--help")) {
            System.out.print(usage);
            return null;
        }
        try {
            return parser.parse(words);
        } catch (CommandLine.Wrong e) {
            System.err.println(e.getMessage() + "\n\n" + usage);
            System.exit(WRONG_ARGUMENTS);
            return null;
        }
    }

    /** Says at the end what was done, also to a file, where one is named. */
    static void tell(Stats stats, String file) throws IOException {
        String json = stats.toJson();
        System.out.println("stopped: " + json);
        if (file != null) {
            Files.writeString(Path.of(file), json + "\n");
        }
    }

    /** Waits for a thread's end. */
    static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
