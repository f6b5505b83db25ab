package weir.peers;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import weir.peers.Debtor.OpenInvoice;
import weir.peers.Debtor.WaitingPayment;

/** The plan: cycles begin and end, stages are entered, each in its time. */
final class Dunning {
    private static final long DAY_MS = 24L * 60 * 60 * 1000;

    private final Commands commands;

    Dunning(Commands commands) {
        this.commands = commands;
    }

    /**
     * Brings a debtor's cycle to where it belongs now, and says in {@code dueMs} when something is due next. Of a debtor
     * without a snapshot nothing is known of what to send: all waits for it.
     */
    void advance(Debtor debtor, long nowMs) {
        Booking.endWaits(debtor, nowMs);
        boolean isIdle = debtor.invoices.isEmpty() && !debtor.inCycle;
        if (isIdle || !debtor.hasSnapshot()) {
            debtor.dueMs = nextWait(debtor, 0);
            return;
        }
        ZoneId zone = Snapshot.decode(debtor.snapshot).zone();
        int today = today(zone, nowMs);
        long debt = 0;
        for (OpenInvoice invoice : debtor.invoices) {
            debt += invoice.dueDay <= today ? invoice.outstanding : 0;
        }
        if (debtor.inCycle && debt <= 0) {
            end(debtor);
        }
        if (!debtor.inCycle && debt >= Policy.ENTRY) {
            debtor.inCycle = true;
            debtor.cycles++;
            debtor.stages = 0;
        }
        while (debtor.inCycle && debt >= Policy.ENTRY && stageDue(debtor, nowMs) <= nowMs) {
            enter(debtor, debt, nowMs);
        }
        debtor.dueMs = nextDue(debtor, zone, today, nowMs);
    }

    /** When the next stage is due; never after the last. The first is so at once. */
    private static long stageDue(Debtor debtor, long nowMs) {
        if (debtor.stages == Policy.STAGES.size()) {
            return Long.MAX_VALUE;
        }
        return debtor.stages == 0 ? nowMs : debtor.enteredAtMs + Policy.STAGES.get(debtor.stages).gapMs();
    }

    private void enter(Debtor debtor, long debt, long nowMs) {
        int at = debtor.stages;
        debtor.stages++;
        debtor.enteredAtMs = nowMs;
        if (Policy.STAGES.get(at).operation() == null) {
            commands.remind(debtor, at, debt);
        } else {
            commands.order(debtor, at);
        }
    }

    /** What was ordered is undone, the last first. */
    private void end(Debtor debtor) {
        for (int at = debtor.orders.size() - 1; at >= 0; at--) {
            commands.undo(debtor, debtor.orders.get(at));
        }
        debtor.orders.clear();
        if (debtor.stages > 0) {
            commands.thank(debtor);
        }
        debtor.inCycle = false;
        debtor.stages = 0;
        debtor.enteredAtMs = 0;
    }

    /** The earliest of what is still to come: a stage, a day on which an invoice counts, the end of a payment's wait. */
    private static long nextDue(Debtor debtor, ZoneId zone, int today, long nowMs) {
        long due = 0;
        if (debtor.inCycle) {
            long stage = stageDue(debtor, nowMs);
            // A stage whose time has come and whose debt has not is entered by the event that brings it.
            due = stage > nowMs && stage != Long.MAX_VALUE ? stage : 0;
        }
        for (OpenInvoice invoice : debtor.invoices) {
            if (invoice.dueDay > today) {
                due = earlier(due, LocalDate.ofEpochDay(invoice.dueDay).atStartOfDay(zone).toInstant().toEpochMilli());
            }
        }
        return nextWait(debtor, due);
    }

    private static long nextWait(Debtor debtor, long due) {
        for (WaitingPayment payment : debtor.waiting) {
            due = earlier(due, payment.untilMs);
        }
        return due;
    }

    private static long earlier(long due, long other) {
        return due == 0 ? other : Math.min(due, other);
    }

    private static int today(ZoneId zone, long nowMs) {
        if (zone == ZoneOffset.UTC) {
            return (int) Math.floorDiv(nowMs, DAY_MS);
        }
        return (int) LocalDate.ofInstant(Instant.ofEpochMilli(nowMs), zone).toEpochDay();
    }
}
