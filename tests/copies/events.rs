//! The events that reach the copies: a few names, and everything that an event may carry.

use onceward::{CanonicalJson, Content, Event, Json, Ordinal, UnixMs};

use super::World;

const IDS: [&str; 5] = ["a", "b", "c", "d", "e"];
const ENTITIES: [&str; 2] = ["x", "y"];
const SOURCES: [&str; 2] = ["p", "q"];

/// Beyond what machine words hold, and as long as an ordinal may be.
const BIG: [&str; 3] = [
    "340282366920938463463374607431768211455",
    "10000000000000000000000000000000000000000000000000000000",
    "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
];

/// What an event stands for, or a result: bytes or JSON.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    Bytes(&'static [u8]),
    Json(CanonicalJson),
}

impl Known {
    pub(crate) fn content(&self) -> Content<'_> {
        match self {
            Self::Bytes(bytes) => Content::bytes(bytes),
            Self::Json(json) => Content::json(json),
        }
    }
}

/// An event that was drawn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) id: Option<&'static str>,
    pub(crate) revision: Option<(&'static str, Ordinal)>,
    pub(crate) position: Option<(&'static str, Ordinal, Ordinal)>,
    pub(crate) content: Option<Known>,
    pub(crate) time: Option<u64>,
}

impl Sent {
    pub(crate) fn event(&self) -> Event<'_> {
        let mut event = Event::new();
        if let Some(id) = self.id {
            event = event.id(id);
        }
        if let Some((entity, revision)) = &self.revision {
            event = event.entity(entity).revision(revision.clone());
        }
        if let Some((source, epoch, position)) = &self.position {
            event = event.source(source).epoch(epoch.clone()).position(position.clone());
        }
        if let Some(content) = &self.content {
            event = event.content(content.content());
        }
        if let Some(time) = self.time {
            event = event.time(UnixMs::new(time));
        }
        event
    }

    pub(super) fn entity(&self) -> Option<&'static str> {
        self.revision.as_ref().map(|(entity, _)| *entity)
    }

    pub(super) fn source(&self) -> Option<&'static str> {
        self.position.as_ref().map(|(source, ..)| *source)
    }
}

impl World {
    /// Draws an event.
    pub(crate) fn sent(&mut self, now: UnixMs) -> Sent {
        let kinds = 1 + self.random.up_to(6);
        let kinds = if self.random.chance(40) { 1 } else { kinds };
        let content = self.known(35);
        let time = self.time(now);
        Sent {
            id: (kinds & 1 != 0).then(|| *self.random.pick(&IDS)),
            revision: (kinds & 2 != 0).then(|| (*self.random.pick(&ENTITIES), self.ordinal())),
            position: (kinds & 4 != 0)
                .then(|| (*self.random.pick(&SOURCES), self.epoch(), self.ordinal())),
            content,
            time,
        }
    }

    /// Draws what a claim may be committed with.
    pub(crate) fn result(&mut self) -> Option<Known> {
        self.known(70)
    }

    fn known(&mut self, percent: u64) -> Option<Known> {
        if !self.random.chance(percent) {
            return None;
        }
        Some(match self.random.up_to(3) {
            0 => Known::Bytes(b""),
            1 => Known::Bytes(b"1"),
            2 => Known::Bytes(b"four"),
            _ => Known::Json(CanonicalJson::new(&Json::Number(1.0)).unwrap()),
        })
    }

    fn ordinal(&mut self) -> Ordinal {
        if self.random.chance(4) {
            let digits = *self.random.pick(&BIG);
            return Ordinal::parse(digits).unwrap();
        }
        let most = *self.random.pick(&[3, 8, 150]);
        Ordinal::from(self.random.up_to(most))
    }

    fn epoch(&mut self) -> Ordinal {
        match self.random.up_to(19) {
            0 => Ordinal::from(1_u64),
            1 => Ordinal::parse(BIG[1]).unwrap(),
            _ => Ordinal::ZERO,
        }
    }

    fn time(&mut self, now: UnixMs) -> Option<u64> {
        let skew = self.settings.options.max_skew.as_u64();
        match self.random.up_to(5) {
            0 => Some(now.as_u64() - self.random.up_to(30)),
            // Within the skew of whatever this copy believes.
            1 => Some(super::OPENED + self.random.up_to(skew)),
            _ => None,
        }
    }
}
