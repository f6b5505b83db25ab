package weir.peers.streams;

/** The kinds of events, each with its topic and schema. */
enum Kind {
    ACCOUNTS("accounts"),
    BALANCES("balances"),
    INVOICES("invoices"),
    PAYMENTS("payments");

    /** What comes after the prefix in the topic's name; also the name of its source. */
    final String topic;

    Kind(String topic) {
        this.topic = topic;
    }
}
