package weir.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import weir.BalanceReason;
import weir.Message;

/** Lines of balances: what a run of values tells. */
class ThresholdsTest {
    /** Each value, and the line that is told at it; empty for none. */
    private static void check(String balance, Long limit, Object... rows) {
        try (World world = World.withAccount()) {
            for (int at = 0; at < rows.length; at += 2) {
                long value = ((Number) rows[at]).longValue();
                world.send(Kind.BALANCES, World.ACCOUNT, world.aBalance(balance, value).setLimit(at == 0 ? limit : null).build());
                List<String> told = world.messages().stream().map(message -> String.join(",", message.getLines())).toList();
                String line = (String) rows[at + 1];
                assertEquals(line.isEmpty() ? List.of() : List.of(line), told, "row " + at / 2 + ": " + value);
            }
        }
    }

    @Test
    void ofSeveralLinesCrossedByOneValueTheLowestAloneIsTold() {
        check("main", null, 1000, "", 500, "5.00", 499, "", 50, "0.50", 49, "");
        check("main", null, 1000, "", 0, "0.50");
        check("main", null, 1000, "", 200, "2.00", 51, "", -100, "0.50");
    }

    @Test
    void aFirstValueTellsNothingAndLeavesItsLinesArmed() {
        check("main", null, 100, "", 90, "", 1000, "", 500, "5.00");
        check("main", null, 100, "", 50, "0.50");
        // It stands at the line, so it does not come from above.
        check("main", null, 500, "", 490, "", 501, "", 500, "5.00");
    }

    @Test
    void aLineOfMoneyIsArmedAgainOneWholeAboveIt() {
        check("main", null, 1000, "", 500, "5.00", 599, "", 500, "", 600, "", 500, "5.00");
        check("main", null, 1000, "", 0, "0.50", 299, "", 200, "", 50, "0.50", 300, "", 200, "2.00");
    }

    @Test
    void linesOfDataArePercentOfTheLastLimitAndHaveNoHysteresis() {
        check("data", 1000L, 1000, "", 501, "", 500, "50%", 501, "", 500, "50%", 49, "5%", 201, "", 200, "20%");
        check("data", 999L, 999, "", 500, "", 499, "50%");
    }

    @Test
    void dataWithoutALimitTellsNothing() {
        check("data", null, 1000, "", 0, "");
        check("data", 0L, 1000, "", 0, "");
    }

    @Test
    void aBalanceWithoutARuleTellsNothing() {
        check("bonus", null, 1000, "", 0, "");
    }

    @Test
    void aNewPeriodArmsAllLinesAndTellsNothingItself() {
        try (World world = World.withAccount()) {
            world.data(1000, 1000);
            world.data(100, 1000);
            assertEquals(List.of("data-low 20%"), world.commands());
            world.send(Kind.BALANCES, World.ACCOUNT,
                    world.aBalance("data", 90).setLimit(1000L).setReason(BalanceReason.period_roll).build());
            assertEquals(List.of(), world.commands());
            world.data(50, 1000);
            assertEquals(List.of("data-low 5%"), world.commands());
        }
    }

    @Test
    void aVersionNotAboveTheLastChangesNothing() {
        try (World world = World.withAccount()) {
            long[][] rows = {{5, 1000}, {4, 100}, {5, 100}, {6, 900}};
            for (long[] row : rows) {
                world.send(Kind.BALANCES, World.ACCOUNT, world.aBalance("main", row[1]).setVersion(row[0]).build());
                assertEquals(List.of(), world.commands(), "version " + row[0]);
            }
            world.send(Kind.BALANCES, World.ACCOUNT, world.aBalance("main", 500).setVersion(7L).build());
            assertEquals(List.of("low-balance 5.00"), world.commands());
        }
    }

    @Test
    void anEventSeenBeforeChangesNothing() {
        try (World world = World.withAccount()) {
            world.balance("main", 1000);
            var fall = world.aBalance("main", 500).build();
            world.send(Kind.BALANCES, World.ACCOUNT, fall);
            assertEquals(List.of("low-balance 5.00"), world.commands());
            world.balance("main", 1000);
            world.send(Kind.BALANCES, World.ACCOUNT, fall);
            assertEquals(List.of(), world.commands());
            assertEquals(1, world.stats.repeated.sum());
        }
    }

    @Test
    void sixtyFourEventsAreRememberedForEightDays() {
        try (World world = World.withAccount()) {
            var first = world.aBalance("bonus", 1).build();
            world.send(Kind.BALANCES, World.ACCOUNT, first);
            for (int more = 1; more < Policy.MOST_SEEN; more++) {
                world.balance("bonus", more);
            }
            world.send(Kind.BALANCES, World.ACCOUNT, first);
            assertEquals(1, world.stats.repeated.sum());
            var last = world.aBalance("bonus", 1).build();
            world.send(Kind.BALANCES, World.ACCOUNT, last);
            world.send(Kind.BALANCES, World.ACCOUNT, first);
            assertEquals(1, world.stats.repeated.sum(), "the oldest made room");
            world.jump(java.time.Duration.ofDays(8));
            world.send(Kind.BALANCES, World.ACCOUNT, last);
            assertEquals(2, world.stats.repeated.sum());
            world.jump(java.time.Duration.ofSeconds(1));
            world.send(Kind.BALANCES, World.ACCOUNT, last);
            assertEquals(2, world.stats.repeated.sum(), "eight days and a second later it is forgotten");
        }
    }

    @Test
    void anAlertIsWholeAndSaysWhatThePolicySays() {
        try (World world = World.withAccount()) {
            world.balance("main", 1000);
            world.balance("main", 199);
            Message alert = world.messages().get(0);
            assertEquals("Your balance is 1.99 EUR.", alert.getText().toString());
            assertEquals("+998901", alert.getAddress().toString());
            assertEquals("sms service en low-balance 2 1", String.join(" ", alert.getChannel(), alert.getClass$().name(),
                    alert.getLanguage(), alert.getRule(), "" + alert.getLinesCrossed(), "" + alert.getSmsParts()));
            assertEquals(World.START, alert.getRequestedAt());
            assertEquals(32, alert.getCommandId().length());
            world.data(1000, 1000);
            world.data(7, 1000);
            assertEquals("Of your data 7 bytes are left.", world.messages().get(0).getText().toString());
        }
    }

    @Test
    void theSameAlertAgainHasAnotherIdAndTheSameDecisionTheSame() {
        Map<Integer, String> ids = new java.util.TreeMap<>();
        for (int run = 0; run < 2; run++) {
            try (World world = World.withAccount()) {
                for (int times = 0; times < 2; times++) {
                    world.balance("main", 1000);
                    world.balance("main", 500);
                    String id = world.messages().get(0).getCommandId().toString();
                    assertEquals(ids.computeIfAbsent(times, same -> id), id);
                }
            }
        }
        assertEquals(2, ids.values().stream().distinct().count());
    }

    @Test
    void anAlertWaitsForTheAccountsSnapshot() {
        try (World world = new World()) {
            world.balance("main", 1000);
            world.balance("main", 500);
            assertEquals(List.of(), world.commands());
            world.account();
            assertEquals(List.of("low-balance 5.00"), world.commands());
            world.account();
            assertEquals(List.of(), world.commands());
        }
    }
}
