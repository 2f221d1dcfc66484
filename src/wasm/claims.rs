//! Claims of the class that stands behind the package's `Gate`.
//!
//! A claim crosses the boundary as a ticket: bytes that are handed back as they are. They hold the
//! token and the identities that are claimed, so that nothing is left behind in the module for a
//! claim that is dropped.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use js_sys::{Array, BigInt, Uint8Array};
use wasm_bindgen::prelude::*;

use super::convert::{self, Report};
use super::core::Core;
use super::error::{JsResult, thrown};
use super::frame::{Reader, frame, time};
use crate::claims::{Claim, Locks};
use crate::content::Content;
use crate::error::Error;
use crate::event::Place;
use crate::fingerprint::Print;
use crate::gate::{Claimed, Resolution, Timing};
use crate::ordinal::Ordinal;
use crate::time::{Millis, UnixMs};

const KEY: u8 = 1;
const REVISION: u8 = 1 << 1;
const PLACE: u8 = 1 << 2;

#[wasm_bindgen]
impl Core {
    /// Asks for leave to act on the event in the scratch; a negative lease is the option's.
    ///
    /// # Errors
    /// As `Gate::claim`.
    pub fn claim(&mut self, bytes: usize, lease: f64, now: f64) -> JsResult<JsValue> {
        let Self { gate, scratch, .. } = self;
        let mut claim = || {
            let lease = if lease < 0.0 { None } else { Some(millis(lease)?) };
            gate.claim(&frame(scratch, bytes).event()?, lease, UnixMs::from_reading(now)?)
        };
        Ok(match claim().map_err(thrown)? {
            Claimed::Refused(refusal) => convert::inspection(&refusal),
            Claimed::Fresh(claim) => Report::new()
                .set("verdict", Some(0))
                .set("ticket", Some(Uint8Array::from(ticket(&claim).as_slice())))
                .set("token", Some(BigInt::from(claim.token())))
                .set("attempt", Some(claim.attempt()))
                .set("takeover", Some(claim.is_takeover()))
                .set("leaseUntil", Some(convert::ms(claim.lease_until())))
                .done(),
        })
    }

    /// Ends a claim with the effect done; returns whether that came late.
    ///
    /// # Errors
    /// As `Gate::commit`.
    pub fn commit(&mut self, ticket: &[u8], kind: u8, result: &[u8], now: f64) -> JsResult<bool> {
        let mut commit = || {
            let result = content(kind, result);
            self.gate.commit(&read_ticket(ticket)?, result.as_ref(), UnixMs::from_reading(now)?)
        };
        commit().map(|timing| timing == Timing::Late).map_err(thrown)
    }

    /// Ends a claim with nothing done.
    ///
    /// # Errors
    /// As `Gate::release`.
    pub fn release(&mut self, ticket: &[u8], now: f64) -> JsResult<()> {
        let mut release = || self.gate.release(&read_ticket(ticket)?, UnixMs::from_reading(now)?);
        release().map_err(thrown)
    }

    /// Says that the effect of a claim may have happened.
    ///
    /// # Errors
    /// As `Gate::doubt`.
    pub fn doubt(&mut self, ticket: &[u8], now: f64) -> JsResult<()> {
        let mut doubt = || self.gate.doubt(&read_ticket(ticket)?, UnixMs::from_reading(now)?);
        doubt().map_err(thrown)
    }

    /// Prolongs the lease of a claim; returns its end.
    ///
    /// # Errors
    /// As `Gate::extend`.
    pub fn extend(&mut self, ticket: &[u8], lease: f64, now: f64) -> JsResult<f64> {
        let mut extend = || {
            let now = UnixMs::from_reading(now)?;
            self.gate.extend(&read_ticket(ticket)?, millis(lease)?, now)
        };
        extend().map(convert::ms).map_err(thrown)
    }

    /// Ends the doubt on the event in the scratch: as committed (0), or as released.
    ///
    /// # Errors
    /// As `Gate::resolve`.
    pub fn resolve(
        &mut self,
        bytes: usize,
        how: u8,
        kind: u8,
        result: &[u8],
        now: f64,
    ) -> JsResult<()> {
        let Self { gate, scratch, .. } = self;
        let mut resolve = || {
            let how = match how {
                0 => Resolution::Committed(content(kind, result)),
                _ => Resolution::Released,
            };
            gate.resolve(&frame(scratch, bytes).event()?, how, UnixMs::from_reading(now)?)
        };
        resolve().map_err(thrown)
    }

    /// Returns what is in doubt.
    ///
    /// # Errors
    /// `invalid_option` when the reading of the clock is out of range.
    pub fn doubts(&self, now: f64) -> JsResult<Array> {
        let now = UnixMs::from_reading(now).map_err(thrown)?;
        let report = |doubt: crate::claims::Doubt| {
            Report::new()
                .set("key", Some(doubt.key.to_string()))
                .set("token", Some(BigInt::from(doubt.token)))
                .set("attempt", Some(doubt.attempt))
                .set("since", Some(convert::ms(doubt.since)))
                .done()
        };
        Ok(self.gate.doubts(now).into_iter().map(report).collect())
    }

    /// Returns how the event in the scratch is named in reports.
    ///
    /// # Errors
    /// As `Gate::fingerprint`.
    pub fn fingerprint(&self, bytes: usize) -> JsResult<String> {
        let Self { gate, scratch, .. } = self;
        let fingerprint = || gate.fingerprint(&frame(scratch, bytes).event()?);
        fingerprint().map(|fingerprint| fingerprint.to_string()).map_err(thrown)
    }
}

fn millis(lease: f64) -> Result<Millis, Error> {
    let reason = Error::option("the lease must be whole milliseconds");
    time(lease).map(|ms| Millis::new(ms.as_u64())).map_err(|_| reason)
}

fn content(kind: u8, bytes: &[u8]) -> Option<Content<'_>> {
    match kind {
        0 => None,
        1 => Some(Content::bytes(bytes)),
        _ => Some(Content::canonical(bytes)),
    }
}

/// Writes a claim down.
fn ticket(claim: &Claim) -> Vec<u8> {
    let Locks { key, revision, place } = &claim.locks;
    let flag = |is_set: bool, flag| if is_set { flag } else { 0 };
    let flags = flag(key.is_some(), KEY)
        | flag(revision.is_some(), REVISION)
        | flag(place.is_some(), PLACE);
    let mut ticket = claim.token().to_le_bytes().to_vec();
    ticket.push(flags);
    if let Some(key) = key {
        write_print(&mut ticket, *key);
    }
    if let Some((entity, revision)) = revision {
        write_print(&mut ticket, *entity);
        write_ordinal(&mut ticket, revision);
    }
    if let Some((place, lock)) = place {
        write_print(&mut ticket, *lock);
        write_print(&mut ticket, place.source);
        write_ordinal(&mut ticket, &place.epoch);
        write_ordinal(&mut ticket, &place.position);
    }
    ticket
}

fn write_print(ticket: &mut Vec<u8>, print: Print) {
    ticket.extend_from_slice(&print.high.to_le_bytes());
    ticket.extend_from_slice(&print.low.to_le_bytes());
}

fn write_ordinal(ticket: &mut Vec<u8>, ordinal: &Ordinal) {
    let digits = ordinal.digits();
    ticket.push(u8::try_from(digits.len()).unwrap_or(u8::MAX));
    ticket.extend_from_slice(digits.as_bytes());
}

/// Reads a claim back; what is not needed to end it is not in the ticket.
fn read_ticket(ticket: &[u8]) -> Result<Claim, Error> {
    let mut reader = Reader::new(ticket);
    let token = u64::from_le_bytes(reader.array()?);
    let [flags] = reader.array()?;
    let mut locks = Locks { key: None, revision: None, place: None };
    if flags & KEY != 0 {
        locks.key = Some(read_print(&mut reader)?);
    }
    if flags & REVISION != 0 {
        locks.revision = Some((read_print(&mut reader)?, read_ordinal(&mut reader)?));
    }
    if flags & PLACE != 0 {
        let lock = read_print(&mut reader)?;
        let source = read_print(&mut reader)?;
        let epoch = read_ordinal(&mut reader)?;
        let position = read_ordinal(&mut reader)?;
        locks.place = Some((Place { source, epoch, position }, lock));
    }
    Ok(Claim { token, attempt: 0, is_takeover: false, lease_until: 0, locks })
}

fn read_print(reader: &mut Reader<'_>) -> Result<Print, Error> {
    let high = u64::from_le_bytes(reader.array()?);
    Ok(Print { high, low: u32::from_le_bytes(reader.array()?) })
}

fn read_ordinal(reader: &mut Reader<'_>) -> Result<Ordinal, Error> {
    let [length] = reader.array()?;
    Ordinal::parse(reader.text(usize::from(length))?)
}
