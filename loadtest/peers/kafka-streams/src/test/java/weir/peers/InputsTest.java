package weir.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.junit.jupiter.api.Test;
import weir.Balance;
import weir.Invoice;

/** What may come in, and what is passed over. */
class InputsTest {
    private static final byte[] KEY = World.ACCOUNT.getBytes(StandardCharsets.UTF_8);

    /** The record as a sender writes it who leaves out these fields, and has one more of its own. */
    private static byte[] asOtherSender(World world, GenericRecord record, List<String> without) {
        List<Schema.Field> fields = record.getSchema().getFields().stream()
                .filter(field -> !without.contains(field.name()))
                .map(field -> new Schema.Field(field, field.schema()))
                .collect(Collectors.toList());
        fields.add(0, new Schema.Field("region", Schema.create(Schema.Type.STRING)));
        Schema schema = Schema.createRecord(record.getSchema().getName(), "", "weir", false, fields);
        GenericData.Record written = new GenericData.Record(schema);
        written.put("region", "north");
        schema.getFields().stream().skip(1).forEach(field -> written.put(field.name(), plain(record.get(field.name()))));
        return world.framed(written, schema);
    }

    /** Dates and moments as a writer without logical types has them, enums as it has those. */
    private static Object plain(Object value) {
        if (value instanceof java.time.Instant instant) {
            return instant.getEpochSecond() * 1_000_000;
        } else if (value instanceof java.time.LocalDate date) {
            return (int) date.toEpochDay();
        } else if (value instanceof weir.BalanceReason reason) {
            return new GenericData.EnumSymbol(weir.BalanceReason.getClassSchema(), reason.name());
        }
        return value;
    }

    @Test
    void aSenderWithFieldsOfItsOwnAndWithoutOptionalOnesIsRead() {
        try (World world = World.withAccount()) {
            for (long value : new long[] {1000, 500}) {
                Balance balance = world.aBalance("main", value).build();
                world.raw(Kind.BALANCES, KEY, asOtherSender(world, balance, List.of("currency", "valid_until", "version")));
            }
            Invoice invoice = world.anInvoice("B1", 900, "2026-03-05").build();
            world.raw(Kind.INVOICES, KEY, asOtherSender(world, invoice, List.of("provider", "draft")));
            // Between the others, one of the usual schema.
            world.balance("main", 50);
            assertEquals(List.of("low-balance 5.00", "reminder", "low-balance 0.50"), world.commands());
            assertEquals(0, world.stats.unreadable.sum());
        }
    }

    @Test
    void bothWaysOfReadingABalanceSayTheSame() {
        for (boolean isOurs : new boolean[] {true, false}) {
            try (World world = World.withAccount()) {
                long[] values = {1000, 400, 1000, 10};
                for (int at = 0; at < values.length; at++) {
                    Balance balance = world.aBalance("data", values[at]).setDebtorId(World.ACCOUNT).setCurrency("EUR")
                            .setLimit(1000L).setValidUntil(World.START).setVersion((long) at)
                            .setReason(at == 2 ? weir.BalanceReason.period_roll : weir.BalanceReason.top_up).build();
                    byte[] value = isOurs ? world.framed(balance, balance.getSchema()) : asOtherSender(world, balance, List.of());
                    world.raw(Kind.BALANCES, KEY, value);
                }
                assertEquals(List.of("data-low 50%", "data-low 5%"), world.commands(), "ours: " + isOurs);
            }
        }
    }

    @Test
    void whatCannotBeReadIsPassedOverAndCounted() {
        try (World world = World.withAccount()) {
            world.balance("main", 1000);
            Balance fall = world.aBalance("main", 10).build();
            byte[] good = world.framed(fall, fall.getSchema());
            byte[] unknownSchema = good.clone();
            unknownSchema[3] = 99;
            byte[] cut = java.util.Arrays.copyOf(good, good.length - 4);
            byte[] unframed = good.clone();
            unframed[0] = 1;
            for (byte[] bad : new byte[][] {null, {}, {0, 0, 0}, unknownSchema, cut, unframed}) {
                world.raw(Kind.BALANCES, KEY, bad);
            }
            world.raw(Kind.BALANCES, "A-2".getBytes(StandardCharsets.UTF_8), good);
            world.raw(Kind.BALANCES, null, good);
            world.send(Kind.BALANCES, World.ACCOUNT, world.aBalance("main", -Policy.MOST_AMOUNT - 1).build());
            world.send(Kind.INVOICES, World.ACCOUNT, world.anInvoice("B1", 0, "2026-03-05").build());
            world.send(Kind.PAYMENTS, World.ACCOUNT, world.aPayment(-5).build());
            assertEquals(11, world.stats.unreadable.sum());
            assertEquals(List.of(), world.commands());
            world.raw(Kind.BALANCES, KEY, good);
            assertEquals(List.of("low-balance 0.50"), world.commands());
        }
    }
}
