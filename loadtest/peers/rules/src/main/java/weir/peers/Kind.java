package weir.peers;

/** The kinds of events, each with its topic and schema. */
enum Kind {
    ACCOUNTS("accounts"),
    BALANCES("balances"),
    INVOICES("invoices"),
    PAYMENTS("payments");

    /** What comes after the prefix in the topic's name. */
    final String topic;

    Kind(String topic) {
        this.topic = topic;
    }

    /** The kind of a topic, by the first letter after the prefix's dot: this is asked for each record. */
    static Kind of(String topic, String prefix) {
        return switch (topic.charAt(prefix.length() + 1)) {
            case 'b' -> BALANCES;
            case 'a' -> ACCOUNTS;
            case 'i' -> INVOICES;
            case 'p' -> PAYMENTS;
            default -> throw new IllegalStateException("a record of «" + topic + "», which is not read");
        };
    }
}
