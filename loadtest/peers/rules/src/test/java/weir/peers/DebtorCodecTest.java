package weir.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The stored form: what is written is what is read. */
class DebtorCodecTest {
    private final DebtorCodec codec = new DebtorCodec();

    /** A debtor in which every field has a value of its own. */
    private static Debtor full() {
        Debtor debtor = new Debtor();
        debtor.clear();
        debtor.snapshot = new Snapshot("en", "EUR", "Asia/Tashkent", "+99890", List.of("S1", "S2"), false).encode();
        for (int at = 0; at < 2; at++) {
            Debtor.BalanceState balance = debtor.balances[at];
            balance.isKnown = true;
            balance.value = -5 + at;
            balance.limit = at * 1_000L;
            balance.version = at == 0 ? Long.MIN_VALUE : 77;
            balance.fired = 7 - at;
            balance.alertsMade = 300 + at;
        }
        debtor.invoices.add(new Debtor.OpenInvoice("B1", 20_000, 1));
        debtor.invoices.add(new Debtor.OpenInvoice("B2", -3, 999_999));
        debtor.closed.addAll(List.of(Long.MIN_VALUE, -1L, 5L));
        debtor.waiting.add(new Debtor.WaitingPayment(new ArrayList<>(List.of("B3", "B4")), 12, 1_700_000_000_000L));
        debtor.alerts.add(new Debtor.WaitingAlert(1, 2, 3, 400, -6));
        debtor.orders.add(new Debtor.Order(1, List.of("S1")));
        debtor.orders.add(new Debtor.Order(2, List.of()));
        debtor.seen.remember(-1, 5);
        debtor.seen.remember(42, 6);
        debtor.credit = 17;
        debtor.cycles = 3;
        debtor.inCycle = true;
        debtor.stages = 2;
        debtor.enteredAtMs = 1_700_000_000_001L;
        debtor.dueMs = 1_700_000_000_002L;
        return debtor;
    }

    @Test
    void everythingComesBackOverWhateverWasThere() {
        byte[] stored = codec.encode(full());
        Debtor read = full();
        read.seen.remember(43, 7);
        codec.decode(stored, read);
        assertArrayEquals(stored, codec.encode(read));
        assertEquals(Long.MIN_VALUE, read.balances[0].version);
        assertEquals("B2 -3 999999", read.invoices.get(1).id + " " + read.invoices.get(1).dueDay + " " + read.invoices.get(1).outstanding);
        assertEquals(List.of("B3", "B4"), read.waiting.get(0).invoices);
        assertEquals(new Debtor.WaitingAlert(1, 2, 3, 400, -6), read.alerts.get(0));
        assertEquals(new Debtor.Order(1, List.of("S1")), read.orders.get(0));
        assertTrue(read.seen.contains(42, 6) && read.seen.contains(-1, 6) && !read.seen.contains(43, 7));
        assertEquals("Asia/Tashkent", Snapshot.decode(read.snapshot).zone().getId());
    }

    @Test
    void ofNothingANewDebtorIsRead() {
        Debtor read = full();
        codec.decode(null, read);
        Debtor empty = new Debtor();
        empty.clear();
        assertArrayEquals(codec.encode(empty), codec.encode(read));
        assertEquals(6, codec.encode(read).length);
    }

    @Test
    void aFormOfALaterVersionIsRefused() {
        byte[] stored = codec.encode(full());
        stored[0] = 2;
        assertThrows(IllegalStateException.class, () -> codec.decode(stored, new Debtor()));
    }

    @Test
    void numbersOfEverySizeComeBack() {
        for (long number : new long[] {0, 1, -1, 63, 64, -64, -65, 127, 128, Long.MAX_VALUE, Long.MIN_VALUE}) {
            Bytecoder out = new Bytecoder(1);
            out.putSigned(number);
            out.putUnsigned(number);
            out.putText("é");
            Bytecoder in = new Bytecoder(out.toBytes());
            assertEquals(number, in.signed());
            assertEquals(number, in.unsigned());
            assertEquals("é", in.text());
        }
    }
}
