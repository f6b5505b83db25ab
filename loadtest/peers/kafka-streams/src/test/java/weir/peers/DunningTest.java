package weir.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import weir.Message;
import weir.PaymentStatus;
import weir.Provisioning;

/** The plan: its stages in their time, and what ends it. */
class DunningTest {
    private static void check(World world, String... commands) {
        assertEquals(List.of(commands), world.commands());
    }

    @Test
    void aDebtIsRemindedOfBarredSuspendedAndAllIsUndoneWhenItIsPaid() {
        try (World world = World.withAccount()) {
            world.invoice("B1", 2000, "2026-03-05");
            check(world, "reminder");
            world.pass(19.95);
            check(world);
            world.pass(0.05);
            check(world, "bar_outgoing");
            world.pass(39.95);
            check(world);
            world.pass(0.05);
            check(world, "suspend");
            world.pass(90);
            check(world);
            world.pay(2000, "B1");
            check(world, "thanks", "resume", "unbar_outgoing");
            world.pass(90);
            check(world);
        }
    }

    @Test
    void aDebtThatIsPaidInTimeIsNotBarredAndTheNextOneBeginsAnew() {
        try (World world = World.withAccount()) {
            world.invoice("B1", 2000, "2026-03-05");
            world.pass(10);
            world.pay(2000);
            check(world, "reminder", "thanks");
            world.pass(5);
            world.invoice("B2", 700, "2026-03-06");
            check(world, "reminder");
            // The first debt's bar would have been due now.
            world.pass(15);
            check(world);
            world.pass(5);
            Provisioning bar = world.orders().get(0);
            assertEquals("bar_outgoing 2 bar", bar.getOperation() + " " + bar.getCycle() + " " + bar.getStage());
        }
    }

    @Test
    void aPartPaymentChangesNoStageAndTooLittleDebtEntersNone() {
        try (World world = World.withAccount()) {
            world.invoice("B1", 2000, "2026-03-05");
            check(world, "reminder");
            world.pay(1501);
            world.pass(60);
            check(world);
            // The debt is enough again, and the time for the bar has gone by; that for what follows counts from the bar.
            world.invoice("B2", 1, "2026-03-05");
            check(world, "bar_outgoing");
            world.pass(39.95);
            check(world);
            world.pass(0.05);
            check(world, "suspend");
            world.pay(499, "B1");
            check(world);
            world.pay(1);
            check(world, "thanks", "resume", "unbar_outgoing");
        }
    }

    @Test
    void aDebtBelowTheEntryOpensNoCycleAndIsPaidWithoutAWord() {
        try (World world = World.withAccount()) {
            world.invoice("B1", 499, "2026-03-05");
            world.pass(100);
            world.pay(499);
            check(world);
        }
    }

    @Test
    void whatIsPaidTooMuchPaysTheNextInvoice() {
        try (World world = World.withAccount()) {
            world.pay(1501);
            world.invoice("B1", 2000, "2026-03-05");
            check(world);
            world.invoice("B2", 1, "2026-03-05");
            check(world, "reminder");
        }
    }

    @Test
    void aPaymentWaitsForTheInvoiceThatItNames() {
        try (World world = World.withAccount()) {
            world.pay(2000, "B1");
            world.invoice("B0", 600, "2026-03-05");
            check(world, "reminder");
            world.invoice("B1", 2000, "2026-03-05");
            world.pass(20);
            check(world, "bar_outgoing");
            world.pay(600);
            check(world, "thanks", "unbar_outgoing");
        }
    }

    @Test
    void aPaymentThatWaitedThreeDaysPaysWhatThereIs() {
        try (World world = World.withAccount()) {
            world.pay(2000, "B1");
            world.invoice("B0", 600, "2026-03-05");
            check(world, "reminder");
            world.jump(Duration.ofDays(3).minusMillis(1));
            check(world, "bar_outgoing");
            world.jump(Duration.ofMillis(1));
            check(world, "thanks", "unbar_outgoing");
        }
    }

    @Test
    void aPaymentForAnInvoiceThatIsPaidWaitsForNothing() {
        try (World world = World.withAccount()) {
            world.invoice("B1", 600, "2026-03-05");
            world.pay(600, "B1");
            world.invoice("B2", 700, "2026-03-05");
            check(world, "reminder", "thanks", "reminder");
            world.pay(700, "B1");
            check(world, "thanks");
        }
    }

    @Test
    void aPaymentThatIsNotConfirmedPaysNothingYet() {
        try (World world = World.withAccount()) {
            world.invoice("B1", 600, "2026-03-05");
            check(world, "reminder");
            world.send(Kind.PAYMENTS, World.ACCOUNT, world.aPayment(600).setStatus(PaymentStatus.unconfirmed).build());
            check(world);
        }
    }

    @Test
    void anInvoiceIsBookedOnceAndADraftNotAtAll() {
        try (World world = World.withAccount()) {
            world.send(Kind.INVOICES, World.ACCOUNT, world.anInvoice("B0", 900, "2026-03-05").setDraft(true).build());
            check(world);
            world.invoice("B1", 300, "2026-03-05");
            world.invoice("B1", 300, "2026-03-05");
            check(world);
        }
    }

    @Test
    void anInvoiceCountsFromTheMorningOfItsDay() {
        try (World world = World.withAccount()) {
            world.invoice("B1", 900, "2026-03-11");
            world.jump(Duration.ofHours(12).minusMillis(1));
            check(world);
            world.jump(Duration.ofMillis(1));
            check(world, "reminder");
        }
    }

    @Test
    void afterAnOutageStagesAreEnteredOneAfterTheOther() {
        try (World world = World.withAccount()) {
            world.invoice("B1", 900, "2026-03-05");
            world.jump(Duration.ofHours(1));
            check(world, "reminder", "bar_outgoing");
            world.pass(39.95);
            check(world);
            world.pass(0.05);
            check(world, "suspend");
        }
    }

    @Test
    void ordersListTheServicesThatMayBeCutOffAndUndoingListsTheSame() {
        try (World world = World.withAccount()) {
            world.account("S1", "!alarm", "S2");
            world.invoice("B1", 900, "2026-03-05");
            world.pass(20);
            Provisioning bar = world.orders().get(0);
            assertEquals("[S1, S2] false true bar 1", bar.getServices() + " " + bar.getIsUndo() + " " + bar.getCutsOff() + " "
                    + bar.getStage() + " " + bar.getCycle());
            world.account("S1");
            world.pay(900);
            Provisioning undo = world.orders().get(0);
            assertEquals("unbar_outgoing [S1, S2] true null", undo.getOperation() + " " + undo.getServices() + " " + undo.getIsUndo()
                    + " " + undo.getStage());
        }
    }

    @Test
    void anAccountOfServicesThatAreAlwaysOnIsOnlyToldOf() {
        try (World world = World.withAccount()) {
            world.account("!alarm");
            world.invoice("B1", 900, "2026-03-05");
            world.pass(100);
            world.pay(900);
            check(world, "reminder", "thanks");
        }
    }

    @Test
    void textsSayWhatIsOwedAndSinceWhen() {
        try (World world = World.withAccount()) {
            world.invoice("B2", 300, "2026-03-07");
            world.invoice("B1", 250, "2026-03-05");
            world.pay(550);
            List<Message> messages = world.messages();
            assertEquals("You owe 5.50 EUR since 2026-03-05.", messages.get(0).getText().toString());
            assertEquals("statutory seconds 1 remind all", String.join(" ", messages.get(0).getClass$().name(), messages.get(0).getPlan(),
                    messages.get(0).getCycle().toString(), messages.get(0).getStage(), messages.get(0).getDebtClass()));
            assertEquals("Thank you for your payment.", messages.get(1).getText().toString());
        }
    }

    @Test
    void withoutASnapshotNothingIsDoneUntilItComes() {
        try (World world = new World()) {
            world.invoice("B1", 900, "2026-03-05");
            world.pass(100);
            check(world);
            world.account();
            check(world, "reminder");
        }
    }

    @Test
    void everyCommandHasAnIdOfItsOwn() {
        try (World world = World.withAccount()) {
            List<String> ids = new ArrayList<>();
            for (int cycle = 0; cycle < 3; cycle++) {
                world.invoice("B" + cycle, 900, "2026-03-05");
                world.pass(60);
                world.pay(900);
                world.messages().forEach(message -> ids.add(message.getCommandId().toString()));
                world.orders().forEach(order -> ids.add(order.getCommandId().toString()));
            }
            Set<String> different = new HashSet<>(ids);
            assertEquals(18, different.size());
            assertTrue(ids.stream().allMatch(id -> id.matches("[0-9a-f]{32}")), ids.toString());
            assertEquals(ids.size(), different.size());
        }
    }

    @Test
    void moreTimersThanOneLookTakesAreDoneByTheNext() {
        try (World world = World.withAccount()) {
            int accounts = 1_500;
            for (int at = 0; at < accounts; at++) {
                String id = "M-" + at;
                world.send(Kind.ACCOUNTS, id, weir.Account.newBuilder().setEventId("a" + at).setAccountId(id)
                        .setOccurredAt(World.START).setSource("crm").setPaymentMode(weir.PaymentMode.postpaid).build());
                world.send(Kind.INVOICES, id, world.anInvoice("B", 900, "2026-03-05").setAccountId(id).build());
            }
            assertEquals(accounts, world.commands().size());
            world.jump(Duration.ofSeconds(20));
            assertEquals(1_000, world.commands().size());
            world.jump(Duration.ofMillis(50));
            assertEquals(500, world.commands().size());
            world.pass(39.8);
            assertEquals(0, world.commands().size());
            world.pass(0.5);
            assertEquals(accounts, world.commands().size());
        }
    }
}
