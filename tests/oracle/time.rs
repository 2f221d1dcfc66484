//! The clock that only rises, and the horizon that follows it.

/// The highest time that is believed, and a reading too far ahead of it to be believed yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub(crate) believed: u64,
    pub(crate) ahead: Option<u64>,
}

/// What one reading of the caller's clock amounts to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// The clock from this reading on.
    pub(crate) clock: Clock,
    /// The time that is given to what is accepted at this reading.
    pub(crate) stamp: u64,
    /// What the stamps of the last unconfirmed reading are worth, now that another has followed.
    pub(crate) earlier: u64,
    /// Whether those stamps are final.
    pub(crate) settled: bool,
    /// The horizon from this reading on.
    pub(crate) horizon: Horizon,
}

impl Clock {
    /// Returns the effect of a reading of `now`, which takes none by itself.
    pub(crate) fn read(self, now: u64, max_jump: u64, horizon: Horizon) -> Reading {
        let confirmed = self.ahead.filter(|ahead| now >= *ahead);
        let believed = confirmed.unwrap_or(self.believed);
        let in_doubt = now > believed + max_jump;
        let clock = if in_doubt {
            Clock { believed, ahead: Some(now) }
        } else {
            Clock { believed: believed.max(now), ahead: None }
        };
        let stamp = clock.ahead.unwrap_or(clock.believed);
        Reading {
            clock,
            stamp,
            // A refuted stamp falls to the reading that refuted it, which may be in doubt as well.
            earlier: confirmed.unwrap_or(stamp),
            settled: confirmed.is_some() || !in_doubt,
            horizon,
        }
    }
}

/// The bounds between which the horizon lies.
///
/// They are equal unless age marks are kept in ticks, which lets a key live up to a tick longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Horizon {
    pub(crate) low: u64,
    pub(crate) high: u64,
}

impl Horizon {
    /// Returns the horizon once everything before `past` is due.
    ///
    /// It stays at 0 until the first key ever accepted, whose age mark is `first`, is due as well.
    pub(crate) fn at(self, past: u64, first: Option<u64>, tick: u64) -> Self {
        let first = first.unwrap_or(u64::MAX);
        let Self { mut low, mut high } = self;
        if high > 0 || first < past {
            high = high.max(past);
        }
        let past = past.saturating_sub(tick - 1);
        if low > 0 || first < past {
            low = low.max(past);
        }
        Self { low, high }
    }
}
