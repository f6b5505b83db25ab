package weir.peers;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import weir.Action;
import weir.Message;
import weir.MessageClass;
import weir.Provisioning;
import weir.peers.Debtor.Order;
import weir.peers.Debtor.WaitingAlert;
import weir.peers.Policy.Rule;
import weir.peers.Policy.Stage;

/** Makes commands of decisions: ids, texts, addresses. Where they go is the receiver's business. */
final class Commands {
    /** Takes a command. It is filled anew for the next one. */
    interface Receiver {
        void message(Message message);

        void provisioning(Provisioning order);
    }

    private static final String CHANNEL = "sms";

    private final Receiver receiver;
    private final Hash hash = new Hash();
    private final Message message = new Message();
    private final Provisioning order = new Provisioning();

    private byte[] key;
    private long nowMs;
    private Moment about;

    Commands(Receiver receiver) {
        this.receiver = receiver;
        message.setAction(Action.request);
        message.setPolicyName(Policy.NAME);
        message.setPolicyVersion(Policy.VERSION);
        message.setPolicyHash(Policy.HASH);
        message.setChannel(CHANNEL);
        order.setPolicyName(Policy.NAME);
        order.setPolicyVersion(Policy.VERSION);
        order.setPolicyHash(Policy.HASH);
        order.setDebtClass(Policy.DEBT_CLASS);
        order.setPlan(Policy.PLAN);
        order.setCutsOff(true);
    }

    /** What follows is of this account and this moment. */
    void about(byte[] account, long nowMs) {
        key = account;
        this.nowMs = nowMs;
        about = null;
    }

    /** The account and the moment as Avro takes them: made when the first command is, since most events make none. */
    private record Moment(String accountId, Instant at) {}

    private Moment about() {
        if (about == null) {
            about = new Moment(new String(key, StandardCharsets.UTF_8), Instant.ofEpochMilli(nowMs));
        }
        return about;
    }

    void alert(Debtor debtor, WaitingAlert alert) {
        Rule rule = Policy.RULES.get(alert.rule());
        Snapshot snapshot = Snapshot.decode(debtor.snapshot);
        String currency = currencyOf(snapshot);
        String text = rule.text().render(name -> switch (name) {
            case "balance.value" -> Template.inMajor(alert.value(), rule.decimals());
            case "currency" -> currency;
            default -> "";
        });
        message.setCommandId(hash.command("alert", about().accountId(), rule.id(), Integer.toString(alert.occurrence())));
        message.setRule(rule.id());
        message.setDebtClass(null);
        message.setPlan(null);
        message.setCycle(null);
        message.setStage(null);
        message.setLines(List.of(rule.lines().get(alert.line())));
        message.setLinesCrossed((long) alert.crossed());
        send(snapshot, rule.id(), MessageClass.service, text);
    }

    void remind(Debtor debtor, int stage, long debt) {
        Snapshot snapshot = Snapshot.decode(debtor.snapshot);
        String currency = currencyOf(snapshot);
        String text = Policy.REMINDER.render(name -> switch (name) {
            case "debt.conditional" -> Template.inMajor(debt, 2);
            case "currency" -> currency;
            // They lie oldest due first.
            case "debt.due" -> LocalDate.ofEpochDay(debtor.invoices.get(0).dueDay).toString();
            default -> "";
        });
        ofPlan(debtor, Policy.STAGES.get(stage).name());
        send(snapshot, "reminder", MessageClass.statutory, text);
    }

    void thank(Debtor debtor) {
        ofPlan(debtor, null);
        send(Snapshot.decode(debtor.snapshot), "thanks", MessageClass.service, Policy.THANKS.render(name -> ""));
    }

    /** Orders what the stage says, unless all services are always on. */
    void order(Debtor debtor, int at) {
        Snapshot snapshot = Snapshot.decode(debtor.snapshot);
        if (snapshot.isAlwaysOn()) {
            return;
        }
        Stage stage = Policy.STAGES.get(at);
        order.setStage(stage.name());
        provision(debtor, stage.operation(), false, snapshot.services());
        debtor.orders.add(new Order(at, snapshot.services()));
    }

    void undo(Debtor debtor, Order given) {
        order.setStage(null);
        provision(debtor, Policy.STAGES.get(given.stage()).undo(), true, given.services());
    }

    private void provision(Debtor debtor, String operation, boolean isUndo, List<String> services) {
        order.setCommandId(hash.command("order", about().accountId(), Policy.PLAN, Integer.toString(debtor.cycles), operation));
        order.setAccountId(about().accountId());
        order.setDebtorId(about().accountId());
        order.setRequestedAt(about().at());
        order.setCycle((long) debtor.cycles);
        order.setOperation(operation);
        order.setIsUndo(isUndo);
        order.setServices(asTexts(services));
        receiver.provisioning(order);
    }

    private void ofPlan(Debtor debtor, String stage) {
        String cycle = Integer.toString(debtor.cycles);
        message.setCommandId(hash.command("message", about().accountId(), Policy.PLAN, cycle, stage == null ? "cure" : stage));
        message.setRule(null);
        message.setDebtClass(Policy.DEBT_CLASS);
        message.setPlan(Policy.PLAN);
        message.setCycle((long) debtor.cycles);
        message.setStage(stage);
        message.setLines(List.of());
        message.setLinesCrossed(0L);
    }

    private void send(Snapshot snapshot, String template, MessageClass kind, String text) {
        message.setAccountId(about().accountId());
        message.setDebtorId(about().accountId());
        message.setRequestedAt(about().at());
        message.setTemplate(template);
        message.setClass$(kind);
        message.setLanguage(snapshot.language().isEmpty() ? Policy.LANGUAGE : snapshot.language());
        message.setAddress(snapshot.sms());
        message.setText(text);
        message.setSmsParts(SmsParts.of(text));
        receiver.message(message);
    }

    private static String currencyOf(Snapshot snapshot) {
        return snapshot.currency().isEmpty() ? Policy.CURRENCY : snapshot.currency();
    }

    /** A list of strings is one of texts: Avro only reads it. */
    @SuppressWarnings("unchecked")
    private static List<CharSequence> asTexts(List<String> texts) {
        return (List<CharSequence>) (List<?>) texts;
    }
}
