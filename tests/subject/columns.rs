//! The real gate's columns: what events of one kind can be judged by as well.

use onceward::{Error, Ordinal, UnixMs, Verdict};

use super::{Parts, Subject};

/// Events of one kind, taken apart.
enum Column<'a> {
    Ids(Vec<(&'a str, Option<UnixMs>)>),
    Revisions(Vec<(&'a str, Ordinal)>),
    Positions { source: &'a str, epoch: Ordinal, positions: Vec<Ordinal> },
}

impl<'a> Column<'a> {
    /// Takes events apart, if they are of one kind and scope, and can be told in a column.
    fn of(parts: &[Parts<'a>]) -> Option<(&'a str, Self)> {
        let first = parts.first()?.plain;
        let scope = |parts: &Parts<'a>| parts.plain.scope.as_deref().unwrap_or_default();
        let is_alike = |other: &Parts<'a>| {
            let (a, b) = (first, other.plain);
            scope(other) == first.scope.as_deref().unwrap_or_default()
                && b.content.is_none()
                && (a.id.is_some(), a.entity.is_some()) == (b.id.is_some(), b.entity.is_some())
                && (&a.source, &a.epoch) == (&b.source, &b.epoch)
                && a.revision.is_some() == b.revision.is_some()
                && a.position.is_some() == b.position.is_some()
        };
        if !parts.iter().all(is_alike) {
            return None;
        }
        let is_timeless = parts.iter().all(|parts| parts.time.is_none());
        let column = match (&first.id, &first.entity, &first.source, &first.epoch) {
            (Some(_), None, None, None) if first.revision.is_none() && first.position.is_none() => {
                let row = |parts: &Parts<'a>| Some((parts.plain.id.as_deref()?, parts.time));
                Self::Ids(parts.iter().map(row).collect::<Option<_>>()?)
            }
            (None, Some(_), None, None) if is_timeless && first.position.is_none() => {
                let row = |parts: &Parts<'a>| {
                    Some((parts.plain.entity.as_deref()?, parts.revision.clone()?))
                };
                Self::Revisions(parts.iter().map(row).collect::<Option<_>>()?)
            }
            (None, None, Some(source), _) if is_timeless && first.revision.is_none() => {
                let epoch = parts.first()?.epoch.clone().unwrap_or(Ordinal::ZERO);
                let positions = parts.iter().map(|parts| parts.position.clone());
                let positions = positions.collect::<Option<_>>()?;
                Self::Positions { source, epoch, positions }
            }
            _ => return None,
        };
        Some((first.scope.as_deref().unwrap_or_default(), column))
    }
}

impl Subject {
    /// Judges events as a column, if they make one. Every other one that would is left to be judged
    /// the other way.
    pub(super) fn check_column(
        &mut self,
        parts: &[Parts<'_>],
        now: u64,
    ) -> Option<Result<Vec<Verdict>, Error>> {
        let (scope, column) = Column::of(parts)?;
        self.columns += 1;
        if self.columns.is_multiple_of(2) {
            return None;
        }
        let (gate, now) = (&mut self.gate, UnixMs::new(now));
        Some(match column {
            Column::Ids(ids) => gate.check_ids(scope, &ids, now),
            Column::Revisions(revisions) => gate.check_revisions(scope, &revisions, now),
            Column::Positions { source, epoch, positions } => {
                gate.check_positions(scope, source, &epoch, &positions, now)
            }
        })
    }
}
