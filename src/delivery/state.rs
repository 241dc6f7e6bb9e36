//! What a client's connection is doing, as the program sees it. A plain value; the desk keeps it.

/// The state of a client's connection. The numbers are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum State {
    /// The first connection is being made.
    Connecting = 0,
    /// Commands flow.
    Ready = 1,
    /// The connection is lost; attempts go on.
    Reconnecting = 2,
    /// The connection is back; what waited is being sent.
    Recovering = 3,
    /// The reconnect budget is spent, or the credentials were refused; only a slow probe goes on.
    GaveUp = 4,
    /// Closed by the program.
    Closed = 5,
}

impl State {
    /// Every state, in the order of its number.
    pub const ALL: [State; 6] =
        [Self::Connecting, Self::Ready, Self::Reconnecting, Self::Recovering, Self::GaveUp, Self::Closed];

    /// Its name in metrics, in capitals.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "CONNECTING",
            Self::Ready => "READY",
            Self::Reconnecting => "RECONNECTING",
            Self::Recovering => "RECOVERING",
            Self::GaveUp => "GAVE_UP",
            Self::Closed => "CLOSED",
        }
    }
}
