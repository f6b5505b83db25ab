package weir.peers;

import java.util.ArrayList;
import java.util.List;

/**
 * The stored form of a debtor: the same bytes in RocksDB and in the changelog.
 *
 * <p>Most debtors have no debt: what belongs to one is written only where a flag says so. Of one task, and so of one thread.
 */
final class DebtorCodec {
    /** The form's version, and every debtor's first byte. */
    private static final int FORM = 1;

    private static final int HAS_DEBT = 1;
    private static final int HAS_ALERTS = 2;

    private static final int IS_KNOWN = 1;
    private static final int HAS_LIMIT = 2;
    private static final int HAS_VERSION = 4;

    private final Bytecoder out = new Bytecoder(2048);
    private final Bytecoder in = new Bytecoder(0);

    byte[] encode(Debtor debtor) {
        boolean hasDebt = debtor.cycles > 0 || debtor.credit != 0 || debtor.dueMs != 0 || !debtor.invoices.isEmpty()
                || !debtor.closed.isEmpty() || !debtor.waiting.isEmpty();
        boolean hasAlerts = !debtor.alerts.isEmpty();
        out.rewind();
        out.putByte(FORM);
        out.putByte((hasDebt ? HAS_DEBT : 0) | (hasAlerts ? HAS_ALERTS : 0));
        out.putUnsigned(debtor.snapshot.length);
        out.putRaw(debtor.snapshot, debtor.snapshot.length);
        for (Debtor.BalanceState balance : debtor.balances) {
            putBalance(balance);
        }
        if (hasDebt) {
            putDebt(debtor);
        }
        if (hasAlerts) {
            putAlerts(debtor);
        }
        out.putUnsigned(debtor.seen.length);
        out.putRaw(debtor.seen.entries, debtor.seen.length);
        return out.toBytes();
    }

    /** Reads a debtor over the one that was there; of null, a new one. */
    void decode(byte[] bytes, Debtor debtor) {
        debtor.clear();
        if (bytes == null) {
            return;
        }
        in.rewind(bytes);
        int form = in.oneByte();
        if (form != FORM) {
            throw new IllegalStateException("a debtor is stored in form " + form + ", which this version does not read");
        }
        int flags = in.oneByte();
        debtor.snapshot = new byte[(int) in.unsigned()];
        in.raw(debtor.snapshot, debtor.snapshot.length);
        for (Debtor.BalanceState balance : debtor.balances) {
            readBalance(balance);
        }
        if ((flags & HAS_DEBT) != 0) {
            readDebt(debtor);
        }
        if ((flags & HAS_ALERTS) != 0) {
            readAlerts(debtor);
        }
        debtor.seen.length = (int) in.unsigned();
        in.raw(debtor.seen.entries, debtor.seen.length);
    }

    private void putBalance(Debtor.BalanceState balance) {
        if (!balance.isKnown) {
            out.putByte(0);
            return;
        }
        boolean hasVersion = balance.version != Long.MIN_VALUE;
        out.putByte(IS_KNOWN | (balance.limit != 0 ? HAS_LIMIT : 0) | (hasVersion ? HAS_VERSION : 0) | balance.fired << 3);
        out.putSigned(balance.value);
        if (balance.limit != 0) {
            out.putSigned(balance.limit);
        }
        if (hasVersion) {
            out.putSigned(balance.version);
        }
        out.putUnsigned(balance.alertsMade);
    }

    private void readBalance(Debtor.BalanceState balance) {
        int flags = in.oneByte();
        if ((flags & IS_KNOWN) == 0) {
            return;
        }
        balance.isKnown = true;
        balance.fired = flags >> 3;
        balance.value = in.signed();
        balance.limit = (flags & HAS_LIMIT) != 0 ? in.signed() : 0;
        balance.version = (flags & HAS_VERSION) != 0 ? in.signed() : Long.MIN_VALUE;
        balance.alertsMade = (int) in.unsigned();
    }

    private void putDebt(Debtor debtor) {
        out.putUnsigned(debtor.dueMs);
        out.putUnsigned(debtor.credit);
        out.putUnsigned(debtor.cycles);
        out.putByte(debtor.inCycle ? 1 : 0);
        out.putByte(debtor.stages);
        out.putUnsigned(debtor.enteredAtMs);
        out.putUnsigned(debtor.invoices.size());
        for (Debtor.OpenInvoice invoice : debtor.invoices) {
            out.putText(invoice.id);
            out.putSigned(invoice.dueDay);
            out.putUnsigned(invoice.outstanding);
        }
        out.putUnsigned(debtor.closed.size());
        for (long hash : debtor.closed) {
            out.putUnsigned(hash);
        }
        out.putUnsigned(debtor.waiting.size());
        for (Debtor.WaitingPayment payment : debtor.waiting) {
            putTexts(payment.invoices);
            out.putUnsigned(payment.amount);
            out.putUnsigned(payment.untilMs);
        }
        out.putUnsigned(debtor.orders.size());
        for (Debtor.Order order : debtor.orders) {
            out.putByte(order.stage());
            putTexts(order.services());
        }
    }

    private void readDebt(Debtor debtor) {
        debtor.dueMs = in.unsigned();
        debtor.credit = in.unsigned();
        debtor.cycles = (int) in.unsigned();
        debtor.inCycle = in.oneByte() == 1;
        debtor.stages = in.oneByte();
        debtor.enteredAtMs = in.unsigned();
        for (int left = (int) in.unsigned(); left > 0; left--) {
            debtor.invoices.add(new Debtor.OpenInvoice(in.text(), (int) in.signed(), in.unsigned()));
        }
        for (int left = (int) in.unsigned(); left > 0; left--) {
            debtor.closed.add(in.unsigned());
        }
        for (int left = (int) in.unsigned(); left > 0; left--) {
            debtor.waiting.add(new Debtor.WaitingPayment(texts(), in.unsigned(), in.unsigned()));
        }
        for (int left = (int) in.unsigned(); left > 0; left--) {
            debtor.orders.add(new Debtor.Order(in.oneByte(), texts()));
        }
    }

    private void putAlerts(Debtor debtor) {
        out.putUnsigned(debtor.alerts.size());
        for (Debtor.WaitingAlert alert : debtor.alerts) {
            out.putByte(alert.rule());
            out.putByte(alert.line());
            out.putByte(alert.crossed());
            out.putUnsigned(alert.occurrence());
            out.putSigned(alert.value());
        }
    }

    private void readAlerts(Debtor debtor) {
        for (int left = (int) in.unsigned(); left > 0; left--) {
            debtor.alerts.add(new Debtor.WaitingAlert(
                    in.oneByte(), in.oneByte(), in.oneByte(), (int) in.unsigned(), in.signed()));
        }
    }

    private void putTexts(List<String> texts) {
        out.putUnsigned(texts.size());
        texts.forEach(out::putText);
    }

    private List<String> texts() {
        int count = (int) in.unsigned();
        List<String> texts = new ArrayList<>(count);
        for (int at = 0; at < count; at++) {
            texts.add(in.text());
        }
        return texts;
    }
}
