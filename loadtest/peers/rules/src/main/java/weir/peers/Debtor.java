package weir.peers;

import java.util.ArrayList;
import java.util.List;

/**
 * What is kept of a debtor, decoded. One of them serves a task for all its debtors, one after the other.
 *
 * <p>How it is stored is {@link DebtorCodec}'s business.
 */
final class Debtor {
    /** One per rule, in the order of {@link Policy#RULES}. */
    final BalanceState[] balances = {new BalanceState(), new BalanceState()};

    /** Open invoices, oldest due first. */
    final List<OpenInvoice> invoices = new ArrayList<>();

    /** Hashes of the ids of invoices that were paid, oldest first. */
    final List<Long> closed = new ArrayList<>();

    /** Payments that name an invoice which has not come. */
    final List<WaitingPayment> waiting = new ArrayList<>();

    /** Alerts that wait for the account's snapshot, which says where to send them. */
    final List<WaitingAlert> alerts = new ArrayList<>();

    /** Orders of the running cycle that are in force, in the order they were given. */
    final List<Order> orders = new ArrayList<>();

    final SeenEvents seen = new SeenEvents();

    /** The account's snapshot as {@link Snapshot} writes it: it is read only when something is sent. Empty before it came. */
    byte[] snapshot = {};

    /** What was paid and found no invoice to pay. */
    long credit;

    /** How many cycles there were, the running one included. */
    int cycles;

    /** Whether one is running. */
    boolean inCycle;

    /** How many stages of it were entered, and when the last was. */
    int stages;

    long enteredAtMs;

    /** When something is due by itself, as the timers say; 0 for never. */
    long dueMs;

    /** A balance and the rule on it. */
    static final class BalanceState {
        boolean isKnown;
        long value;
        /** 0 where none was told: a percent line asks for one above it. */
        long limit;
        /** The newest version seen; {@code Long.MIN_VALUE} for none. */
        long version;
        /** Which lines have fired, a bit each. */
        int fired;
        /** How many alerts there were: it keeps their ids apart. */
        int alertsMade;

        void clear() {
            isKnown = false;
            value = 0;
            limit = 0;
            version = Long.MIN_VALUE;
            fired = 0;
            alertsMade = 0;
        }
    }

    static final class OpenInvoice {
        final String id;
        final int dueDay;
        long outstanding;

        OpenInvoice(String id, int dueDay, long outstanding) {
            this.id = id;
            this.dueDay = dueDay;
            this.outstanding = outstanding;
        }
    }

    static final class WaitingPayment {
        final List<String> invoices;
        final long untilMs;
        long amount;

        WaitingPayment(List<String> invoices, long amount, long untilMs) {
            this.invoices = invoices;
            this.amount = amount;
            this.untilMs = untilMs;
        }
    }

    record WaitingAlert(int rule, int line, int crossed, int occurrence, long value) {}

    /** An order in force: the stage that gave it, and the services it holds. */
    record Order(int stage, List<String> services) {}

    /** A debtor of whom nothing is known yet. */
    void clear() {
        for (BalanceState balance : balances) {
            balance.clear();
        }
        invoices.clear();
        closed.clear();
        waiting.clear();
        alerts.clear();
        orders.clear();
        seen.clear();
        snapshot = new byte[0];
        credit = 0;
        cycles = 0;
        inCycle = false;
        stages = 0;
        enteredAtMs = 0;
        dueMs = 0;
    }

    boolean hasSnapshot() {
        return snapshot.length > 0;
    }
}
