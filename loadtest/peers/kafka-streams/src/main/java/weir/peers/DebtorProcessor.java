package weir.peers;

import java.time.Duration;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import weir.Message;
import weir.Provisioning;

/** A partition's events and timers, its two stores, its two ways out. What is decided is {@link Decider}'s business. */
final class DebtorProcessor implements Processor<byte[], byte[], byte[], byte[]>, Commands.Receiver, Decider.State {
    static final String DEBTORS = "debtors";
    static final String TIMERS = "timers";
    static final String MESSAGES = "messages";
    static final String PROVISIONING = "provisioning";

    /** How often timers are looked at; no more often than the thread comes round, see poll.ms. */
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);

    /** How many timers are done at one look: with a million due at once, live events still get their turn. */
    private static final int MOST_TIMERS = 1_000;

    /** What all tasks of a process share. */
    record Shared(String prefix, SchemaRegistry registry, Stats stats, int messageSchema, int provisioningSchema) {}

    private final Shared shared;
    private final Decider decider;
    private final Outputs<Message> messages;
    private final Outputs<Provisioning> orders;

    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<Bytes, byte[]> debtors;
    private Timers timers;

    /** The debtor at hand, and the moment. */
    private Bytes key;

    private long nowMs;

    DebtorProcessor(Shared shared) {
        this.shared = shared;
        decider = new Decider(shared.registry(), shared.stats(), this);
        messages = new Outputs<>(Message.getClassSchema(), shared.messageSchema());
        orders = new Outputs<>(Provisioning.getClassSchema(), shared.provisioningSchema());
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> given) {
        context = given;
        debtors = context.getStateStore(DEBTORS);
        timers = new Timers(context.getStateStore(TIMERS));
        context.schedule(LOOK_EVERY, PunctuationType.WALL_CLOCK_TIME, this::doTimers);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        key = record.key() == null ? null : Bytes.wrap(record.key());
        nowMs = context.currentSystemTimeMs();
        decider.record(kindOfRecord(), record.key(), record.value(), nowMs, this);
    }

    /** Looks who is due. What is left over is looked at next time. */
    private void doTimers(long wallClockMs) {
        nowMs = wallClockMs;
        for (Timers.Due due : timers.due(wallClockMs, MOST_TIMERS)) {
            key = due.debtor();
            if (!decider.wake(key.get(), due.atMs(), wallClockMs, this)) {
                timers.drop(due);
            }
        }
    }

    @Override
    public byte[] read() {
        return debtors.get(key);
    }

    @Override
    public void write(byte[] stored) {
        debtors.put(key, stored);
    }

    @Override
    public void wake(long formerMs, long atMs) {
        timers.move(key, formerMs, atMs);
    }

    @Override
    public void message(Message message) {
        shared.stats().messages.increment();
        context.forward(new Record<>(key.get(), messages.encode(message), nowMs), MESSAGES);
    }

    @Override
    public void provisioning(Provisioning order) {
        shared.stats().orders.increment();
        context.forward(new Record<>(key.get(), orders.encode(order), nowMs), PROVISIONING);
    }

    private Kind kindOfRecord() {
        return Kind.of(context.recordMetadata().map(RecordMetadata::topic).orElse(""), shared.prefix());
    }
}
