package weir.peers;

import weir.peers.Debtor.BalanceState;
import weir.peers.Debtor.WaitingAlert;
import weir.peers.Policy.Rule;

/** Thresholds: which lines a new value arms and fires. Lines count down. */
final class Thresholds {
    /** Amounts are compared in hundredths, so that amounts and percents are one case. */
    private static final long WHOLE = 100;

    /** Of alerts that wait for a snapshot, those beyond this many are lost; a snapshot is soon there. */
    private static final int MOST_WAITING = 64;

    private final Commands commands;

    Thresholds(Commands commands) {
        this.commands = commands;
    }

    /** A balance has a new value. */
    void onChange(Debtor debtor, Events.BalanceEvent event) {
        int at = event.rule;
        if (at < 0) {
            return;
        }
        BalanceState balance = debtor.balances[at];
        if (event.version != Long.MIN_VALUE && balance.version >= event.version) {
            return;
        }
        boolean hasFormer = balance.isKnown && !event.isPeriodRoll;
        long former = balance.value;
        long formerLimit = balance.limit;
        balance.isKnown = true;
        balance.value = event.value;
        balance.limit = event.hasLimit ? event.limit : balance.limit;
        balance.version = Math.max(balance.version, event.version);
        if (event.isPeriodRoll) {
            balance.fired = 0;
        }
        Rule rule = Policy.RULES.get(at);
        if (rule.isPercent() && balance.limit <= 0) {
            return;
        }
        rearm(balance, rule);
        if (hasFormer && !(rule.isPercent() && formerLimit <= 0)) {
            fire(debtor, at, former, formerLimit);
        }
    }

    private static void rearm(BalanceState balance, Rule rule) {
        if (balance.fired == 0) {
            return;
        }
        for (int line = 0; line < rule.at().length; line++) {
            long above = balance.value * WHOLE - position(rule, line, balance.limit);
            boolean isBack = rule.hysteresis() == 0 ? above > 0 : above >= rule.hysteresis() * WHOLE;
            if (isBack) {
                balance.fired &= ~(1 << line);
            }
        }
    }

    private void fire(Debtor debtor, int at, long former, long formerLimit) {
        Rule rule = Policy.RULES.get(at);
        BalanceState balance = debtor.balances[at];
        int lowest = -1;
        int crossed = 0;
        for (int line = 0; line < rule.at().length; line++) {
            boolean isArmed = (balance.fired & 1 << line) == 0;
            boolean wasAbove = former * WHOLE > position(rule, line, formerLimit);
            if (isArmed && wasAbove && balance.value * WHOLE <= position(rule, line, balance.limit)) {
                balance.fired |= 1 << line;
                lowest = line;
                crossed++;
            }
        }
        if (crossed > 0) {
            balance.alertsMade++;
            tell(debtor, new WaitingAlert(at, lowest, crossed, balance.alertsMade, balance.value));
        }
    }

    /** Sends what waited for the account's snapshot. */
    void onSnapshot(Debtor debtor) {
        debtor.alerts.forEach(alert -> commands.alert(debtor, alert));
        debtor.alerts.clear();
    }

    private void tell(Debtor debtor, WaitingAlert alert) {
        if (debtor.hasSnapshot()) {
            commands.alert(debtor, alert);
        } else if (debtor.alerts.size() < MOST_WAITING) {
            debtor.alerts.add(alert);
        }
    }

    private static long position(Rule rule, int line, long limit) {
        return rule.isPercent() ? rule.at()[line] * limit : rule.at()[line] * WHOLE;
    }
}
