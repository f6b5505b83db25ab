package weir.peers;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.avro.util.Utf8;
import weir.Account;
import weir.Balance;
import weir.BalanceReason;
import weir.Invoice;
import weir.Payment;
import weir.PaymentStatus;
import weir.Service;

/**
 * Reads what comes in: Confluent's framing and Avro, into events that are filled anew for each record.
 *
 * <p>This is done in the processor and not in a deserializer, since a partition's queue deserializes the next record before it
 * hands out the one before: nothing could be used again. Balances, which are nearly all there is, are read field by field where
 * they were written with the very schema that we know (70 ns each, against 220 by Avro's own reader).
 */
final class Events {
    /** What cannot be read, and why. */
    static final class Unreadable extends Exception {
        Unreadable(String why, Throwable cause) {
            // Of no use to anyone, and costly, where a sender sends nothing else.
            super(why, cause, false, false);
        }
    }

    /** What all events carry. */
    abstract static class Event {
        /** The hash of the event's id. */
        long id;
    }

    static final class BalanceEvent extends Event {
        /** The rule on it, as a place in {@link Policy#RULES}; -1 where there is none. */
        int rule;
        long value;
        boolean hasLimit;
        long limit;
        /** {@code Long.MIN_VALUE} where it has none. */
        long version;
        boolean isPeriodRoll;
    }

    static final class AccountEvent extends Event {
        byte[] snapshot;
    }

    static final class InvoiceEvent extends Event {
        String invoiceId;
        long amount;
        int dueDay;
        boolean isDraft;
    }

    static final class PaymentEvent extends Event {
        final List<String> invoices = new ArrayList<>();
        long amount;
        boolean isConfirmed;
    }

    private static final int FRAME = 5;
    private static final Utf8[] BALANCES = {new Utf8(Policy.RULES.get(0).balance()), new Utf8(Policy.RULES.get(1).balance())};
    private static final int PERIOD_ROLL = BalanceReason.period_roll.ordinal();

    private final SchemaRegistry registry;
    private final Reader<Balance> balances = new Reader<>(Balance.getClassSchema());
    private final Reader<Account> accounts = new Reader<>(Account.getClassSchema());
    private final Reader<Invoice> invoices = new Reader<>(Invoice.getClassSchema());
    private final Reader<Payment> payments = new Reader<>(Payment.getClassSchema());

    private final BalanceEvent balance = new BalanceEvent();
    private final AccountEvent account = new AccountEvent();
    private final InvoiceEvent invoice = new InvoiceEvent();
    private final PaymentEvent payment = new PaymentEvent();
    private final Utf8 eventId = new Utf8();
    private final Utf8 debtorId = new Utf8();
    private final Utf8 name = new Utf8();
    private BinaryDecoder decoder;

    Events(SchemaRegistry registry) {
        this.registry = registry;
    }

    /** The event that a record of this kind holds; valid until the next is read. */
    Event read(Kind kind, byte[] key, byte[] value) throws Unreadable {
        if (key == null || value == null || value.length < FRAME || value[0] != 0) {
            throw new Unreadable("it is not framed as a value with a schema", null);
        }
        int schema = ByteBuffer.wrap(value, 1, 4).getInt();
        decoder = DecoderFactory.get().binaryDecoder(value, FRAME, value.length - FRAME, decoder);
        try {
            return switch (kind) {
                case BALANCES -> balances.isOurs(schema) ? ourBalance(key) : balance(balances.read(schema), key);
                case ACCOUNTS -> account(accounts.read(schema), key);
                case INVOICES -> invoice(invoices.read(schema), key);
                case PAYMENTS -> payment(payments.read(schema), key);
            };
        } catch (IOException | AvroRuntimeException e) {
            throw new Unreadable("its bytes are not what its schema says: " + e.getMessage(), e);
        }
    }

    private BalanceEvent ourBalance(byte[] key) throws IOException, Unreadable {
        decoder.readString(eventId);
        decoder.readString(debtorId);
        if (decoder.readIndex() == 1) {
            decoder.readString(debtorId);
        }
        decoder.readLong(); // occurred_at
        decoder.skipString(); // source
        decoder.readString(name);
        balance.value = decoder.readLong();
        balance.hasLimit = decoder.readIndex() == 1;
        balance.limit = balance.hasLimit ? decoder.readLong() : 0;
        if (decoder.readIndex() == 1) {
            decoder.skipString(); // currency
        }
        if (decoder.readIndex() == 1) {
            decoder.readLong(); // valid_until
        }
        balance.version = decoder.readIndex() == 1 ? decoder.readLong() : Long.MIN_VALUE;
        balance.isPeriodRoll = decoder.readEnum() == PERIOD_ROLL;
        balance.rule = ruleOf(name);
        check(key, debtorId, balance.value, balance.limit);
        balance.id = hash(eventId);
        return balance;
    }

    private BalanceEvent balance(Balance record, byte[] key) throws Unreadable {
        balance.value = record.getValue();
        balance.hasLimit = record.getLimit() != null;
        balance.limit = balance.hasLimit ? record.getLimit() : 0;
        balance.version = record.getVersion() != null ? record.getVersion() : Long.MIN_VALUE;
        balance.isPeriodRoll = record.getReason() == BalanceReason.period_roll;
        balance.rule = ruleOf(record.getName());
        check(key, debtor(record.getDebtorId(), record.getAccountId()), balance.value, balance.limit);
        balance.id = hash(record.getEventId());
        return balance;
    }

    private AccountEvent account(Account record, byte[] key) throws Unreadable {
        check(key, debtor(record.getDebtorId(), record.getAccountId()), 0, 0);
        String sms = null;
        for (Map.Entry<CharSequence, CharSequence> contact : record.getContacts().entrySet()) {
            sms = contact.getKey().toString().equals("sms") ? contact.getValue().toString() : sms;
        }
        List<String> services = new ArrayList<>();
        for (Service service : record.getServices()) {
            if (!service.getAlwaysOn()) {
                services.add(service.getServiceId().toString());
            }
        }
        boolean isAlwaysOn = services.isEmpty() && !record.getServices().isEmpty();
        account.snapshot = new Snapshot(text(record.getLanguage()), text(record.getCurrency()), text(record.getTimeZone()), sms,
                services, isAlwaysOn).encode();
        account.id = hash(record.getEventId());
        return account;
    }

    private InvoiceEvent invoice(Invoice record, byte[] key) throws Unreadable {
        check(key, debtor(record.getDebtorId(), record.getAccountId()), record.getAmount(), 0);
        invoice.invoiceId = record.getInvoiceId().toString();
        invoice.amount = positive(record.getAmount());
        invoice.dueDay = (int) record.getDue().toEpochDay();
        invoice.isDraft = record.getDraft();
        invoice.id = hash(record.getEventId());
        return invoice;
    }

    private PaymentEvent payment(Payment record, byte[] key) throws Unreadable {
        check(key, debtor(record.getDebtorId(), record.getAccountId()), record.getAmount(), 0);
        payment.invoices.clear();
        for (CharSequence named : record.getInvoices()) {
            payment.invoices.add(named.toString());
        }
        payment.amount = positive(record.getAmount());
        payment.isConfirmed = record.getStatus() == PaymentStatus.confirmed;
        payment.id = hash(record.getEventId());
        return payment;
    }

    private static int ruleOf(CharSequence balance) {
        return balance.equals(BALANCES[0]) ? 0 : balance.equals(BALANCES[1]) ? 1 : -1;
    }

    /** A record with another key lies in another debtor's partition; an amount beyond the bound could not be added up. */
    private static void check(byte[] key, Utf8 debtor, long amount, long limit) throws Unreadable {
        if (!Arrays.equals(key, 0, key.length, debtor.getBytes(), 0, debtor.getByteLength())) {
            throw new Unreadable("its key is not its debtor's id", null);
        }
        if (Math.abs(amount) > Policy.MOST_AMOUNT || Math.abs(limit) > Policy.MOST_AMOUNT) {
            throw new Unreadable("its amount is beyond all bounds", null);
        }
    }

    private static long positive(long amount) throws Unreadable {
        if (amount <= 0) {
            throw new Unreadable("its amount is not above zero", null);
        }
        return amount;
    }

    private static Utf8 debtor(CharSequence debtorId, CharSequence accountId) {
        return (Utf8) (debtorId != null ? debtorId : accountId);
    }

    private static long hash(CharSequence id) {
        Utf8 utf8 = (Utf8) id;
        return Hash.of(utf8.getBytes(), 0, utf8.getByteLength());
    }

    private static String text(CharSequence text) {
        return text == null ? "" : text.toString();
    }

    /** Reads records of one kind, whatever the schema they were written with; asks the registry once for each. */
    private final class Reader<T extends SpecificRecordBase> {
        private final Schema ours;
        private final Map<Integer, SpecificDatumReader<T>> readers = new HashMap<>();
        private int oursId = -1;
        private T reused;

        Reader(Schema ours) {
            this.ours = ours;
        }

        /** Whether values with this id have just our fields in just our order. */
        boolean isOurs(int id) throws Unreadable {
            if (id != oursId) {
                readerOf(id);
            }
            return id == oursId;
        }

        T read(int id) throws IOException, Unreadable {
            reused = readerOf(id).read(reused, decoder);
            return reused;
        }

        private SpecificDatumReader<T> readerOf(int id) throws Unreadable {
            SpecificDatumReader<T> reader = readers.get(id);
            if (reader == null) {
                Schema writers = registry.schema(id);
                if (isSame(writers)) {
                    oursId = id;
                }
                reader = new SpecificDatumReader<>(writers, ours);
                readers.put(id, reader);
            }
            return reader;
        }

        private boolean isSame(Schema writers) {
            return SchemaNormalization.toParsingForm(writers).equals(SchemaNormalization.toParsingForm(ours));
        }
    }
}
