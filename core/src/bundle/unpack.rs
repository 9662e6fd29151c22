//! Unpacking a bundle as it comes: with gzip or, where somebody has unpacked it before, as it is.

use std::io::{self, Write as _};

use flate2::write::MultiGzDecoder;

use super::GZIP;

/// So much is unpacked at a time: gzip may make a thousand times as much of it.
const PIECE: usize = 4 << 10;

/// The bytes of a bundle, unpacked.
#[derive(Debug, Default)]
pub struct Unpacked {
    how: How,
}

#[derive(Debug, Default)]
enum How {
    /// The first byte has not come, or only that.
    #[default]
    Unknown,
    First(u8),
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

impl Unpacked {
    /// Unpacks the next bytes, as many as may be at a time, behind what is in `plain`, and says how many were taken: more than
    /// none, unless there are none.
    ///
    /// # Errors
    /// They are not what was packed. What could be unpacked before that is in `plain`.
    pub fn next(&mut self, bytes: &[u8], plain: &mut Vec<u8>) -> io::Result<usize> {
        let Some(next) = bytes.first() else { return Ok(0) };
        match self.how {
            How::Unknown => {
                self.how = How::First(*next);
                Ok(1)
            }
            How::First(first) => {
                let start = [first, *next];
                self.how = if start == GZIP {
                    How::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))
                } else {
                    How::Plain
                };
                self.take(&start, plain).map(|()| 1)
            }
            How::Plain | How::Gzip(_) => {
                let piece = &bytes[..bytes.len().min(PIECE)];
                self.take(piece, plain).map(|()| piece.len())
            }
        }
    }

    /// Nothing more comes: what is left.
    ///
    /// # Errors
    /// What was packed goes on.
    pub fn finish(&mut self, plain: &mut Vec<u8>) -> io::Result<()> {
        match &mut self.how {
            How::Unknown | How::Plain => Ok(()),
            How::First(first) => {
                plain.push(*first);
                Ok(())
            }
            How::Gzip(decoder) => {
                let done = decoder.try_finish();
                plain.append(decoder.get_mut());
                done
            }
        }
    }

    fn take(&mut self, bytes: &[u8], plain: &mut Vec<u8>) -> io::Result<()> {
        let How::Gzip(decoder) = &mut self.how else {
            plain.extend_from_slice(bytes);
            return Ok(());
        };
        let done = decoder.write_all(bytes).and_then(|()| decoder.flush());
        plain.append(decoder.get_mut());
        done
    }
}
