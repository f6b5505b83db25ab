package weir.peers;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import weir.peers.Debtor.OpenInvoice;
import weir.peers.Debtor.WaitingPayment;

/** Which payment pays which invoice. */
final class Booking {
    private Booking() {}

    /** An invoice is booked, once; what waited for it and what is left of earlier payments pays it at once. */
    static void invoice(Debtor debtor, Events.InvoiceEvent event) {
        if (event.isDraft || find(debtor, event.invoiceId) != null || debtor.closed.contains(hash(event.invoiceId))) {
            return;
        }
        OpenInvoice invoice = new OpenInvoice(event.invoiceId, event.dueDay, event.amount);
        int at = debtor.invoices.size();
        while (at > 0 && debtor.invoices.get(at - 1).dueDay > invoice.dueDay) {
            at--;
        }
        debtor.invoices.add(at, invoice);
        payFromThoseThatWait(debtor, invoice);
        debtor.credit = spread(debtor, debtor.credit);
    }

    /** A payment pays the invoices that it names, then the oldest; while one that it names has not come, the rest waits. */
    static void payment(Debtor debtor, Events.PaymentEvent event, long nowMs) {
        if (!event.isConfirmed) {
            return;
        }
        long left = event.amount;
        List<String> unseen = new ArrayList<>();
        for (String id : event.invoices) {
            OpenInvoice invoice = find(debtor, id);
            if (invoice != null) {
                left -= pay(invoice, left);
            } else if (!debtor.closed.contains(hash(id))) {
                unseen.add(id);
            }
        }
        closePaid(debtor);
        if (left > 0 && !unseen.isEmpty()) {
            debtor.waiting.add(new WaitingPayment(unseen, left, nowMs + Policy.WAIT_FOR_INVOICE_MS));
        } else {
            debtor.credit = spread(debtor, debtor.credit + left);
        }
    }

    /** Payments that waited long enough for an invoice pay like those that name none. */
    static void endWaits(Debtor debtor, long nowMs) {
        for (Iterator<WaitingPayment> all = debtor.waiting.iterator(); all.hasNext(); ) {
            WaitingPayment payment = all.next();
            if (payment.untilMs <= nowMs) {
                all.remove();
                debtor.credit = spread(debtor, debtor.credit + payment.amount);
            }
        }
    }

    private static void payFromThoseThatWait(Debtor debtor, OpenInvoice invoice) {
        for (Iterator<WaitingPayment> all = debtor.waiting.iterator(); all.hasNext(); ) {
            WaitingPayment payment = all.next();
            if (payment.invoices.remove(invoice.id)) {
                payment.amount -= pay(invoice, payment.amount);
                if (payment.invoices.isEmpty() || payment.amount == 0) {
                    all.remove();
                    debtor.credit += payment.amount;
                }
            }
        }
        closePaid(debtor);
    }

    /** Pays the oldest due first; answers what is left. */
    private static long spread(Debtor debtor, long amount) {
        if (amount == 0 || debtor.invoices.isEmpty()) {
            return amount;
        }
        long left = amount;
        for (OpenInvoice invoice : debtor.invoices) {
            left -= pay(invoice, left);
        }
        closePaid(debtor);
        return left;
    }

    private static long pay(OpenInvoice invoice, long most) {
        long amount = Math.min(invoice.outstanding, most);
        invoice.outstanding -= amount;
        return amount;
    }

    private static void closePaid(Debtor debtor) {
        for (Iterator<OpenInvoice> all = debtor.invoices.iterator(); all.hasNext(); ) {
            OpenInvoice invoice = all.next();
            if (invoice.outstanding == 0) {
                all.remove();
                if (debtor.closed.size() == Policy.MOST_CLOSED) {
                    debtor.closed.remove(0);
                }
                debtor.closed.add(hash(invoice.id));
            }
        }
    }

    private static OpenInvoice find(Debtor debtor, String id) {
        for (OpenInvoice invoice : debtor.invoices) {
            if (invoice.id.equals(id)) {
                return invoice;
            }
        }
        return null;
    }

    private static long hash(String id) {
        byte[] bytes = id.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        return Hash.of(bytes, 0, bytes.length);
    }
}
