package weir.peers;

import org.apache.avro.Schema;

/** Where the schemas of ids come from, and the ids of schemas. */
interface SchemaRegistry {
    /** The schema of this id. */
    Schema schema(int id) throws Events.Unreadable;

    /** The id of this schema under this subject, registered where it is not yet. */
    int register(String subject, String schemaJson);
}
