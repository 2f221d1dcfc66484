//! Frames written back: the counts are what there is, and the checks are left open.

use super::frame::{CHECKSUM_BYTES, Claim, Commit, Frame, Key, Number, Print};

/// Bytes that are being written.
#[derive(Debug, Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn count(&mut self, count: usize) {
        self.put(&(count as u32).to_le_bytes());
    }

    fn print(&mut self, print: Print) {
        self.put(&print.high.to_le_bytes());
        self.put(&print.low.to_le_bytes());
    }

    fn number(&mut self, number: &Number) {
        let length = number.bytes.len().min(0x7f);
        self.put(&[length as u8 | if number.flag { 0x80 } else { 0 }]);
        self.put(&number.bytes[..length]);
    }

    fn long(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.put(bytes);
    }

    /// Writes what some keys have, each after the place of its key.
    fn beside<'k, T>(
        &mut self,
        keys: &'k [Key],
        has: impl Fn(&'k Key) -> Option<T>,
        put: impl Fn(&mut Self, T),
    ) {
        for (index, key) in keys.iter().enumerate() {
            if let Some(it) = has(key) {
                self.count(index);
                put(self, it);
            }
        }
    }

    fn commit(&mut self, commit: &Commit) {
        for number in [commit.second, commit.token, commit.stamp] {
            self.put(&number.to_le_bytes());
        }
        self.put(&[commit.flags]);
        if commit.flags & 1 != 0 {
            self.put(&commit.digest);
        }
        if commit.flags & 2 != 0 {
            self.long(&commit.answer);
        }
    }

    fn claim(&mut self, claim: &Claim) {
        for number in [claim.name[0], claim.name[1], claim.token] {
            self.put(&number.to_le_bytes());
        }
        for count in claim.counts {
            self.put(&count.to_le_bytes());
        }
        self.put(&[claim.on, claim.held]);
        for time in claim.times {
            self.put(&time.to_le_bytes());
        }
        if claim.on & 8 != 0 {
            self.put(&claim.content);
        }
        if claim.on & 2 != 0 {
            self.print(claim.revision.0);
            self.number(&claim.revision.1);
        }
        if claim.on & 4 != 0 {
            self.print(claim.place.0);
            self.number(&claim.place.1);
            self.number(&claim.place.2);
        }
    }
}

impl Frame {
    /// Writes the frame, with zeros for what [`super::repair::frame`] puts right.
    pub fn write(&self) -> Vec<u8> {
        let mut w = Writer::default();
        let Self { kind, secret, head, keys, entities, sources, claims } = self;
        w.put(b"ONWD");
        w.put(&[kind[0], kind[1], kind[2] | u8::from(secret.is_some()), kind[3]]);
        w.put(&[0; 16]);
        w.put(secret.as_ref().map_or(&[], |secret| secret.as_slice()));
        w.put(&head.modes);
        w.put(&head.window.to_le_bytes());
        for number in head.numbers {
            w.put(&number.to_le_bytes());
        }
        let is_far = |key: &&Key| key.age == u32::MAX;
        w.count(keys.len());
        w.count(keys.iter().filter(is_far).count());
        w.count(keys.iter().filter(|key| key.content.is_some()).count());
        w.count(keys.iter().filter(|key| key.unsettled.is_some()).count());
        w.count(keys.iter().filter(|key| key.commit.is_some()).count());
        w.count(entities.len());
        w.count(sources.len());
        w.count(claims.len());
        for key in keys {
            w.print(key.print);
            w.put(&key.age.to_le_bytes());
        }
        for key in keys.iter().filter(is_far) {
            w.put(&key.far.to_le_bytes());
        }
        w.beside(keys, |key| key.content, |w, content| w.put(&content));
        w.beside(keys, |key| key.unsettled, |w, time| w.put(&time.to_le_bytes()));
        w.beside(keys, |key| key.commit.as_ref(), Writer::commit);
        for entity in entities {
            w.print(entity.print);
            w.number(&entity.revision);
            if entity.revision.flag {
                w.put(&entity.content);
            }
        }
        for source in sources {
            w.print(source.print);
            w.number(&source.epoch);
            w.number(&source.mark);
            if source.mark.flag {
                w.long(&source.window);
            }
        }
        for claim in claims {
            w.claim(claim);
        }
        w.put(&[0; CHECKSUM_BYTES]);
        w.0
    }
}
