//! The events of a world: mostly at the edges of what its gate knows, now and then invalid.

use super::World;
use crate::oracle::Oracle;
use crate::oracle::content::{Content, Value};
use crate::oracle::event::{Event, Name};
use crate::oracle::number::Number;
use crate::oracle::options::Positions;

/// The names are chosen so that joining scope and name would confuse them.
const SCOPES: [Option<&str>; 5] = [None, Some(""), Some("a"), Some("a:b"), Some("ä")];
const IDS: [&str; 10] = ["c", "b:c", ":c", "0", "ä", "a\u{308}", "C", " c", "c\0", "\u{1f512}"];
const ENTITIES: [&str; 3] = ["c", "b:c", "entity"];
const SOURCES: [&str; 3] = ["c", "b:c", "source"];

impl World {
    /// Draws an event for a reading of `now`.
    pub(crate) fn event(&mut self, oracle: &Oracle, now: u64) -> Event {
        let claimed = self.claimed(oracle);
        let event = match claimed.or_else(|| self.recalled()) {
            // Whoever claims mostly does so again and again.
            Some(event) if self.claims && self.random.chance(40) => event,
            Some(event) if self.claims && self.random.chance(40) => {
                self.sent_again(event, oracle, now)
            }
            Some(event) if self.random.chance(30) => self.sent_again(event, oracle, now),
            _ => self.unseen(oracle, now),
        };
        self.remember(event.clone());
        if self.random.chance(3) { self.spoilt(event, now) } else { event }
    }

    /// Draws events of one kind and scope, some of them more than a gate takes in one go.
    pub(super) fn column(&mut self, oracle: &Oracle, now: u64) -> Vec<Event> {
        let scope = self.random.pick(&SCOPES).map(str::to_owned);
        let blank = Event { scope, ..Event::default() };
        let size = if self.random.chance(30) { 40 } else { 6 };
        let kind = self.random.up_to(2);
        let mut events: Vec<Event> = Vec::new();
        for _ in 0..self.random.up_to(size) {
            let mut event = blank.clone();
            match kind {
                0 => {
                    event.id = Some(self.id(now));
                    event.time = self.time(oracle, now).filter(|_| self.random.chance(30));
                }
                1 => self.give_revision(&mut event, oracle),
                _ => {
                    self.give_position(&mut event, oracle);
                    if let Some(first) = events.first() {
                        (event.source, event.epoch) = (first.source.clone(), first.epoch.clone());
                    }
                }
            }
            events.push(event);
        }
        events
    }

    fn unseen(&mut self, oracle: &Oracle, now: u64) -> Event {
        let scope = self.random.pick(&SCOPES).map(str::to_owned);
        let mut event = Event { scope, ..Event::default() };
        let kinds = self.random.up_to(6);
        if ![1, 2].contains(&kinds) {
            event.id = Some(self.id(now));
        }
        if [1, 3, 5].contains(&kinds) {
            self.give_revision(&mut event, oracle);
        }
        if [2, 4, 5].contains(&kinds) {
            self.give_position(&mut event, oracle);
        }
        event.content = self.content().filter(|_| self.contents);
        event.time = self.time(oracle, now);
        event
    }

    /// The same event again, as it was or with one thing changed.
    fn sent_again(&mut self, mut event: Event, oracle: &Oracle, now: u64) -> Event {
        match self.random.weighted(&[8, 4, 3, 1, 2, 2, 2, 1]) {
            0 => {}
            1 => event.content = self.content().filter(|_| self.contents),
            2 => event.time = self.time(oracle, now),
            3 => event.scope = self.random.pick(&SCOPES).map(str::to_owned),
            4 => self.give_revision(&mut event, oracle),
            5 => self.give_position(&mut event, oracle),
            // The same position of another epoch is another position.
            6 if event.source.is_some() => event.epoch = Some(self.random.up_to(3).to_string()),
            _ => event.id = Some(self.id(now)),
        }
        event
    }

    fn id(&mut self, now: u64) -> String {
        let timed = if self.options.time_from_id { 60 } else { 10 };
        if !self.random.chance(timed) {
            let number = self.random.up_to(3);
            return format!("{}{number}", self.random.pick(&IDS));
        }
        let time = now.saturating_sub(self.random.up_to(self.options.retention * 3 / 2));
        let tail = self.random.up_to(1);
        match self.random.up_to(7) {
            0..=2 => ulid(time, tail),
            3 => ulid(time, tail).to_lowercase(),
            4 | 5 => uuid(time, '7', tail),
            6 => uuid(time, '7', tail).to_uppercase(),
            // Neither of these holds a time: another version, and a number of 130 bits.
            _ if tail == 0 => uuid(time, '4', tail),
            _ => format!("8{}", &ulid(time, tail)[1..]),
        }
    }

    fn time(&mut self, oracle: &Oracle, now: u64) -> Option<i64> {
        let retention = self.options.retention;
        let latest = oracle.stamp(now) + self.options.max_skew;
        let time = match self.random.weighted(&[35, 20, 15, 10, 10, 6, 2]) {
            0 => return None,
            1 => now,
            2 => now.saturating_sub(self.random.up_to(retention)),
            3 => (oracle.horizon().1 + self.random.up_to(2)).saturating_sub(1),
            4 => now.saturating_sub(self.random.up_to(retention * 2)),
            5 => latest - self.random.up_to(self.options.max_skew),
            _ => latest + self.random.up_to(1),
        };
        Some(time as i64)
    }

    fn give_revision(&mut self, event: &mut Event, oracle: &Oracle) {
        let entity = *self.random.pick(&ENTITIES);
        let name: Name = (event.scope.clone().unwrap_or_default(), entity.to_owned());
        let revision = match oracle.last_revision(&name) {
            Some(last) => self.near(&last.clone()),
            None => self.first(),
        };
        event.entity = Some(entity.to_owned());
        event.revision = Some(revision.text().to_owned());
    }

    fn give_position(&mut self, event: &mut Event, oracle: &Oracle) {
        let source = *self.random.pick(&SOURCES);
        let name: Name = (event.scope.clone().unwrap_or_default(), source.to_owned());
        let one = Number::small(1);
        let (mut epoch, position) = match oracle.last_position(&name) {
            Some((epoch, mark)) => {
                let epoch = match self.random.weighted(&[90, 2, 4, 2]) {
                    0 => epoch.clone(),
                    1 => epoch.next(),
                    2 => epoch.minus(&one),
                    _ => epoch.plus(&self.base),
                };
                (Some(epoch), self.near(&mark.clone()))
            }
            None => (Some(Number::small(self.random.up_to(2))), self.first()),
        };
        // An absent epoch is 0; both spellings must occur.
        if self.random.chance(60) {
            epoch = epoch.filter(|epoch| *epoch != Number::small(0));
        }
        event.source = Some(source.to_owned());
        event.epoch = epoch.map(|epoch| epoch.text().to_owned());
        event.position = Some(position.text().to_owned());
    }

    /// An ordinal for something that has none yet.
    fn first(&mut self) -> Number {
        let offset = Number::small(self.random.weighted(&[3, 3, 1, 1]) as u64);
        if self.random.chance(8) { self.base.minus(&offset) } else { self.base.plus(&offset) }
    }

    /// An ordinal at or near an edge of the ones that go before it.
    fn near(&mut self, last: &Number) -> Number {
        let small = Number::small;
        let width = match self.options.positions {
            Positions::Window(width) => u64::from(width),
            Positions::Newer | Positions::Next { .. } => 3,
        };
        let jump = self.options.max_jump.clone().unwrap_or_else(|| small(9));
        match self.random.weighted(&[40, 8, 4, 10, 4, 4, 8, 5, 5, 4, 2]) {
            0 => last.next(),
            1 => last.clone(),
            2 => last.minus(&small(1)),
            3 => last.plus(&small(2)),
            4 => last.plus(&jump),
            5 => last.plus(&jump).next(),
            6 => last.minus(&small(self.random.up_to(width))),
            7 => last.minus(&small(width + self.random.up_to(2))),
            8 => last.plus(&small(self.random.up_to(width + 2))),
            9 => self.base.clone(),
            _ => last.plus(&small(width + self.random.up_to(width))),
        }
    }

    pub(super) fn content(&mut self) -> Option<Content> {
        let text = |text: &str| Value::Text(text.to_owned());
        let member = |name: &str, value| (name.to_owned(), value);
        let (one, two) = (Value::Number(1.0), Value::List(vec![Value::Null, Value::Bool(true)]));
        let json = match self.random.up_to(15) {
            0..=6 => return None,
            7 => return Some(Content::Bytes(b"1".to_vec())),
            8 => return Some(Content::Bytes(Vec::new())),
            9 => Value::Null,
            10 => Value::Number(*self.random.pick(&[0.0, -0.0, 0.5, -1.25])),
            11 => one,
            12 => text("1"),
            13 => Value::Members(vec![member("a", one), member("ä", two)]),
            14 => Value::Members(vec![member("ä", two), member("a", one)]),
            _ => two,
        };
        Some(Content::Json(json))
    }

    /// An event with something wrong about it.
    fn spoilt(&mut self, mut event: Event, now: u64) -> Event {
        let text = |text: &str| Some(text.to_owned());
        let too_long = "1".repeat(130);
        let ordinal =
            (*self.random.pick(&["", "007", "-1", "1.5", "1e3", " 7", "+1", "x", &too_long]))
                .to_owned();
        match self.random.up_to(13) {
            0 => event = Event { content: event.content, time: event.time, ..Event::default() },
            1 => event.id = text(""),
            2 => (event.entity, event.revision) = (text(""), text("1")),
            3 => (event.source, event.position) = (text(""), text("1")),
            4 => (event.entity, event.revision) = (text("c"), None),
            5 => (event.entity, event.revision) = (None, text("1")),
            6 => (event.source, event.position) = (text("c"), None),
            7 => (event.source, event.position) = (None, text("1")),
            8 => (event.source, event.position, event.epoch) = (None, None, text("1")),
            9 => (event.entity, event.revision) = (text("c"), Some(ordinal)),
            10 => (event.source, event.position) = (text("c"), Some(ordinal)),
            11 => {
                (event.source, event.position, event.epoch) = (text("c"), text("1"), Some(ordinal));
            }
            12 => {
                let ahead = self.options.max_clock_jump + self.options.max_skew;
                event.time = Some((now + ahead + self.options.retention * 100) as i64);
            }
            _ if self.random.chance(50) => event.time = Some(-1),
            _ => {
                let deep = (0..600).fold(Value::Null, |inner, _| Value::List(vec![inner]));
                event.content = Some(Content::Json(deep));
            }
        }
        event
    }
}

fn ulid(time: u64, tail: u64) -> String {
    let digits: Vec<char> = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".chars().collect();
    let time: String =
        (0..10).map(|place| digits[(time >> (45 - 5 * place)) as usize % 32]).collect();
    format!("{time}{tail:016}")
}

fn uuid(time: u64, version: char, tail: u64) -> String {
    let hex = format!("{time:012x}");
    format!("{}-{}-{version}00a-b00c-{tail:012}", &hex[..8], &hex[8..])
}
