package weir.peers;

import java.util.List;

/**
 * The rules of the comparison, as loadtest/policies/yardstick.policy.yaml has them.
 *
 * <p>They are constants: the peer need not read policies, and so pays nothing for it.
 */
final class Policy {
    static final String NAME = "yardstick";
    static final String VERSION = "1";
    /** What Weir's hash of a policy's content is for, is here the same for every build. */
    static final String HASH = "kafka-streams-peer";

    static final String CURRENCY = "EUR";
    static final String LANGUAGE = "en";

    static final String PLAN = "seconds";
    static final String DEBT_CLASS = "all";

    /** The least debt, in minor units, that opens a cycle and that each stage asks for. */
    static final long ENTRY = 500;

    /** For how long the id of an event is remembered, and for how many events at the most. */
    static final int DEDUP_SECONDS = 8 * 24 * 60 * 60;

    static final int MOST_SEEN = 16;

    /** How long a payment waits for an invoice that it names and that has not come. */
    static final long WAIT_FOR_INVOICE_MS = 3L * 24 * 60 * 60 * 1000;

    /** How many ids of paid invoices are remembered, so that a payment that comes late waits for none of them. */
    static final int MOST_CLOSED = 16;

    /** No amount is beyond this, either way: sums and percents stay far from the end of a long. */
    static final long MOST_AMOUNT = 1_000_000_000_000_000L;

    /** A threshold rule on a balance that counts down. */
    record Rule(String id, String balance, boolean isPercent, int decimals, List<String> lines, long[] at, long hysteresis, Template text) {}

    static final Rule LOW_BALANCE = new Rule(
            "low-balance", "main", false, 2, List.of("5.00", "2.00", "0.50"), new long[] {500, 200, 50}, 100,
            new Template("Your balance is {{ balance.value }} {{ currency }}."));

    static final Rule DATA_LOW = new Rule(
            "data-low", "data", true, 0, List.of("50%", "20%", "5%"), new long[] {50, 20, 5}, 0,
            new Template("Of your data {{ balance.value }} bytes are left."));

    /** In the order in which a debtor keeps their balances. */
    static final List<Rule> RULES = List.of(LOW_BALANCE, DATA_LOW);

    /** A stage of the plan; {@code gapMs} counts from the entry of the stage before. A stage without an operation sends the reminder. */
    record Stage(String name, long gapMs, String operation, String undo) {}

    static final List<Stage> STAGES = List.of(
            new Stage("remind", 0, null, null),
            new Stage("bar", 20_000, "bar_outgoing", "unbar_outgoing"),
            new Stage("suspend", 40_000, "suspend", "resume"));

    static final Template REMINDER = new Template("You owe {{ debt.conditional }} {{ currency }} since {{ debt.due }}.");
    static final Template THANKS = new Template("Thank you for your payment.");

    private Policy() {}
}
