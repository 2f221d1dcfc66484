//! A frame as records, as `docs/state-format.md` has them: read without any check, and written back
//! whatever is in it.

/// Everything before the checksum.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// The version, the kind, and the flags without the one for the secret.
    pub kind: [u8; 4],
    /// The secret, if it is carried.
    pub secret: Option<[u8; 16]>,
    /// What is kept of the gate as a whole.
    pub head: Head,
    /// Keys, and the ends of claims.
    pub keys: Vec<Key>,
    /// Entities.
    pub entities: Vec<Entity>,
    /// Sources.
    pub sources: Vec<Source>,
    /// Claims that have not ended.
    pub claims: Vec<Claim>,
}

/// The head: what may be absent is one more than its value.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The mode of revisions, that of positions, and the milliseconds of a tick in two bytes.
    pub modes: [u8; 4],
    /// The width of the window.
    pub window: u32,
    /// The clock, an unconfirmed reading, the last token, the horizon, the first key's age mark, and
    /// its event's time.
    pub numbers: [u64; 6],
}

/// The name of a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Print {
    /// The leading bits.
    pub high: u64,
    /// The other ones.
    pub low: u32,
}

/// A key, with what lies beside it.
#[derive(Clone, Debug, Default)]
pub struct Key {
    /// Its print.
    pub print: Print,
    /// Its age in ticks.
    pub age: u32,
    /// Its age mark, if the age says that it follows.
    pub far: u64,
    /// The digest of its content.
    pub content: Option<[u8; 16]>,
    /// Its event's time, while the age mark may be lowered.
    pub unsettled: Option<u64>,
    /// Its commit.
    pub commit: Option<Commit>,
}

/// How a key was committed.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// The second word of the key's name in reports.
    pub second: u64,
    /// The token.
    pub token: u64,
    /// When it was.
    pub stamp: u64,
    /// What there is of a result.
    pub flags: u8,
    /// The digest of the result.
    pub digest: [u8; 16],
    /// The result.
    pub answer: Vec<u8>,
}

/// An ordinal and its flag, as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Number {
    /// The flag above its length.
    pub flag: bool,
    /// Its bytes, lowest first.
    pub bytes: Vec<u8>,
}

/// An entity.
#[derive(Clone, Debug, Default)]
pub struct Entity {
    /// Its print.
    pub print: Print,
    /// Its last revision.
    pub revision: Number,
    /// The digest of the content, which is there if the revision is flagged.
    pub content: [u8; 16],
}

/// A source.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Its print.
    pub print: Print,
    /// Its epoch.
    pub epoch: Number,
    /// Its mark.
    pub mark: Number,
    /// The window, which is there if the mark is flagged.
    pub window: Vec<u8>,
}

/// A claim that has not ended.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    /// How its event is named in reports.
    pub name: [u64; 2],
    /// Its token.
    pub token: u64,
    /// The attempt, and how often its owner has changed it.
    pub counts: [u32; 2],
    /// What it is on.
    pub on: u8,
    /// What of that was not taken away.
    pub held: u8,
    /// The event's time; when it was claimed; its lease: from, until, and at the least; its doubt.
    pub times: [u64; 6],
    /// The digest of the content.
    pub content: [u8; 16],
    /// The print of the entity, and the revision.
    pub revision: (Print, Number),
    /// The print of the source, epoch and position.
    pub place: (Print, Number, Number),
}

/// The bytes before the secret or the head, and those after everything.
pub const PRELUDE_BYTES: usize = 24;
/// The checksum.
pub const CHECKSUM_BYTES: usize = 16;

/// Reads through bytes from the front.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn print(&mut self) -> Option<Print> {
        Some(Print { high: self.u64()?, low: self.u32()? })
    }

    fn number(&mut self) -> Option<Number> {
        let [length] = self.array()?;
        let bytes = self.bytes(usize::from(length & 0x7f))?.to_vec();
        Some(Number { flag: length & 0x80 != 0, bytes })
    }

    fn long(&mut self) -> Option<Vec<u8>> {
        let length = self.u32()?;
        self.bytes(length as usize).map(<[u8]>::to_vec)
    }

    fn commit(&mut self) -> Option<Commit> {
        let (second, token, stamp) = (self.u64()?, self.u64()?, self.u64()?);
        let [flags] = self.array()?;
        let digest = if flags & 1 != 0 { self.array()? } else { [0; 16] };
        let answer = if flags & 2 != 0 { self.long()? } else { Vec::new() };
        Some(Commit { second, token, stamp, flags, digest, answer })
    }

    fn entity(&mut self) -> Option<Entity> {
        let (print, revision) = (self.print()?, self.number()?);
        let content = if revision.flag { self.array()? } else { [0; 16] };
        Some(Entity { print, revision, content })
    }

    fn source(&mut self) -> Option<Source> {
        let (print, epoch, mark) = (self.print()?, self.number()?, self.number()?);
        let window = if mark.flag { self.long()? } else { Vec::new() };
        Some(Source { print, epoch, mark, window })
    }

    fn claim(&mut self) -> Option<Claim> {
        let mut claim = Claim {
            name: [self.u64()?, self.u64()?],
            token: self.u64()?,
            counts: [self.u32()?, self.u32()?],
            ..Claim::default()
        };
        [claim.on, claim.held] = self.array()?;
        for time in &mut claim.times {
            *time = self.u64()?;
        }
        if claim.on & 8 != 0 {
            claim.content = self.array()?;
        }
        if claim.on & 2 != 0 {
            claim.revision = (self.print()?, self.number()?);
        }
        if claim.on & 4 != 0 {
            claim.place = (self.print()?, self.number()?, self.number()?);
        }
        Some(claim)
    }
}

impl Frame {
    /// Reads a frame that is whole but for its checks.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.len().checked_sub(CHECKSUM_BYTES)?;
        let mut r = Reader(bytes.get(4..end)?);
        let mut frame = Self { kind: r.array()?, ..Self::default() };
        r.bytes(PRELUDE_BYTES - 8)?;
        if frame.kind[2] & 1 != 0 {
            frame.kind[2] &= !1;
            frame.secret = Some(r.array()?);
        }
        frame.head.modes = r.array()?;
        frame.head.window = r.u32()?;
        for number in &mut frame.head.numbers {
            *number = r.u64()?;
        }
        let mut counts = [0; 8];
        for count in &mut counts {
            *count = r.u32()?;
        }
        frame.keys(&mut r, &counts)?;
        for _ in 0..counts[5] {
            frame.entities.push(r.entity()?);
        }
        for _ in 0..counts[6] {
            frame.sources.push(r.source()?);
        }
        for _ in 0..counts[7] {
            frame.claims.push(r.claim()?);
        }
        r.0.is_empty().then_some(frame)
    }

    fn keys(&mut self, r: &mut Reader<'_>, counts: &[u32; 8]) -> Option<()> {
        for _ in 0..counts[0] {
            let (print, age) = (r.print()?, r.u32()?);
            self.keys.push(Key { print, age, ..Key::default() });
        }
        let mut far = self.keys.iter_mut().filter(|key| key.age == u32::MAX);
        for _ in 0..counts[1] {
            far.next()?.far = r.u64()?;
        }
        for _ in 0..counts[2] {
            let index = r.u32()? as usize;
            self.keys.get_mut(index)?.content = Some(r.array()?);
        }
        for _ in 0..counts[3] {
            let index = r.u32()? as usize;
            self.keys.get_mut(index)?.unsettled = Some(r.u64()?);
        }
        for _ in 0..counts[4] {
            let index = r.u32()? as usize;
            self.keys.get_mut(index)?.commit = Some(r.commit()?);
        }
        Some(())
    }
}
