//! Events over a few names, so that everything that can collide does.

use onceward::{CanonicalJson, Content, Event, Json, Ordinal, Target, UnixMs};

use super::script::Script;

const SCOPES: [&str; 2] = ["", "s"];
/// The last but one carries a time, and the last one is malformed.
const IDS: [&str; 8] =
    ["a", "b", "c", "d", "e", "01arz3ndektsv4rrffq69g5fav", "01KVZSN80016FDTAW1XQ6CRBQY", ""];
const ENTITIES: [&str; 3] = ["x", "y", ""];
const SOURCES: [&str; 3] = ["p", "q", ""];
const BYTES: [&[u8]; 4] = [b"", b"0", b"1", &[7; 60]];

/// On both sides of what machine words hold, and as long as an ordinal may be.
const NUMBERS: [&str; 7] = [
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211455",
    "340282366920938463463374607431768211456",
    "340282366920938463463374607431768211457",
    "49590338271490256608559692538361571095921575989136588898",
    "999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
];

/// What an event stands for, or a result.
#[derive(Clone, Debug)]
pub enum Known {
    /// Bytes.
    Bytes(&'static [u8]),
    /// JSON.
    Json(CanonicalJson),
}

impl Known {
    /// Draws some.
    pub fn draw(script: &mut Script<'_>) -> Self {
        let choice = script.byte();
        if choice & 1 == 0 {
            return Self::Bytes(BYTES[usize::from(choice >> 1) % BYTES.len()]);
        }
        let number = Json::Number(f64::from(choice >> 1));
        let json = if choice & 2 == 0 { Json::Array(vec![number, Json::Null]) } else { number };
        Self::Json(CanonicalJson::new(&json).unwrap())
    }

    /// Returns it as content.
    pub fn content(&self) -> Content<'_> {
        match self {
            Self::Bytes(bytes) => Content::bytes(bytes),
            Self::Json(json) => Content::json(json),
        }
    }
}

/// Draws an ordinal, mostly a small one.
pub fn ordinal(script: &mut Script<'_>) -> Ordinal {
    match script.byte() {
        small @ 0..200 => Ordinal::from(u64::from(small % 20)),
        middle @ 200..230 => Ordinal::from(u64::from(middle) * 1_000),
        large => Ordinal::parse(NUMBERS[usize::from(large) % NUMBERS.len()]).unwrap(),
    }
}

/// Draws a name of an entity.
pub fn entity(script: &mut Script<'_>) -> &'static str {
    script.pick(&ENTITIES)
}

/// Draws a name of a source.
pub fn source(script: &mut Script<'_>) -> &'static str {
    script.pick(&SOURCES)
}

/// Draws a key.
pub fn id(script: &mut Script<'_>) -> &'static str {
    script.pick(&IDS)
}

/// Draws a scope.
pub fn scope(script: &mut Script<'_>) -> &'static str {
    script.pick(&SCOPES)
}

/// An event that was drawn, and may be malformed.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    scope: &'static str,
    id: Option<&'static str>,
    entity: Option<&'static str>,
    revision: Option<Ordinal>,
    source: Option<&'static str>,
    epoch: Option<Ordinal>,
    position: Option<Ordinal>,
    content: Option<Known>,
    time: Option<u64>,
}

impl Sent {
    /// Draws an event; times lie around `now`.
    pub fn draw(script: &mut Script<'_>, now: u64) -> Self {
        let mut sent = Self::default();
        let parts = script.byte();
        let has = |bit: u8| parts & 1 << bit != 0;
        // Most events are plain keys.
        if !has(1) && !has(2) || has(0) {
            sent.id = Some(id(script));
        }
        if has(1) {
            (sent.entity, sent.revision) = (Some(entity(script)), Some(ordinal(script)));
        }
        if has(2) {
            (sent.source, sent.position) = (Some(source(script)), Some(ordinal(script)));
        }
        if has(3) {
            sent.epoch = Some(ordinal(script));
        }
        if has(4) {
            sent.content = Some(Known::draw(script));
        }
        if has(5) {
            let offset = script.pick(&[0, 1, 5, 6, 20, 1_000, 30 * 86_400_000]);
            let is_ahead = script.byte() & 1 == 1;
            sent.time = Some(if is_ahead {
                now.saturating_add(offset)
            } else {
                now.saturating_sub(offset)
            });
        }
        if has(6) {
            sent.scope = scope(script);
        }
        if has(7) && script.is_below(20) {
            sent.revision = sent.revision.is_none().then(|| ordinal(script));
        }
        sent
    }

    /// Returns it as an event.
    pub fn event(&self) -> Event<'_> {
        let mut event = Event::new().scope(self.scope);
        if let Some(id) = self.id {
            event = event.id(id);
        }
        if let Some(entity) = self.entity {
            event = event.entity(entity);
        }
        if let Some(revision) = &self.revision {
            event = event.revision(revision.clone());
        }
        if let Some(source) = self.source {
            event = event.source(source);
        }
        if let Some(epoch) = &self.epoch {
            event = event.epoch(epoch.clone());
        }
        if let Some(position) = &self.position {
            event = event.position(position.clone());
        }
        if let Some(content) = &self.content {
            event = event.content(content.content());
        }
        if let Some(time) = self.time {
            event = event.time(UnixMs::new(time));
        }
        event
    }

    /// Returns what forgetting it forgets first.
    pub fn target(&self) -> Target<'static> {
        let scope = self.scope;
        match (self.id, self.entity, self.source) {
            (Some(id), ..) => Target::Key { scope, id },
            (None, Some(entity), _) => Target::Entity { scope, entity },
            (None, None, source) => Target::Source { scope, source: source.unwrap_or("p") },
        }
    }
}
