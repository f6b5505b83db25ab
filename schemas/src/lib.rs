//! Avro: one schema a record, and the way from wire to decision types.
