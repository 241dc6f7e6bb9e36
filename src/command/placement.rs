//! Where a command may be sent, and what to use instead of one that may not.
//!
//! Owns the sentences for refused commands. Plain values, for any thread. It never decides by itself: the layer that
//! sends asks here first.

/// Where a command may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// The connection that all callers share.
    Shared,
    /// The shared connection, and its effect is remembered and restored after every reconnect.
    Session(SessionChange),
    /// A connection of its own: it may wait, and everybody behind it would wait too.
    ///
    /// WAIT and WAITAOF are here because they wait; what they count is the writes of the connection that carries them,
    /// so a connection of their own has to write something first.
    Blocking,
    /// Nowhere: it would take the shared connection away from everybody, or silently stop working at a reconnect.
    Refused(Refusal),
}

/// What a command changes about the connection that is restored after a reconnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionChange {
    /// SELECT: the database.
    Select,
    /// AUTH: the user.
    Auth,
    /// CLIENT SETNAME: the name in CLIENT LIST.
    SetName,
    /// HELLO with arguments: the protocol, and with its options also the user and the name.
    Hello,
}

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE.
    Subscribe,
    /// UNSUBSCRIBE, PUNSUBSCRIBE, SUNSUBSCRIBE.
    Unsubscribe,
    /// MONITOR.
    Monitor,
    /// SYNC, PSYNC, REPLCONF, CLUSTER SYNCSLOTS.
    Replication,
    /// MULTI, EXEC, DISCARD.
    Transaction,
    /// WATCH, UNWATCH.
    Watch,
    /// CLIENT REPLY.
    ClientReply,
    /// CLIENT TRACKING, CLIENT CACHING.
    ClientTracking,
    /// CLIENT NO-EVICT, NO-TOUCH, CAPA, IMPORT-SOURCE.
    ClientFlag,
    /// CLIENT SETINFO.
    ClientLibrary,
    /// READONLY, READWRITE, ASKING.
    ClusterMode,
    /// SCRIPT DEBUG.
    ScriptDebug,
    /// RESET.
    Reset,
    /// QUIT.
    Quit,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Refusal; 14] = [
        Self::Subscribe,
        Self::Unsubscribe,
        Self::Monitor,
        Self::Replication,
        Self::Transaction,
        Self::Watch,
        Self::ClientReply,
        Self::ClientTracking,
        Self::ClientFlag,
        Self::ClientLibrary,
        Self::ClusterMode,
        Self::ScriptDebug,
        Self::Reset,
        Self::Quit,
    ];

    /// One sentence for people: why, and which function to use instead. It reads on after the command's name and `: `.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Subscribe => {
                "subscriptions outlive connections and have functions of their own: use rr_subscribe, or rr_subscription_new and rr_subscription_add"
            }
            Self::Unsubscribe => {
                "subscriptions outlive connections and have functions of their own: use rr_subscription_remove or rr_subscription_free"
            }
            Self::Monitor => "it would turn the shared connection into a stream: use rr_monitor_new",
            Self::Replication => "it would turn the shared connection into a replica's, and no function offers it",
            Self::Transaction => {
                "other callers' commands would fall into the transaction: use rr_pipeline_execute with RR_PIPELINE_ATOMIC, or rr_transaction_new"
            }
            Self::Watch => "it would watch for every caller of the shared connection: use rr_transaction_new",
            Self::ClientReply => {
                "the shared connection could not tell anymore which reply belongs to whom, and no function offers it"
            }
            Self::ClientTracking => {
                "nobody would read the invalidation messages of the shared connection, and no function offers it"
            }
            Self::ClientFlag => {
                "it would hold for every caller of the shared connection until the next reconnect, and no function offers it"
            }
            Self::ClientLibrary => {
                "it would hold for every caller of the shared connection until the next reconnect: set lib_name and lib_version with rr_config_set"
            }
            Self::ClusterMode => {
                "which node serves a command, and how, is the library's own business, and no function offers it"
            }
            Self::ScriptDebug => "it would turn the shared connection into a debugger's, and no function offers it",
            Self::Reset => {
                "it would undo what the library has set up on the shared connection: use SELECT, AUTH or CLIENT SETNAME for the one thing to change"
            }
            Self::Quit => "the connection is not this caller's to close: use rr_client_close",
        }
    }
}
