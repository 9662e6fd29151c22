//! Server-sent events out of the bytes of a stream.

use bytes::{Buf as _, BytesMut};

/// More than a server sends at once: one version with its data.
const MOST: usize = 64 << 20;

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) name: String,
    pub(super) id: Option<u64>,
    pub(super) data: String,
}

/// What has come of a stream and is not read yet.
#[derive(Debug, Default)]
pub(super) struct Events {
    come: BytesMut,
    /// Bytes in which there is no line feed.
    looked: usize,
    next: Sent,
}

/// The stream is none of events.
#[derive(Debug)]
pub(super) struct Strange;

impl Events {
    /// Takes bytes of the stream.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), Strange> {
        self.come.extend_from_slice(bytes);
        if self.come.len() > MOST { Err(Strange) } else { Ok(()) }
    }

    /// The next event that has come whole.
    pub(super) fn next(&mut self) -> Result<Option<Sent>, Strange> {
        while let Some(line) = self.line()? {
            if line.is_empty() {
                let sent = std::mem::take(&mut self.next);
                // A comment that keeps the connection open is no event.
                if sent != Sent::default() {
                    return Ok(Some(sent));
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.next.name),
                "id" => self.next.id = Some(value.parse().map_err(|_| Strange)?),
                "data" => self.next.data.push_str(value),
                _ => {}
            }
        }
        Ok(None)
    }

    fn line(&mut self) -> Result<Option<String>, Strange> {
        let Some(end) = self.come[self.looked..].iter().position(|byte| *byte == b'\n') else {
            self.looked = self.come.len();
            return Ok(None);
        };
        let line = self.come.split_to(self.looked + end);
        self.come.advance(1);
        self.looked = 0;
        let text = std::str::from_utf8(&line).map_err(|_| Strange)?;
        Ok(Some(text.strip_suffix('\r').unwrap_or(text).to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_whole_however_the_bytes_are_cut() {
        let stream = ":\n\nevent: state_update\nid: 7\ndata: {\"state_id\":\"é:\"}\n\nevent: caught_up\r\nid: 8\r\ndata: {\"seq\":8}\r\n\r\nevent: half\n";
        for size in [1, 2, 7, 1000] {
            let (mut events, mut found) = (Events::default(), Vec::new());
            for part in stream.as_bytes().chunks(size) {
                events.take(part).unwrap();
                while let Some(sent) = events.next().unwrap() {
                    found.push((sent.name, sent.id, sent.data));
                }
            }
            let first = ("state_update".to_owned(), Some(7), "{\"state_id\":\"é:\"}".to_owned());
            assert_eq!(found, [first, ("caught_up".to_owned(), Some(8), "{\"seq\":8}".to_owned())], "{size}");
        }
    }
}
