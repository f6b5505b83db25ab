package weir.peers.streams;

import java.time.Duration;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import weir.Message;
import weir.Provisioning;

/**
 * Decides every event and every due timer of a partition: reads the debtor, lets the rules change it, writes it, forwards what
 * they ordered. The rules themselves are not here.
 */
final class DebtorProcessor implements Processor<byte[], byte[], byte[], byte[]>, Commands.Receiver {
    static final String DEBTORS = "debtors";
    static final String TIMERS = "timers";
    static final String MESSAGES = "messages";
    static final String PROVISIONING = "provisioning";

    private static final Logger LOG = LoggerFactory.getLogger(DebtorProcessor.class);

    /** How often timers are looked at; no more often than the thread comes round, see poll.ms. */
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);

    /** How many timers are done at one look: with a million due at once, live events still get their turn. */
    private static final int MOST_TIMERS = 1_000;

    /** What all tasks of a process share. */
    record Shared(String prefix, SchemaRegistry registry, Stats stats, int messageSchema, int provisioningSchema) {}

    private final Shared shared;
    private final Events events;
    private final DebtorCodec codec = new DebtorCodec();
    private final Debtor debtor = new Debtor();
    private final Commands commands = new Commands(this);
    private final Thresholds thresholds = new Thresholds(commands);
    private final Dunning dunning = new Dunning(commands);
    private final Outputs<Message> messages;
    private final Outputs<Provisioning> orders;

    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<Bytes, byte[]> debtors;
    private Timers timers;
    private byte[] key;
    private long nowMs;

    DebtorProcessor(Shared shared) {
        this.shared = shared;
        events = new Events(shared.registry());
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
        Kind kind = kindOfRecord();
        Events.Event event;
        try {
            event = events.read(kind, record.key(), record.value());
        } catch (Events.Unreadable e) {
            shared.stats().unreadable.increment();
            LOG.warn("passed over a record of {}: {}", kind.topic, e.getMessage());
            return;
        }
        shared.stats().events.get(kind).increment();
        Bytes id = open(record.key(), context.currentSystemTimeMs());
        int seconds = (int) (nowMs / 1_000);
        if (debtor.seen.contains(event.id, seconds)) {
            shared.stats().repeated.increment();
            return;
        }
        debtor.seen.remember(event.id, seconds);
        long dueMs = debtor.dueMs;
        decide(event);
        close(id, dueMs);
    }

    private void decide(Events.Event event) {
        if (event instanceof Events.BalanceEvent balance) {
            thresholds.onChange(debtor, balance);
            return;
        }
        if (event instanceof Events.AccountEvent account) {
            debtor.snapshot = account.snapshot;
            thresholds.onSnapshot(debtor);
        } else if (event instanceof Events.InvoiceEvent invoice) {
            Booking.invoice(debtor, invoice);
        } else if (event instanceof Events.PaymentEvent payment) {
            Booking.payment(debtor, payment, nowMs);
        }
        dunning.advance(debtor, nowMs);
    }

    /** Looks who is due. What is left over is looked at next time: nothing waits longer for it than a look takes. */
    private void doTimers(long wallClockMs) {
        for (Timers.Due due : timers.due(wallClockMs, MOST_TIMERS)) {
            Bytes id = open(due.debtor().get(), wallClockMs);
            if (debtor.dueMs != due.atMs()) {
                timers.drop(due);
                continue;
            }
            shared.stats().timers.increment();
            dunning.advance(debtor, nowMs);
            close(id, due.atMs());
        }
    }

    private Bytes open(byte[] debtorKey, long now) {
        key = debtorKey;
        nowMs = now;
        Bytes id = Bytes.wrap(debtorKey);
        codec.decode(debtors.get(id), debtor);
        commands.about(debtorKey, now);
        return id;
    }

    private void close(Bytes id, long formerDueMs) {
        timers.move(id, formerDueMs, debtor.dueMs);
        debtors.put(id, codec.encode(debtor));
    }

    @Override
    public void message(Message message) {
        shared.stats().messages.increment();
        context.forward(new Record<>(key, messages.encode(message), nowMs), MESSAGES);
    }

    @Override
    public void provisioning(Provisioning order) {
        shared.stats().orders.increment();
        context.forward(new Record<>(key, orders.encode(order), nowMs), PROVISIONING);
    }

    /** By the topic's last letters: the four begin alike, and differ in what comes after the prefix's dot. */
    private Kind kindOfRecord() {
        String topic = context.recordMetadata().map(RecordMetadata::topic).orElse("");
        return switch (topic.charAt(shared.prefix().length() + 1)) {
            case 'b' -> Kind.BALANCES;
            case 'a' -> Kind.ACCOUNTS;
            case 'i' -> Kind.INVOICES;
            case 'p' -> Kind.PAYMENTS;
            default -> throw new IllegalStateException("a record of «" + topic + "», which is not read");
        };
    }
}
