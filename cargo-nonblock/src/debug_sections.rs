//! Debugging information that is compressed in the file, and is unpacked here.

use std::borrow::Cow;

use object::read::elf::ElfFile64;
use object::{CompressedData, CompressionFormat, LittleEndian, Object as _, ObjectSection as _};

use crate::error::Error;
use crate::parallel;

/// The sections of a file with debugging information that are compressed there, unpacked.
#[derive(Debug, Default)]
pub struct DebugSections(Vec<(String, Vec<u8>)>);

impl DebugSections {
    /// Unpacks them. There are none in a file that is no program: whoever reads it next says why.
    ///
    /// # Errors
    ///
    /// If a section cannot be unpacked, or would be larger than any compiler's.
    pub fn unpack(bytes: &[u8]) -> Result<Self, Error> {
        let Ok(file) = ElfFile64::<LittleEndian>::parse(bytes) else { return Ok(Self::default()) };
        let mut allowance = Allowance::of_file(bytes.len());
        let mut compressed = Vec::new();
        for section in file.sections() {
            let Ok(name) = section.name() else { continue };
            // The second is an older way of compilers to say that it is compressed.
            let of_debug = ["debug_", "zdebug_"].iter().find_map(|prefix| {
                name.strip_prefix('.').and_then(|name| name.strip_prefix(prefix))
            });
            let Some(of_debug) = of_debug else { continue };
            let data = section.compressed_data().map_err(|error| cannot(name, &error))?;
            if data.format != CompressionFormat::None {
                allowance.take(name, &data)?;
                compressed.push((format!(".debug_{of_debug}"), data));
            }
        }
        let sections = parallel::map(&compressed, |(name, data)| {
            let bytes = data.decompress().map_err(|error| cannot(name, &error))?;
            Ok::<_, Error>((name.clone(), bytes.into_owned()))
        });
        Ok(Self(sections.into_iter().collect::<Result<_, _>>()?))
    }

    /// Returns the bytes of a section, if it is compressed in the file.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, bytes)| bytes.as_slice())
    }
}

/// How many bytes a file may still have when it is unpacked, so that a small one cannot ask for all memory.
#[derive(Debug)]
pub(crate) struct Allowance(u64);

/// How many times its own size a file may have. Compilers come to ten.
const MOST_TIMES: u64 = 64;
/// What a small one may have besides.
const LEAST: u64 = 16 << 20;

impl Allowance {
    /// Returns that of a file with so many bytes.
    pub(crate) fn of_file(size: usize) -> Self {
        Self((size as u64).saturating_mul(MOST_TIMES).saturating_add(LEAST))
    }

    /// Unpacks a section.
    pub(crate) fn unpack<'data>(
        &mut self,
        name: &str,
        data: CompressedData<'data>,
    ) -> Result<Cow<'data, [u8]>, Error> {
        self.take(name, &data)?;
        data.decompress().map_err(|error| cannot(name, &error))
    }

    fn take(&mut self, name: &str, data: &CompressedData<'_>) -> Result<(), Error> {
        let (size, unpacked) = (data.data.len(), data.uncompressed_size);
        let too_large = || {
            Error::Malformed(format!(
                "its section `{name}` has {size} bytes and would have {unpacked} unpacked, which is more than compilers write: leave it uncompressed, without `--compress-debug-sections` and `-gz`"
            ))
        };
        self.0 = self.0.checked_sub(unpacked).ok_or_else(too_large)?;
        Ok(())
    }
}

fn cannot(name: &str, error: &object::Error) -> Error {
    Error::Malformed(format!("its section `{name}` cannot be unpacked: {error}"))
}
