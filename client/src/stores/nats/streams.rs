//! The two streams as they are made where they are missing, kept by so many servers of a cluster.

use serde_json::{Value, json};

use super::names::Names;

/// The log: whatever is written stays until it is trimmed, and the server says so after it did.
pub(super) fn log(names: &Names, copies: u8) -> Value {
    json!({
        "name": names.log,
        "description": "The log of the replicas of crisp-sync: for them alone",
        "subjects": [names.log_subject],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "num_replicas": copies,
        "max_msgs": -1,
        "max_bytes": -1,
        "allow_direct": true,
        "allow_atomic": true,
        "republish": { "src": names.log_subject, "dest": names.appended, "headers_only": true },
    })
}

/// The bucket: the last value of each key, as clients of key-value stores expect it. Its revisions begin with this
/// number, which is above those of a bucket that was lost: who watches that one goes on with this one.
pub(super) fn bucket(names: &Names, copies: u8, first: u64) -> Value {
    json!({
        "name": names.bucket,
        "description": "Settings of Crisp websites, published by crisp-sync",
        "subjects": [format!("{}>", names.keys)],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "num_replicas": copies,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_msgs_per_subject": 1,
        "first_seq": first,
        "deny_delete": true,
        "allow_rollup_hdrs": true,
        "allow_direct": true,
        "allow_atomic": true,
        "allow_msg_ttl": true,
    })
}
