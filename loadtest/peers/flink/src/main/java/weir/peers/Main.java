package weir.peers;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program: starts the job in this process, says when it is ready, and ends it in good order. */
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);
    private static final long STOP_WITHIN_SECONDS = 60;
    private static final long LOOK_EVERY_MS = 20;

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
        long startedMs = System.currentTimeMillis();
        HttpSchemaRegistry registry = new HttpSchemaRegistry(arguments.registry());
        int messages = registry.register(arguments.prefix() + ".messages-value", Outputs.schemaText("message"));
        int provisioning = registry.register(arguments.prefix() + ".provisioning-value", Outputs.schemaText("provisioning"));
        JobClient job = Job.of(arguments, messages, provisioning).executeAsync("peer");

        CountDownLatch asked = new CountDownLatch(1);
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            asked.countDown();
            Program.join(main);
        }));
        boolean hasEnded = !waitUntilReady(job, arguments, asked);
        if (!hasEnded) {
            System.out.printf("ready after %d ms%n", System.currentTimeMillis() - startedMs);
        }
        while (!hasEnded && !asked.await(LOOK_EVERY_MS * 10, TimeUnit.MILLISECONDS)) {
            hasEnded = hasEnded(job);
        }
        boolean isFailed = hasEnded || !stop(job, arguments);
        Program.tell(DebtorFunction.STATS, arguments.statsFile());
        // After SIGTERM the hook waits for this thread, and System.exit would wait for the hook.
        Runtime.getRuntime().halt(isFailed ? 1 : 0);
    }

    /** Until each instance has its state; false where the job ended before. */
    private static boolean waitUntilReady(JobClient job, Arguments arguments, CountDownLatch asked) throws Exception {
        while (DebtorFunction.OPEN.get() < arguments.threads() && asked.getCount() > 0) {
            if (hasEnded(job)) {
                return false;
            }
            Thread.sleep(LOOK_EVERY_MS);
        }
        return true;
    }

    /** Whether the job has ended by itself, which it never should; the local cluster goes with it, and then answers nothing more. */
    private static boolean hasEnded(JobClient job) throws InterruptedException {
        try {
            return job.getJobStatus().get().isGloballyTerminalState();
        } catch (ExecutionException | IllegalStateException e) {
            LOG.error("the job has ended; so does the process", e);
            return true;
        }
    }

    /** With a savepoint, which commits all that was decided. */
    private static boolean stop(JobClient job, Arguments arguments) throws InterruptedException {
        String folder = Path.of(arguments.stateDir()).toAbsolutePath().resolve("savepoints").toUri().toString();
        try {
            job.stopWithSavepoint(false, folder, SavepointFormatType.NATIVE).get(STOP_WITHIN_SECONDS, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            LOG.error("cannot stop in good order", e);
            return false;
        }
    }
}
