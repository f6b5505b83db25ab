package weir.peers;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides one event or one due timer after the other: reads the debtor, lets the rules change it, and says what to keep of it.
 *
 * <p>Where the debtors lie and what wakes it is the engine's business, of which this knows nothing. Of one thread.
 */
final class Decider {
    private static final Logger LOG = LoggerFactory.getLogger(Decider.class);

    /** What the engine keeps of the debtor at hand. */
    interface State {
        /** The debtor as stored; null where nothing is known of it. */
        byte[] read();

        void write(byte[] stored);

        /** When the debtor is to be woken has changed; 0 stands for never. */
        void wake(long formerMs, long atMs);
    }

    private final Events events;
    private final Stats stats;
    private final DebtorCodec codec = new DebtorCodec();
    private final Debtor debtor = new Debtor();
    private final Commands commands;
    private final Thresholds thresholds;
    private final Dunning dunning;

    Decider(SchemaRegistry registry, Stats stats, Commands.Receiver receiver) {
        this.stats = stats;
        events = new Events(registry);
        commands = new Commands(receiver);
        thresholds = new Thresholds(commands);
        dunning = new Dunning(commands);
    }

    /** A record has come. One that cannot be read, or was seen before, changes nothing. */
    void record(Kind kind, byte[] key, byte[] value, long nowMs, State state) {
        Events.Event event;
        try {
            event = events.read(kind, key, value);
        } catch (Events.Unreadable e) {
            stats.unreadable.increment();
            LOG.warn("passed over a record of {}: {}", kind.topic, e.getMessage());
            return;
        }
        stats.events.get(kind).increment();
        open(key, nowMs, state);
        int seconds = (int) (nowMs / 1_000);
        if (debtor.seen.contains(event.id, seconds)) {
            stats.repeated.increment();
            return;
        }
        debtor.seen.remember(event.id, seconds);
        long formerMs = debtor.dueMs;
        decide(event, nowMs);
        close(formerMs, state);
    }

    /** The moment has come for which the debtor was to be woken. Answers false where it has long had another one. */
    boolean wake(byte[] key, long atMs, long nowMs, State state) {
        open(key, nowMs, state);
        if (debtor.dueMs != atMs) {
            return false;
        }
        stats.timers.increment();
        dunning.advance(debtor, nowMs);
        close(atMs, state);
        return true;
    }

    private void decide(Events.Event event, long nowMs) {
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

    private void open(byte[] key, long nowMs, State state) {
        codec.decode(state.read(), debtor);
        commands.about(key, nowMs);
    }

    private void close(long formerMs, State state) {
        if (debtor.dueMs != formerMs) {
            state.wake(formerMs, debtor.dueMs);
        }
        state.write(codec.encode(debtor));
    }
}
